"""Errors that do not follow a protected variable: distance correlation as a penalty of training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from unseen.training.beside import Beside
from unseen.training.loop import Batch

# Held-out rows the penalty is watched on: distances are quadratic in them.
WATCHED = 1_000


@dataclass(frozen=True)
class DisCo:
    """Add weight * dCorr^2(E, m) over the normal rows of a batch to the loss of either stage.

    dCorr^2 is the squared distance correlation of the reconstruction error with the protected variable m,
    which is no feature: 0 where they are independent, 1 where one is a line in the other. It does not depend
    on the unit of either; in stage 1 the loss it is added to is a mean squared error of scaled features, in
    stage 2 one in normal tails. It costs O(batch^2) and acts on what is trained, the networks; a bank of
    neighbours is not trained and may follow m as before.

    Reference: Kasieczka and Shih, arXiv 2001.05310; distance correlation: Szekely, Rizzo and Bakirov, Annals
    of Statistics 35 (2007) 2769.

    >>> DisCo(weight=2.0)
    DisCo(weight=2.0)

    """

    weight: float = 1.0

    def __call__(self, error: Tensor, protected: Tensor, factors: Tensor | None = None) -> Tensor:
        """Penalty of rows with errors (B,), protected values (B,) and weights (B,), scalar."""
        return self.weight * squared_distance_correlation(error, protected, factors)


class Penalty:
    """The decorrelation asked for, on batches and on the held-out rows; nothing where none is asked for."""

    def __init__(self, decorrelate: DisCo | None, beside: Beside, watched: Beside) -> None:
        self.asked = decorrelate is not None
        self._decorrelate = decorrelate
        self._beside, self._factors = beside, beside.factors
        self._watched = watched.at(slice(0, WATCHED))

    def of(self, error: Tensor, batch: Batch) -> Tensor:
        """Penalty of the normal rows of a batch by their errors (B,), scalar."""
        if self._decorrelate is None or self._beside.protected is None:
            return torch.zeros(())
        own = None if self._factors is None else self._factors[batch.normal_places]
        return self._decorrelate(error, self._beside.protected[batch.normal_places], own)

    def added(self, losses: Tensor, error: Tensor, batch: Batch) -> Tensor:
        """Add the penalty to the losses (N,) of the normal rows of a batch.

        Args:
            losses: Normal rows first, then known anomalies, shape (N,).
            error: What must not follow the protected variable, shape (N,) or that of the normal rows alone.

        """
        first = len(batch.normal_places)
        return torch.cat([losses[:first] + self.of(error[:first], batch), losses[first:]])

    def watched(self, error: Tensor) -> float:
        """Penalty of the held-out rows by their errors (n,)."""
        if self._decorrelate is None or self._watched.protected is None:
            return 0.0
        return float(self._decorrelate(error[:WATCHED], self._watched.protected, self._watched.factors))


def squared_distance_correlation(x: Tensor, y: Tensor, factors: Tensor | None = None) -> Tensor:
    """Squared distance correlation of two columns (B,), differentiable, weighted by factors (B,).

    0 where one of the columns is constant.

    >>> x = torch.linspace(-1.0, 1.0, 50)
    >>> round(float(squared_distance_correlation(x, 3.0 * x - 1.0)), 4)
    1.0
    """
    weights = torch.ones_like(x) if factors is None else factors
    weights = weights / weights.sum()
    pairs = weights[:, None] * weights[None, :]
    a, b = _centred(x, weights), _centred(y, weights)
    shared = (pairs * a * b).sum()
    own = (pairs * a * a).sum() * (pairs * b * b).sum()
    # the root has no slope at 0, where there is nothing to decorrelate either
    return shared / own.clamp_min(1e-24).sqrt()


def _centred(column: Tensor, weights: Tensor) -> Tensor:
    """Distances between all rows, (B, B), without the mean of their row and column."""
    # in units of the spread, so that squares of products stay far from the ends of float32
    column = (column - column.detach().mean()) / column.detach().std().clamp_min(1e-12)
    distance = (column[:, None] - column[None, :]).abs()
    mean = distance @ weights
    return distance - mean[:, None] - mean[None, :] + mean @ weights
