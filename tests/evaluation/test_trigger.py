"""Rates, thresholds, fitted tails: known answers, coverage, and what is refused."""

import numpy as np
import pytest

from unseen import RateBudget
from unseen.errors import ConfigError, DataError
from unseen.evaluation import ParetoTail, cut_at_rate, hertz, in_hertz, rate_curve, trigger_view


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("40 kHz", 4e4),
        ("100Hz", 100),
        ("1.5 mhz", 1.5e6),
        ("2 GHz", 2e9),
        ("1e3", 1e3),
        (750, 750),
        (" 7 Hz ", 7),
    ],
)
def test_rates_are_read(given, value):
    assert hertz(given) == value
    assert hertz(in_hertz(value)) == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("given", ["", "kHz", "40 k", "-3 Hz", "0", "inf Hz", "nan", "1 2 Hz", "1e Hz"])
def test_other_words_are_refused(given):
    with pytest.raises(ConfigError, match="accepted: a number above 0 with Hz, kHz, MHz or GHz"):
        hertz(given)


def test_a_budget_from_rates():
    assert RateBudget.of_rates("1 kHz", "40 MHz").rate == 1 / 40_000
    with pytest.raises(ConfigError, match="fewer alarms than rows"):
        RateBudget.of_rates("50 kHz", "40 kHz")


def test_the_threshold_is_the_quantile_and_ties_never_pass_more():
    found = cut_at_rate(np.arange(1000.0), 0.02)
    assert (found.threshold, found.realised.value, found.method) == (979.0, 0.02, "rows")
    assert found.realised.low < 0.02 < found.realised.high
    tied = cut_at_rate(np.repeat(np.arange(100.0), 10), 0.025)
    assert tied.realised.value == 0.02
    assert cut_at_rate(np.arange(700.0), 0.1).realised.value == 0.1  # 0.1 * 700 is not 70 in floats


def test_the_band_covers_the_true_rate():
    random, held = np.random.default_rng(2), 0
    for _ in range(300):
        found = cut_at_rate(random.random(800), 0.05)
        held += found.realised.low <= 1 - found.threshold <= found.realised.high
    assert held >= 0.92 * 300


def test_too_small_a_rate_is_refused_and_says_what_would_do():
    with pytest.raises(DataError, match=r"1\.7 of 682 background rows.*0\.015 or more, 4,000.*\(pareto\)"):
        cut_at_rate(np.arange(682.0), 100 / 40_000)
    with pytest.raises(DataError, match="different scores lie in the last 10% of 300 background rows"):
        cut_at_rate(np.arange(300.0), 0.001, method="pareto")
    with pytest.raises(ConfigError, match="accepted: rows, pareto"):
        cut_at_rate(np.arange(300.0), 0.1, method="hill")
    with pytest.raises(ConfigError, match="share 1 of the background"):
        cut_at_rate(np.arange(300.0), 1)


@pytest.mark.parametrize(("shape", "within"), [(0.0, 0.1), (0.2, 0.25), (-0.3, 0.1)])
def test_a_fitted_tail_finds_a_generalised_pareto(shape, within):
    random = np.random.default_rng(4).random(40_000)
    scores = -np.log(random) if shape == 0 else (random**-shape - 1) / shape
    tail = ParetoTail.fit(scores)
    assert tail.shape == pytest.approx(shape, abs=0.06)
    share = 1e-4
    true = -np.log(share) if shape == 0 else (share**-shape - 1) / shape
    assert tail.score_at(share) == pytest.approx(true, rel=within)
    assert tail.share_above(tail.score_at(share)).value == pytest.approx(share)
    found = cut_at_rate(scores, share, method="pareto")
    assert found.method == "pareto"
    assert found.realised.low < share < found.realised.high


def test_the_band_of_a_fitted_tail_covers_the_truth():
    random, held = np.random.default_rng(6), 0
    for turn in range(100):
        found = cut_at_rate(random.exponential(size=2000), 1e-3, method="pareto", seed=turn)
        held += found.realised.low <= np.exp(-found.threshold) <= found.realised.high
    assert held >= 85


def test_what_a_tail_refuses():
    tail = ParetoTail.fit(np.random.default_rng(0).normal(size=2000))
    with pytest.raises(DataError, match="lies below the tail"):
        tail.share_above(-5.0)
    with pytest.raises(ConfigError, match=r"holds shares up to 0\.1"):
        tail.score_at(0.5)
    with pytest.raises(ConfigError, match=r"tail share 0\.9 came"):
        ParetoTail.fit(np.arange(1000.0), share=0.9)
    with pytest.raises(DataError, match="infinite in places"):
        ParetoTail.fit([*range(1000), np.inf])
    above = cut_at_rate(np.arange(1000.0), 0.3, method="pareto")
    assert above.method == "rows"  # a share outside of the tail is a quantile of rows, and says so


def test_a_view_counts_pure_and_shared_rates():
    random = np.random.default_rng(1)
    background, signal = random.random(2000), 0.9 + 0.2 * random.random(100)
    scores = np.concatenate([background, signal])
    kinds = ["qcd"] * 2000 + ["suep"] * 100
    same, other = scores * 3, np.concatenate([1 - background, signal])
    view = trigger_view(
        scores, kinds, normal="qcd", alarm_rate="1 kHz", beside={"same": same, "other": other}
    )
    assert view.rate.value == 1000.0
    assert view.rate.low < 1000 < view.rate.high
    passing = np.mean(signal > view.cut.threshold)
    assert view.efficiency["suep"].value == passing
    assert view.beside[0].background.both == 0.025
    assert view.beside[0].kinds["suep"].only == view.beside[0].kinds["suep"].other == 0
    assert view.beside[1].background.both == 0  # the two ends of the background
    assert view.beside[1].background.only == view.beside[1].background.other == 0.025
    assert view.beside[1].kinds["suep"].either <= 1
    written = view.to_dict()
    assert written["beside"][1]["background_hz"] == {
        "pure": 1000.0,
        "shared": 0.0,
        "other": 1000.0,
        "either": 2000.0,
    }


def test_bad_views():
    kinds = ["qcd"] * 50 + ["suep"] * 5
    with pytest.raises(ConfigError, match="an alarm rate of 50 kHz came where 40 kHz arrive"):
        trigger_view(range(55), kinds, normal="qcd", alarm_rate="50 kHz")
    with pytest.raises(DataError, match="trigger 'ht' has 3 rows, the score 55"):
        trigger_view(range(55), kinds, normal="qcd", alarm_rate="10 kHz", beside={"ht": [1, 2, 3]})


def test_a_rate_curve_rises_and_stops_where_rows_are_few():
    random = np.random.default_rng(3)
    curve = rate_curve(random.normal(size=1000), random.normal(1, 1, 500), input_rate="40 kHz")
    assert (np.diff(curve.rate) > 0).all()
    assert (np.diff(curve.efficiency) >= 0).all()
    assert curve.rate[0] == 400
    assert rate_curve(range(5), range(5)).rate.size == 0
