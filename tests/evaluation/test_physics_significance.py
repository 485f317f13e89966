"""Asimov significance, significance at a luminosity, significance improvement: known values and limits."""

import math

import numpy as np
import pytest
from scipy import optimize

from unseen.errors import ConfigError, DataError
from unseen.evaluation import (
    asimov,
    combined,
    max_sic,
    sic_curve,
    significance_at,
    significance_improvement,
    tpr_at_fpr,
)
from unseen.evaluation.significance import asimov_deviation


@pytest.mark.parametrize("s", [1e-6, 1e-3, 1.0, 30.0])
def test_a_small_signal_is_s_over_root_b(s):
    b = 1e7 * max(s, 1.0)
    assert asimov(s, b) == pytest.approx(s / math.sqrt(b), rel=1e-6)
    assert asimov(s, b, sigma_b=math.sqrt(b)) == pytest.approx(s / math.sqrt(2 * b), rel=1e-5)


def test_the_series_meets_the_formula():
    around = asimov([0.99999e-1, 1.00001e-1], 100.0)
    assert around[1] / around[0] == pytest.approx(1.00001e-1 / 0.99999e-1, rel=1e-7)
    around = asimov([0.99999e-4, 1.00001e-4], 100.0, 5.0)
    assert around[1] / around[0] == pytest.approx(1.00001e-4 / 0.99999e-4, rel=1e-6)


def test_no_signal_is_no_significance_and_sigma_goes_to_the_certain_case():
    assert asimov(0.0, 10.0) == 0
    assert asimov(0.0, 0.0) == 0
    assert asimov(12.0, 30.0, 1e-6) == pytest.approx(float(asimov(12.0, 30.0)), rel=1e-6)
    assert asimov(12.0, 30.0, 1e-3) == pytest.approx(float(asimov(12.0, 30.0)), rel=1e-6)


@pytest.mark.parametrize(("s", "b", "sigma"), [(10, 100, 10), (5, 1, 0.5), (50, 20, 8), (3, 40, 20)])
def test_an_uncertain_background_is_the_profile_likelihood_of_the_asimov_data(s, b, sigma):
    """Counting n ~ Poisson(mu s + b) beside m ~ Poisson(tau b), tau = b / sigma^2, data at expectation."""
    tau = b / sigma**2
    n, m = s + b, tau * b

    def log_likelihood(mu, background):
        return (
            n * math.log(mu * s + background)
            - (mu * s + background)
            + m * math.log(tau * background)
            - tau * background
        )

    best = optimize.minimize_scalar(
        lambda x: -log_likelihood(0, x), bounds=(1e-3, 5 * (n + b)), method="bounded"
    )
    q0 = 2 * (log_likelihood(1, b) + best.fun)
    assert asimov(s, b, sigma) == pytest.approx(math.sqrt(q0), rel=1e-4)


def test_it_is_the_median_significance_of_an_experiment():
    """Discovery statistic at the median count of s + b, against the formula, for a large background."""
    rng, s, b = np.random.default_rng(0), 60.0, 900.0
    n = rng.poisson(s + b, 20_000)
    z = np.sign(n - b) * np.sqrt(2 * (n * np.log(n / b) - (n - b)))
    assert np.median(z) == pytest.approx(float(asimov(s, b)), abs=0.03)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0, 1.0), "s has values that are negative"),
        ((1.0, np.inf), "b has values that are negative or not finite"),
        ((1.0, 1.0, -1.0), "sigma_b has values"),
        (([1.0, 1.0], [1.0, 0.0]), "merge bins"),
    ],
)
def test_what_has_no_significance_is_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        asimov(*arguments)


def scores(n=20_000, m=3_000, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=n), rng.normal(1.5, size=m)


def test_significance_at_a_luminosity_counts_events_and_grows_with_its_root():
    normal, anomaly = scores()
    cut = {"normal_cross_section": 1000.0, "anomaly_cross_section": 0.5, "fpr": 0.01}
    one, four = (significance_at(normal, anomaly, luminosity=lumi, **cut) for lumi in (10.0, 40.0))
    assert one.background.sum() == pytest.approx(100.0, rel=1e-3)
    assert one.signal.sum() == pytest.approx(5.0 * tpr_at_fpr(normal, anomaly, 0.01))
    assert four.z / one.z == pytest.approx(2.0, rel=1e-9)
    assert one.z == pytest.approx(float(asimov(one.signal, one.background)[0]))


def test_a_histogram_is_worth_more_than_a_cut_and_loses_no_event():
    normal, anomaly = scores()
    kwargs = {"luminosity": 10.0, "normal_cross_section": 1000.0, "anomaly_cross_section": 2.0}
    found = significance_at(normal, anomaly, **kwargs)
    assert found.background.sum() == pytest.approx(10_000.0)
    assert found.signal.sum() == pytest.approx(20.0)
    assert found.z > significance_at(normal, anomaly, fpr=0.01, **kwargs).z
    assert found.z == pytest.approx(combined(asimov(found.signal, found.background)))
    assert (found.background * 20_000 / 10_000 >= 10 - 1e-6).all()
    blurred = significance_at(normal, anomaly, relative_uncertainty=0.2, **kwargs)
    assert blurred.z < found.z


