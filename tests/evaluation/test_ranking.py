"""Rank statistics: known answers, agreement with scikit-learn, invariances, refused inputs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from unseen.errors import ConfigError, DataError
from unseen.evaluation import average_precision, max_sic, roc_auc, roc_curve, tpr_at_fpr

SIDE = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=40)
STATISTICS = (roc_auc, average_precision, lambda n, a: max_sic(n, a, least_normals=1))


def both(normal, anomaly):
    return np.r_[np.zeros(len(normal)), np.ones(len(anomaly))], np.r_[normal, anomaly]


@given(SIDE, SIDE)
def test_auc_and_precision_agree_with_scikit_learn_under_heavy_ties(normal, anomaly):
    y, s = both(normal, anomaly)
    assert roc_auc(normal, anomaly) == pytest.approx(roc_auc_score(y, s), abs=1e-12)
    assert average_precision(normal, anomaly) == pytest.approx(average_precision_score(y, s), abs=1e-12)


@given(SIDE, SIDE)
def test_swapping_sides_mirrors_the_auc(normal, anomaly):
    assert roc_auc(normal, anomaly) + roc_auc(anomaly, normal) == pytest.approx(1)


@pytest.mark.parametrize("statistic", STATISTICS)
@given(normal=SIDE, anomaly=SIDE)
@settings(max_examples=40)
def test_only_the_order_counts(statistic, normal, anomaly):
    def warp(side):
        return np.exp(np.asarray(side)) * 3 - 1

    assert statistic(warp(normal), warp(anomaly)) == pytest.approx(statistic(normal, anomaly), rel=1e-12)


@pytest.mark.parametrize(
    "statistic", [roc_auc, average_precision, max_sic, lambda *s, **w: tpr_at_fpr(*s, 0.1, **w)]
)
def test_an_integer_weight_is_that_many_copies_of_the_row(statistic):
    rng = np.random.default_rng(0)
    normal, anomaly = rng.normal(size=300).round(1), rng.normal(1, 1, 60).round(1)
    v = rng.integers(0, 4, 60)
    weighted = statistic(normal, anomaly, anomaly_weights=v)
    assert weighted == pytest.approx(statistic(normal, np.repeat(anomaly, v)))
    u = {"normal_weights": np.full(300, 2.0), "anomaly_weights": np.full(60, 2.0)}
    assert statistic(normal, anomaly, **u) == pytest.approx(statistic(normal, anomaly))


def test_normal_weights_move_the_auc_as_copies_do():
    normal, anomaly, u = [0.0, 1.0, 2.0], [1.5], [1, 0, 3]
    assert roc_auc(normal, anomaly, normal_weights=u) == pytest.approx(roc_auc([0, 2, 2, 2], anomaly)) == 0.25


def test_infinite_scores_rank_at_the_ends():
    assert roc_auc([-math.inf, 0.0], [math.inf, math.inf]) == 1.0


@pytest.mark.parametrize(
    ("normal", "anomaly", "fpr", "expected"),
    [
        (range(1000), [989.0, 989.5, 2000], 0.01, 2 / 3),  # normals 990..999 may alarm; 989 may not
        (range(1000), [990], 0.01, 1.0),  # on the lowest alarming normal: alarms with it
        (range(1000), [989], 0.01, 0.0),
        ([0] * 985 + [5] * 15, [5, 6], 0.01, 0.5),  # the tie is wider than the allowed share: cut goes above
        ([0] * 990 + [5] * 10, [5, 6], 0.01, 1.0),  # the tie just fits
        ([7] * 1000, [7, 7], 0.01, 0.0),  # a constant score catches nothing
        ([7] * 1000, [7, 7], 1.0, 1.0),
        (range(700), [689, 690], 10 / 700, 0.5),  # 10 of 700, though 700 * fpr is rounded
        (range(999), [5000], 0.01, math.nan),  # 9.99 expected false alarms: not a number to print
    ],
)
def test_tpr_is_conservative_at_ties_and_silent_with_few_normals(normal, anomaly, fpr, expected):
    assert tpr_at_fpr(list(normal), anomaly, fpr) == pytest.approx(expected, nan_ok=True)


@given(
    st.lists(st.integers(0, 30).map(float), min_size=100, max_size=300),
    SIDE,
    st.sampled_from([0.1, 0.2, 0.5]),
)
@settings(max_examples=60)
def test_tpr_equals_the_best_cut_that_brute_force_finds(normal, anomaly, fpr):
    normal, anomaly = np.array(normal), np.array(anomaly)
    cuts = np.unique(np.r_[normal, anomaly, np.inf])
    allowed = [t for t in cuts if (normal >= t).mean() <= fpr + 1e-12]
    assert tpr_at_fpr(normal, anomaly, fpr) == pytest.approx(max((anomaly >= t).mean() for t in allowed))


@given(st.lists(st.integers(0, 30).map(float), min_size=20, max_size=80), SIDE, st.integers(1, 20))
@settings(max_examples=60)
def test_sic_equals_the_best_cut_that_brute_force_finds(normal, anomaly, least):
    normal, anomaly = np.array(normal), np.array(anomaly)
    cuts = [t for t in np.unique(np.r_[normal, anomaly]) if (normal >= t).sum() >= least]
    best = max((anomaly >= t).mean() / np.sqrt((normal >= t).mean()) for t in cuts)
    assert max_sic(normal, anomaly, least_normals=least) == pytest.approx(best)


def test_sic_is_not_a_number_with_fewer_normals_than_must_stay():
    assert math.isnan(max_sic(range(99), [200.0]))
    assert max_sic(range(100), [200.0]) == pytest.approx(1.0)


@given(SIDE, SIDE)
def test_area_under_the_curve_is_the_auc(normal, anomaly):
    curve = roc_curve(normal, anomaly)
    assert np.trapezoid(curve.tpr, curve.fpr) == pytest.approx(roc_auc(normal, anomaly))
    assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1], curve.tpr[-1]) == (0, 0, 1, 1)


def test_a_thinned_curve_keeps_ends_low_rates_and_area():
    rng = np.random.default_rng(1)
    curve = roc_curve(rng.normal(size=20_000), rng.normal(1, 1, 5000))
    thin = curve.thin(200)
    assert thin.fpr.size <= 202
    assert (thin.fpr < 1e-3).sum() > 15
    assert (thin.fpr[0], thin.fpr[-1]) == (0, 1)
    assert np.trapezoid(thin.tpr, thin.fpr) == pytest.approx(np.trapezoid(curve.tpr, curve.fpr), abs=2e-3)


@pytest.mark.parametrize(
    ("normal", "anomaly", "weights", "message"),
    [
        ([], [1.0], {}, "normal scores are empty"),
        ([1.0], [], {}, "anomaly scores are empty"),
        ([1.0, math.nan], [1.0], {}, r"normal scores: 1 of 2 are NaN \(first: row 1\)"),
        ([1.0], [math.nan], {}, "anomaly scores: 1 of 1 are NaN"),
        ([[1.0]], [1.0], {}, r"got shape \(1, 1\)"),
        (["high"], [1.0], {}, "must be numbers"),
        ([1.0], [1.0], {"normal_weights": [-1.0]}, r"is -1 \(first: row 0; 1 of 1 rows\)"),
        ([1.0], [1.0], {"anomaly_weights": [math.inf]}, r"is inf \(first: row 0"),
        ([1.0], [1.0], {"anomaly_weights": [0.0]}, "is zero in all 1 rows"),
        ([1.0], [1.0], {"normal_weights": [1.0, 2.0]}, "one weight a row"),
    ],
)
def test_broken_sides_are_named(normal, anomaly, weights, message):
    for statistic in (roc_auc, average_precision, max_sic):
        with pytest.raises(DataError, match=message):
            statistic(normal, anomaly, **weights)


@pytest.mark.parametrize("fpr", [0, -0.1, 1.5, math.nan])
def test_a_false_alarm_rate_is_a_rate(fpr):
    with pytest.raises(ConfigError, match="is not a rate"):
        tpr_at_fpr([1.0], [1.0], fpr)


def test_sic_refuses_to_look_where_nothing_is_left():
    with pytest.raises(ConfigError, match="1 or more"):
        max_sic([1.0], [1.0], least_normals=0)
