"""Measures by hand, and a bootstrap that knows real from chance."""

import numpy as np
import pytest
from scipy import stats

from unseen.errors import DataError
from unseen.forecasting.forecaster import LEVELS, as_forecasts, mean_weights
from unseen.forecasting.judging import absolute_errors, came, judge, paired
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel

HOUR = 3600


def forecasts_of(values: np.ndarray, off: float = 0.0, spread: float = 1.0):
    """Normal quantiles about the values, moved by `off`, as of a panel that has them one slot later."""
    sensors, slots = values.shape
    padded = np.concatenate([np.zeros((sensors, 1), np.float32), values], axis=1)
    panel = Panel(
        padded, start=0, step=HOUR, sensors=tuple(map(str, range(sensors))), calendar=Calendar("UTC")
    )
    quantiles = values[..., None] + off + spread * stats.norm.ppf(LEVELS)
    return as_forecasts(panel, np.arange(slots), 1, quantiles), panel


def test_measures_by_hand():
    values = np.random.default_rng(0).uniform(50, 150, (2, 400)).astype(np.float32)
    values[1, :100] = np.nan
    forecasts, panel = forecasts_of(values, off=3.0)
    assert np.array_equal(came(panel, forecasts), values, equal_nan=True)
    found = judge(forecasts, values)
    assert found.mae == pytest.approx(3, abs=1e-3)
    assert found.rmse == pytest.approx(3, abs=1e-3)
    assert found.wape == pytest.approx(3 / np.nanmean(values), rel=1e-3)
    assert found.coverage == 0  # 3 off, and the interval reaches 1.645
    assert found.width * np.nanmean(values) == pytest.approx(2 * 1.645, rel=1e-3)
    assert found.winkler == pytest.approx(2 * 1.645 + 20 * (3 - 1.645), rel=1e-3)
    assert found.slots == 700
    assert found.left_out == pytest.approx(1 / 8)


def test_the_right_spread_covers_and_has_the_least_pinball_loss():
    rng = np.random.default_rng(1)
    centre = np.full((1, 4000), 100, np.float32)
    values = centre + rng.normal(size=centre.shape).astype(np.float32)
    right, narrow, wide = (judge(forecasts_of(centre, spread=one)[0], values) for one in (1.0, 0.5, 2.0))
    assert abs(right.coverage - 0.9) < 0.02
    assert right.pinball < min(narrow.pinball, wide.pinball)
    assert mean_weights(LEVELS).sum() == pytest.approx(1)


def test_a_bootstrap_of_weeks_knows_real_from_chance():
    rng = np.random.default_rng(2)
    times = np.arange(24 * 7 * 12) * HOUR
    week = np.repeat(rng.normal(size=12), 24 * 7)  # errors of a week are alike
    a = (5 + week + 0.1 * rng.normal(size=(3, len(times)))).astype(np.float32)
    b = a + 0.5
    b[0, :50] = np.nan
    real = paired(a, b, times)
    assert real.value == pytest.approx(-0.5, abs=0.01)
    assert real.high < -0.45
    other = (5 + np.repeat(rng.normal(size=12), 24 * 7) + np.zeros((3, 1))).astype(np.float32)
    chance = paired(a, other, times)
    assert chance.low < 0 < chance.high
    assert chance.high - chance.low > 0.5  # a bootstrap of slots would claim a tenth of that


def test_what_cannot_be_judged_is_refused():
    values = np.ones((2, 30), np.float32)
    forecasts, panel = forecasts_of(values)
    with pytest.raises(DataError, match="no forecast has an outcome"):
        judge(forecasts, np.full_like(values, np.nan))
    with pytest.raises(DataError, match="forecasts of other sensors"):
        came(panel.select(["1"]), forecasts)
    errors = absolute_errors(forecasts, values)
    with pytest.raises(DataError, match="less than two weeks"):
        paired(errors, errors, forecasts.target)
