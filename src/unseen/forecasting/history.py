"""What is known of sensors at a moment: values, and what is usual at that hour, without looking ahead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unseen.series.calendar import DAY, Local
from unseen.series.panel import Panel
from unseen.series.profile import ENOUGH

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Usual:
    """What is usual for R sensors in each slot of the local week.

    Attributes:
        mean, sd: Shape (R, W), unit of the sensors.
        count: Shape (R, W), values behind each mean.
        scale: Shape (R,), unit in which residuals are measured; NaN for a sensor with too short a history.

    """

    mean: Floats
    sd: Floats
    count: NDArray[np.int32]
    scale: Floats

    def take(self, rows: Ints) -> Usual:
        """Keep sensors, -1 for one of which nothing is known."""
        rows = np.asarray(rows)
        gone = rows < 0
        mean, sd, scale = self.mean[rows], self.sd[rows], self.scale[rows]
        mean[gone], sd[gone], scale[gone] = np.nan, np.nan, np.nan
        return Usual(mean, sd, self.count[rows], scale)


@dataclass(frozen=True, eq=False)
class History:
    """Values of a panel beside what is usual, looked up window by window; no panel is copied.

    Rows are what is forecast: sensors of the panel, or one of them twice with another history.

    Args:
        panel: Values (S, T).
        usual: R rows.
        own: Shape (R,), row of the panel of each row.
        ahead: Slots after the panel's last whose calendar is needed.
        leave: Shape (R,), True where what is usual was computed from these very values, so that a value is
            taken out of its own mean: (n m - x) / (n - 1).

    """

    panel: Panel
    usual: Usual
    own: Ints
    ahead: int
    leave: NDArray[np.bool_]

    @cached_property
    def local(self) -> Local:
        """Local clock at the start of every slot, those ahead included."""
        return self.panel.calendar.local(self._times)

    @cached_property
    def week_slots(self) -> Ints:
        """Slot of the local week of every slot, those ahead included."""
        return np.asarray((self.local.weekday * DAY + self.local.second) // self.panel.step)

    @property
    def _times(self) -> Ints:
        panel = self.panel
        return panel.start + panel.step * np.arange(panel.slots + self.ahead, dtype=np.int64)

    def values(self, rows: Ints, slots: Ints) -> Floats:
        """Values at slots, broadcast over rows; NaN outside of the panel."""
        inside = (slots >= 0) & (slots < self.panel.slots)
        found = self.panel.values[self.own[rows], np.where(inside, slots, 0)]
        return np.where(inside, found, np.float32(np.nan))

    def expected(self, rows: Ints, slots: Ints) -> Floats:
        """Mean at this hour of the week, without the value of that slot where it is part of it."""
        mean, count, value = self._usual_and_value(rows, slots)
        with np.errstate(invalid="ignore", divide="ignore"):
            left = (count * mean - value) / (count - 1)
        return np.where(self._left_out(rows, count, value), left, mean)

    def spread(self, rows: Ints, slots: Ints) -> Floats:
        """Give the standard deviation at this hour of the week, without the value of that slot alike."""
        mean, count, value = self._usual_and_value(rows, slots)
        sd = self.usual.sd[rows, self.week_slots[self._within(slots)]]
        with np.errstate(invalid="ignore", divide="ignore"):
            left = (count * mean - value) / (count - 1)
            square = (count * (sd**2 + mean**2) - value**2) / (count - 1) - left**2
        return np.where(self._left_out(rows, count, value), np.sqrt(np.maximum(square, 0)), sd)

    def residual(self, rows: Ints, slots: Ints) -> Floats:
        """(value - expected) / scale; NaN where there is no value."""
        return np.asarray(
            (self.values(rows, slots) - self.expected(rows, slots)) / self.usual.scale[rows], np.float32
        )

    def _within(self, slots: Ints) -> Ints:
        return np.clip(slots, 0, self.panel.slots + self.ahead - 1)

    def _usual_and_value(self, rows: Ints, slots: Ints) -> tuple[Floats, Floats, Floats]:
        places = self.week_slots[self._within(slots)]
        count = self.usual.count[rows, places].astype(np.float32)
        value = self.values(rows, slots) if self.leave.any() else np.float32(np.nan)
        return self.usual.mean[rows, places], count, np.asarray(value, np.float32)

    def _left_out(self, rows: Ints, count: Floats, value: Floats) -> NDArray[np.bool_]:
        return np.asarray((count > ENOUGH) & np.isfinite(value) & self.leave[rows])
