"""The bump hunt: uniform where there is nothing, at its place where there is something."""

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.evaluation import bump_hunt


def falling(n, seed):
    return np.random.default_rng(seed).exponential(300.0, n) + 100.0


def with_bump(n, events, seed, place=500.0, width=10.0):
    return np.concatenate([falling(n, seed), np.random.default_rng(seed + 999).normal(place, width, events)])


def test_the_global_p_value_is_uniform_where_there_is_nothing():
    p = np.array([bump_hunt(falling(1500, seed), toys=80, seed=seed).global_p for seed in range(80)])
    assert abs(p.mean() - 0.5) < 0.12
    assert (p < 0.1).mean() < 0.22
    assert (p > 0.5).mean() > 0.33
    local = [bump_hunt(falling(1500, seed), toys=1, seed=seed).local_p for seed in range(30)]
    assert np.mean(np.array(local) < 0.05) > 0.5  # which is why windows need the correction


@pytest.mark.parametrize("place", [300.0, 700.0])
def test_a_bump_is_found_at_its_place_and_measured(place):
    """120 events on 3000: found where they are in 8 of 8 samples, significant in 7 (measured: in 8)."""
    hunts = [bump_hunt(with_bump(3000, 120, seed, place), toys=100, seed=seed) for seed in range(8)]
    for found in hunts:
        assert found.low < place < found.high
        assert found.in_window - found.background == pytest.approx(120, abs=50)
        assert found.global_z < found.local_z
        assert found.fit_p > 1e-3
    assert sum(found.global_p <= 0.05 for found in hunts) >= 7


def test_the_dijet_shape_fits_its_own_spectrum():
    rng = np.random.default_rng(5)
    x = 0.1 + 0.9 * rng.random(400_000)
    keep = rng.random(x.size) < (1 - x) ** 9 * x**-5 / (0.9**9 * 0.1**-5)
    mass = 13_000 * x[keep][:4000]
    found = bump_hunt(mass, shape="dijet", energy=13_000.0, toys=100)
    assert found.global_p > 0.01
    assert found.fit_p > 0.001
    assert bump_hunt(mass, shape="dijet", energy=13_000.0, toys=100).global_p == found.global_p


def test_selection_weights_and_edges():
    mass = with_bump(3000, 100, 0)
    mask = np.arange(len(mass)) % 2 == 0
    assert bump_hunt(mass, mask, toys=20).low == bump_hunt(mass[mask], toys=20).low
    plain, doubled = bump_hunt(mass, toys=20), bump_hunt(mass, weights=np.full(len(mass), 3.0), toys=20)
    assert plain.global_p == doubled.global_p
    assert plain.observed.tolist() == doubled.observed.tolist()
    rng = np.random.default_rng(1)
    spread = bump_hunt(mass, weights=rng.uniform(0.5, 1.5, len(mass)), toys=50)
    assert spread.low < 500 < spread.high
    edges = np.geomspace(110, 1500, 31)
    found = bump_hunt(mass, bins=edges, toys=50)
    assert found.low < 500 < found.high
    assert found.fit_p > 1e-3  # bins of any width, one smooth density
    assert found.left_out == ((mass < 110) | (mass > 1500)).sum()


@pytest.mark.parametrize(
    ("mass", "kwargs", "error", "message"),
    [
        (np.ones(30), {}, DataError, "30 rows came"),
        (np.ones(100), {}, DataError, "no spread"),
        (np.linspace(-1, 1, 100), {}, DataError, "above 0"),
        (np.linspace(1, 2, 100), {"bins": 4}, ConfigError, "8 or more"),
        (np.linspace(1, 2, 100), {"bins": [1, 2, 1]}, ConfigError, "edges must rise"),
        (np.linspace(1, 2, 100), {"order": 0}, ConfigError, "order 0"),
        (np.linspace(1, 2, 100), {"shape": "dijet"}, ConfigError, "energy None came"),
        (np.linspace(1, 2, 100), {"selected": [True]}, DataError, "selected has shape"),
    ],
)
def test_what_cannot_be_hunted_in_is_named(mass, kwargs, error, message):
    with pytest.raises(error, match=message):
        bump_hunt(mass, **kwargs)
