"""Measures as records: means over sensors, sensors of the main rows, and sums by week."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.metrics import Scores
from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import Level, Levels
from unseen.evaluation import Estimate, Record
from unseen.forecasting.judging import weekly
from unseen.series.calendar import WEEK

Flags = NDArray[np.bool_]


def means(scores: Scores, row: str, tier: str, seed: int) -> Iterator[Record]:
    """Yield the mean over sensors of each measure."""
    for measure in scores.values:
        value = scores.mean(measure)
        if np.isfinite(value):
            yield Record(row, seed, (), f"tier {tier}", measure, value)


def by_sensor(scores: Scores, row: str, tier: str, seed: int) -> Iterator[Record]:
    """Yield each measure of each sensor."""
    for measure, column in scores.values.items():
        for sensor, value in zip(scores.sensors, column, strict=True):
            if np.isfinite(value):
                yield Record(row, seed, (), f"tier {tier}, sensor {sensor}", measure, float(value))


def weeks_of(outcomes: Outcomes, said: Levels | None, on: Flags, seed: int) -> dict[str, Estimate]:
    """Give the main measures with 95 % intervals of a bootstrap of whole weeks, sensors kept together."""
    there, red = outcomes.counted, outcomes.red
    parts: dict[str, tuple[Flags, Flags]] = {
        "recall": (red & on, red),
        "precision": (red & on, on & there),
        "onset recall": (outcomes.onset & on, outcomes.onset),
        "false a day": (on & there & ~red, there),
    }
    if said is not None:
        green = there & (outcomes.level == Level.GREEN)
        parts["green recall"] = (green & (said == Level.GREEN), green)
    found = {}
    for name, (part, whole) in parts.items():
        scale = 86_400 / outcomes.step if name == "false a day" else 1.0
        found[name] = weekly(_by_week(part, outcomes) * scale, _by_week(whole, outcomes), seed=seed)
    return found


def _by_week(flags: Flags, outcomes: Outcomes) -> NDArray[np.float64]:
    """Count by weeks since the first slot, shape (S, W)."""
    week = (outcomes.target - outcomes.target[0]) // WEEK
    starts = np.searchsorted(week, np.arange(int(week[-1]) + 1))
    return np.add.reduceat(flags, starts, axis=1, dtype=np.float64)
