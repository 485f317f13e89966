"""Generators found in sets whose symmetry is known, and none where there is none."""

import numpy as np
import pytest

from unseen.data.mechanics import two_body
from unseen.data.symmetric import annulus, gaussian, square, stretched_gaussian
from unseen.errors import DataError
from unseen.recipes.symmetry_discovery.hidden import bent_annulus, hidden_turn
from unseen.structure import columns
from unseen.symmetry import LINEAR, Field, algebra, alignment, find, find_curved
from unseen.symmetry.naming import described, planes_first
from unseen.symmetry.span import span

E3 = np.eye(3)
TURNS = [np.outer(E3[a], E3[b]) - np.outer(E3[b], E3[a]) for a, b in ((0, 1), (0, 2), (1, 2))]


def cosine(one, other):
    return abs((one * other).sum()) / np.linalg.norm(one) / np.linalg.norm(other)


@pytest.mark.parametrize(
    ("drawn", "true", "name"),
    [
        (gaussian(8000, 1), [[0, -1], [1, 0]], "rotation in the plane of x, y"),
        (annulus(8000, 1), [[0, -1], [1, 0]], "rotation in the plane of x, y"),
        (stretched_gaussian(8000, 1), [[0, -0.5], [2, 0]], "rotation in the plane of x, y, axes 1 : "),
        (two_body(8000, 1), -TURNS[0], "rotation in the plane of px1, py1"),
    ],
    ids=["gaussian", "annulus", "stretched", "beam axis"],
)
def test_one_generator_is_found_named_and_confirmed(drawn, true, name):
    found = find(columns(drawn.values, drawn.columns), seed=1)
    assert found.dimension == 1
    one = found.generators[0]
    assert one.confirmed
    assert one.name.startswith(name)
    assert cosine(one.field.matrix, np.array(true)) > 0.996
    assert found.algebra.name == "so(2)"
    assert len(found.spectrum) > 1
    assert found.spectrum[0] < 1.3 < 2 < found.spectrum[1]


def test_the_rotations_of_an_exact_sphere_are_exact():
    drawn = two_body(4000, 2, forward=0.0)
    found = find(columns(drawn.values, drawn.columns))
    assert (found.dimension, found.relations, found.algebra.name) == (3, 1, "so(3)")
    assert found.followers == {"px2": "-px1", "py2": "-py1", "pz2": "-pz1"}
    for one in found.generators:
        assert np.allclose(one.field.matrix, -one.field.matrix.T, atol=1e-9)


def test_too_few_rows_to_tell_are_said_to_be():
    drawn = two_body(1000, 0)
    found = find(columns(drawn.values, drawn.columns))
    assert found.dimension is None
    assert found.verdict.startswith("not enough data: between 0 and ")


@pytest.mark.parametrize("seed", range(2))
def test_a_square_has_no_continuous_symmetry(seed):
    drawn = square(4000, seed)
    assert find(columns(drawn.values, drawn.columns), seed=seed).dimension == 0


def test_another_centre_takes_shifts():
    rows = np.random.default_rng(0).normal([4.0, 1.0], 1.0, size=(4000, 2))
    read = columns(rows, ["x", "y"])
    assert find(read).dimension == 0
    found = find_curved(read, 1)
    assert found.dimension == 1
    assert np.abs(found.generators[0].field(np.array([[4.0, 1.0]]))).max() < 0.1


def test_a_turn_hidden_by_a_bent_plane_is_found():
    rows = bent_annulus(6000, 0)
    found = find_curved(columns(rows, ["x", "y"]), 3)
    assert (found.dimension, found.degree) == (1, 3)
    assert abs(alignment(found.generators[0].field, hidden_turn(), rows)) > 0.98


def test_the_hidden_turn_keeps_the_radius():
    rows = bent_annulus(100, 0)
    moved = hidden_turn().flow(rows, np.full(100, 1.0))
    radius = [np.hypot(r[:, 0], r[:, 1] - 0.4 * r[:, 0] ** 2) for r in (rows, moved)]
    assert np.allclose(*radius, atol=1e-4)
    assert np.abs(moved - rows).max() > 0.5


def test_same_seed_same_bits_and_other_units_same_answer():
    rows = gaussian(3000, 0).values
    one, two = find(columns(rows)), find(columns(rows))
    assert one.spectrum == two.spectrum
    other = find(columns(rows * [1e6, 1e-3]))
    assert other.dimension == 1
    assert cosine(other.generators[0].field.coefficients, one.generators[0].field.coefficients) > 0.999


def test_few_rows_and_many_columns_are_refused():
    with pytest.raises(DataError, match=r"needs 500 or more"):
        find(columns(np.random.default_rng(0).normal(size=(499, 2))))
    with pytest.raises(DataError, match="289 unknowns at this degree; accepted: 256 or fewer"):
        find(columns(np.random.default_rng(0).normal(size=(20_000, 17))))


def test_a_basis_of_planes_is_found_again_from_mixtures():
    mixing = np.random.default_rng(2).normal(size=(3, 3))
    mixed = list(np.tensordot(mixing, np.stack(TURNS), axes=1))
    names = {described(matrix, "xyz", np.ones(3)) for matrix in planes_first(mixed, np.ones(3))}
    assert names == {f"rotation in the plane of {plane}" for plane in ("x, y", "x, z", "y, z")}


def test_what_does_not_close_is_no_algebra():
    assert not algebra(TURNS[:2]).closed
    boosts = [np.zeros((4, 4)) for _ in range(3)]
    for place, one in enumerate(boosts, start=1):
        one[0, place] = one[place, 0] = 1.0
    turns = [np.pad(one, ((1, 0), (1, 0))) for one in TURNS]
    assert algebra(boosts + turns).name == "so(3,1)"
    assert not algebra(boosts).closed


def test_the_span_leaves_out_what_follows():
    x, y = np.random.default_rng(0).normal(size=(2, 600))
    found = span(columns(np.column_stack([x, 2 * x, y, x - y]), ["a", "b", "c", "d"]), centred=False)
    assert found.names == ("a", "c")
    assert found.followers == {"b": "2 a", "d": "a -c"}
    assert np.allclose(found.white.T @ found.white / 600, np.eye(2))


def test_a_linear_flow_is_the_exponential():
    turn = Field(LINEAR, np.array([[0.0, -1.0], [1.0, 0.0]]), np.zeros(2), np.ones(2))
    assert np.allclose(turn.flow(np.array([[1.0, 0.0]]), np.array([np.pi / 2])), [[0.0, 1.0]], atol=1e-6)
