"""Whole weights are repeated rows; equal weights are none; what is counted is what rows are worth."""

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.evaluation import (
    auc_interval,
    average_precision,
    calibration_curve,
    clopper_pearson,
    effective_number,
    evaluate,
    event_weights,
    false_alarms,
    max_sic,
    roc_auc,
    roc_curve,
    share_interval,
    tpr_at_fpr,
    weighted_quantile,
)
from unseen.recipes.running import measure
from unseen.thresholds import Calibration, FalseAlarmRate

RNG = np.random.default_rng(0)
NORMAL, ANOMALY = np.round(RNG.normal(size=1500), 2), np.round(RNG.normal(1.0, size=200), 2)
U, V = RNG.integers(1, 5, 1500), RNG.integers(1, 5, 200)


@pytest.mark.parametrize(
    "statistic",
    [roc_auc, average_precision, max_sic, lambda n, a, **w: tpr_at_fpr(n, a, 0.02, **w)],
    ids=["auc", "ap", "sic", "tpr"],
)
def test_whole_weights_are_repeated_rows(statistic):
    repeated = statistic(np.repeat(NORMAL, U), np.repeat(ANOMALY, V))
    weighted = statistic(NORMAL, ANOMALY, normal_weights=U, anomaly_weights=V)
    if statistic is max_sic:  # its least number of rows is in effective ones, so the edge may differ
        assert weighted == pytest.approx(repeated, rel=0.05)
    else:
        assert weighted == pytest.approx(repeated, rel=1e-12)
    other = 7.0 if statistic is average_precision else 11.0  # precision knows how much of each side there is
    scaled = statistic(NORMAL, ANOMALY, normal_weights=U * 7.0, anomaly_weights=V * other)
    assert scaled == pytest.approx(weighted, rel=1e-12)


def test_a_weighted_roc_curve_is_that_of_repeated_rows():
    one = roc_curve(NORMAL, ANOMALY, normal_weights=U, anomaly_weights=V)
    two = roc_curve(np.repeat(NORMAL, U), np.repeat(ANOMALY, V))
    assert one.fpr == pytest.approx(two.fpr)
    assert one.tpr == pytest.approx(two.tpr)


def test_whole_weights_are_repeated_rows_in_a_calibration_but_for_the_row_that_is_asked():
    one, two = Calibration.fit(NORMAL, U), Calibration.fit(np.repeat(NORMAL, U))
    at = np.linspace(-3, 4, 50)
    total, largest = U.sum(), U.max()
    above = two.p_values(at) * (total + 1) - 1
    assert one.p_values(at) == pytest.approx((above + largest) / (total + largest), rel=1e-12)
    assert (one.p_values(at) >= two.p_values(at)).all()  # the safe side
    body = two.evidence(at) < 3.0
    assert one.evidence(at)[body] == pytest.approx(two.evidence(at)[body], abs=0.06)
    assert one.effective == pytest.approx(effective_number(U))


def test_equal_weights_are_no_weights_in_a_calibration():
    one, two = Calibration.fit(NORMAL), Calibration.fit(NORMAL, np.full(1500, 0.3))
    at = np.linspace(-4, 6, 200)
    for read in ("p_values", "evidence"):
        assert np.array_equal(getattr(one, read)(at), getattr(two, read)(at))
    assert two.weights is None


def test_threshold_and_p_value_decide_alike_with_weights():
    weighted = Calibration.fit(NORMAL, RNG.gamma(1.0, size=1500))
    at = np.sort(np.concatenate([NORMAL, NORMAL + 1e-9, NORMAL + 3]))
    for rate in (0.5, 0.1, 0.013, 0.01, weighted.least):
        alarms = FalseAlarmRate(rate).decide(weighted, at)
        assert np.array_equal(alarms, at > weighted.score_at(rate)), rate
    assert weighted.score_at(0.999 * weighted.least) == np.inf
    assert np.all(np.diff(weighted.evidence(np.unique(NORMAL))) > 0)


def test_weighted_p_values_hold_where_calibration_rows_were_drawn_unevenly():
    """Held-out rows drawn from N(0, 2), weighted to N(0, 1); fresh rows from N(0, 1)."""
    rates, alarms = (0.1, 0.02), {0.1: [], 0.02: []}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        held = rng.normal(0.0, np.sqrt(2.0), size=800)
        weights = np.exp(-0.5 * held**2 + 0.25 * held**2)
        p = Calibration.fit(held, weights).p_values(rng.normal(size=400))
        for rate in rates:
            alarms[rate].append((p <= rate).mean())
    for rate in rates:
        mean, error = np.mean(alarms[rate]), np.std(alarms[rate]) / np.sqrt(150)
        assert mean <= rate + 3 * error
        assert mean > 0.7 * rate
    unweighted = Calibration.fit(held).p_values(np.random.default_rng(1).normal(size=4000))
    assert (unweighted <= 0.1).mean() < 0.05  # without weights the stated rate is missed


