"""How good forecasts were: errors, intervals, and whether one forecaster is really better than another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.evaluation import Estimate
from unseen.evaluation.intervals import percentile_interval
from unseen.forecasting.forecaster import Floats, Ints, mean_weights
from unseen.seeds import generator
from unseen.series.calendar import WEEK
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel

LOW, HIGH = 0.05, 0.95
RESAMPLES = 1000


@dataclass(frozen=True)
class Judgement:
    """Means over sensors, over the slots whose value is known.

    Attributes:
        mae: |y - median|, unit of the sensors.
        rmse: Root of the mean squared error of the mean.
        r2: 1 - squared error / variance.
        wape: Sum of |y - median| / sum of |y|, over all sensors.
        pinball: Pinball loss, mean over levels with the weights of an integral.
        coverage: Share of values inside the 90 % interval, over all slots.
        least_coverage: That of the sensor that has the least.
        width: Width of the interval over the mean value.
        winkler: Width plus 2 / .1 times how far values lie outside.
        slots: Values that were judged.
        left_out: Share of slots without a value or a forecast.

    """

    mae: float
    rmse: float
    r2: float
    wape: float
    pinball: float
    coverage: float
    least_coverage: float
    width: float
    winkler: float
    slots: int
    left_out: float


def came(panel: Panel, forecasts: Forecasts) -> Floats:
    """Values at the targets of forecasts of the panel's sensors, (S, N); NaN where none is known.

    Raises:
        DataError: The forecasts are of other sensors.

    """
    if forecasts.sensors != panel.sensors:
        raise DataError("forecasts of other sensors than the panel's; forecast this panel")
    slots = (forecasts.target - panel.start) // panel.step
    inside = (slots >= 0) & (slots < panel.slots)
    return np.where(inside, panel.values[:, np.where(inside, slots, 0)], np.float32(np.nan))


def judge(forecasts: Forecasts, values: Floats) -> Judgement:
    """Judge forecasts by what came, (S, N).

    Raises:
        DataError: Nothing came that was forecast.

    """
    median = forecasts.quantile(0.5)
    good = np.isfinite(values) & np.isfinite(median)
    if not good.any():
        raise DataError("no forecast has an outcome; forecast slots whose targets are in the panel")
    some = good.any(axis=1)
    value, off = _known(values, good), _known(np.abs(values - median), good)
    square = _known((values - forecasts.mean) ** 2, good)
    low, high = forecasts.quantile(LOW), forecasts.quantile(HIGH)
    hit = _known(((values >= low) & (values <= high)).astype(np.float64), good)
    outside = np.maximum(low - values, 0) + np.maximum(values - high, 0)
    width = _known(high - low, good)
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = 1 - np.nanmean(square[some], axis=1) / np.nanvar(value[some], axis=1)
    return Judgement(
        mae=_mean(off[some]),
        rmse=float(np.sqrt(np.nanmean(square[some], axis=1)).mean()),
        r2=float(np.mean(r2)),
        wape=float(np.nansum(off) / np.nansum(np.abs(value))),
        pinball=_mean(_known(_pinball(forecasts, values), good)[some]),
        coverage=float(np.nanmean(hit)),
        least_coverage=float(np.nanmean(hit[some], axis=1).min()),
        width=float(np.nanmean(width) / np.nanmean(value)),
        winkler=_mean((width + 2 / (1 - HIGH + LOW) * _known(outside, good))[some]),
        slots=int(good.sum()),
        left_out=float(1 - good.mean()),
    )


def _known(values: NDArray[np.floating], good: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(good, values, np.nan).astype(np.float64)


def _mean(values: NDArray[np.float64]) -> float:
    """Mean over sensors of the mean over slots."""
    return float(np.nanmean(values, axis=1).mean())


def _pinball(forecasts: Forecasts, values: Floats) -> Floats:
    levels = forecasts.levels.astype(np.float32)
    error = values[..., None] - forecasts.quantiles
    loss = np.maximum(levels * error, (levels - 1) * error)
    return np.asarray(loss @ mean_weights(forecasts.levels), dtype=np.float32)


def absolute_errors(forecasts: Forecasts, values: Floats) -> Floats:
    """|y - median| (S, N), NaN where no value or forecast is known."""
    return np.asarray(np.abs(values - forecasts.quantile(0.5)), dtype=np.float32)


def paired(a: Floats, b: Floats, times: Ints, *, seed: int = 0) -> Estimate:
    """Mean absolute error of `a` minus that of `b`, with a 95 % interval of a bootstrap of whole weeks.

    Errors of neighbouring slots are alike, and so are those of neighbouring days: whole weeks are drawn.

    Args:
        a, b: Absolute errors (S, N) of the same slots.
        times: Shape (N,), seconds of UTC of the targets.
        seed: Of the resampling.

    Raises:
        DataError: Fewer than two weeks.

    """
    both = np.isfinite(a) & np.isfinite(b)
    week = (times - times.min()) // WEEK
    weeks = int(week.max()) + 1
    if weeks < 2:
        raise DataError("less than two weeks of forecasts came; a bootstrap of weeks needs two")
    difference = np.where(both, a - b, 0).astype(np.float64)
    sums = np.stack([difference[:, week == one].sum(axis=1) for one in range(weeks)], axis=1)
    counts = np.stack([both[:, week == one].sum(axis=1) for one in range(weeks)], axis=1).astype(np.float64)
    return weekly(sums, counts, seed=seed)


def weekly(sums: NDArray[np.float64], counts: NDArray[np.float64], *, seed: int = 0) -> Estimate:
    """Mean over sensors of sums / counts, both (S, W) by week, with a bootstrap of weeks.

    >>> weekly(np.array([[2.0, 4.0]]), np.array([[2.0, 2.0]])).value
    1.5
    """
    weeks = sums.shape[1]
    drawn = generator(seed, 91).multinomial(weeks, np.full(weeks, 1 / weeks), size=RESAMPLES)
    with np.errstate(invalid="ignore", divide="ignore"):
        draws = np.nanmean((drawn @ sums.T) / (drawn @ counts.T), axis=1)
        value = float(np.nanmean(sums.sum(axis=1) / counts.sum(axis=1)))
    return percentile_interval(value, draws)
