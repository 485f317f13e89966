"""Windows: what a forecaster is given of one sensor at one moment, as a row of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from unseen.forecasting.history import Floats, History, Ints
from unseen.series.calendar import DAY, EPOCH, EPOCH_WEEKDAY, SUNDAY, DayType

LAGS = 12
DAYS = 7
BLOCKS = 8  # of three hours each: the day so far
HARMONICS = 2
NEAR = np.array([-4, -2, -1, 0, 1])  # slots around now, and around the target, whose usual value is shown
AROUND = np.array([-1, 0, 1, 2, 4])
CITY_LAGS = np.array([0, 1, 2, 4])
NEIGHBOUR_LAGS = np.array([2, 1, 0])
MANY = 8
"""The city's mean is computed once for all slots where more than an eighth of them are asked for at once."""
UNKNOWN = 0
"""Row of the embedding that stands for every sensor that was not in training."""
CITY_SENSORS = 512
"""Sensors whose mean residual stands for the city: more of them do not make it surer."""


@dataclass(frozen=True, eq=False)
class Windows:
    """N windows.

    Attributes:
        x: Shape (N, F); residuals in units of the sensor's scale, gaps filled, flags and calendar.
        sensor: Shape (N,), row of the embedding.
        slot_of_day, weekday: Shape (N,), of the target by the local clock.
        base, scale: Shape (N,), unit of the sensor: value = base + scale * what is forecast.

    """

    x: Floats
    sensor: Ints
    slot_of_day: Ints
    weekday: Ints
    base: Floats
    scale: Floats

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.x)

    def take(self, places: Ints | NDArray[np.bool_]) -> Windows:
        """Windows at places."""
        return Windows(
            self.x[places],
            self.sensor[places],
            self.slot_of_day[places],
            self.weekday[places],
            self.base[places],
            self.scale[places],
        )


class Windowing(Protocol):
    """What makes windows of rows of a history."""

    @property
    def history(self) -> History:
        """Rows, values and what is usual."""

    @property
    def horizon(self) -> int:
        """Slots ahead."""

    @property
    def width(self) -> int:
        """Columns of a window."""

    def read(self, rows: Ints, slots: Ints) -> Windows:
        """Make N windows: of row `rows[i]`, with all that is known at the end of slot `slots[i]`."""


@dataclass(frozen=True)
class Columns:
    """Which columns of `Windows.x` hold what.

    >>> columns = Columns(neighbours=8)
    >>> columns.places["lags"], columns.width > 80
    (slice(0, 12, None), True)
    """

    neighbours: int
    places: dict[str, slice] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        widths = {
            "lags": LAGS,
            "known": LAGS,
            "near": len(NEAR),
            "around": len(AROUND),
            "spread": 2,
            "days": 2 * DAYS,
            "days known": DAYS,
            "today": BLOCKS,
            "city": len(CITY_LAGS) + 2,
            "neighbours": self.neighbours * len(NEIGHBOUR_LAGS),
            "calendar": 2 * HARMONICS + len(DayType) + 2,
            "history": 1,
        }
        ends = np.cumsum([0, *widths.values()])
        found = {name: slice(int(a), int(b)) for name, a, b in zip(widths, ends, ends[1:], strict=False)}
        object.__setattr__(self, "places", found)

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.places["history"].stop)


