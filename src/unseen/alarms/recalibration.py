"""What makes chances hold what they say: the outcomes of the last days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from unseen.alarms.replay import Outcomes
from unseen.errors import ConfigError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EDGE = 1e-4
STEPS = 12
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Recalibration:
    """One chance from one or several, by what came of the last known days, all sensors together.

    logit p' = a + sum_k b_k logit p_k, with the a, b of greatest likelihood over the `days` days before, held
    as by `prior` slots towards a = 0 and b_k = 1 / K. No b is below 0. Of one chance this is its
    recalibration, and the order within a day stays.

    Args:
        days: How many days back, 1 or more.
        prior: Weight of the mean of the log odds as they are, in slots, over 0.

    Raises:
        ConfigError: A setting is out of its bounds.

    Reference: Platt, Advances in Large Margin Classifiers (1999).
    """

    days: int = 30
    prior: float = 50.0

    def __post_init__(self) -> None:
        if self.days < 1 or not self.prior > 0:
            raise ConfigError(
                f"days {self.days} and prior {self.prior} came; accepted: 1 day or more, a prior over 0"
            )

    def renewed(self, outcomes: Outcomes, chances: Sequence[NDArray[np.floating]], came: Flags) -> Floats:
        """Join chances by the days before the one on which they were issued, shape (S, N).

        Args:
            outcomes: What came.
            chances: One or several of shape (S, N); where one is NaN, so is what comes of them.
            came: Shape (S, N), whether it came, of the slots that are counted.

        """
        scores = np.stack([logit(one) for one in chances])
        used = outcomes.counted & np.isfinite(scores).all(axis=0)
        found = np.empty(used.shape)
        for day in np.unique(outcomes.issued):
            window = (outcomes.day < day) & (outcomes.day >= day - self.days)
            rows = used[:, window]
            weights = self._fit(scores[:, :, window][:, rows], came[:, window][rows])
            today = outcomes.issued == day
            found[:, today] = special.expit(np.tensordot(weights[1:], scores[:, :, today], 1) + weights[0])
        return found

    def _fit(self, scores: Floats, came: Flags) -> Floats:
        """Newton's method from the mean of the log odds; shapes (K, n), (n,) -> (K + 1,)."""
        inputs = np.concatenate([np.ones((1, len(came))), scores])
        start = np.concatenate([[0.0], np.full(len(scores), 1 / len(scores))])
        weights = start.copy()
        for _ in range(STEPS):
            p = special.expit(weights @ inputs)
            slope = inputs @ (p - came) + self.prior * (weights - start)
            bend = (inputs * (p * (1 - p))) @ inputs.T + self.prior * np.eye(len(weights))
            move = np.clip(np.linalg.solve(bend, slope), -1, 1)
            weights -= move
            if np.abs(move).max() < TOLERANCE:
                break
        weights[1:] = np.maximum(weights[1:], 0)
        return weights


def logit(chance: ArrayLike) -> Floats:
    """Log odds, chances held EDGE away from 0 and 1."""
    return np.asarray(special.logit(np.clip(np.asarray(chance, np.float64), EDGE, 1 - EDGE)))
