"""What is usual for a sensor, from a long history or from a few days of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from unseen.forecasting.history import Floats, Usual
from unseen.series.calendar import SATURDAY
from unseen.series.panel import Panel
from unseen.series.profile import ENOUGH, Profile

SCALE = 0.25
"""Residuals are measured in this share of a sensor's standard deviation, which makes them of order one."""
LEAST_DAYS = 1.0
"""Days of values below which a sensor has no forecast."""
SMOOTH = 900
"""Seconds on either side over which a short history is averaged."""
LIKE = 0.1
"""Mean squared distance of z-scored weeks at which another sensor's week counts a third as much."""
LEAN = 2.0
"""Values by which a time of day leans on the weeks of other sensors."""

MOST = 512
"""Weeks that are leant on, at most."""

Doubles = NDArray[np.float64]


def learned(panel: Panel) -> Usual:
    """Profile and scale of every sensor of a panel of many weeks."""
    profile = Profile.fit(panel)
    return Usual(profile.mean, profile.sd, profile.count, scales(panel))


def scales(panel: Panel) -> Floats:
    """Give the unit of residuals (S,): a quarter of the standard deviation of each sensor.

    NaN with less than a day of values, or where all are the same.
    """
    found = np.full(len(panel.sensors), np.nan, np.float32)
    for row, values in enumerate(panel.values):
        known = values[np.isfinite(values)]
        if len(known) >= LEAST_DAYS * panel.a_day:
            spread = SCALE * float(known.std(dtype=np.float64))
            found[row] = spread if spread > 0 else np.nan
    return found


def floor(panel: Panel) -> float:
    """Return the least that a forecast may say: 0 where no value of the panel is below, as of counts."""
    return 0.0 if all(not (values < 0).any() for values in panel.values) else -np.inf


@dataclass(frozen=True, eq=False)
class Weeks:
    """Weeks of known sensors to lean on.

    Attributes:
        rows: Shape (K,), which sensors.
        shapes: Shape (K, W), z-scored means.
        spreads: Shape (K, W), standard deviations in units of the scale.

    """

    rows: NDArray[np.int64]
    shapes: Doubles
    spreads: Doubles

    @classmethod
    def of(cls, known: Usual) -> Self:
        """Take the weeks of sensors, at most 512 of them, evenly."""
        good = np.flatnonzero(np.isfinite(known.scale) & np.isfinite(known.mean).all(axis=1))
        rows = good[:: max(1, len(good) // MOST)]
        mean, scale = known.mean[rows].astype(np.float64), known.scale[rows, None].astype(np.float64)
        shapes = (mean - mean.mean(axis=1, keepdims=True)) / (scale / SCALE)
        return cls(rows, shapes, known.sd[rows] / scale)


def from_few_days(panel: Panel, weeks: Weeks, *, without: int = -1) -> Usual:
    """Estimate what is usual for sensors with a few days, leaning on the weeks of known sensors.

    The week of a sensor begins as its level and spread times a mean of the z-scored weeks of known sensors,
    those that are like its own few days first. Means of its own deviations from that, over days of the same
    type at the same time, are shrunk by 2 / (n + 2), and those at the same time of the same weekday
    towards them by 8 / (n + 8), both averaged over a quarter of an hour on either side.

    Args:
        panel: S sensors; with less than a day of values one has NaN.
        weeks: Of sensors of a long history, with slots of the same length.
        without: Row of a known sensor that is not leant on.

    """
    scale, width = scales(panel), weeks.shapes.shape[1]
    mean = np.full((len(scale), width), np.nan, np.float32)
    sd, count = mean.copy(), np.zeros((len(scale), width), np.int32)
    for row in np.flatnonzero(np.isfinite(scale)):
        values = panel.values[row].astype(np.float64)
        there = np.isfinite(values)
        slots, values = panel.week_slots[there], values[there]
        own = (float(values.mean()), float(values.std()))
        count[row] = np.bincount(slots, minlength=width)
        weights = _likeness(weeks, slots, (values - own[0]) / own[1], without)
        mean[row] = _leaning(own[0] + own[1] * (weights @ weeks.shapes), slots, values, panel.step)
        sd[row] = scale[row] * (weights @ weeks.spreads)
    return Usual(mean, sd, count, scale)


def _likeness(weeks: Weeks, slots: NDArray[np.int64], z: Doubles, without: int) -> Doubles:
    """Weights (K,) of known weeks by their distance from z-scored values at slots of the week."""
    shapes, width = weeks.shapes, weeks.shapes.shape[1]
    values = np.bincount(slots, z, minlength=width)
    count = np.bincount(slots, minlength=width)
    own, number = (_by_type(part) for part in (values, count))
    at = number > 0
    distance = ((shapes[:, at] - own[at] / number[at]) ** 2).mean(axis=1)
    distance[weeks.rows == without] = np.inf
    weights = np.exp(-(distance - distance.min()) / LIKE)
    return np.asarray(weights / weights.sum())


def _leaning(prior: Doubles, slots: NDArray[np.int64], values: Doubles, step: int) -> Doubles:
    """Move a week (W,) towards the values at its slots."""
    count = np.bincount(slots, minlength=len(prior)).astype(np.float64)
    off = np.bincount(slots, values, minlength=len(prior)) - count * prior
    reach = SMOOTH // step
    of_type = _around(_by_type(off), reach) / (_around(_by_type(count), reach) + LEAN)
    own, number = _around(off, reach), _around(count, reach)
    return np.asarray(prior + (own + ENOUGH * of_type) / (number + ENOUGH))


def _by_type(week: NDArray[np.floating] | NDArray[np.integer]) -> Doubles:
    """Sum over days of the same type, and give that to each of these days; shape (W,)."""
    days = np.array(week, np.float64).reshape(7, -1)
    days[:SATURDAY] = days[:SATURDAY].sum(axis=0)
    return days.ravel()


def _around(week: Doubles, reach: int) -> Doubles:
    """Sum over `reach` slots on either side, round the end of the week."""
    return np.asarray(sum(np.roll(week, shift) for shift in range(-reach, reach + 1)))


def stacked(parts: list[Usual]) -> Usual:
    """Put rows behind each other."""
    return Usual(
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.sd for part in parts]),
        np.concatenate([part.count for part in parts]),
        np.concatenate([part.scale for part in parts]),
    )