@dataclass(frozen=True, eq=False)
class Reader:
    """Makes windows of rows of a history.

    Args:
        history: Rows, values and what is usual.
        horizon: Slots ahead.
        sensor: Shape (R,), row of the embedding of each row.
        neighbours: Shape (R, K), rows whose latest residuals are shown; -1 where there is none.
        city: Rows of which the mean residual is shown.
        gaps: Shape (T,), share of the latest values that is hidden from windows of a slot, so that gaps are
            known from training; None hides nothing.

    """

    history: History
    horizon: int
    sensor: Ints
    neighbours: Ints
    city: Ints
    gaps: NDArray[np.float64] | None = None

    @property
    def columns(self) -> Columns:
        """Which columns hold what."""
        return Columns(self.neighbours.shape[1])

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.columns.width

    def read(self, rows: Ints, slots: Ints) -> Windows:
        """Make N windows: of row `rows[i]`, with all that is known at the end of slot `slots[i]`."""
        history, target = self.history, slots + self.horizon
        base, scale = history.expected(rows, target), history.usual.scale[rows]
        second, weekday = history.local.second[target], history.local.weekday[target]
        parts = [
            *self._lags(rows, slots),
            *self._usual(rows, slots, target, scale),
            *self._days(rows, target),
            self._today(rows, slots),
            self._city(slots, target),
            self._neighbours(rows, slots),
            self._calendar(target, second),
            1.0 / np.sqrt(1.0 + history.usual.count[rows, history.week_slots[target]])[:, None],
        ]
        x = np.concatenate(parts, axis=1, dtype=np.float32)
        return Windows(x, self.sensor[rows], second // history.panel.step, weekday, base, scale)

    def _lags(self, rows: Ints, slots: Ints) -> Iterator[Floats]:
        lags: Floats = self.history.residual(rows[:, None], slots[:, None] + np.arange(1 - LAGS, 1))
        if self.gaps is not None:
            lags[_hidden(slots[:, None] * LAGS + np.arange(LAGS), rows) < self.gaps[slots][:, None]] = np.nan
        yield carried(lags)
        yield np.isfinite(lags).astype(np.float32)

    def _usual(self, rows: Ints, slots: Ints, target: Ints, scale: Floats) -> Iterator[Floats]:
        wide, history = rows[:, None], self.history
        yield history.expected(wide, slots[:, None] + NEAR) / scale[:, None]
        yield history.expected(wide, target[:, None] + AROUND) / scale[:, None]
        yield history.spread(wide, np.stack([slots, target], axis=1)) / scale[:, None]

    def _days(self, rows: Ints, target: Ints) -> Iterator[Floats]:
        """Residuals at the hour of the target on the days before: of that slot, and of five around it."""
        a_day = self.history.panel.a_day
        offsets = -a_day * np.arange(1, DAYS + 1)[:, None] + np.arange(-2, 3)
        around = self.history.residual(rows[:, None, None], target[:, None, None] + offsets)
        yield mean_known(around[:, :, 2:3])
        yield mean_known(around)
        yield np.asarray(np.isfinite(around).any(axis=2), dtype=np.float32)

    def _today(self, rows: Ints, slots: Ints) -> Floats:
        """Mean residuals of the last eight times three hours, from one slot an hour."""
        hours = np.arange(3 * BLOCKS) * (self.history.panel.a_day // 24)
        found = self.history.residual(rows[:, None], slots[:, None] - hours)
        return mean_known(found.reshape(len(rows), BLOCKS, 3))

    def _city(self, slots: Ints, target: Ints) -> Floats:
        a_day = self.history.panel.a_day
        asked = np.concatenate(
            [slots[:, None] - CITY_LAGS, target[:, None] - a_day * np.array([1, 7])], axis=1
        )
        moments, places = np.unique(asked, return_inverse=True)
        if len(moments) < self.history.panel.slots // MANY:
            return self._city_at(moments)[places.reshape(asked.shape)]
        last = self.history.panel.slots - 1
        inside = (moments >= 0) & (moments <= last)
        found = np.where(inside, self._whole_city[np.clip(moments, 0, last)], np.float32(0))
        return found[places.reshape(asked.shape)]

    @cached_property
    def _whole_city(self) -> Floats:
        """Mean residual over the city at every slot (T,): for who asks for many, again and again."""
        return self._city_at(np.arange(self.history.panel.slots))

    def _city_at(self, moments: Ints) -> Floats:
        """Mean residual over the city at moments (M,), in blocks that bound memory."""
        rows = self.city[:, None]
        blocks = np.array_split(moments, max(1, len(moments) * len(rows) // 1_000_000))
        return np.concatenate([mean_known(self.history.residual(rows, part).T) for part in blocks])

    def _neighbours(self, rows: Ints, slots: Ints) -> Floats:
        beside = self.neighbours[rows]
        found = self.history.residual(
            np.maximum(beside, 0)[:, :, None], slots[:, None, None] - NEIGHBOUR_LAGS
        )
        found[beside < 0] = 0
        return carried(found).reshape(len(rows), -1)

    def _calendar(self, target: Ints, second: Ints) -> Floats:
        """Waves of the time of day, kind of day, and whether the days before and after are free."""
        local = self.history.local
        angle = 2 * np.pi * second[:, None] / DAY * np.arange(1, HARMONICS + 1)
        kind = np.eye(len(DayType))[local.day_type[target]]
        beside = [self._free(local.day[target] + shift)[:, None] for shift in (-1, 1)]
        return np.concatenate([np.sin(angle), np.cos(angle), kind, *beside], axis=1, dtype=np.float32)

    def _free(self, days: Ints) -> NDArray[np.bool_]:
        holidays = np.array([(day - EPOCH).days for day in self.history.panel.calendar.holidays], np.int64)
        return np.asarray(np.isin(days, holidays) | ((days + EPOCH_WEEKDAY) % 7 == SUNDAY))


def carried(values: Floats) -> Floats:
    """Fill what is missing along the last axis with what was known before it, 0 where nothing was.

    >>> carried(np.array([np.nan, 3.0, np.nan, 5.0], np.float32)).tolist()
    [0.0, 3.0, 3.0, 5.0]
    """
    filled, last = values.copy(), np.zeros(values.shape[:-1], np.float32)
    for place in range(values.shape[-1]):
        last = np.where(np.isfinite(values[..., place]), values[..., place], last)
        filled[..., place] = last
    return filled


def mean_known(values: Floats) -> Floats:
    """Mean over the last axis of what is known, 0 where nothing is."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=-1)
    return np.asarray(total / np.maximum(known.sum(axis=-1), 1), dtype=np.float32)


def _hidden(places: Ints, rows: Ints) -> NDArray[np.float64]:
    """Mix place and row into numbers in [0, 1), so that a rerun hides the same values."""
    mixed = (places + rows[:, None] * 7_919) * 2_654_435_761 % 2**32
    return np.asarray((mixed ^ (mixed >> 13)) * 2_246_822_519 % 2**32 / 2**32)
