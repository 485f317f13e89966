"""Known answer: a linear VAE on normal data keeps the directions whose eigenvalue exceeds beta / 2.

The row loss l = E + (beta / D) KL, times D, is the summed squared error + beta KL: a decoder of variance
s^2 = beta / 2 (times a constant). For covariance eigenvalues lambda_i its optimum (Lucas, Tucker, Grosse and
Norouzi, NeurIPS 2019) is: unit i active iff lambda_i > s^2, posterior variance s^2 / lambda_i, variance of
the means 1 - s^2 / lambda_i, hence relevance sqrt(lambda_i / s^2 - 1) and KL_i = ln(lambda_i / s^2) / 2;
the others stay at the prior.
"""

import numpy as np
import pytest
import torch

from unseen.data.synthetic import linear_gaussian
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.seeds import seeded
from unseen.training.guards import active_units
from unseen.training.loop import Plan
from unseen.training.stages import learn_normal

SPECTRUM = (4.0, 2.0, 1.0, 0.5, 0.05, 0.02)


def fitted(beta, rows=3000):
    """Eigenvalues of the rows; relevance and divergence of each unit, largest first; units in use."""
    drawn = linear_gaussian(rows, SPECTRUM, seed=3).X
    x = torch.from_numpy(drawn - drawn.mean(0)).float()
    with seeded(0):
        network = VAE(Dense(()), latent=6, beta=beta).build((6,))
    plan = Plan(steps=3000, rate=0.02, batch=512, check_every=500)
    learn_normal(network, x, x, beta=beta, plan=plan, trim=0.0, seed=0)
    with torch.no_grad():
        code = network.encode(x)
        relevance = code.mean.std(0) / (code.log_variance / 2).exp().mean(0)
        divergence = code.divergence().mean(0)
    order = relevance.argsort(descending=True)
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(x.numpy().T)))[::-1]
    return eigenvalues, relevance[order].numpy(), divergence[order].numpy(), active_units(network, x)


def test_relevance_and_divergence_follow_the_eigenvalues():
    eigenvalues, relevance, divergence, active = fitted(beta=0.2)
    ratio = np.maximum(eigenvalues / 0.1, 1.0)
    assert active == 4
    assert relevance[:4] == pytest.approx(np.sqrt(ratio - 1)[:4], rel=0.05)
    assert divergence[:4] == pytest.approx(np.log(ratio)[:4] / 2, rel=0.05)
    assert relevance[4:].max() < 0.05
    assert divergence[4:].max() < 0.002


@pytest.mark.parametrize(("beta", "active"), [(0.06, 5), (1.4, 3), (6.0, 1)])
def test_beta_sets_how_many_directions_are_kept(beta, active):
    """Eigenvalues 4, 2, 1, .5, .05, .02 above beta / 2; a mean taken for a sum moves the limit sixfold."""
    assert fitted(beta, rows=1500)[3] == active
