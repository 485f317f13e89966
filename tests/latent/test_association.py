"""Units against named features: known answers, the published package, false alarms."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from unseen.errors import ConfigError, DataError
from unseen.latent import associate, phi_k
from unseen.latent.contingency import binned

phik = pytest.importorskip("phik.phik")


@pytest.mark.parametrize("rows", [200, 2000])
@pytest.mark.parametrize("bins", [(10, 10), (10, 3), (5, 10), (2, 10)])
@pytest.mark.parametrize("shape", ["none", "line", "vee"])
def test_phi_k_is_that_of_the_published_package(rows, bins, shape):
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 1))
    y = {"none": 0.0, "line": x, "vee": 3 * np.abs(x)}[shape] + 0.7 * rng.normal(size=(rows, 1))
    left, right = binned(x, bins[0]), binned(y, bins[1])
    table = np.zeros((left.bins[0], right.bins[0]))
    np.add.at(table, (left.places[:, 0], right.places[:, 0]), 1)
    assert phi_k(left, right)[0, 0] == pytest.approx(phik.phik_from_hist2d(table), abs=1e-3)


def test_bins_keep_ties_together_and_are_even_otherwise():
    rng = np.random.default_rng(0)
    found = binned(np.column_stack([rng.normal(size=1000), rng.integers(0, 4, 1000), rng.poisson(3, 1000)]))
    assert found.bins.tolist()[:2] == [10, 4]
    assert np.bincount(found.places[:, 0]).tolist() == [100] * 10
    assert found.bins[2] <= 10


def planted(rows=600):
    """Six units; a feature that follows unit 2, one of its absolute value, words of unit 4, and noise."""
    rng = np.random.default_rng(1)
    codes = rng.normal(size=(rows, 6))
    features = {
        "line": -codes[:, 2] + 0.3 * rng.normal(size=rows),
        "vee": np.abs(codes[:, 2]) + 0.1 * rng.normal(size=rows),
        "word": np.array(["low", "middle", "high"])[np.digitize(codes[:, 4], [-0.5, 0.5])],
        "noise": rng.normal(size=rows),
        "constant": np.ones(rows),
    }
    return codes, features


def test_what_was_planted_is_found_and_nothing_else():
    codes, features = planted()
    found = associate(codes, features, informed=[2, 4])
    seen = {(unit, found.features[feature]) for unit, feature in np.argwhere(found.p < 0.01)}
    assert seen == {(2, "line"), (2, "vee"), (4, "word")}
    assert found.features[found.best()[2]] == "line"
    assert found.dropped == {"constant": "has the same value in every row"}
    line, vee, word = (found.features.index(name) for name in ("line", "vee", "word"))
    assert found.spearman[2, line] == pytest.approx(spearmanr(codes[:, 2], features["line"])[0], abs=1e-6)
    assert abs(found.spearman[2, vee]) < 0.15 < found.phi[2, vee]
    assert np.isnan(found.spearman[:, word]).all()


def test_mutual_information_is_that_of_two_normal_variables():
    """-ln(1 - r^2) / 2 nats."""
    rng = np.random.default_rng(2)
    codes = rng.normal(size=(2000, 2))
    found = associate(codes, {"y": 0.8 * codes[:, 0] + 0.6 * rng.normal(size=2000)}, informed=[0, 1])
    assert found.information[:, 0] == pytest.approx([-0.5 * np.log(1 - 0.64), 0.0], abs=0.06)
    assert np.isnan(associate(codes, {"y": codes[:, 0]}).information).all()


def test_unrelated_tables_seldom_have_a_mark():
    """One in a hundred for each of two measures; of 25 tables more than 3 would be a fault."""
    marked = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        features = {"a": rng.normal(size=80), "b": rng.integers(0, 3, 80), "c": rng.exponential(size=80)}
        found = associate(rng.normal(size=(80, 8)), features, permutations=200, seed=seed)
        marked += bool((np.fmin(found.p_spearman, found.p_phi) < 0.01).any())
    assert marked <= 3


def test_the_same_seed_gives_the_same_bits():
    codes, features = planted(200)
    first, second = (associate(codes, features, informed=[0], seed=3) for _ in range(2))
    for name in ("spearman", "phi", "information", "p_spearman", "p_phi"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_a_unit_that_never_changes_stands_for_nothing():
    codes, features = planted(200)
    codes[:, 2] = 0.25
    found = associate(codes, features)
    assert np.isnan(found.phi[2]).all()
    assert np.isnan(found.spearman[2]).all()
    assert (found.p[2] == 1.0).all()


def test_rows_in_which_a_feature_is_missing_are_left_out_and_often_missing_ones_dropped():
    codes, features = planted()
    features["line"][:12] = np.nan
    features["gappy"] = np.where(np.arange(600) < 100, np.nan, 1.0 * np.arange(600))
    found = associate(codes, features)
    assert found.rows == 588
    assert found.dropped["gappy"] == "is undefined in 100 of 600 rows"


@pytest.mark.parametrize(
    ("codes", "features", "words"),
    [
        (np.zeros((20, 2)), {"a": np.arange(20)}, "50 rows or more"),
        (np.zeros((60, 2)), {"a": np.arange(59)}, "feature 'a' of shape"),
        (np.zeros((60, 2)), {"a": np.ones(60)}, "no feature is left .* 'a' has the same value"),
        (np.zeros((60, 2)), {}, "no feature is left"),
    ],
)
def test_tables_that_cannot_be_held_against_each_other(codes, features, words):
    with pytest.raises(DataError, match=words):
        associate(codes, features)


def test_too_few_permutations():
    with pytest.raises(ConfigError, match="20 permutations came; accepted: 100 or more"):
        associate(*planted(100), permutations=20)
