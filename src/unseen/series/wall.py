"""Tables that have one row a slot by a clock on the wall, as panels in UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError
from unseen.series.calendar import Calendar, from_wall
from unseen.series.panel import Panel

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Skipped:
    """Rows of one hour that the wall clock left out: they cannot have been measured.

    Attributes:
        change: Second of UTC at which the clock was put on.
        values: Shape (S, K), what the file holds for the K slots of that hour.

    """

    change: int
    values: Floats


def skipped_of(times: NDArray[np.int64], values: Floats, step: int) -> tuple[Skipped, ...]:
    """Gather what files hold at stamps of skipped hours.

    Args:
        times: Shape (K,), those stamps as `from_wall` places them, rising.
        values: Shape (S, K).
        step: Seconds a slot.

    """
    cuts = np.flatnonzero(np.diff(times) > step) + 1
    return tuple(
        Skipped(int(times[part[0]]), values[:, part])
        for part in np.split(np.arange(len(times)), cuts)
        if len(part) and np.isfinite(values[:, part]).any()
    )


def wall_rows(
    values: ArrayLike, *, first: dt.datetime, step: int, sensors: Sequence[str], calendar: Calendar
) -> tuple[Panel, tuple[Skipped, ...]]:
    """Place rows of a wall clock in UTC, and say what they hold for hours that never were.

    Arguments and errors are those of `wall_panel`.
    """
    if first.tzinfo is not None:
        raise DataError(f"the first slot is {first}; a wall clock has no zone: give it without one")
    table = np.asarray(values, dtype=np.float32)
    if table.ndim != 2 or table.shape[1] != len(sensors):
        raise DataError(f"values of shape {table.shape} for {len(sensors)} sensors; give one column a sensor")
    begin = round((first - dt.datetime(1970, 1, 1)).total_seconds())
    placed = from_wall(begin + step * np.arange(len(table), dtype=np.int64), calendar.zone)
    there = placed.times[~placed.skipped]
    if not len(there):
        raise DataError("no row is left: the table is empty, or all of it lies in a skipped hour")
    slots: NDArray[np.int64] = (there - there[0]) // step
    whole = np.full((len(sensors), int(slots[-1]) + 1), np.nan, np.float32)
    whole[:, slots] = table[~placed.skipped].T
    panel = Panel(whole, start=int(there[0]), step=step, sensors=tuple(sensors), calendar=calendar)
    return panel, skipped_of(placed.times[placed.skipped], table[placed.skipped].T, step)


def wall_panel(
    values: ArrayLike, *, first: dt.datetime, step: int, sensors: Sequence[str], calendar: Calendar
) -> Panel:
    """Place rows of a wall clock in UTC.

    Rows of the hour that the clock skips in spring never happened and are left out; of the hour that comes
    twice in autumn, the second has no row and stays missing.

    Args:
        values: Shape (T, S), one row a slot, NaN where nothing was measured.
        first: What the clock showed at the first row, without a zone.
        step: Seconds a slot.
        sensors: S identifiers.
        calendar: Zone and holidays.

    Raises:
        DataError: `first` has a zone of its own, or shapes do not fit.

    >>> import datetime as dt
    >>> spring = dt.datetime(2017, 3, 26)
    >>> madrid, rows = Calendar("Europe/Madrid"), np.arange(24.0)[:, None]
    >>> panel = wall_panel(rows, first=spring, step=3600, sensors=["a"], calendar=madrid)
    >>> panel.shape, panel.values[0, :4].tolist()
    ((1, 23), [0.0, 1.0, 3.0, 4.0])
    """
    return wall_rows(values, first=first, step=step, sensors=sensors, calendar=calendar)[0]
