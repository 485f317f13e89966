"""Intervals cover what they claim, stay honest at the bounds and are printed with the digits they support."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from unseen.errors import ConfigError, DataError
from unseen.evaluation import (
    Estimate,
    auc_interval,
    bootstrap,
    clopper_pearson,
    decimals,
    over_seeds,
    paired_over_seeds,
    roc_auc,
)


def test_bootstrap_is_stratified_and_repeats_with_its_seed():
    sizes = set()

    def gap(a, b):
        sizes.add((a.size, b.size))
        return float(a.mean() - b.mean())

    rng = np.random.default_rng(0)
    a, b = rng.normal(1, 1, 40), rng.normal(0, 1, 90)
    first = bootstrap(gap, a, b, seed=3)
    assert sizes == {(40, 90)}
    assert first == bootstrap(gap, a, b, seed=3) != bootstrap(gap, a, b, seed=4)
    se = math.sqrt(a.var() / 40 + b.var() / 90)
    assert first.high - first.low == pytest.approx(2 * 1.96 * se, rel=0.15)


def test_bootstrap_leaves_out_resamples_without_an_answer():
    def only_with_nine(sample):
        return float(sample.mean()) if 9 in sample else math.nan

    estimate = bootstrap(only_with_nine, np.arange(10), seed=0)
    assert estimate.low < 4.5 < estimate.high
    assert not bootstrap(lambda s: math.nan, [1.0, 2.0], seed=0).known


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.5])
def test_delong_covers_the_true_auc(shift):
    truth = stats.norm.cdf(shift / math.sqrt(2))
    rng = np.random.default_rng(1)
    found = [auc_interval(rng.normal(size=150), rng.normal(shift, 1, 30)) for _ in range(300)]
    covered = np.mean([e.low <= truth <= e.high for e in found])
    # 95 % nominal; 300 trials have a standard error of 1.3 %.
    assert 0.91 <= covered <= 0.99


def test_delong_agrees_with_the_bootstrap():
    rng = np.random.default_rng(2)
    normal, anomaly = rng.normal(size=400), rng.normal(1, 1.5, 80).round(1)
    fast, slow = auc_interval(normal, anomaly), bootstrap(roc_auc, normal, anomaly, seed=0)
    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=0.012)


@pytest.mark.parametrize(("m", "widest"), [(1, 0.9), (5, 0.5), (50, 0.1), (500, 0.01)])
def test_a_perfect_auc_of_few_rows_is_not_proven(m, widest):
    estimate = auc_interval(np.zeros(1000), np.ones(m))
    assert (estimate.value, estimate.high) == (1.0, 1.0)
    assert widest / 20 < 1 - estimate.low < widest
    mirrored = auc_interval(np.ones(1000), np.zeros(m))
    assert mirrored.high == pytest.approx(1 - estimate.low, abs=1e-6)


@given(st.integers(0, 60), st.integers(1, 60))
def test_clopper_pearson_is_the_exact_test_turned_round(k, n):
    k = min(k, n)
    ours, theirs = clopper_pearson(k, n, level=0.99), stats.binomtest(k, n).proportion_ci(0.99, "exact")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_seed_interval_is_students():
    values = [0.91, 0.93, 0.92, 0.95, 0.90]
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    estimate = over_seeds(values)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((np.mean(values), low, high))


def test_pairing_removes_what_the_seeds_share():
    shared = np.array([0.5, 0.7, 0.9])
    assert paired_over_seeds(shared + 0.01, shared).low == pytest.approx(0.01)


@pytest.mark.parametrize(("values", "known"), [([0.9], True), ([0.9, math.nan], False)])
def test_one_seed_has_no_interval_and_a_missing_seed_no_mean(values, known):
    estimate = over_seeds(values)
    assert estimate.known is known
    assert math.isnan(estimate.low)


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.95331, 0.94123, 0.96201), "0.953 [0.941, 0.962]"),  # half width 0.0104: two digits
        (Estimate(0.5, 0.4, 0.6), "0.50 [0.40, 0.60]"),
        (Estimate(0.5, 0.46, 0.54), "0.50 [0.46, 0.54]"),  # half width 0.04: one digit
        (Estimate(120.0, 80.0, 160.0), "120 [80, 160]"),
        (Estimate(0.98765), "0.988"),
        (Estimate(math.nan, 0.1, 0.2), "n/a"),
        (Estimate(1.0, 1.0, 1.0), "1.000 [1.000, 1.000]"),
        (Estimate(0.5, 0.49999999, 0.50000001), "0.500000 [0.500000, 0.500000]"),
    ],
)
def test_an_estimate_prints_what_its_interval_supports(estimate, text):
    assert str(estimate) == f"{estimate}" == text


@given(st.floats(1e-5, 1e3))
def test_printed_interval_is_never_coarser_than_itself(half):
    printed = 10.0 ** -decimals(Estimate(0.0, -half, half))
    assert printed <= half * 3 or decimals(Estimate(0.0, -half, half)) == 0


def test_to_dict_is_json():
    assert Estimate(0.5, math.nan, math.inf).to_dict() == {"value": 0.5, "low": None, "high": None}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bootstrap(np.mean, seed=0), DataError, "at least one sample"),
        (lambda: bootstrap(np.mean, [], seed=0), DataError, "at least one row"),
        (lambda: bootstrap(np.mean, [1.0], seed=0, n=1), ConfigError, "at least 2 resamples"),
        (lambda: bootstrap(np.mean, [1.0], seed=0, level=95), ConfigError, "level 95"),
        (lambda: over_seeds([]), DataError, "at least one"),
        (lambda: over_seeds([0.1], level=0), ConfigError, "confidence level"),
        (lambda: paired_over_seeds([1.0], [1.0, 2.0]), DataError, "got 1 and 2"),
        (lambda: clopper_pearson(3, 2), DataError, "3 of 2"),
        (lambda: clopper_pearson(0, 0), DataError, "n >= 1"),
        (lambda: clopper_pearson(-1, 5), DataError, "-1 of 5"),
        (lambda: auc_interval([math.nan], [1.0]), DataError, "NaN"),
    ],
)
def test_what_cannot_be_estimated_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
