"""The rules that every forecast is set beside: they learn what is usual, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import numpy as np

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

Rule = Callable[[History, Ints, Ints, int], Floats]
"""(history, rows, slots, horizon) -> forecasts, all three of one shape."""

LATEST = 12
"""Slots within which the last value that is known stands for the present."""
KEPT = 0.7
"""Share of the present residual that is expected to be there at the target."""
HOURS = 24
SAMPLE = 8_000  # slots of which the errors are kept, to say how large they are


def latest(history: History, rows: Ints, slots: Ints) -> Floats:
    """Residual of the last known value, in the unit of the sensor; 0 where none is known of late."""
    back = slots[..., None] - np.arange(LATEST)
    found = history.residual(rows[..., None], back)
    known = np.isfinite(found)
    first = np.argmax(known, axis=-1)
    last = np.take_along_axis(found, first[..., None], axis=-1)[..., 0]
    return np.where(known.any(axis=-1), last, 0) * history.usual.scale[rows]


def persistence(history: History, rows: Ints, slots: Ints, horizon: int) -> Floats:
    """x(t); in a gap the value that was known last, or the usual one."""
    value = history.values(rows, slots)
    moved = history.expected(rows, slots) + latest(history, rows, slots)
    return np.where(np.isfinite(value), value, moved)


def week_ago(history: History, rows: Ints, slots: Ints, horizon: int) -> Floats:
    """x(t + H - one week); the usual value where that is not known."""
    target = slots + horizon
    value = history.values(rows, target - 7 * history.panel.a_day)
    return np.where(np.isfinite(value), value, history.expected(rows, target))


def usual(history: History, rows: Ints, slots: Ints, horizon: int) -> Floats:
    """m(t + H), the mean at that hour of the week."""
    return history.expected(rows, slots + horizon)


def usual_and_residual(history: History, rows: Ints, slots: Ints, horizon: int) -> Floats:
    """m(t + H) + 0.7 (x(t) - m(t))."""
    return history.expected(rows, slots + horizon) + KEPT * latest(history, rows, slots)


@dataclass
class Baseline:
    """A rule as a forecaster; its quantiles are those of its errors in training, by sensor and hour.

    Args:
        rule: What is forecast.
        minutes: How far ahead.

    >>> from unseen.series.calendar import Calendar
    >>> week = np.tile(np.arange(24, dtype=np.float32), 21)[None]
    >>> panel = Panel(week, start=0, step=3600, sensors=("a",), calendar=Calendar("UTC"))
    >>> Baseline(persistence).fit(panel).forecast(panel, [30]).mean.round(1).tolist()
    [[7.0]]
    """

    rule: Rule
    minutes: float = 30
    step_: int = field(init=False, repr=False)
    sensors_: tuple[str, ...] = field(init=False, repr=False)
    usual_: Usual = field(init=False, repr=False)
    errors_: Floats = field(init=False, repr=False)
    floor_: float = field(init=False, repr=False)

    @property
    def horizon(self) -> int:
        """Slots ahead."""
        return slots_ahead(self.minutes, self.step_)

    def fit(self, panel: Panel) -> Self:
        """Learn what is usual, and the errors of the rule at every hour, shape (S, 24, Q)."""
        self.step_, self.sensors_ = panel.step, panel.sensors
        self.usual_, self.floor_ = learned(panel), floor(panel)
        last = panel.slots - self.horizon
        slots = np.sort(generator(0, 71).choice(last, min(SAMPLE, last), replace=False))
        history = self._history(panel, leave=True)
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
        return self.rule(history, rows, np.broadcast_to(slots, rows.shape), self.horizon)

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


def _quantiles(errors: Floats, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    """Quantiles of errors (S, N) at chosen slots, less their median, shape (S, Q).

    So the rule itself is the middle of what it says; 0 for a sensor without any error.
    """
    part = errors[:, chosen]
    found = np.zeros((len(part), len(LEVELS)), np.float32)
    some = np.isfinite(part).any(axis=1)
    if some.any():
        found[some] = np.nanquantile(part[some], LEVELS, axis=1).T
    return found - found[:, MEDIAN, None]


RULES: dict[str, Rule] = {
    "persistence": persistence,
    "same slot last week": week_ago,
    "weekly profile": usual,
    "profile + .7 residual": usual_and_residual,
}
"""The rules of every table, by the name they have in it."""
