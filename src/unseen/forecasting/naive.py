"""The rules that every forecast is set beside: they learn what is usual, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from unseen.forecasting.history import Floats, History, Ints
from unseen.forecasting.pointwise import Pointwise

Rule = Callable[[History, Ints, Ints, int], Floats]
"""(history, rows, slots, horizon) -> forecasts, rows and slots of one shape."""

LATEST = 12
"""Slots within which the last value that is known stands for the present."""
KEPT = 0.7
"""Share of the present residual that is expected to be there at the target."""


def latest(history: History, rows: Ints, slots: Ints) -> Floats:
    """Residual of the last known value, in the unit of the sensor; 0 where none is known of late."""
    found = history.residual(rows, slots)
    for back in range(1, LATEST):
        # mostly the present is known, so that one look is all it takes
        gone = ~np.isfinite(found)
        if not gone.any():
            break
        found[gone] = history.residual(rows[gone], slots[gone] - back)
    return np.where(np.isfinite(found), found, 0) * history.usual.scale[rows]


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
class Baseline(Pointwise):
    """A rule as a forecaster; its quantiles are those of its errors in training, by sensor and hour.

    Args:
        rule: What is forecast.
        minutes: How far ahead.

    >>> from unseen.series.calendar import Calendar
    >>> from unseen.series.panel import Panel
    >>> week = np.tile(np.arange(24, dtype=np.float32), 21)[None]
    >>> panel = Panel(week, start=0, step=3600, sensors=("a",), calendar=Calendar("UTC"))
    >>> Baseline(persistence).fit(panel).forecast(panel, [30]).mean.round(1).tolist()
    [[6.0]]
    """

    rule: Rule
    minutes: float = 30

    def learn(self, history: History, slots: Ints) -> None:
        """Learn nothing: what is usual is all a rule needs."""

    def point(self, history: History, rows: Ints, slots: Ints) -> Floats:
        """Apply the rule."""
        return self.rule(history, rows, slots, self.horizon)


RULES: dict[str, Rule] = {
    "persistence": persistence,
    "same slot last week": week_ago,
    "weekly profile": usual,
    "profile + .7 residual": usual_and_residual,
}
"""The rules of every table, by the name they have in it."""
