"""Thresholds: exact laws of conformal p-values, one meaning of a rate in every place that uses it."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unseen.errors import ConfigError, DataError
from unseen.thresholds import Calibration, FalseAlarmRate, FalseDiscoveryRate, RateBudget

# a busy machine is no failure
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

numbers = st.integers(-2000, 2000).map(lambda n: n / 8)
with_ties = st.lists(st.integers(0, 9).map(float), min_size=3, max_size=40)
rates = st.floats(0.0, 1.0, exclude_max=True)


@unhurried
@given(with_ties, rates)
def test_conformal_p_values_are_super_uniform_on_any_rows(values, rate):
    """Whichever of n + 1 exchangeable rows is the new one: P(p <= a) <= a, exactly, with ties."""
    p = [float(Calibration.fit(values[:i] + values[i + 1 :]).p_values(values[i])) for i in range(len(values))]
    assert sum(value <= rate for value in p) <= rate * len(values) + 1e-9


def test_p_values_count_the_calibration_rows_at_least_as_strange():
    p = Calibration.fit([3.0, 1.0, 2.0, 2.0]).p_values([[0.0, 1.0, 1.5], [2.0, 3.0, 4.0]])
    assert p.tolist() == [[1.0, 1.0, 0.8], [0.8, 0.4, 0.2]]


@unhurried
@given(st.lists(numbers, min_size=2, max_size=60), st.lists(numbers, min_size=1, max_size=20), rates)
def test_a_rate_means_the_same_to_p_values_decisions_and_score_limits(calibrated, scores, rate):
    calibration = Calibration.fit(calibrated)
    alarms = FalseAlarmRate(rate).decide(calibration, scores)
    assert alarms.tolist() == (calibration.p_values(scores) <= rate).tolist()
    assert alarms.tolist() == (np.array(scores) > calibration.score_at(rate)).tolist()


@pytest.mark.parametrize("n", [9, 99, 100, 999])
def test_rates_that_fall_on_a_step_or_a_hair_beside_it(n):
    calibration = Calibration.fit(np.arange(n))
    scores = np.arange(-1, n + 1) + 0.5
    p = calibration.p_values(scores)
    for k in range(1, n + 1):
        step = k / (n + 1)
        for rate in (math.nextafter(step, 0), step, math.nextafter(step, 1)):
            assert ((p <= rate) == (scores > calibration.score_at(rate))).all(), (n, k, rate)


def test_no_held_out_sample_vouches_for_less_than_its_size():
    calibration = Calibration.fit(np.arange(99))
    assert calibration.score_at(0.0099) == math.inf
    assert not FalseAlarmRate(0.0099).decide(calibration, [1e300]).any()
    assert FalseAlarmRate(0.01).decide(calibration, [1e300]).all()
    assert not FalseAlarmRate(0.0).decide(calibration, [1e300]).any()


def test_a_budget_is_its_rate():
    calibration = Calibration.fit(np.arange(999))
    scores = np.linspace(900, 1010, 300)
    budget = RateBudget(alarms=40, rows=4000)
    assert budget.rate == 0.01
    assert (
        budget.decide(calibration, scores).tolist()
        == FalseAlarmRate(0.01).decide(calibration, scores).tolist()
    )


def test_false_discovery_rate_is_held_and_spent():
    """E[FDP] <= rate * share of normals (Bates et al. 2023), and selections do happen."""
    random, shares, found = np.random.default_rng(0), [], []
    for _ in range(300):
        calibration = Calibration.fit(random.normal(size=400))
        scores = np.concatenate([random.normal(size=80), random.normal(4.0, 1.0, size=20)])
        chosen = FalseDiscoveryRate(0.2).decide(calibration, scores)
        shares.append(chosen[:80].sum() / max(1, chosen.sum()))
        found.append(chosen[80:].mean())
    error = np.std(shares) / math.sqrt(len(shares))
    assert np.mean(shares) <= 0.2 * 0.8 + 3 * error
    assert np.mean(shares) > 0.08
    assert np.mean(found) > 0.85


def test_false_discovery_selection_is_the_step_up_rule():
    """p = .01 .02 .035 .2 at q = .05: none but the third is below its step, so all three are taken."""
    calibration = Calibration.fit(np.arange(199))
    place = {0.01: 197.5, 0.02: 195.5, 0.035: 192.5, 0.2: 159.5}
    p = [0.2, 0.035, 0.01, 0.02]
    assert calibration.p_values([place[value] for value in p]).tolist() == p
    decided = FalseDiscoveryRate(0.05).decide(calibration, [place[value] for value in p])
    assert decided.tolist() == [False, True, True, True]
    assert FalseDiscoveryRate(0.05).decide(calibration, []).tolist() == []


@unhurried
@given(st.lists(numbers, min_size=2, max_size=80))
def test_evidence_is_minus_log_rank_at_the_calibration_scores(values):
    """At a calibration score: -ln(rank from the top / (n + 1)), never below -ln p of a new row there."""
    calibration = Calibration.fit(values)
    n = len(values)
    rank = np.array([(np.array(values) >= v).sum() for v in values])
    assert calibration.evidence(values) == pytest.approx(-np.log(rank / (n + 1)), abs=1e-12)
    assert (calibration.evidence(values) >= -np.log(calibration.p_values(values)) - 1e-12).all()


@unhurried
@given(
    st.lists(numbers, min_size=2, max_size=60, unique=True),
    st.lists(st.integers(-8000, 80_000).map(lambda n: n / 16), min_size=2, max_size=40, unique=True),
)
def test_evidence_is_positive_and_strictly_increasing(calibrated, scores):
    calibration = Calibration.fit(calibrated)
    low, scale = min(calibrated), float(np.median(calibrated)) - min(calibrated)
    ordered = np.sort([score for score in scores if score > low - 600 * scale])
    evidence = calibration.evidence(ordered)
    assert (evidence > 0).all()
    assert (np.diff(evidence) > 0).all()


@unhurried
@given(st.lists(numbers, min_size=2, max_size=40), st.lists(numbers, min_size=1, max_size=20))
def test_order_by_evidence_never_contradicts_p_values(calibrated, scores):
    calibration = Calibration.fit(calibrated)
    order = np.argsort(calibration.evidence(scores), kind="stable")
    assert (np.diff(calibration.p_values(scores)[order]) <= 0).all()


@unhurried
@given(
    st.lists(numbers, min_size=3, max_size=30, unique=True), st.sampled_from([0.01, 0.5, 1.0, 3.0, 1000.0])
)
def test_evidence_does_not_depend_on_the_unit_of_the_score(calibrated, unit):
    values = np.array(calibrated)
    queries = np.concatenate([values, values + 0.3, [values.max() * 2 + 1]])
    first = Calibration.fit(values).evidence(queries)
    assert Calibration.fit(unit * values).evidence(unit * queries) == pytest.approx(first, rel=1e-6)


@pytest.mark.parametrize("index", [1.5, 2.0, 4.0])
def test_beyond_the_rows_evidence_follows_the_power_of_a_pareto_tail(index):
    """P(S > s) = s^-a: one more factor of e in s is a more nats, within the error of Hill's estimate."""
    calibration = Calibration.fit(np.random.default_rng(1).pareto(index, 100_000) + 1)
    far = calibration.scores[-1] * np.array([10.0, 10.0 * math.e])
    slope = float(np.diff(calibration.evidence(far))[0])
    assert slope == pytest.approx(index, rel=0.25)
    assert calibration.evidence(far[0]) == pytest.approx(index * math.log(far[0]), rel=0.2)


