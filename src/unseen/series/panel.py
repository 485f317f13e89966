"""Values of many sensors in slots of equal length: what every step after reading works on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError, unknown
from unseen.series.calendar import Calendar

HOUR = 3_600


class State(IntEnum):
    """What is known of one slot of one sensor; only OK enters training, tiers and metrics."""

    OK = 0
    MISSING = 1
    STALE = 2
    STUCK = 3
    IMPOSSIBLE = 4
    FILLED = 5


@dataclass(frozen=True, eq=False)
class Panel:
    """Mean values of S sensors in T slots that follow each other without a gap.

    Args:
        values: Shape (S, T), float32, in the unit of the sensors (vehicles an hour); NaN wherever the state
            is not OK. May be mapped from a file: no method copies it.
        start: Second of UTC at which slot 0 begins.
        step: Seconds a slot lasts; divides an hour.
        sensors: S names that identify the sensors, each once. Position means nothing.
        calendar: Zone and holidays.
        states: Shape (S, T), uint8, values of `State`; without it NaN is MISSING and the rest OK.
        places: Shape (S, 2), longitude and latitude in degrees, NaN where not known; None without any.
        names: S names to show; the identifiers without it.

    Raises:
        DataError: Shapes do not fit each other, a sensor comes twice, or slots do not divide an hour.

    >>> utc = Calendar("UTC")
    >>> panel = Panel(np.zeros((2, 8), np.float32), start=0, step=900, sensors=("a", "b"), calendar=utc)
    >>> panel.shape, panel.slot(1800), panel.slice(4, 8).start
    ((2, 8), 2, 3600)
    """

    values: NDArray[np.float32]
    start: int
    step: int
    sensors: tuple[str, ...]
    calendar: Calendar
    states: NDArray[np.uint8] | None = None
    places: NDArray[np.float64] | None = None
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.step <= 0 or HOUR % self.step:
            raise DataError(
                f"slots of {self.step} s do not divide an hour; use 5, 10, 15, 20, 30 or 60 minutes"
            )
        if self.values.ndim != 2 or len(self.values) != len(self.sensors):
            raise DataError(
                f"values of shape {self.values.shape} for {len(self.sensors)} sensors; give one row a sensor"
            )
        if len(set(self.sensors)) != len(self.sensors):
            twice = next(one for one in self.sensors if self.sensors.count(one) > 1)
            raise DataError(f"sensor {twice!r} comes twice; every sensor needs an identifier of its own")
        if self.states is not None and self.states.shape != self.values.shape:
            raise DataError(f"states of shape {self.states.shape} for values of shape {self.values.shape}")
        if self.places is not None and self.places.shape != (len(self.sensors), 2):
            raise DataError(
                f"places of shape {self.places.shape}; give longitude and latitude of each sensor"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Sensors and slots."""
        return len(self.sensors), self.values.shape[1]

    @property
    def slots(self) -> int:
        """Number of slots."""
        return int(self.values.shape[1])

    @property
    def a_day(self) -> int:
        """Slots a day."""
        return 24 * HOUR // self.step

    @property
    def times(self) -> NDArray[np.int64]:
        """Seconds of UTC at which slots begin, shape (T,)."""
        return self.start + self.step * np.arange(self.slots, dtype=np.int64)

    @cached_property
    def week_slots(self) -> NDArray[np.int64]:
        """Which slot of the local week each slot is, shape (T,)."""
        return self.calendar.week_slots(self.times, self.step)

    def slot(self, time: int) -> int:
        """Find the number of the slot in which a moment lies; it may be outside of the panel."""
        return int((time - self.start) // self.step)

    def slice(self, first: int, last: int) -> Panel:
        """Slots `first` up to, not including, `last`, as a view."""
        first, last = max(first, 0), min(last, self.slots)
        return replace(
            self,
            values=self.values[:, first:last],
            states=None if self.states is None else self.states[:, first:last],
            start=self.start + first * self.step,
        )

    def days(self, first: dt.date, last: dt.date) -> range:
        """Slots of local dates, both included."""
        begin = self.slot(self.calendar.moment(first))
        end = -(-(self.calendar.moment(last + dt.timedelta(days=1)) - self.start) // self.step)
        return range(min(max(begin, 0), self.slots), min(max(end, 0), self.slots))

    def between(self, first: dt.date, last: dt.date) -> Panel:
        """Keep the slots of local dates, both included.

        Raises:
            DataError: None of them is in the panel.

        """
        slots = self.days(first, last)
        if not slots:
            raise DataError(f"no slot between {first} and {last}; the panel has {self.span()}")
        return self.slice(slots.start, slots.stop)

    def select(self, sensors: Sequence[str]) -> Panel:
        """Keep sensors, in the order asked for.

        Raises:
            DataError: One of them is not in the panel.

        """
        places = {name: place for place, name in enumerate(self.sensors)}
        for name in sensors:
            if name not in places:
                raise DataError(unknown("sensor", name, self.sensors))
        rows = [places[name] for name in sensors]
        return replace(
            self,
            values=self.values[rows],
            sensors=tuple(sensors),
            states=None if self.states is None else self.states[rows],
            places=None if self.places is None else self.places[rows],
            names=None if self.names is None else tuple(self.names[row] for row in rows),
        )

    def span(self) -> str:
        """First and last slot in words, by the local clock."""
        from zoneinfo import ZoneInfo

        zone = ZoneInfo(self.calendar.zone)
        ends = (self.start, self.start + max(self.slots - 1, 0) * self.step)
        first, last = (dt.datetime.fromtimestamp(end, zone).strftime("%Y-%m-%d %H:%M") for end in ends)
        return f"{first} to {last} ({self.calendar.zone})"
