"""How likely red is: by the quantiles of our forecasts, by boosted trees, and by both joined."""

from __future__ import annotations

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


def by_quantiles(tier: str, level: Level, forecasts: Forecasts, parts: Parts) -> Floats:
    """P(at least this level) by the quantiles of our forecasts, those of the days held back first."""
    thresholds = parts.tiers[tier].at(forecasts.target)
    bound = thresholds.red if level == Level.RED else thresholds.yellow
    return forecasts.chance_over(bound).astype(np.float64)


def by_trees(tier: str, parts: Parts, config: dict[str, Any], seed: int) -> Floats:
    """P(red) by boosted trees that have seen neither the days held back nor the test."""
    fitted, first = parts.tiers[tier], WEEK // parts.panel.step + parts.ahead
    trees = BoostedChance(trees=config["trees"], rate=config["rate"], seed=seed)
    grown = trees.fit(parts.train, fitted, range(first, parts.held.start), parts.ahead)
    made = [grown.of(parts.train, parts.held, own=True), grown.of(parts.panel, parts.test)]
    return np.concatenate(made, axis=1)


def of_red(
    tier: str, forecasts: Forecasts, parts: Parts, config: dict[str, Any], seed: int
) -> dict[str, Floats]:
    """P(red) of the days held back and of the test, (S, N) each: by quantiles, by trees, by both joined.

    The joined chance is what alarms are raised by.
    """
    outcomes = parts.outcomes[tier]
    found = {
        QUANTILES: by_quantiles(tier, Level.RED, forecasts, parts),
        TREES: by_trees(tier, parts, config, seed),
    }
    return {**found, JOINED: Recalibration().renewed(outcomes, list(found.values()), outcomes.red)}
