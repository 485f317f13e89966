"""The last days of all sensors in memory: what a forecaster looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.live.store import Store
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel, State

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]

STUCK_SLOTS = 12
FAR = 3.0
"""A value above this many times the sensor's 99.9 % point is impossible."""


@dataclass
class Window:
    """Values and states of the last T slots of S sensors.

    Attributes:
        ids: Identifiers, by place.
        calendar: Zone and holidays.
        step: Seconds a slot.
        last: Second at which the last slot begins.
        values: Shape (S, T), NaN where the state is not OK.
        raw: Shape (S, STUCK_SLOTS), last values as they came, stuck ones too.

    """

    ids: tuple[str, ...]
    calendar: Calendar
    step: int
    last: int
    values: Floats
    raw: Floats

    @classmethod
    def read(cls, store: Store, calendar: Calendar, *, step: int, slots: int, last: int) -> Window:
        """Take the slots up to `last` from the store."""
        ids = tuple(sensor.id for sensor in store.sensors())
        first = last - (slots - 1) * step
        values, states = store.slots(first, last + step, step, len(ids))
        clean = np.where(states == State.OK, values, np.float32(np.nan))
        return cls(ids, calendar, step, last, np.ascontiguousarray(clean), values[:, -STUCK_SLOTS:].copy())

    def grow(self, ids: tuple[str, ...]) -> None:
        """Make room for sensors that came."""
        more = len(ids) - len(self.ids)
        if more > 0:
            self.ids = ids
            self.values = np.pad(self.values, ((0, more), (0, 0)), constant_values=np.nan)
            self.raw = np.pad(self.raw, ((0, more), (0, 0)), constant_values=np.nan)

    def add(self, slot: int, value: Floats, state: Codes, *, lowest: float, limit: Floats) -> Codes:
        """Take in a slot, judge its values, and return their states.

        Args:
            slot: Second at which it begins.
            value: Shape (S,), as it came.
            state: Shape (S,), OK where there is a value.
            lowest: Least value that can be.
            limit: Shape (S,), the 99.9 % point of each sensor, NaN where it is not known.

        """
        self._skip((slot - self.last) // self.step - 1)
        judged = state.copy()
        with np.errstate(invalid="ignore"):
            judged[(state == State.OK) & ((value < lowest) | (value > FAR * limit))] = State.IMPOSSIBLE
        self.raw = np.concatenate([self.raw[:, 1:], value[:, None]], axis=1)
        hangs = (self.raw == self.raw[:, -1:]).all(axis=1) & (self.raw[:, -1] != 0)
        judged[(judged == State.OK) & hangs] = State.STUCK
        self.values[:, :-1] = self.values[:, 1:]
        self.values[:, -1] = np.where(judged == State.OK, value, np.float32(np.nan))
        self.last = slot
        return judged

    def panel(self) -> Panel:
        """Return the window as a panel; its last slot is the one that was added last."""
        start = self.last - (self.values.shape[1] - 1) * self.step
        return Panel(self.values, start=start, step=self.step, sensors=self.ids, calendar=self.calendar)

    @property
    def days_known(self) -> Floats:
        """Days of OK values of each sensor within the window, shape (S,)."""
        days = np.isfinite(self.values).sum(axis=1) * (self.step / 86_400)
        return np.asarray(days, dtype=np.float32)

    def _skip(self, slots: int) -> None:
        """Leave slots empty that nobody closed."""
        for block in (self.values, self.raw):
            gone = min(max(slots, 0), block.shape[1])
            if gone:
                block[:, :-gone] = block[:, gone:]
                block[:, -gone:] = np.nan
