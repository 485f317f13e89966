"""The windows of the usual baselines: lags, yesterday, last week, the weekly profile, the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unseen.forecasting.history import Floats, History, Ints
from unseen.forecasting.inputs import LAGS, Windows
from unseen.forecasting.usual import SCALE
from unseen.series.calendar import DAY, DayType

PLAIN_WIDTH = LAGS + 2 + 3 + 2 + len(DayType)


@dataclass(frozen=True, eq=False)
class PlainReader:
    """Makes windows of z-scored values; a missing one is replaced by the usual value.

    Columns: 12 lags (oldest first), the slots a day and a week before the target, the profile at t, t + 1
    and t + H, sine and cosine of the target's time of day, the type of its day.

    Args:
        history: Rows, values and what is usual.
        horizon: Slots ahead.
        sensor: Shape (R,), row of the embedding of each row.

    """

    history: History
    horizon: int
    sensor: Ints

    @property
    def width(self) -> int:
        """Number of columns."""
        return PLAIN_WIDTH

    @cached_property
    def _level(self) -> Floats:
        return np.asarray(self.history.usual.mean.mean(axis=1), dtype=np.float32)

    def read(self, rows: Ints, slots: Ints) -> Windows:
        """Make N windows: of row `rows[i]`, with all that is known at the end of slot `slots[i]`."""
        history, target, wide = self.history, slots + self.horizon, rows[:, None]
        a_day = history.panel.a_day
        before = np.stack([target - a_day, target - 7 * a_day], axis=1)
        past = np.concatenate([slots[:, None] + np.arange(1 - LAGS, 1), before], axis=1)
        usual = np.stack([slots, slots + 1, target], axis=1)
        values = np.concatenate([self._filled(wide, past), history.expected(wide, usual)], axis=1)
        level, spread = self._level[rows], history.usual.scale[rows] / np.float32(SCALE)
        second, weekday = history.local.second[target], history.local.weekday[target]
        angle = 2 * np.pi * second[:, None] / DAY
        kind = np.eye(len(DayType))[history.local.day_type[target]]
        scaled = (values - level[:, None]) / spread[:, None]
        x = np.concatenate([scaled, np.sin(angle), np.cos(angle), kind], axis=1, dtype=np.float32)
        return Windows(x, self.sensor[rows], second // history.panel.step, weekday, level, spread)

    def _filled(self, rows: Ints, slots: Ints) -> Floats:
        values = self.history.values(rows, slots)
        return np.where(np.isfinite(values), values, self.history.expected(rows, slots))
