"""How far any alarm could go: boosted trees that are told the slots before and after the one in question."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from unseen.alarms.inputs import Seen
from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import Level
from unseen.recipes.traffic_alarm.parts import Parts
from unseen.series.calendar import WEEK

BESIDE = (-1, 1, 2)


def hindsight(tier: str, parts: Parts, config: dict[str, Any]) -> NDArray[np.float64]:
    """P(red) of the slots of the test, shape (S, N), from what no forecast can know.

    Beside the inputs of `BoostedChance` it has the slots just before and after the target. What it still
    misses is what one slot has that its neighbours do not tell: the noise of counting cars.
    """
    fitted, first = parts.tiers[tier], WEEK // parts.panel.step + parts.ahead
    learned = range(first, parts.train.slots - max(BESIDE))
    judged = range(parts.test.start, parts.test.stop)
    rows = [
        np.concatenate(
            [Seen(panel, fitted, slots, parts.ahead, Level.RED, own).rows(), _beside(tier, parts, slots)],
            axis=-1,
        )
        for panel, slots, own in ((parts.train, learned, True), (parts.panel, judged, False))
    ]
    times = parts.train.times[learned.start : learned.stop]
    levels = fitted.at(times).levels(parts.train.values[:, learned.start : learned.stop])
    known = levels != Level.UNKNOWN
    trees = HistGradientBoostingClassifier(
        max_iter=config["trees"], learning_rate=config["rate"], min_samples_leaf=50, max_features=0.5,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    trees.fit(rows[0][known], levels[known] == Level.RED)
    flat = trees.predict_proba(rows[1].reshape(-1, rows[1].shape[-1]))[:, 1]
    return np.asarray(flat.reshape(rows[1].shape[:2]))


def best_theta(outcomes: Outcomes, chance: NDArray[np.float64], false_a_day: float) -> NDArray[np.float64]:
    """Return the threshold of each sensor that makes so many false red slots on these very days, (S, 1)."""
    wrong = np.where(outcomes.counted & ~outcomes.red, chance, 0)
    allowed = np.rint(false_a_day * outcomes.day_counts.sum(axis=1)).astype(np.int64)
    return np.take_along_axis(-np.sort(-wrong, axis=1), allowed[:, None], axis=1)


def _beside(tier: str, parts: Parts, slots: range) -> NDArray[np.float32]:
    """Distances to the red threshold of the slots beside, in shares of the threshold; shape (S, N, 3)."""
    at = np.arange(slots.start, slots.stop)
    red = parts.tiers[tier].at(parts.panel.times[at]).red
    padded = np.pad(parts.panel.values, ((0, 0), (0, max(BESIDE))), constant_values=np.nan)
    return np.stack([padded[:, at + shift] / red - 1 for shift in BESIDE], axis=-1, dtype=np.float32)