def test_rows_stranger_than_every_normal_row_keep_an_order():
    calibration = Calibration.fit(np.random.default_rng(2).normal(size=50))
    assert len(set(calibration.p_values([5.0, 50.0, 500.0]).tolist())) == 1
    assert (np.diff(calibration.evidence([5.0, 50.0, 500.0])) > 0.5).all()


@pytest.mark.parametrize("value", [0.0, 1.0, -7.5, 1e-30, 1e30])
def test_a_constant_calibration_still_ranks(value):
    evidence = Calibration.fit([value] * 20).evidence([value - abs(value) - 1, value, value + abs(value) + 1])
    assert np.isfinite(evidence).all()
    assert (np.diff(evidence) > 0).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Calibration.fit([]), DataError, "0 held-out normal rows came"),
        (lambda: Calibration.fit([1.0]), DataError, "1 held-out normal rows came"),
        (
            lambda: Calibration.fit([1.0, math.nan, math.inf]),
            DataError,
            "2 of 3 calibration scores are not finite",
        ),
        (lambda: FalseAlarmRate(1.0), ConfigError, "1.0 came"),
        (lambda: FalseAlarmRate(-0.1), ConfigError, "-0.1 came"),
        (lambda: FalseAlarmRate(math.nan), ConfigError, "nan came"),
        (lambda: FalseDiscoveryRate(0.0), ConfigError, "0.0 came"),
        (lambda: FalseDiscoveryRate(math.nan), ConfigError, "nan came"),
        (lambda: RateBudget(alarms=5, rows=5), ConfigError, "fewer alarms than rows"),
        (lambda: RateBudget(alarms=0, rows=0), ConfigError, "positive number of rows"),
        (lambda: RateBudget(alarms=math.nan, rows=10), ConfigError, "nan alarms"),
        (lambda: RateBudget(alarms=1, rows=math.inf), ConfigError, "inf rows"),
    ],
)
def test_what_is_not_accepted_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
