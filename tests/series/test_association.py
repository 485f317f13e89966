"""Rank correlation at lags: against scipy, against known answers, and with intervals that hold."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from unseen.errors import DataError
from unseen.recipes.running import settings as of_recipe
from unseen.recipes.traffic_pollution import sets
from unseen.series.aligned import coarser, together
from unseen.series.association import REMOVALS, Clock, less, ranks, spearman
from unseen.series.calendar import Calendar
from unseen.series.levels import fixed, mean_of_present, steady, sum_of_present
from unseen.series.panel import Panel

DATA = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data"))
HOURS = 24 * 7 * 30
CLOCK = Clock(3600 * np.arange(HOURS), 3600)


def smooth(seed, share=0.97):
    """A series whose hours depend on each other: x(t) = share x(t - 1) + noise."""
    noise = np.random.default_rng(seed).normal(size=HOURS)
    found = np.empty(HOURS)
    found[0] = noise[0]
    for hour in range(1, HOURS):
        found[hour] = share * found[hour - 1] + noise[hour]
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-3, 3) | st.floats(-1, 1), min_size=1, max_size=30))
def test_ranks_are_those_of_scipy(values):
    np.testing.assert_array_equal(ranks(values), rankdata(values))


@pytest.mark.parametrize("lag", [-2, 0, 3])
def test_correlation_is_scipys_over_the_pairs_that_are_there(lag):
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 40, HOURS).astype(float), rng.integers(0, 40, HOURS).astype(float)
    other += np.roll(one, 1)
    one[rng.random(HOURS) < 0.2] = np.nan
    x, y = (one[: HOURS - lag], other[lag:]) if lag >= 0 else (one[-lag:], other[:lag])
    known = np.isfinite(x)
    (found,) = spearman(one, other, CLOCK, lags=[lag], resamples=10)
    assert found.value == pytest.approx(spearmanr(x[known], y[known])[0], abs=1e-12)
    assert found.pairs == known.sum()


def test_partial_correlation_is_that_of_residuals_of_ranks():
    rng = np.random.default_rng(1)
    cause, noise = rng.normal(size=(2, HOURS))
    one, other = cause + noise, cause + rng.normal(size=HOURS)
    rows = np.stack([rankdata(values) for values in (one, other, cause)])
    rows -= rows.mean(axis=1, keepdims=True)
    left = [row - rows[2] * (row @ rows[2]) / (rows[2] @ rows[2]) for row in rows[:2]]
    expected = left[0] @ left[1] / np.sqrt((left[0] @ left[0]) * (left[1] @ left[1]))
    (plain,), (held,) = (
        spearman(one, other, CLOCK, lags=[0], given=g, resamples=100) for g in ((), (cause,))
    )
    assert held.value == pytest.approx(expected, abs=1e-9)
    assert plain.value > 0.4
    assert abs(held.value) < 0.06
    assert held.low < held.value < held.high


def test_intervals_hold_for_series_that_depend_on_themselves():
    """Of 60 pairs that have nothing to do with each other, about one in twenty leaves 0 out."""
    outside = 0
    for seed in range(60):
        (found,) = spearman(smooth(2 * seed), smooth(2 * seed + 1), CLOCK, lags=[0], resamples=300)
        outside += not found.low <= 0 <= found.high
    assert outside <= 8  # binomial(60, 0.05) is above with a chance of 0.5 %; hours alone give about 40


def test_the_same_seed_gives_the_same_interval_and_another_one_another():
    one, other = smooth(1), smooth(2)
    first, again = (spearman(one, other, CLOCK, lags=[0, 1], seed=3) for _ in range(2))
    assert first == again
    (different, _) = spearman(one, other, CLOCK, lags=[0, 1], seed=4)
    assert different.value == first[0].value
    assert different.low != first[0].low


def test_what_is_taken_out_is_gone():
    rng = np.random.default_rng(5)
    values = rng.normal(size=HOURS) + 3 * CLOCK.month + np.sin(CLOCK.hour / 24 * 2 * np.pi)
    values[rng.random(HOURS) < 0.1] = np.nan
    keys = {"month": CLOCK.month, "day": CLOCK.day, "hour x month": CLOCK.month * 24 + CLOCK.hour}
    for name, key in keys.items():
        left = REMOVALS[name](values, CLOCK)
        sums = [np.nanmean(left[key == one]) for one in np.unique(key) if np.isfinite(left[key == one]).any()]
        np.testing.assert_allclose(sums, 0, atol=1e-12)
        np.testing.assert_array_equal(np.isnan(left), np.isnan(values))
    assert np.isnan(less(np.array([np.nan]), np.array([0]))).all()


def test_clock_reads_the_fixed_hour_and_monday_begins_a_week():
    clock = Clock(np.array([1711843200, 1711846800 + 3600 * 22]), 3600)  # 2024-03-31 00:00 UTC, a Sunday
    assert clock.hour.tolist() == [1, 0]
    assert np.diff(clock.week).tolist() == [1]
    assert np.diff(clock.month).tolist() == [1]


@pytest.mark.parametrize(
    "values",
    [np.full(HOURS, 3.0), np.full(HOURS, np.nan), np.r_[np.arange(40.0), np.full(HOURS - 40, np.nan)]],
)
def test_series_that_say_nothing_have_no_correlation(values):
    (found,) = spearman(smooth(1), values, CLOCK, lags=[0], resamples=100)
    assert np.isnan([found.value, found.low, found.high]).all()
    (held,) = spearman(smooth(1), smooth(2), CLOCK, lags=[0], given=[values], resamples=100)
    assert np.isnan(held.value)


def test_series_of_different_lengths_are_refused():
    with pytest.raises(DataError, match="different lengths"):
        spearman(smooth(1), smooth(2)[1:], CLOCK)


# -- levels and spans --------------------------------------------------------------------------------


def hourly(values, start=0, step=3600):
    values = np.asarray(values, np.float32)
    return Panel(
        values, start=start, step=step, sensors=tuple("abcdef"[: len(values)]), calendar=Calendar("UTC")
    )


def test_levels_of_a_panel_that_changes():
    nan = np.nan
    panel = hourly([[1, 2, 3, 2, 1, 3], [100, 300, nan, nan, 200, nan]])
    np.testing.assert_allclose(fixed(panel).values[[2, 3, 5]], nan)
    assert fixed(panel).dropped == 3
    assert np.isfinite(mean_of_present(panel).values).all()
    assert sum_of_present(panel).values.tolist() == [101, 302, 3, 2, 201, 3]
    assert "over 1 to 2 sensors" in sum_of_present(panel).warning
    assert not fixed(panel).warning
    assert steady(panel) == ("a",)
    with pytest.raises(DataError, match="no sensor is there in 85% of the slots"):
        steady(panel.select("b"))
    with pytest.raises(DataError, match="'a' has fewer than two values"):
        fixed(hourly([[1, nan, nan]]))


def test_panels_are_cut_to_what_they_share():
    one, other = hourly([np.arange(10)], start=0), hourly([np.arange(8)], start=3 * 3600)
    a, b = together([one, other])
    assert (a.start, a.slots, b.start, b.slots) == (10800, 7, 10800, 7)
    assert a.values[0, 0] == 3
    quarters = hourly([np.repeat(np.arange(6), 4)], step=900)
    a, b = together([one, quarters])
    assert b.values.tolist() == [[0, 1, 2, 3, 4, 5]]
    assert coarser(hourly([np.arange(9)], start=1800, step=900), 3600).values.tolist() == [[3.5]]
    with pytest.raises(DataError, match="share no hour"):
        together([one, hourly([np.arange(4)], start=10**6)])
    with pytest.raises(DataError, match="do not begin at the same moments"):
        together([one, hourly([np.arange(9)], start=1800)])


# -- the real files ----------------------------------------------------------------------------------


@pytest.mark.skipif(not (DATA / sets.PLACE).exists(), reason="bologna2024 is not here")
def test_clocks_joined_as_stamped_are_an_hour_off_in_summer():
    config = of_recipe(str(Path(sets.__file__)), quick=True)
    known = sets.bologna(config, DATA)
    traffic, _ = together([known.counts.panel, known.air["NO2"]])
    right = fixed(traffic.select(config["panel"])).values
    stamped = fixed(known.stamped.select(config["panel"])).values
    local = traffic.calendar.local(traffic.times)
    ahead = (local.day * 86_400 + local.second - traffic.times) == 7200
    assert np.array_equal(np.isfinite(right[ahead][1:-1]), np.isfinite(np.roll(stamped, -1)[ahead][1:-1]))
    winter = ~ahead & np.isfinite(right) & np.isfinite(stamped)
    assert np.abs(right[winter] - stamped[winter]).max() < 0.01
    assert np.nanmax(np.abs(right[ahead] - np.roll(stamped, -1)[ahead])[1:-1]) < 0.01
