"""How likely red is: by the quantiles of our forecasts, by boosted trees, and by both joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.chance import BoostedChance
from unseen.alarms.recalibration import Recalibration
from unseen.alarms.tiers import Level
from unseen.recipes.traffic_alarm.parts import Parts
from unseen.series.calendar import WEEK
from unseen.series.forecasts import Forecasts

Floats = NDArray[np.float64]

QUANTILES, TREES, JOINED = "quantiles", "boosted trees", "joined"


@dataclass(frozen=True, eq=False)
class Chances:
    """P(at least this level) of the days held back and of the test, shape (S, N) each, by name."""

    by: dict[str, Floats]

    @property
    def joined(self) -> Floats:
        """Return both joined by the outcomes of the last 30 days: what alarms are raised by."""
        return self.by[JOINED]


def chances_of(
    tier: str,
    level: Level,
    forecasts: tuple[Forecasts, Forecasts],
    parts: Parts,
    config: dict[str, Any],
    seed: int,
) -> Chances:
    """Take chances from models that had not seen the days: of those held back first, then of the test."""
    fitted, outcomes = parts.tiers[tier], parts.outcomes[tier]
    thresholds = fitted.at(outcomes.target)
    bound = thresholds.red if level == Level.RED else thresholds.yellow
    early, late = forecasts
    cut = len(early.target)
    by_quantiles = np.concatenate(
        [early.chance_over(bound[:, :cut]), late.chance_over(bound[:, cut:])], axis=1, dtype=np.float64
    )
    trees = BoostedChance(trees=config["trees"], rate=config["rate"], seed=seed)
    first = WEEK // parts.panel.step + parts.ahead
    before, whole = (
        trees.fit(parts.train, fitted, range(first, end), parts.ahead, level=level)
        for end in (parts.held.start, parts.train.slots)
    )
    by_trees = [before.of(parts.train, parts.held, own=True), whole.of(parts.panel, parts.test)]
    found = {QUANTILES: by_quantiles, TREES: np.concatenate(by_trees, axis=1)}
    reached = (outcomes.level >= level) & outcomes.counted
    return Chances({**found, JOINED: Recalibration().renewed(outcomes, list(found.values()), reached)})
