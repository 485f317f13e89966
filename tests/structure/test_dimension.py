"""Intrinsic dimension and spectra: sets whose dimension is known, and input that is refused."""

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.structure import (
    columns,
    dimensions,
    few_units,
    levina_bickel,
    linear_units,
    rank,
    refuse_dimension,
    spectrum,
    twonn,
)


def on_sphere(rng, rows, d):
    """Points of the sphere S^d in d + 1 dimensions."""
    drawn = rng.normal(size=(rows, d + 1))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_spheres_have_their_dimension_in_all_estimators(d):
    found = dimensions(on_sphere(np.random.default_rng(d), 4000, d))
    assert [one.estimator for one in found] == ["TwoNN", "MLE", "lPCA", "CorrInt"]
    for one in found:
        assert one.value == pytest.approx(d, abs=0.2), one.estimator


def test_turning_and_padding_do_not_matter():
    rng = np.random.default_rng(0)
    flat = rng.uniform(size=(2000, 2))
    turn = np.linalg.qr(rng.normal(size=(7, 7)))[0]
    wide = np.column_stack([flat, np.zeros((2000, 5))]) @ turn
    for narrow, same in zip(dimensions(flat), dimensions(wide), strict=True):
        assert same.value == pytest.approx(narrow.value, rel=1e-6)


def test_the_interval_holds_the_dimension_about_as_often_as_it_says():
    held = []
    for seed in range(40):
        found = twonn(np.random.default_rng(seed).uniform(size=(600, 2)))
        held.append(found.low <= 2.0 <= found.high)
    assert sum(held) >= 34


def test_repeated_rows_change_nothing_but_the_share_that_is_named():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(1000, 3))
    once, often = twonn(rows), twonn(np.concatenate([rows, rows[:250]]))
    assert often.value == pytest.approx(once.value)
    assert (once.repeated, often.repeated) == (0.0, pytest.approx(0.2))


def test_the_closed_form():
    found = linear_units([4, 2, 1, 0.5, 0.05, 0.02], beta=0.2)
    assert found.relevance == pytest.approx([6.245, 4.359, 3, 2, 0, 0], abs=5e-4)
    assert found.divergence == pytest.approx([1.844, 1.498, 1.151, 0.805, 0, 0], abs=5e-4)
    assert (found.active, found.counted) == (4, 4)
    assert found.spread[4:].tolist() == [1.0, 1.0]
    # rho > 1 means lambda > 2 s^2 = beta
    assert linear_units([0.3, 0.19], beta=0.2).counted == 1
    with pytest.raises(ConfigError, match="beta 0 came; accepted: above 0"):
        linear_units([1.0], beta=0)


def test_rank_counts_directions():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 300))
    table = columns(np.column_stack([a, b, a - b, a + b]))
    assert rank(spectrum(table.standard)) == 2
    assert spectrum(table.standard).sum() == pytest.approx(4.0)
    assert len(spectrum(rng.normal(size=(3, 8)))) == 8


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([["a", "b"], ["c", "d"]], "values of type <U1 came; accepted: numbers"),
        ([1.0, 2.0], r"values of shape \(2,\) came; accepted: a matrix of 2 or more rows"),
        (np.zeros((0, 3)), r"values of shape \(0, 3\) came"),
        (
            [[1.0, 2.0], [np.nan, 3.0], [np.nan, 1.0]],
            r"column 'x0' has 2 rows that are not finite",
        ),
        ([[1.0, 2.0], [1.0, np.inf]], r"column 'x1' has 1 row that is not finite \(first: row 1\)"),
        ([[1e200, 1.0], [2e200, 3.0]], "column 'x0' has the size 2e\\+200, whose square cannot be held"),
        ([[1e-200, 1.0], [2e-200, 3.0]], "column 'x0' has the size 2e-200"),
        (np.ones((5, 2)), "none of the 2 columns varies"),
    ],
)
def test_values_that_are_refused(values, words):
    with pytest.raises(DataError, match=words):
        columns(values)


def test_constant_columns_are_left_out_and_named():
    drawn = np.random.default_rng(0).normal(size=(50, 2))
    found = columns(
        np.column_stack([drawn, np.full(50, 0.1), 1e9 + 1e-9 * drawn[:, 0]]), ["a", "b", "c", "d"]
    )
    assert found.names == ("a", "b")
    assert set(found.constant) == {"c", "d"}


def test_an_intrinsic_dimension_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match=r"499 rows of 2 columns came; .* needs 500 rows or more"):
        refuse_dimension(columns(rng.normal(size=(499, 2))))
    with pytest.raises(DataError, match="needs 600 rows or more"):
        refuse_dimension(columns(rng.normal(size=(590, 60))))
    with pytest.raises(DataError, match="50% of the rows repeat others"):
        refuse_dimension(columns(np.repeat(rng.normal(size=(500, 2)), 2, axis=0)))
    refuse_dimension(columns(rng.normal(size=(500, 2))))
    with pytest.raises(DataError, match="accepted: more than 21"):
        levina_bickel(np.repeat(rng.normal(size=(20, 2)), 50, axis=0))


def test_a_latent_space_too_narrow_is_said():
    assert few_units(4, 4) is None
    assert few_units(3, 4).startswith("3 latent units for 4 columns")
