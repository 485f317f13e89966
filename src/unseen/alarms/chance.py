"""How likely a slot turns red: boosted trees that see how far every number is from the threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from unseen.alarms.inputs import LAGS, Seen
from unseen.alarms.tiers import FittedTier, Level
from unseen.errors import DataError
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BoostedChance:
    """Gradient boosting (histogram trees) of whether a slot reaches its threshold.

    Inputs of sensor s at t for t + H, all known at t (`unseen.alarms.inputs`): the last 12 values, those one
    day and one week before, the profile and, where given, the quantiles of a forecast, each as its distance
    to the threshold at the target in standard deviations of the sensor; residuals of the profile, its own and
    the mean of the other sensors'; time of day, weekday, types of the day and of those beside it; the sensor.

    Args:
        trees: Number of trees.
        rate: Learning rate.
        leaves: Most leaves of a tree.
        least: Least rows of a leaf.
        share: Share of the inputs that each split may choose from.
        seed: Of these choices.

    Reference: Friedman, Annals of Statistics 29 (2001) 1189.
    """

    trees: int = 150
    rate: float = 0.08
    leaves: int = 31
    least: int = 50
    share: float = 0.5
    seed: int = 0

    def fit(
        self,
        panel: Panel,
        tier: FittedTier,
        slots: range,
        ahead: int,
        *,
        level: Level = Level.RED,
        forecasts: Forecasts | None = None,
    ) -> FittedChance:
        """Learn from slots whose outcome is known.

        Args:
            panel: The panel that the tier's profile was fitted on: each slot is shown its profile without its
                own value, since a profile that knows the answer looks better than it is.
            tier: Where yellow and red begin.
            slots: Slots to be forecast, a week after the panel's first at least.
            ahead: Slots between the last known slot and the target.
            level: What is to be reached, RED or YELLOW (YELLOW: yellow or red).
            forecasts: Of these slots, made by a forecaster that had not seen them; None goes without.

        Raises:
            DataError: Slots have no week before them, or all that are known end alike.

        """
        rows = Seen(panel, tier, slots, ahead, level, own=True).rows(forecasts)
        span = slice(slots.start, slots.stop)
        reached = tier.at(panel.times[span]).levels(panel.values[:, span])
        known = reached != Level.UNKNOWN
        answers = reached[known] >= level
        if not answers.any() or answers.all():
            raise DataError(
                f"all of {answers.size} known slots end alike; a chance is learned from slots of both kinds: "
                "give a longer span or other thresholds"
            )
        trees = HistGradientBoostingClassifier(
            max_iter=self.trees, learning_rate=self.rate, max_leaf_nodes=self.leaves,
            min_samples_leaf=self.least, max_features=self.share, early_stopping=False,
            random_state=self.seed,
        )  # fmt: skip
        return FittedChance(trees.fit(rows[known], answers), tier, ahead, level, forecasts is not None)


@dataclass(frozen=True, eq=False)
class FittedChance:
    """Trees that were fitted, with all that their inputs need."""

    trees: Any
    tier: FittedTier
    ahead: int
    level: Level
    forecasts: bool

    def of(
        self, panel: Panel, slots: range, forecasts: Forecasts | None = None, *, own: bool = False
    ) -> Floats:
        """P(slot reaches its threshold), shape (S, N); NaN where none of the last 12 values is known.

        Args:
            panel: Values up to `ahead` slots before each slot are used, none later.
            slots: Slots to be forecast, a week after the panel's first at least.
            forecasts: Of these slots, if `fit` had some.
            own: Whether the panel is the one the tier's profile was fitted on, so that slots held back from
                `fit` must not see their own values in it.

        Raises:
            DataError: Forecasts came that `fit` did not have, or lack; slots have no week before them.

        """
        if (forecasts is not None) != self.forecasts:
            raise DataError("forecasts belong to both, fit and use of a chance, or to neither")
        rows = Seen(panel, self.tier, slots, self.ahead, self.level, own=own).rows(forecasts)
        known = np.isfinite(rows[..., :LAGS]).any(axis=-1)
        found = np.full(known.shape, np.nan)
        if known.any():
            found[known] = self.trees.predict_proba(rows[known])[:, 1]
        return found
