"""Drawn sets and orbits: what they are said to fulfil, they fulfil."""

import numpy as np
import pytest

from unseen.data.mechanics import MECHANICS, two_body
from unseen.data.orbits import SYSTEMS, orbit
from unseen.data.symmetric import SYMMETRIC
from unseen.errors import ConfigError
from unseen.structure import columns, relations, twonn

SETS = {**SYMMETRIC, **MECHANICS}


@pytest.mark.parametrize("name", SETS)
def test_rank_relations_and_dimension_are_what_is_stated(name):
    drawn = SETS[name](3000, 1)
    assert drawn.values.shape == (3000, len(drawn.columns))
    table = columns(drawn.values, drawn.columns)
    found = relations(table)
    assert (found.rank, len(found.quadratic)) == (drawn.rank, drawn.quadratic)
    assert len(found.linear) == len(drawn.columns) - drawn.rank
    assert twonn(table.standard).value == pytest.approx(drawn.dimension, abs=0.1 * max(drawn.dimension, 2))


@pytest.mark.parametrize("name", SETS)
def test_the_same_seed_draws_the_same_and_another_does_not(name):
    assert np.array_equal(SETS[name](50, 3).values, SETS[name](50, 3).values)
    assert not np.array_equal(SETS[name](50, 3).values, SETS[name](50, 4).values)
    with pytest.raises(ConfigError, match="rows=0 came; accepted: 1 or more"):
        SETS[name](0, 1)


def test_the_angle_of_pairs_is_flat_or_bent_forward():
    """E[c^2] is 1/3 of a flat cosine, 2/5 of 1 + c^2."""
    for forward, mean in ((0.0, 1 / 3), (1.0, 2 / 5)):
        cosine = two_body(200_000, 0, forward=forward).values[:, 2] / 45.6
        assert (cosine**2).mean() == pytest.approx(mean, abs=0.003)
    with pytest.raises(ConfigError, match="forward=-1 came"):
        two_body(10, 0, forward=-1)


def invariants(points):
    """Quantities that each system keeps, by name."""
    if points.shape[1] == 2:
        x, v = points.T
        return {"spring": [v**2 / 2 + 2 * x**2], "pendulum": [v**2 / 2 - np.cos(x)]}
    x, y, vx, vy = points.T
    kinetic, r, momentum = (vx**2 + vy**2) / 2, np.hypot(x, y), x * vy - y * vx
    along_x, along_y = (vx**2 + x**2) / 2, vy**2 / 2
    return {
        "kepler": [kinetic - 1 / r, momentum, vy * momentum - x / r, -vx * momentum - y / r],
        "isotropic oscillator": [along_x, along_y + y**2 / 2, momentum],
        "oscillator of ratio 2": [along_x, along_y + y**2],
        "kepler and cubic": [kinetic - 1 / r - 0.025 / r**2, momentum],
        "henon-heiles": [kinetic + (x**2 + y**2) / 2 + x**2 * y - y**3 / 3],
    }


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_orbit_keeps_what_its_system_keeps(name):
    found = orbit(name, 1000, seed=2)
    kept = invariants(found.values)[name]
    # of the four of a Kepler orbit one follows from the others
    assert len(kept) - (name == "kepler") == found.conserved
    for quantity in kept:
        assert np.ptp(quantity) < 1e-4 * max(1.0, np.abs(quantity).max())
    assert np.ptp(found.values, axis=0).min() > 0.1


def test_an_orbit_of_a_system_nobody_knows():
    with pytest.raises(ConfigError, match=r"system 'keplr' is not known; .* Did you mean 'kepler'"):
        orbit("keplr")