def test_rates_that_rows_cannot_vouch_for_are_refused():
    normal, anomaly = scores(n=500)
    kwargs = {"luminosity": 1.0, "normal_cross_section": 1.0, "anomaly_cross_section": 1.0}
    with pytest.raises(DataError, match="needs 1,000, ten false alarms"):
        significance_at(normal, anomaly, fpr=0.01, **kwargs)
    with pytest.raises(ConfigError, match="luminosity is -1"):
        significance_at(normal, anomaly, **(kwargs | {"luminosity": -1.0}))
    with pytest.raises(ConfigError, match="accepted: a rate between 0 and 1 or None"):
        significance_at(normal, anomaly, fpr=2.0, **kwargs)


def test_the_sic_curve_is_tpr_over_root_fpr_and_its_maximum_is_max_sic():
    normal, anomaly = scores()
    curve = sic_curve(normal, anomaly)
    assert curve.sic == pytest.approx(curve.tpr / np.sqrt(curve.fpr))
    assert (curve.fpr * len(normal) >= 10 - 1e-6).all()
    enough = curve.fpr * len(normal) >= 100 - 1e-6
    assert curve.sic[enough].max() == pytest.approx(max_sic(normal, anomaly))
    assert curve.thin(50).sic.max() == curve.sic.max()
    assert curve.thin(50).tpr.size <= 54


def test_significance_improvement_has_an_interval_that_covers():
    """Truth of two normal distributions 1.5 apart; 95 % intervals of 40 samples."""
    from scipy.stats import norm

    truth = norm.sf(norm.isf(0.01) - 1.5) / 0.1
    found = [
        significance_improvement(*scores(4000, 800, seed), 0.01, resamples=100, seed=seed)
        for seed in range(40)
    ]
    inside = sum(one.low <= truth <= one.high for one in found)
    assert inside >= 33  # 95 % less the noise of the cut
    assert not significance_improvement(*scores(500), 0.01).known


def test_weights_that_are_whole_numbers_are_repeated_rows():
    rng = np.random.default_rng(4)
    normal, anomaly = scores(3000, 400)
    u, v = rng.integers(1, 4, 3000), rng.integers(1, 4, 400)
    more = np.repeat(normal, u), np.repeat(anomaly, v)
    weights = {"normal_weights": u, "anomaly_weights": v}
    kwargs = {"luminosity": 3.0, "normal_cross_section": 50.0, "anomaly_cross_section": 1.0, "fpr": 0.05}
    assert significance_at(normal, anomaly, **kwargs, **weights).z == pytest.approx(
        significance_at(*more, **kwargs).z
    )
    improved = significance_improvement(normal, anomaly, 0.05, resamples=50, **weights)
    assert improved.value == pytest.approx(significance_improvement(*more, 0.05, resamples=50).value)
    one, two = sic_curve(normal, anomaly, **weights), sic_curve(*more)
    at = np.linspace(0.2, 0.9, 20)
    assert np.interp(at, one.tpr, one.sic) == pytest.approx(np.interp(at, two.tpr, two.sic), rel=1e-9)


def test_a_deviation_that_only_gains_is_a_signal():
    expected, gain = np.array([100.0, 30.0, 4.0]), np.array([10.0, 0.0, 9.0])
    assert asimov_deviation(expected + gain, expected) == pytest.approx(combined(asimov(gain, expected)))
    assert asimov_deviation(expected, expected) == 0


def test_a_small_deviation_counts_alike_up_and_down():
    for change in (1e-2, 1.0, 20.0):
        up, down = (asimov_deviation([1e6 + sign * change], [1e6]) for sign in (1, -1))
        assert up == pytest.approx(change / 1e3, rel=1e-4)
        assert down == pytest.approx(change / 1e3, rel=1e-4)


def test_a_bin_that_loses_all_its_events():
    assert asimov_deviation([0.0], [8.0]) == pytest.approx(4.0)  # sqrt(2 e)
    assert asimov_deviation([1e-9], [8.0]) == pytest.approx(4.0, rel=1e-6)
    assert asimov_deviation([0.0, 0.0], [8.0, 0.0]) == pytest.approx(4.0)  # an empty bin says nothing
    a, e = 60.0, 100.0
    assert asimov_deviation([a], [e]) == pytest.approx(math.sqrt(2 * (a * math.log(a / e) - a + e)))


@pytest.mark.parametrize(
    ("changed", "expected", "message"),
    [
        ([1.0], [1.0, 2.0], "as many of each"),
        (1.0, 1.0, "as many of each"),
        ([-1.0], [1.0], "negative or not finite"),
        ([1.0], [np.nan], "negative or not finite"),
        ([1.0], [0.0], "where none is expected"),
    ],
)
def test_deviations_that_cannot_be_measured_are_named(changed, expected, message):
    with pytest.raises(DataError, match=message):
        asimov_deviation(changed, expected)
