"""Measures as records: means over sensors, sensors of the main rows, and sums by week."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.metrics import Scores
from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import Level, Levels
from unseen.evaluation import Estimate, Record
from unseen.evaluation.intervals import percentile_interval
from unseen.seeds import generator
from unseen.series.calendar import WEEK

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

RESAMPLES = 1000


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
        found[name] = _weekly(_by_week(part, outcomes) * scale, _by_week(whole, outcomes), seed)
    return found


def _weekly(part: Floats, whole: Floats, seed: int) -> Estimate:
    """Mean over sensors of part / whole, both (S, W), weeks drawn with replacement."""
    weeks = part.shape[1]
    drawn = generator(seed, 96).multinomial(weeks, np.full(weeks, 1 / weeks), size=RESAMPLES)
    draws = np.array([_ratio(part @ counts, whole @ counts) for counts in drawn])
    return percentile_interval(_ratio(part.sum(axis=1), whole.sum(axis=1)), draws)


def _ratio(part: Floats, whole: Floats) -> float:
    """Mean over the sensors that have anything."""
    some = whole > 0
    return float((part[some] / whole[some]).mean()) if some.any() else float("nan")


def _by_week(flags: Flags, outcomes: Outcomes) -> Floats:
    """Count by weeks since the first slot, shape (S, W)."""
    week = (outcomes.target - outcomes.target[0]) // WEEK
    starts = np.searchsorted(week, np.arange(int(week[-1]) + 1))
    return np.add.reduceat(flags, starts, axis=1, dtype=np.float64)
