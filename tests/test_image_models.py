"""Models of event images: parameters as published, likelihoods with known values, laws of what they see."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from unseen.data.scale import Energies
from unseen.errors import ConfigError
from unseen.models.dirichlet import DirichletVAE, LogisticNormal, laplace
from unseen.models.network import Convolution
from unseen.models.qcd_or_what import QcdOrWhat
from unseen.models.vae import VAE
from unseen.nn.content import Composition, Seen, Sight
from unseen.objectives import elbo
from unseen.seeds import seeded

EVENT = (3, 72, 58)
MASK = (1, 72, 58)


def made(model, shape):
    with seeded(0):
        return model.build(shape).eval()


def events(n, shape, seed=0):
    """Scaled images of which a fiftieth of the pixels is lit."""
    random = np.random.default_rng(seed)
    energies = random.exponential(5.0, (n, *shape)) * (random.random((n, *shape)) < 0.02)
    return torch.from_numpy(Energies().transform(energies))


@pytest.mark.parametrize(
    ("model", "count"),
    [(DirichletVAE(), 2_154_742), (QcdOrWhat(), 594_003)],
    ids=["dirichlet", "qcd or what"],
)
def test_the_reference_has_as_many_parameters_as_published(model, count):
    assert sum(p.numel() for p in made(model, MASK).parameters()) == count
    one = replace(model, channels=1)
    assert sum(p.numel() for p in made(one, EVENT).parameters()) == count


@pytest.mark.parametrize("model", [DirichletVAE(hidden=16), QcdOrWhat()], ids=["dirichlet", "qcd"])
def test_channels_that_are_not_seen_do_not_count(model):
    network, x = made(replace(model, channels=1), EVENT), events(6, EVENT)
    other = torch.cat([x[:, :1], x[:, 1:].flip(2)], dim=1)
    out = network(x)
    assert out.likelihood.mean.shape == x.shape
    assert not out.likelihood.mean[:, 1:].any()
    assert torch.equal(out.error(x), network(other).error(other))
    alone = made(model, MASK)(x[:, :1])
    assert torch.allclose(3 * out.error(x), alone.error(x[:, :1]), rtol=1e-5)


@pytest.mark.parametrize(
    "model",
    [
        DirichletVAE(hidden=16),
        DirichletVAE(hidden=16, content="energies"),
        QcdOrWhat(),
        VAE(Convolution((8, 16, 32, 64)), latent=16, beta=0.5),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("shape", [EVENT, MASK], ids=["three", "one"])
def test_event_images_pass_through_and_every_weight_takes_part(model, shape):
    network, x = made(model, shape), events(6, shape)
    out = network(x, torch.randn(6, network.latent))
    assert out.likelihood.mean.shape == x.shape
    assert out.likelihood.error(x).shape == (6, x[0].numel())
    assert bool((out.likelihood.error(x) >= 0).all())
    elbo(out, x, beta=model.beta).mean().backward()
    assert all(weight.grad is not None for weight in network.parameters())
    # nothing in an event: nothing to go wrong
    empty = network(torch.zeros(2, *shape))
    assert bool(torch.isfinite(empty.error(torch.zeros(2, *shape))).all())


@pytest.mark.parametrize("model", [DirichletVAE(hidden=16), QcdOrWhat()], ids=["dirichlet", "qcd or what"])
def test_the_mask_alone_is_seen_and_a_row_is_its_own(model):
    network, x = made(model, MASK), events(6, MASK)
    harder = torch.where(x > 0, x + 1.0, x)
    assert torch.equal(network(x).error(x), network(harder).error(harder))
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    assert torch.allclose(network(x[order]).error(x[order]), network(x).error(x)[order], rtol=1e-5)


def test_the_prior_is_the_laplace_form_of_a_dirichlet_distribution():
    mean, variance = laplace((1.0, 0.25, 0.1))
    assert mean == pytest.approx((1.2296, -0.1567, -1.0730), abs=1e-4)
    assert variance == pytest.approx((2.0, 3.0, 5.0))
    # for large concentrations it is exact: the mean and spread of centred logarithms of Dirichlet draws
    alpha = (300.0, 200.0, 100.0)
    logs = np.log(np.random.default_rng(0).dirichlet(alpha, 50_000))
    centred = logs - logs.mean(1, keepdims=True)
    mean, variance = laplace(alpha)
    assert mean == pytest.approx(centred.mean(0), abs=3e-3)
    assert variance == pytest.approx(centred.var(0), rel=0.03)


def test_the_divergence_is_zero_at_the_prior_and_that_of_normal_distributions_elsewhere():
    mean, variance = laplace((1.0, 0.25, 0.1))
    at = LogisticNormal(torch.tensor([mean]), torch.tensor([variance]).log(), mean, variance)
    assert at.divergence().abs().max().item() < 1e-6
    m, s2 = torch.tensor([[0.3, -1.0, 2.0]]), torch.tensor([[0.5, 4.0, 1.5]])
    q = torch.distributions.Normal(m, s2.sqrt())
    p = torch.distributions.Normal(torch.tensor([mean]), torch.tensor([variance]).sqrt())
    known = torch.distributions.kl_divergence(q, p)
    assert torch.allclose(LogisticNormal(m, s2.log(), mean, variance).divergence(), known, atol=1e-6)


def test_a_composition_is_the_cross_entropy_of_shares_whatever_the_amount():
    logits = torch.tensor([[0.0, math.log(3.0)]])
    x = torch.tensor([[[[1.0, 1.0]]]])
    out = Composition(logits, torch.tensor([2.0]), (1, 1, 2), Sight("values"))
    assert out.error(x)[0].tolist() == pytest.approx([0.5 * math.log(4), 0.5 * math.log(4 / 3)])
    assert torch.allclose(out.error(7 * x), out.error(x))
    assert out.mean.flatten().tolist() == pytest.approx([0.5, 1.5])


def test_what_is_seen():
    x = Energies().transform(np.array([[0.0, 3.0, 100.0]]))
    z = torch.from_numpy(x)
    assert Sight("lit")(z).tolist() == [[0.0, 1.0, 1.0]]
    assert Sight("energies")(z)[0].tolist() == pytest.approx([0.0, 3.0, 100.0], rel=1e-5)
    assert Seen(torch.tensor([[0.5, 0.5, 1.0]]), Sight("lit"), 3).error(z).tolist() == [[0.25, 0.25, 0.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: DirichletVAE(alpha=(1.0,)), r"alpha \(1\.0,\) came; accepted: 2 to 1024 numbers above 0"),
        (lambda: DirichletVAE(alpha=(1.0, 0.0)), "numbers above 0"),
        (lambda: DirichletVAE(hidden=0), "hidden 0 came"),
        (lambda: QcdOrWhat(content="energies"), "the output lies between 0 and 1"),
        (lambda: QcdOrWhat(latent=0), "accepted: widths of 1 or more"),
        (lambda: QcdOrWhat().build((5,)), r"rows of shape \(5,\) came"),
        (lambda: QcdOrWhat(channels=2).build(MASK), r"channels=2 with rows of shape \(1, 72, 58\)"),
        (lambda: DirichletVAE(channels=1).build((5,)), r"channels=1 with rows of shape \(5,\)"),
        (lambda: QcdOrWhat().build((1, 3, 58)), "4 to 80 pixels a side"),
        (lambda: QcdOrWhat().build((1, 72, 81)), "4 to 80 pixels a side"),
    ],
)
def test_bad_settings_say_what_is_accepted(call, message):
    with pytest.raises(ConfigError, match=message):
        call()
