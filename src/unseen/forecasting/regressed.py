"""Ridge regression and boosted trees on the windows of the usual baselines, one model a sensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from unseen.forecasting.history import Floats, History, Ints
from unseen.forecasting.plain_inputs import PlainReader
from unseen.forecasting.pointwise import Pointwise
from unseen.training.progress import tell

Make = Callable[[int], Any]
"""seed -> an unfitted regressor of scikit-learn."""


def ridge(seed: int) -> Ridge:
    """Ridge regression of penalty 1."""
    return Ridge(alpha=1.0)


def boosting(seed: int) -> HistGradientBoostingRegressor:
    """120 histogram trees of the absolute error: rate .1, 31 leaves, 50 values a leaf at least."""
    return HistGradientBoostingRegressor(
        loss="absolute_error",
        max_iter=120,
        learning_rate=0.1,
        max_leaf_nodes=31,
        min_samples_leaf=50,
        early_stopping=False,
        random_state=seed,
    )


@dataclass
class Regressed(Pointwise):
    """One regressor for each sensor.

    Args:
        make: Makes it.
        minutes: How far ahead.
        seed: Given to it.

    """

    make: Make
    minutes: float = 30
    seed: int = 0
    models_: dict[str, Any] = field(init=False, repr=False)

    def learn(self, history: History, slots: Ints) -> None:
        """Fit every sensor to the slots whose outcome is known."""
        self.models_ = {}
        reader = PlainReader(history, self.horizon, np.zeros(len(history.own), np.int64))
        for row, name in enumerate(self.sensors_):
            target = history.values(np.array([row]), slots + self.horizon)
            good = np.isfinite(target) & np.isfinite(history.usual.scale[row])
            if good.any():
                windows = reader.read(np.full(int(good.sum()), row), slots[good])
                self.models_[name] = self.make(self.seed).fit(
                    windows.x, (target[good] - windows.base) / windows.scale
                )
            tell("regression", row + 1, len(self.sensors_))

    def point(self, history: History, rows: Ints, slots: Ints) -> Floats:
        """Predict; NaN for a sensor without a model."""
        reader = PlainReader(history, self.horizon, np.zeros(len(history.own), np.int64))
        found = np.full(rows.shape, np.nan, np.float32)
        for row, name in enumerate(history.panel.sensors):
            if name in self.models_:
                mine = rows == row
                windows = reader.read(rows[mine], slots[mine])
                found[mine] = windows.base + windows.scale * self.models_[name].predict(windows.x)
        return found
