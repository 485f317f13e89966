"""Forecasters that say one number: what they have in common, and how their errors become quantiles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.forecasting.forecaster import (
    LEVELS,
    MEDIAN,
    Floats,
    Ints,
    Slots,
    as_forecasts,
    as_slots,
    slots_ahead,
)
from unseen.forecasting.history import History, Usual
from unseen.forecasting.usual import floor, learned
from unseen.seeds import generator
from unseen.series.calendar import DAY
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel

HOURS = 24
SAMPLE = 8_000  # slots of which the errors are kept, to say how large they are
MOST_WINDOWS, LEAST_SAMPLE = 6_000_000, 2_000  # of a city of sensors fewer slots say it


class Pointwise(ABC):
    """A forecaster of one number; its quantiles are those of its errors in training, by sensor and hour."""

    minutes: float
    step_: int
    sensors_: tuple[str, ...]
    usual_: Usual
    errors_: Floats
    floor_: float

    @abstractmethod
    def point(self, history: History, rows: Ints, slots: Ints) -> Floats:
        """Forecast row `rows[i]` at the end of slot `slots[i]`; any shape."""

    @abstractmethod
    def learn(self, history: History, slots: Ints) -> None:
        """Learn from slots, what is usual being known."""

    @property
    def horizon(self) -> int:
        """Slots ahead."""
        return slots_ahead(self.minutes, self.step_)

    def fit(self, panel: Panel) -> Self:
        """Learn what is usual, and the errors at every hour, shape (S, 24, Q)."""
        self.step_, self.sensors_ = panel.step, panel.sensors
        self.usual_, self.floor_ = learned(panel), floor(panel)
        last = panel.slots - self.horizon
        history = self._history(panel, leave=True)
        self.learn(history, np.arange(last))
        count = min(SAMPLE, last, max(LEAST_SAMPLE, MOST_WINDOWS // len(panel.sensors)))
        slots = np.sort(generator(0, 71).choice(last, count, replace=False))
        point = self._points(history, slots)
        target = slots + self.horizon
        errors = panel.values[:, target] - point
        hours = history.local.second[target] * HOURS // DAY
        self.errors_ = np.stack([_quantiles(errors, hours == hour) for hour in range(HOURS)], axis=1)
        return self

    def forecast(self, panel: Panel, slots: Slots) -> Forecasts:
        """Forecast every sensor of the panel; NaN for one that was not in training.

        Raises:
            DataError: Slots of another length than in training.

        """
        if panel.step != self.step_:
            raise DataError(f"slots of {panel.step} s came; the forecaster was fitted on {self.step_} s")
        asked = as_slots(panel, slots)
        history = self._history(panel, leave=False)
        hours = history.local.second[asked + self.horizon] * HOURS // DAY
        quantiles = self._points(history, asked)[..., None] + self._errors(panel)[:, hours]
        return as_forecasts(panel, asked, self.horizon, np.maximum(quantiles, self.floor_))

    def _points(self, history: History, slots: Ints) -> Floats:
        rows = np.repeat(np.arange(len(history.own))[:, None], len(slots), axis=1)
        return self.point(history, rows, np.broadcast_to(slots, rows.shape))

    def _errors(self, panel: Panel) -> Floats:
        rows = self._rows(panel)
        return np.where((rows >= 0)[:, None, None], self.errors_[rows], np.float32(np.nan))

    def _history(self, panel: Panel, *, leave: bool) -> History:
        own = np.arange(len(panel.sensors))
        rows = self._rows(panel)
        return History(panel, self.usual_.take(rows), own, self.horizon, np.full(len(own), leave))

    def _rows(self, panel: Panel) -> Ints:
        places = {name: place for place, name in enumerate(self.sensors_)}
        return np.array([places.get(name, -1) for name in panel.sensors], np.int64)


def _quantiles(errors: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Quantiles of errors (S, N) at chosen slots, less their median, shape (S, Q).

    So the rule itself is the middle of what it says; 0 for a sensor without any error.
    """
    part = np.sort(errors[:, chosen], axis=1)  # NaN come last; nanquantile is a hundred times slower
    last = np.isfinite(part).sum(axis=1)[:, None] - 1
    if not part.shape[1]:
        return np.zeros((len(part), len(LEVELS)), np.float32)
    place = np.maximum(last, 0) * LEVELS
    below = place.astype(np.int64)
    low = np.take_along_axis(part, below, axis=1)
    high = np.take_along_axis(part, np.minimum(below + 1, np.maximum(last, 0)), axis=1)
    found = np.where(last >= 0, low + (place - below) * (high - low), 0).astype(np.float32)
    return found - found[:, MEDIAN, None]
