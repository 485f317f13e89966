"""Whether days look like what the calendar says they are: the weekend, holidays, the clock itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unseen.series.calendar import DAY, EPOCH, SATURDAY, SUNDAY, DayType
from unseen.series.changes import Change
from unseen.series.panel import HOUR, Panel

Floats = NDArray[np.float64]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ENOUGH = 0.8  # of the hours of a day, for the day to be compared
CLEAR = 0.5
"""Scatter of the five working days, against that of the next best choice, below which a weekend is clear."""
WEEKS = 4
"""A day is compared with those of this many weeks before and after it."""
MORNING = slice(3, 12)
"""Hours by which clocks are compared; evenings follow daylight too."""
BEST, LEAST = 0.9, 10
"""Correlation of two mornings, and working days on either side, for clocks to be compared."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Hourly means of local days, as shares of each sensor's mean.

    Attributes:
        panel: Where they are from.

    """

    panel: Panel

    @cached_property
    def days(self) -> tuple[dt.date, ...]:
        """Local dates from the first to the last, of D days."""
        first, last = (int(day) for day in self._day[[0, -1]])
        return tuple(EPOCH + dt.timedelta(days=day) for day in range(first, last + 1))

    @cached_property
    def of_sensors(self) -> Floats:
        """Shape (S, D, 24): NaN where nothing was measured."""
        local = self.panel.calendar.local(self.panel.times)
        place = (local.day - local.day[0]) * 24 + local.second // HOUR
        return np.stack([self._hourly(row, place) for row in range(len(self.panel.sensors))])

    @cached_property
    def whole(self) -> Floats:
        """Mean over sensors, shape (D, 24); hours in which fewer than half of them are there are NaN."""
        known = np.isfinite(self.of_sensors)
        there = known.any(axis=(1, 2))
        count = known[there].sum(axis=0)
        with np.errstate(invalid="ignore"):
            mean = np.nansum(self.of_sensors[there], axis=0) / count
        return np.where(count >= max(1.0, there.sum() / 2), mean, np.nan)

    @cached_property
    def types(self) -> NDArray[np.int64]:
        """Values of `DayType`, shape (D,)."""
        noon = [self.panel.calendar.moment(day) + DAY // 2 for day in self.days]
        return self.panel.calendar.local(noon).day_type

    @cached_property
    def weekdays(self) -> NDArray[np.int64]:
        """0 is Monday, holidays too, shape (D,)."""
        return np.array([day.weekday() for day in self.days])

    @cached_property
    def _day(self) -> NDArray[np.int64]:
        return self.panel.calendar.local(self.panel.times).day

    def _hourly(self, row: int, place: NDArray[np.int64]) -> Floats:
        values = self.panel.values[row].astype(np.float64)
        known = np.isfinite(values)
        size = 24 * len(self.days)
        sums, count = (np.bincount(place[known], w, minlength=size) for w in (values[known], None))
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (sums / count).reshape(-1, 24)
            return np.asarray(mean / np.nanmean(mean) if known.any() else mean)


def weekend_of(days: Floats, weekdays: NDArray[np.int64]) -> tuple[int, float]:
    """Find the two days in a row without which the other five are most alike.

    Args:
        days: Curves without holidays, shape (D, 24).
        weekdays: Shape (D,).

    Returns:
        The first of the two (5 where the weekend is Saturday and Sunday), and the scatter of the other five
        as a share of that for the next best choice; NaN where a weekday is not there.

    """
    means = np.full((7, 24), np.nan)
    for weekday in range(7):
        mine = days[weekdays == weekday]
        known = np.isfinite(mine).all(axis=1) if len(mine) else np.zeros(0, bool)
        if known.any():
            means[weekday] = mine[known].mean(axis=0)
    if not np.isfinite(means).all():
        return SATURDAY, float("nan")
    scatter = np.array([np.delete(means, [d, (d + 1) % 7], axis=0).var(axis=0).sum() for d in range(7)])
    best = int(np.argmin(scatter))
    return best, float(scatter[best] / max(np.delete(scatter, best).min(), 1e-12))


@dataclass(frozen=True)
class Holidays:
    """Holidays of the calendar, and whether their traffic is that of a Sunday.

    Attributes:
        like: Holidays from Monday to Saturday that look like a Sunday.
        unlike: Those that look like an ordinary day.
        unstated: Working days that look like a Sunday, and are no holiday of the calendar.

    """

    like: tuple[dt.date, ...] = ()
    unlike: tuple[dt.date, ...] = ()
    unstated: tuple[dt.date, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether most of the stated holidays, of three at least, look like ordinary days."""
        return len(self.like) + len(self.unlike) >= 3 and len(self.unlike) > len(self.like)


