"""AUC at a fixed variable: cases by hand, laws, and the bootstrap against the slow way."""

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.evaluation import auc_at_fixed, auc_sampled, mean_of, roc_auc
from unseen.evaluation.resampling import counts


def by_hand(normal, anomaly, normal_at, anomaly_at, width=10.0, least=3):
    parts = []
    for k in np.unique(np.floor(anomaly_at / width)):
        one, two = normal[np.floor(normal_at / width) == k], anomaly[np.floor(anomaly_at / width) == k]
        if len(one) >= least:
            parts.append((len(two), len(one), roc_auc(one, two)))
    m, n, auc = np.array(parts).T
    return (m @ auc) / m.sum(), ((m * n) @ auc) / (m @ n)


@pytest.fixture
def events():
    random = np.random.default_rng(3)
    at = random.gamma(4, 20, 400), random.gamma(5, 25, 90)
    scores = tuple(
        0.05 * v + random.normal(s, 1.0, v.size).round(1) for v, s in zip(at, (0, 0.7), strict=True)
    )
    return *scores, *at


@pytest.mark.parametrize("width", [3.0, 10.0, 25.0])
def test_both_weightings_by_hand(events, width):
    wanted = by_hand(*events, width=width)
    for weighting, value in zip(("anomalies", "pairs"), wanted, strict=True):
        found = auc_at_fixed(*events, width=width, weighting=weighting, resamples=2)
        assert found.auc.value == pytest.approx(value, abs=1e-12)


def test_a_score_of_the_bins_alone_is_worth_nothing_and_what_rises_within_them_little(events):
    _, _, normal_at, anomaly_at = events
    for function in (
        lambda v: np.floor(v / 10),
        lambda v: np.zeros_like(v),
        lambda v: -(np.floor(v / 10) ** 2),
    ):
        found = auc_at_fixed(function(normal_at), function(anomaly_at), normal_at, anomaly_at, resamples=50)
        assert found.auc.value == 0.5
        assert found.auc.sd == 0.0
    assert roc_auc(normal_at, anomaly_at) > 0.7
    rising = [
        auc_at_fixed(normal_at, anomaly_at, normal_at, anomaly_at, width=w, resamples=2).auc.value
        for w in (1.0, 200.0)
    ]
    assert abs(rising[0] - 0.5) < 0.1 < rising[1] - 0.5


def test_one_bin_is_the_plain_auc(events):
    normal, anomaly, _normal_at, _anomaly_at = events
    found = auc_at_fixed(*events, width=1e9, resamples=100, seed=4)
    plain = auc_sampled(normal, anomaly, resamples=100, seed=4)
    assert found.auc.value == pytest.approx(roc_auc(normal, anomaly), abs=1e-12)
    assert found.auc.draws == pytest.approx(plain.draws, abs=1e-12)
    assert (found.used, found.coverage, found.bins) == (90, 1.0, 1)


def test_the_bootstrap_is_that_of_the_slow_way(events):
    normal, anomaly, normal_at, anomaly_at = events
    found = auc_at_fixed(*events, resamples=60, seed=9)
    drawn = [np.concatenate(list(counts(n, 60, 9, *p))) for n, p in ((400, (0,)), (90, (1, 0)))]
    for turn in (0, 17, 59):
        rows, own = (np.repeat(np.arange(d.shape[1]), d[turn].astype(int)) for d in drawn)
        slow, _ = by_hand(normal[rows], anomaly[own], normal_at[rows], anomaly_at[own])
        assert found.auc.draws[turn] == pytest.approx(slow, abs=1e-12)


def test_whole_weights_are_repeated_rows(events):
    normal, anomaly, _normal_at, _anomaly_at = events
    u, v = np.arange(400) % 3 + 1, np.arange(90) % 2 + 1
    weighted = auc_at_fixed(*events, normal_weights=u, anomaly_weights=v, least_normals=1, resamples=2)
    repeated = auc_at_fixed(
        *(np.repeat(a, w) for a, w in zip(events, (u, v, u, v), strict=True)), least_normals=1, resamples=2
    )
    assert weighted.auc.value == pytest.approx(repeated.auc.value, abs=1e-12)
    assert auc_sampled(normal, anomaly, normal_weights=u, resamples=2).value == pytest.approx(
        roc_auc(np.repeat(normal, u), anomaly)
    )


def test_equal_seeds_pair_the_scores_and_other_seeds_do_not(events):
    normal, anomaly, _, _ = events
    random = np.random.default_rng(0)
    near = normal + random.normal(0, 0.05, 400), anomaly + random.normal(0, 0.05, 90)
    one, two = auc_sampled(normal, anomaly, seed=2), auc_sampled(*near, seed=2)
    apart = auc_sampled(*near, seed=3)
    assert (one - two).sd < 0.2 * (one - apart).sd
    assert np.array_equal(one.draws, auc_sampled(normal, anomaly, seed=2).draws)
    both = mean_of([one, two])
    assert both.value == pytest.approx((one.value + two.value) / 2)
    assert one.interval(0.95).low < one.interval().low < one.value < one.interval().high


def test_the_standard_error_is_right_on_average():
    random = np.random.default_rng(1)
    values, errors = [], []
    for turn in range(150):
        sides = random.normal(0, 1, 120), random.normal(1, 1, 60)
        at = random.uniform(0, 40, 120), random.uniform(0, 40, 60)
        found = auc_at_fixed(*sides, *at, resamples=60, seed=turn).auc
        values.append(found.value)
        errors.append(found.sd)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)


def test_nothing_in_common_is_not_a_number():
    found = auc_at_fixed([1, 2, 3], [1, 2], [5, 5, 5], [15, 25], resamples=5)
    assert np.isnan(found.auc.value)
    assert (found.used, found.bins, found.coverage) == (0, 0, 0.0)
    assert found.to_dict()["value"] is None


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"width": 0}, ConfigError, "width 0 and least_normals 3 came"),
        ({"least_normals": 0}, ConfigError, "at least 1 normal row"),
        ({"weighting": "rows"}, ConfigError, "accepted: anomalies, pairs"),
        ({"normal_at": [1.0]}, DataError, r"variable of the normal rows has shape \(1,\)"),
        ({"anomaly_at": [1.0, np.nan]}, DataError, "variable of the anomalous rows"),
        ({"normal": []}, DataError, "normal scores are empty"),
        ({"resamples": 1}, ConfigError, "1 resamples came"),
    ],
)
def test_bad_input_says_what_is_wrong(change, error, words):
    given = {"normal": [1, 2, 3], "anomaly": [1, 2], "normal_at": [1, 1, 1], "anomaly_at": [1, 1]}
    with pytest.raises(error, match=words):
        auc_at_fixed(**{**given, **change})
    with pytest.raises(DataError, match="cannot be paired"):
        auc_sampled([1], [2], resamples=5) - auc_sampled([1], [2], resamples=6)
