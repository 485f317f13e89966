"""What is usual at this hour of the week: mean and spread of each sensor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError
from unseen.series.calendar import SATURDAY, WEEK, Calendar
from unseen.series.panel import Panel

Floats = NDArray[np.float32]

ENOUGH = 8
"""A slot of the week with fewer values than this leans on slots of the same time on days of its type."""
AT_ONCE = 256  # sensors whose sums are made together: bounds the memory of a year of thousands


@dataclass(frozen=True, eq=False)
class Profile:
    """Mean and standard deviation of each sensor in each slot of the local week.

    With fewer than eight values in a slot, m = (n m_w + 8 m_type) / (n + 8), where m_type is the mean over
    the same time of days of the same type (Monday to Friday, Saturday, Sunday); variances alike. A sensor
    without any value has NaN.

    Attributes:
        sensors: S identifiers.
        calendar: Zone and holidays; a holiday is a Sunday.
        step: Seconds a slot.
        count: Shape (S, W), values a slot of the week, W = 604800 / step.
        mean: Shape (S, W), unit of the sensors.
        sd: Shape (S, W), unit of the sensors.

    >>> days = np.tile(np.arange(24, dtype=np.float32), 28)[None]
    >>> panel = Panel(days, start=0, step=3600, sensors=("a",), calendar=Calendar("UTC"))
    >>> profile = Profile.fit(panel)
    >>> profile.at([7 * 3600])[0].tolist()
    [[7.0]]
    """

    sensors: tuple[str, ...]
    calendar: Calendar
    step: int
    count: NDArray[np.int32]
    mean: Floats
    sd: Floats

    @classmethod
    def fit(cls, panel: Panel) -> Self:
        """Average the OK slots of a panel.

        Raises:
            DataError: The panel is shorter than a week.

        """
        if panel.slots * panel.step < WEEK:
            raise DataError(f"a profile needs a week at least; the panel has {panel.span()}")
        parts = [
            _fit(panel.values[rows], panel.week_slots, WEEK // panel.step)
            for rows in _rows(len(panel.sensors))
        ]
        count, mean, sd = (np.concatenate(part) for part in zip(*parts, strict=True))
        return cls(panel.sensors, panel.calendar, panel.step, count, mean, sd)

    def at(self, times: ArrayLike) -> tuple[Floats, Floats]:
        """Mean and standard deviation at slots that begin at these seconds of UTC, each of shape (S, N)."""
        slots = self.calendar.week_slots(times, self.step)
        return self.mean[:, slots], self.sd[:, slots]

    def without_own(self, panel: Panel) -> Floats:
        """Give the slots it was fitted on their profile without their own value: (n m - x) / (n - 1).

        Shape (S, T). A profile contains the values it was fitted on; a forecaster trained on that finds it
        better than it is on new days.
        """
        slots = panel.week_slots
        mean, count = self.mean[:, slots], self.count[:, slots]
        with np.errstate(invalid="ignore", divide="ignore"):
            left = (count * mean - panel.values) / (count - 1)
        return np.where((count > ENOUGH) & np.isfinite(panel.values), left, mean).astype(np.float32)


def _rows(sensors: int) -> Iterator[slice]:
    yield from (slice(first, first + AT_ONCE) for first in range(0, sensors, AT_ONCE))


def _fit(values: Floats, slots: NDArray[np.int64], width: int) -> tuple[NDArray[np.int32], Floats, Floats]:
    """Count, average and shrink a block of sensors; counts, means and deviations of shape (S, W)."""
    count, total, square = _sums(values, slots, width)
    wide = [_pooled(sums) for sums in (count, total, square)]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_type, variance_type = wide[1] / wide[0], wide[2] / wide[0] - (wide[1] / wide[0]) ** 2
        mean, variance = total / count, square / count - (total / count) ** 2
    few = count < ENOUGH
    own = np.where(count > 0, count, 0)
    share = own / (own + ENOUGH)
    mean = np.where(few, share * np.nan_to_num(mean) + (1 - share) * mean_type, mean)
    variance = np.where(few, share * np.nan_to_num(variance) + (1 - share) * variance_type, variance)
    return (
        count.astype(np.int32),
        mean.astype(np.float32),
        np.sqrt(np.maximum(variance, 0)).astype(np.float32),
    )


def _sums(values: Floats, slots: NDArray[np.int64], width: int) -> tuple[NDArray[np.float64], ...]:
    order = np.argsort(slots, kind="stable")
    there, starts = np.unique(slots[order], return_index=True)
    ordered = values[:, order].astype(np.float64)
    known = np.isfinite(ordered)
    ordered[~known] = 0.0
    sums = []
    for part in (known.astype(np.float64), ordered, ordered**2):
        whole = np.zeros((len(values), width))
        whole[:, there] = np.add.reduceat(part, starts, axis=1)
        sums.append(whole)
    return tuple(sums)


def _pooled(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over days of the same type at the same time, given to each of these days; shape (S, W)."""
    days = sums.reshape(len(sums), 7, -1).copy()
    days[:, :SATURDAY] = days[:, :SATURDAY].sum(axis=1, keepdims=True)
    return days.reshape(sums.shape)