def holidays_of(curves: Curves) -> Holidays:
    """Compare each day with Sundays and with its own weekday, of the weeks around it."""
    like: list[dt.date] = []
    unlike: list[dt.date] = []
    unstated: list[dt.date] = []
    for place, day in enumerate(curves.days):
        kind = curves.types[place]
        if curves.weekdays[place] == SUNDAY or kind in (DayType.SATURDAY, DayType.SUNDAY):
            continue
        own, sunday = _distances(curves, place)
        if not np.isfinite(own + sunday):
            continue
        if kind == DayType.HOLIDAY:
            (like if sunday < own else unlike).append(day)
        elif sunday < CLEAR * own:
            unstated.append(day)
    return Holidays(tuple(like), tuple(unlike), tuple(unstated))


def _distances(curves: Curves, place: int) -> tuple[float, float]:
    """Mean squared distance of a day from its own weekday and from Sunday, over the hours that are there."""
    near = np.abs(np.arange(len(curves.days)) - place) <= 7 * WEEKS
    near[place] = False
    near &= curves.types != DayType.HOLIDAY
    found = []
    for weekday in (curves.weekdays[place], SUNDAY):
        others = curves.whole[near & (curves.weekdays == weekday)]
        known = np.isfinite(curves.whole[place]) & (np.isfinite(others).sum(axis=0) >= 2)
        if known.sum() < ENOUGH * 24:
            return float("nan"), float("nan")
        usual = _median(others[:, known])
        found.append(float(((curves.whole[place, known] - usual) ** 2).mean()))
    return found[0], found[1]


def _median(rows: Floats) -> Floats:
    """Median of each column over the rows that are there; NaN are sorted to the end."""
    ordered, count = np.sort(rows, axis=0), np.isfinite(rows).sum(axis=0)
    column = np.arange(rows.shape[1])
    return np.asarray((ordered[(count - 1) // 2, column] + ordered[count // 2, column]) / 2)


def late_after(curves: Curves, change: Change) -> int | None:
    """Say by how many hours mornings come later after a change of the clock than before; None where unclear.

    People keep to the clock on the wall: in a panel whose stamps were read on the right clock it is 0.
    """
    means = [_workdays(curves, change, side) for side in (-1, 1)]
    before, after = means
    if before is None or after is None:
        return None
    close = {late: _correlation(before[MORNING], np.roll(after, -late)[MORNING]) for late in range(-2, 3)}
    best = max(close, key=lambda late: close[late])
    if close[best] < BEST or (best and 1 - close[best] > CLEAR * (1 - close[0])):
        return None
    return best


def _workdays(curves: Curves, change: Change, side: int) -> Floats | None:
    """Mean curve of the working days of four weeks on one side of a change, shape (24,)."""
    away = np.array([(day - change.day).days for day in curves.days]) * side
    mine = curves.whole[(away > 0) & (away <= 7 * WEEKS) & (curves.types == DayType.WORKDAY)]
    mine = mine[np.isfinite(mine).all(axis=1)]
    return mine.mean(axis=0) if len(mine) >= LEAST else None


def _correlation(one: Floats, other: Floats) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
