"""Networks on the windows of the usual baselines: an LSTM and an MLP with identities, as published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from torch import nn

from unseen.forecasting.drawing import AT_ONCE, Windowed
from unseen.forecasting.forecaster import LEVELS, Slots, as_forecasts, as_slots, slots_ahead
from unseen.forecasting.history import History, Usual
from unseen.forecasting.inputs import UNKNOWN
from unseen.forecasting.learning import Schedule, learn, quantiles_of
from unseen.forecasting.networks import Lstm, Stid
from unseen.forecasting.plain_inputs import PlainReader
from unseen.forecasting.usual import floor, learned
from unseen.seeds import seeded
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel


@dataclass
class PlainNetwork:
    """A network of z-scored lags, yesterday, last week, profile and calendar, for all sensors.

    Args:
        model: `Lstm()` or `Stid()`.
        schedule: How it learns.
        minutes: How far ahead.
        seed: Of weights and batches.

    """

    model: Lstm | Stid
    schedule: Schedule
    minutes: float = 30
    seed: int = 0
    network_: nn.Module = field(init=False, repr=False)
    usual_: Usual = field(init=False, repr=False)
    sensors_: tuple[str, ...] = field(init=False, repr=False)
    step_: int = field(init=False, repr=False)
    floor_: float = field(init=False, repr=False)

    @property
    def horizon(self) -> int:
        """Slots ahead."""
        return slots_ahead(self.minutes, self.step_)

    def fit(self, panel: Panel) -> Self:
        """Learn from all slots of a panel after its first week."""
        self.step_, self.sensors_ = panel.step, panel.sensors
        self.usual_, self.floor_ = learned(panel), floor(panel)
        reader = self._reader(panel, leave=True)
        allowed = np.zeros(panel.slots, bool)
        allowed[7 * panel.a_day : panel.slots - self.horizon] = True
        rows = np.flatnonzero(np.isfinite(self.usual_.scale))
        with seeded(self.seed):
            self.network_ = self.model.build(reader.width, len(panel.sensors), panel.a_day)
        windowed = Windowed(reader, rows, rows[:0], allowed, {})
        learn(self.network_, windowed, self.schedule, seed=self.seed, what=type(self.model).__name__)
        return self

    def forecast(self, panel: Panel, slots: Slots) -> Forecasts:
        """Forecast every sensor of the panel; NaN for one that was not in training."""
        asked, reader = as_slots(panel, slots), self._reader(panel, leave=False)
        good = np.flatnonzero(np.isfinite(reader.history.usual.scale))
        found = np.full((len(panel.sensors), len(asked), len(LEVELS)), np.nan, np.float32)
        at_once = max(1, AT_ONCE // max(1, len(good)))
        for first in range(0, len(asked), at_once):
            at = asked[first : first + at_once]
            windows = reader.read(np.repeat(good, len(at)), np.tile(at, len(good)))
            raw = quantiles_of(self.network_, windows).numpy()
            values = windows.base[:, None] + windows.scale[:, None] * raw
            found[good, first : first + at_once] = values.reshape(len(good), len(at), -1)
        return as_forecasts(panel, asked, self.horizon, np.maximum(found, np.float32(self.floor_)))

    def _reader(self, panel: Panel, *, leave: bool) -> PlainReader:
        places = {name: place for place, name in enumerate(self.sensors_)}
        rows = np.array([places.get(name, -1) for name in panel.sensors], np.int64)
        own = np.arange(len(rows))
        history = History(panel, self.usual_.take(rows), own, self.horizon, np.full(len(own), leave))
        return PlainReader(history, self.horizon, np.where(rows < 0, UNKNOWN, rows + 1))
