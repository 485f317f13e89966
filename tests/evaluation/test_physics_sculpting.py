"""Sculpting, rates by decile, distance correlation: known values, laws, and what chance does."""

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.evaluation import (
    distance_correlation,
    jensen_shannon,
    most_anomalous,
    sculpting,
    selected_by_decile,
)


def test_jensen_shannon_of_known_pairs():
    assert jensen_shannon([1, 2, 3], [2, 4, 6]) == pytest.approx(0.0, abs=1e-15)
    assert jensen_shannon([1, 0, 0], [0, 1, 5]) == pytest.approx(1.0)
    # by hand: p = (1/2, 1/2), q = (1, 0), m = (3/4, 1/4)
    by_hand = 0.5 * (0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25)) + 0.5 * np.log2(1 / 0.75)
    assert jensen_shannon([1, 1], [1, 0]) == pytest.approx(by_hand)
    assert jensen_shannon([1, 0], [1, 1]) == pytest.approx(by_hand)
    with pytest.raises(DataError, match="over the same bins"):
        jensen_shannon([1, 1], [1, 1, 1])


def test_a_blind_selection_is_chance_and_its_p_value_uniform():
    found = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        mass = rng.exponential(size=2000)
        found.append(sculpting(mass, most_anomalous(rng.random(2000), 0.02), draws=100, seed=seed))
    p = np.array([one.p_value for one in found])
    assert abs(p.mean() - 0.5) < 0.13
    assert (p < 0.1).mean() < 0.25
    # the divergence of few rows is far from 0 although nothing is sculpted: that is why chance is told
    assert np.mean([one.js for one in found]) == pytest.approx(
        np.mean([one.by_chance for one in found]), rel=0.15
    )
    assert np.mean([one.by_chance for one in found]) > 0.05


def test_a_selection_by_the_mass_is_found_and_its_divergence_is_known():
    mass = np.linspace(0.0, 1.0, 10_001)[1:]
    found = sculpting(mass, mass > 0.9, bins=10, draws=50)
    # p = 1/10 in each bin, q = all in the last: JS from the last bin and the nine others
    m = 0.5 * (0.1 + 1.0)
    known = 0.5 * (9 * 0.1 * 1.0 + 0.1 * np.log2(0.1 / m)) + 0.5 * np.log2(1 / m)
    assert found.js == pytest.approx(known, abs=2e-3)
    assert found.p_value == pytest.approx(1 / 51)
    rates = selected_by_decile(mass, mass > 0.9)
    assert [round(part.value, 2) for part in rates.share] == [0.0] * 9 + [1.0]
    assert rates.share[0].high < 0.01


def test_whole_weights_are_repeated_rows_and_only_ratios_count():
    rng = np.random.default_rng(1)
    mass, score, w = rng.exponential(size=3000), rng.random(3000), rng.integers(1, 5, 3000)
    mask = most_anomalous(score, 0.05, w)
    again = np.repeat(mass, w), np.repeat(mask, w)
    assert np.array_equal(most_anomalous(np.repeat(score, w), 0.05), again[1])
    edges = sculpting(mass, mask, weights=w, draws=20).edges
    one, two = sculpting(mass, mask, weights=w, draws=20), sculpting(mass, mask, weights=0.3 * w, draws=20)
    assert one.js == pytest.approx(two.js, rel=1e-9)
    inside = [np.histogram(values, edges)[0] / len(values) for values in (again[0], again[0][again[1]])]
    assert one.js == pytest.approx(jensen_shannon(*inside), abs=2e-3)
    shares = selected_by_decile(mass, mask, weights=w)
    first = again[0] < shares.edges[1]
    assert shares.share[0].value == pytest.approx(again[1][first].mean(), rel=1e-9)


def test_distance_correlation_of_known_pairs():
    rng = np.random.default_rng(2)
    x = rng.normal(size=1500)
    assert distance_correlation(x, 5 - 2 * x) == pytest.approx(1.0)
    assert distance_correlation(x, rng.normal(size=1500)) < 0.08
    assert distance_correlation(x, x**2) > 0.4  # Pearson's is 0 here
    # bivariate normal of correlation r, Szekely et al. 2007, theorem 7
    r = 0.6
    y = r * x + np.sqrt(1 - r * r) * rng.normal(size=1500)
    terms = r * np.arcsin(r) + np.sqrt(1 - r * r) - r * np.arcsin(r / 2) - np.sqrt(4 - r * r) + 1
    known = np.sqrt(terms / (1 + np.pi / 3 - np.sqrt(3)))
    assert distance_correlation(x, y) == pytest.approx(known, abs=0.03)
    assert distance_correlation(x, np.ones(1500)) == 0.0


def test_distance_correlation_weighs_and_draws_by_seed():
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=300), rng.integers(1, 4, 300)
    y = x + rng.normal(size=300)
    repeated = distance_correlation(np.repeat(x, w), np.repeat(y, w))
    assert distance_correlation(x, y, weights=w) == pytest.approx(repeated, rel=1e-9)
    assert distance_correlation(x, y, most=100, seed=1) == distance_correlation(x, y, most=100, seed=1)
    assert distance_correlation(x, y, most=100, seed=1) != distance_correlation(x, y, most=100, seed=2)


def test_the_most_anomalous_are_the_share_asked_for_and_ties_stay_together():
    assert most_anomalous(np.arange(1000.0), 0.01).sum() == 10
    assert most_anomalous([1.0, 1.0, 1.0, 0.0], 0.5).tolist() == [True, True, True, False]
    assert most_anomalous([3.0, 2.0, 2.0, 2.0], 0.5).tolist() == [True, False, False, False]
    with pytest.raises(ConfigError, match=r"share 1\.0 came"):
        most_anomalous([1.0], 1.0)


@pytest.mark.parametrize(
    ("mass", "selected", "weights", "message"),
    [
        ([1.0, np.nan], [True, False], None, "one finite number a row"),
        ([1.0, 2.0], [1, 0], None, "need .* and bool"),
        ([1.0, 2.0], [True, True], None, "2 of 2 rows are selected"),
        ([1.0, 1.0], [True, False], None, "too few values"),
        ([1.0, 2.0], [True, False], [0.0, 1.0], "all selected rows have weight 0"),
        ([1.0, 2.0], [True, False], [1.0, -1.0], "negative weight, or fold"),
    ],
)
def test_broken_selections_are_named(mass, selected, weights, message):
    with pytest.raises(DataError, match=message):
        sculpting(mass, np.array(selected), weights=weights)