def test_intervals_of_weighted_shares_and_aucs_cover():
    rng = np.random.default_rng(2)
    inside = {"share": 0, "auc": 0}
    from scipy.stats import norm

    truth = norm.cdf(1 / np.sqrt(2))
    for _ in range(200):
        w, v = rng.gamma(0.7, size=300), rng.gamma(0.7, size=80)
        share = share_interval(rng.random(300) < 0.05, w)
        inside["share"] += share.low <= 0.05 <= share.high
        auc = auc_interval(rng.normal(size=300), rng.normal(1, size=80), normal_weights=w, anomaly_weights=v)
        inside["auc"] += auc.low <= truth <= auc.high
    assert inside["share"] >= 182
    assert inside["auc"] >= 180


def test_equal_weights_leave_every_number_of_an_evaluation_alone():
    scores, kinds = np.concatenate([NORMAL, ANOMALY]), ["ok"] * 1500 + ["a"] * 150 + ["b"] * 50
    plain = evaluate(scores, kinds, normal="ok", told=["a"], resamples=50)
    weighted = evaluate(scores, kinds, normal="ok", told=["a"], resamples=50, weights=[2.0] * 1700)
    assert weighted.to_dict() == plain.to_dict()
    assert "effective" not in plain.to_dict()
    share = share_interval(np.arange(100) < 7, np.full(100, 0.1))
    assert share == clopper_pearson(7, 100)


def test_a_weighted_evaluation_says_what_its_rows_are_worth():
    scores, kinds = np.concatenate([NORMAL, ANOMALY]), np.array(["ok"] * 1500 + ["a"] * 150 + ["b"] * 50)
    weights = np.concatenate([U, V]).astype(float)
    weights[:100] = 0.0
    found = evaluate(scores, kinds, normal="ok", resamples=60, weights=weights)
    assert found.effective == pytest.approx(effective_number(weights[:1500]))
    assert found.normals == 1400
    one = found.kind("a")
    assert one.effective == pytest.approx(effective_number(weights[kinds == "a"]))
    assert one.measures.auc.value == pytest.approx(
        roc_auc(NORMAL, ANOMALY[:150], normal_weights=weights[:1500], anomaly_weights=V[:150])
    )
    assert one.measures.auc.low < one.measures.auc.value < one.measures.auc.high
    assert found.to_dict()["kinds"][0]["effective"] > 0
    # 1,500 rows, but worth far fewer: a rate is said only while ten effective false alarms stand behind it
    heavy = np.where(np.arange(1700) < 3, 200.0, 1.0)
    assert (
        not evaluate(scores, kinds, normal="ok", resamples=20, weights=heavy).kind("a").measures.tpr_1e2.known
    )
    with pytest.raises(DataError, match="all 50 rows of kind 'b' have weight 0"):
        evaluate(scores, kinds, normal="ok", weights=np.where(kinds == "b", 0.0, weights))


def test_false_alarms_are_shares_of_the_weight():
    p = np.array([0.005, 0.5, 0.5, 0.5])
    (found,) = false_alarms(p, levels=[0.01], weights=[3.0, 1.0, 1.0, 1.0])
    assert (found.alarms, found.rows, found.realised.value) == (1, 4, 0.5)
    assert found.effective == pytest.approx(3.0)
    assert calibration_curve(p, weights=[3.0, 1.0, 1.0, 1.0]).realised[0] == 0.5


def test_recipes_measure_by_weight():
    scores, kinds = np.concatenate([NORMAL, ANOMALY]), np.array(["normal"] * 1500 + ["dos"] * 200)
    weights = np.concatenate([U, V]).astype(float)
    found = {r.metric: r.value for r in measure(scores, kinds, detector="d", seed=0, weights=weights)}
    assert found["auc"] == roc_auc(NORMAL, ANOMALY, normal_weights=U, anomaly_weights=V)
    assert measure(scores, kinds, detector="d", seed=0) == measure(
        scores, kinds, detector="d", seed=0, weights=np.ones(1700)
    )


def test_weights_equal_within_each_side_still_say_how_much_of_each_there_is():
    mixed = average_precision(NORMAL, ANOMALY, normal_weights=[5.0] * 1500, anomaly_weights=[2.0] * 200)
    assert mixed == pytest.approx(average_precision(np.repeat(NORMAL, 5), np.repeat(ANOMALY, 2)))


def test_quantiles_by_weight_are_those_of_repeated_rows():
    for q in (0.0, 0.1, 0.5, 0.99, 1.0):
        repeated = np.quantile(np.repeat(NORMAL, U), q, method="inverted_cdf")
        assert weighted_quantile(NORMAL, q, U) == repeated


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], "accepted: one weight a row"),
        ([1.0, -1.0], "Drop rows of negative weight, or fold them"),
        ([1.0, np.nan], "is nan"),
        ([0.0, 0.0], "zero in all 2 rows"),
        (["a", "b"], "must be numbers"),
    ],
)
def test_broken_weights_have_one_clear_line(weights, message):
    with pytest.raises(DataError, match=message) as caught:
        event_weights(weights, 2)
    assert "\n" not in str(caught.value)
