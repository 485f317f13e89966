"""The density of normal rows: scikit-learn's mixture, and what it adds to it."""

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

from unseen.models.mixture import Density, Mixture

RANDOM = np.random.default_rng(8)


def rows(count, width=5):
    """Two clouds, the second one narrow."""
    found = RANDOM.normal(size=(count, width))
    found[count // 2 :] = 0.4 * found[count // 2 :] + 4
    return torch.from_numpy(found[RANDOM.permutation(count)].astype(np.float32))


def test_strangeness_is_minus_the_log_density_of_the_mixture():
    x, fresh = rows(600), rows(300)
    density = Mixture(components=3, floor=0.1).fit(x, seed=1)
    codes = [((part - density.centre) @ density.axes).double().numpy() for part in (x, fresh)]
    order = torch.randperm(600)  # the fit drew another order: so compare by its parameters
    assert len(order) == 600
    expected = GaussianMixture(3, reg_covar=0.1)
    expected.weights_ = np.exp(
        density.offsets.double().numpy()
        - density.roots.double().diagonal(0, 1, 2).log().sum(1).numpy()
        + 2.5 * np.log(2 * np.pi)
    )
    expected.means_ = density.means.double().numpy()
    expected.precisions_cholesky_ = density.roots.double().numpy()
    assert expected.weights_.sum() == pytest.approx(1.0, abs=1e-5)
    assert density.strangeness(fresh).numpy() == pytest.approx(-expected.score_samples(codes[1]), abs=1e-3)
    refit = GaussianMixture(3, reg_covar=0.1, max_iter=200, n_init=5, random_state=0).fit(codes[0])
    # as good a density as many tries find
    assert -density.strangeness(x).mean() > refit.score(codes[0]) - 0.05


def test_one_gaussian_by_hand():
    x = torch.from_numpy(RANDOM.normal(size=(20, 3)).astype(np.float32))  # too few for two components
    density = Mixture(floor=0.1).fit(x, seed=0)
    assert len(density.means) == 1
    spread = np.cov(x.numpy().T, bias=True) + 0.1 * np.eye(3)
    away = x.double().numpy() - x.double().numpy().mean(0)
    square = np.einsum("np,pq,nq->n", away, np.linalg.inv(spread), away)
    expected = 0.5 * (square + np.log(np.linalg.det(spread)) + 3 * np.log(2 * np.pi))
    assert density.strangeness(x).numpy() == pytest.approx(expected, abs=1e-3)
    parts = density.parts(x).numpy()
    assert (parts >= 0).all()
    assert parts.sum(1) == pytest.approx(np.ones(20), abs=1e-5)


def test_a_feature_that_never_changed_costs_its_square_over_twice_the_floor():
    x = rows(400, 40)
    x[:, 7] = 3.0
    density = Mixture(floor=0.1, axes=10).fit(x, seed=0)
    moved = x[:50].clone()
    moved[:, 7] += 2.0
    added = density.strangeness(moved) - density.strangeness(x[:50])
    assert added.numpy() == pytest.approx(np.full(50, 2.0**2 / 0.2), rel=1e-3)
    assert density.parts(moved)[:, 7].min() > 0.3
    assert density.still.nonzero().flatten().tolist() == [7]


def test_weights_count_rows():
    near, far = torch.randn(300, 2), torch.randn(300, 2) + 6
    x = torch.cat([near, far])
    weights = torch.cat([torch.full((300,), 5.0), torch.full((300,), 0.05)])
    plain, weighted = (Mixture(components=2).fit(x, seed=0, weights=w) for w in (None, weights))
    rarer = [(d.strangeness(far).mean() - d.strangeness(near).mean()).item() for d in (plain, weighted)]
    assert rarer[1] > rarer[0] + 2


@pytest.mark.parametrize("count", [1, 2, 24, 50])
def test_few_rows_and_rows_that_repeat_have_a_density(count):
    for x in (rows(count), torch.zeros(count, 5), rows(1).repeat(count, 1)):
        density = Mixture().fit(x, seed=0)
        assert isinstance(density, Density)
        assert torch.isfinite(density.strangeness(rows(30) * 50)).all()
        assert torch.isfinite(density.parts(rows(30) * 50)).all()


def test_the_same_seed_is_the_same_density():
    x = rows(600)
    one, two = (Mixture().fit(x, seed=3).strangeness(x) for _ in range(2))
    assert torch.equal(one, two)
