"""Symmetries of functions, and what orbits conserve."""

import numpy as np
import pytest

from unseen.data.orbits import orbit
from unseen.errors import ConfigError, DataError
from unseen.structure import columns
from unseen.symmetry import conserved, symmetry_of

RNG = np.random.default_rng(5)
NAMES = ["E1", "x1", "y1", "z1", "E2", "x2", "y2", "z2"]


def two_particles(rows):
    momentum = RNG.normal(size=(rows, 2, 3)) * [1.0, 2.0, 3.0]
    energy = np.sqrt((momentum**2).sum(axis=2, keepdims=True) + 0.1)
    return np.concatenate([energy, momentum], axis=2).reshape(rows, 8)


def test_an_invariant_mass_has_the_lorentz_group_and_its_metric():
    rows = two_particles(3000)
    total = rows[:, :4] + rows[:, 4:]
    found = symmetry_of(rows, total[:, 0] ** 2 - (total[:, 1:] ** 2).sum(axis=1), NAMES, blocks=2)
    assert (found.degree, len(found.generators), found.algebra.name) == (2, 6, "so(3,1)")
    assert sorted(words.split()[0] for words in found.names) == ["boost"] * 3 + ["rotation"] * 3
    minkowski = np.diag([1.0, -1.0, -1.0, -1.0])
    assert abs((found.metric * minkowski).sum()) / np.linalg.norm(found.metric) / 2 > 0.9999


def test_a_radius_has_rotations_and_a_generic_function_none():
    rows = RNG.normal(size=(2000, 3))
    assert symmetry_of(rows, (rows**2).sum(axis=1), ["x", "y", "z"]).algebra.name == "so(3)"
    odd = rows[:, 0] ** 3 + rows[:, 1] ** 2 + rows[:, 2] + rows[:, 0] * rows[:, 1]
    found = symmetry_of(rows, odd, ["x", "y", "z"])
    assert found.metric is None
    assert found.algebra.name == "none"


def test_a_function_that_no_polynomial_follows_is_refused():
    rows = RNG.normal(size=(2000, 2))
    with pytest.raises(DataError, match="no polynomial of the other columns"):
        symmetry_of(rows, RNG.normal(size=2000), ["x", "y"])
    with pytest.raises(ConfigError, match="3 blocks"):
        symmetry_of(rows, rows[:, 0], ["x", "y"], blocks=3)


@pytest.mark.parametrize(
    "name",
    ["spring", "pendulum", "kepler", "isotropic oscillator", "oscillator of ratio 2", "kepler and cubic"],
)
def test_conserved_quantities_of_orbits(name):
    drawn = orbit(name, 2500, 0)
    assert conserved(columns(drawn.values, drawn.columns)).conserved == drawn.conserved


def test_between_two_integers_nothing_is_counted():
    angle = RNG.uniform(0, 2 * np.pi, 2000)
    thick = np.column_stack([np.cos(angle), np.sin(angle)]) + 0.012 * RNG.normal(size=(2000, 2))
    found = conserved(columns(thick))
    assert found.conserved is None
    assert "settle on no one integer" in found.why


def test_a_phase_space_with_a_constant_column_is_refused():
    with pytest.raises(DataError, match="does not vary"):
        conserved(columns(np.column_stack([RNG.normal(size=(600, 1)), np.ones(600)])))
