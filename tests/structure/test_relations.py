"""Relations with known answers: found, written with small integers, and none where there is none."""

import numpy as np
import pytest

from unseen.structure import columns, from_inputs, from_the_others, relations, small_integers, sparse_basis


def spring(rows=2000, seed=0):
    rng = np.random.default_rng(seed)
    size, phase = rng.uniform(0.5, 1.5, rows), rng.uniform(0, 2 * np.pi, rows)
    x, v = size * np.cos(phase), -2 * size * np.sin(phase)
    return columns(np.column_stack([x, v, v**2 / 2 + 2 * x**2]), ["x", "v", "E"])


def coefficients(relation):
    return dict(zip(relation.terms, relation.coefficients, strict=True))


def test_energy_of_a_spring_to_a_millionth():
    (found,) = relations(spring()).quadratic
    assert relations(spring()).linear == ()
    value = coefficients(found)
    assert set(value) == {"E", "v^2", "x^2"}
    assert value["v^2"] / value["E"] == pytest.approx(-0.5, abs=1e-6)
    assert value["x^2"] / value["E"] == pytest.approx(-2.0, abs=1e-6)
    assert str(found) == "2 E - 4 x^2 - v^2 = 0"
    assert found.integers == (2, -4, -1)
    assert abs(found.constant) < 1e-9


def test_constants_and_sums_are_linear_and_their_products_are_not_counted_again():
    rng = np.random.default_rng(1)
    a, b, c = rng.normal(5.0, 1.0, size=(3, 500))
    table = np.column_stack([a, b, c, a + 2 * b - 1.0, np.full(500, 7.0), 3 * c])
    found = relations(columns(table, ["a", "b", "c", "d", "e", "f"]))
    assert found.rank == 3
    assert {str(one) for one in found.linear} == {"e = 7", "a + 2 b - d = 1", "3 c - f = 0"}
    assert found.quadratic == ()


def test_what_is_not_exact_is_no_relation():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 2000))
    table = np.column_stack([a, b, a * b + 1e-3 * rng.normal(size=2000)])
    found = relations(columns(table))
    assert found.quadratic == ()
    assert found.gap[1] < 1e-2
    (near,) = relations(columns(table), tolerance=1e-2).quadratic
    assert set(near.terms) == {"x0 x1", "x2"}
    assert near.residual == pytest.approx(1e-3, rel=0.1)


def test_single_precision_gets_the_wider_limit():
    rng = np.random.default_rng(3)
    momentum = rng.normal(0, 50, size=(3000, 3))
    energy = np.sqrt((momentum**2).sum(axis=1) + 0.105**2)
    table = np.column_stack([momentum, energy]).astype(np.float32)
    found = relations(columns(table, ["px", "py", "pz", "E"]))
    assert columns(table).single
    assert len(found.quadratic) == 1
    assert found.quadratic[0].integers in ((1, 1, 1, -1), (-1, -1, -1, 1))


def test_the_shortest_vectors_are_found_among_mixtures():
    rng = np.random.default_rng(4)
    short = np.zeros((4, 12))
    for row, places in enumerate([(0, 1), (1, 2, 3), (4, 5, 6, 7), (8, 9)]):
        short[row, list(places)] = rng.choice([-2.0, -1.0, 1.0, 2.0], len(places))
    found = sparse_basis(rng.normal(size=(4, 4)) @ short)
    assert sorted(np.count_nonzero(found, axis=1)) == [2, 2, 3, 4]
    assert np.linalg.matrix_rank(np.vstack([found, short]), tol=1e-8) == 4


def test_integers_only_where_they_fit():
    assert small_integers(np.array([0.5, 1.0, -1.5])) == (1, 2, -3)
    assert small_integers(np.array([1.0, 2.01])) is None
    assert small_integers(np.zeros(3)) is None


def test_too_many_directions_or_too_few_rows_are_said():
    rng = np.random.default_rng(5)
    assert "among 40 at most" in relations(columns(rng.normal(size=(3000, 41)))).note
    few = relations(columns(rng.normal(size=(50, 6))))
    assert few.note == "50 rows: quadratic relations of 6 directions need 56"
    assert few.rank == 6


def test_columns_follow_from_others_linearly_or_not_at_all():
    rng = np.random.default_rng(6)
    x, y, z = rng.uniform(-1, 1, size=(3, 3000))
    found = {
        one.name: one for one in from_the_others(columns(np.column_stack([x, x**2, y, z + y]), list("abcd")))
    }
    assert found["a"].linear < 0.1
    assert found["b"].linear < 0.1
    assert found["b"].trees > 0.98
    assert 0.4 < found["c"].linear < 0.6
    exact = from_inputs(np.column_stack([x, y]), columns(np.column_stack([x - y, z]), ["p", "q"]))
    assert exact[0].linear == pytest.approx(1.0)
    assert exact[1].linear < 0.05


def test_many_relations_are_found_in_little_time():
    rng = np.random.default_rng(7)
    base = rng.normal(size=(600, 12))
    copies = base[:, rng.integers(0, 12, 120)] * rng.choice([-2.0, 1.0, 3.0], 120)
    found = relations(columns(np.column_stack([base, copies])))
    assert found.rank == 12
    assert len(found.linear) == 120
    assert {len(one.terms) for one in found.linear} == {2}
    assert all(one.integers is not None for one in found.linear)
