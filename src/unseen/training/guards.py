"""Guards of training: against forgetting what is normal, against collapse, against runaway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unseen.errors import ConfigError, TrainingError
from unseen.models.network import Network
from unseen.training.beside import quantile
from unseen.training.watched import at_once

# Units whose mean divergence is below this carry nothing (nats).
ACTIVE = 0.01


@dataclass(frozen=True)
class Forgetting:
    """How much worse stage 2 may reconstruct held-out normal rows than stage 1 did.

    The limits suit anomalies that lie apart from normal rows. Where both overlap, as under small effective
    operators, repelling the one raises the errors of the other, and wider limits let stage 2 learn.

    Args:
        median, tail: Largest ratios of the median and of the 0.99 quantile of E to those of stage 1.

    """

    median: float = 1.5
    tail: float = 2.0

    def __post_init__(self) -> None:
        if not (self.median >= 1.0 and self.tail >= 1.0):
            raise ConfigError(f"limits {self.median!r} and {self.tail!r} came; accepted: 1 or more, e.g. 1.5")


@dataclass(frozen=True)
class ForgettingGuard:
    """Stage 2 must still reconstruct normal rows: median and 0.99 quantile of E against stage 1.

    Attributes:
        median, tail: Stage-1 median and 0.99 quantile of E on held-out normal rows.
        limits: Largest allowed ratios to them.
        factors: Weights of the held-out rows, shape (n,); None where all count alike.

    """

    median: float
    tail: float
    limits: Forgetting = Forgetting()
    factors: Tensor | None = None

    @classmethod
    def fit(
        cls, error: Tensor, factors: Tensor | None = None, limits: Forgetting | None = None
    ) -> ForgettingGuard:
        """Remember stage 1 from its errors on held-out normal rows, shape (n,)."""
        return cls(*_middle_and_tail(error, factors), limits or Forgetting(), factors)

    def complaint(self, error: Tensor) -> str | None:
        """Return what is wrong with errors (n,) of the same rows now, or None."""
        if not bool(torch.isfinite(error).all()):
            return "the error of held-out normal rows is not finite"
        ratios = self.ratios(error)
        if ratios[0] > self.limits.median:
            return f"the median error of held-out normal rows rose to {ratios[0]:.2f} times stage 1"
        if ratios[1] > self.limits.tail:
            return f"the 0.99 quantile of the held-out normal error rose to {ratios[1]:.2f} times stage 1"
        return None

    def ratios(self, error: Tensor) -> tuple[float, float]:
        """Ratios of the median and of the 0.99 quantile of E to stage 1."""
        tiny = 1e-12
        median, tail = _middle_and_tail(error, self.factors)
        return median / max(self.median, tiny), tail / max(self.tail, tiny)


def _middle_and_tail(error: Tensor, factors: Tensor | None) -> tuple[float, float]:
    median = error.median() if factors is None else quantile(error, 0.5, factors)
    return float(median), float(quantile(error, 0.99, factors))


@torch.no_grad()
def active_units(network: Network, rows: Tensor) -> int:
    """Count latent units that carry information: mean divergence above 0.01 nats; for points, a spread."""
    posterior = network.encode(rows[: at_once(rows)])
    divergence = posterior.divergence()
    if not bool(divergence.any()):
        return int((posterior.mean.var(0) > ACTIVE**2).sum())
    return int((divergence.mean(0) > ACTIVE).sum())


def refuse_collapse(scores: np.ndarray, distinct_rows: int) -> None:
    """Raise where scores cannot rank: fewer than ten distinct values although the rows differ more.

    Raises:
        TrainingError: The scores are constant, nearly so, or not finite.

    """
    if not np.isfinite(scores).all():
        raise TrainingError(
            "training ended in scores that are not finite; scale the columns or lower the rate"
        )
    distinct = len(np.unique(scores))
    if distinct < min(10, distinct_rows):
        raise TrainingError(
            f"training ended in {distinct} distinct scores over {distinct_rows} distinct rows; "
            "the model has collapsed: lower beta or the learning rate"
        )
