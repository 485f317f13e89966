"""What rows bring along that is no feature: event weights, and a variable that the errors must not follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unseen.training.loop import Batch


@dataclass(frozen=True, eq=False)
class Beside:
    """One value a row beside the features; None where there is none.

    Attributes:
        weights: Event weights, shape (N,); only their ratios matter.
        protected: A variable that is no feature, such as a mass, shape (N,).

    """

    weights: Tensor | None = None
    protected: Tensor | None = None

    def at(self, places: Tensor | NDArray[Any] | slice) -> Self:
        """Return the same of some rows: places, a mask (N,), or a slice."""
        if isinstance(places, np.ndarray):
            places = torch.from_numpy(places)
        return type(self)(
            None if self.weights is None else self.weights[places],
            None if self.protected is None else self.protected[places],
        )

    @property
    def factors(self) -> Tensor | None:
        """Weights over their mean, float32, shape (N,); None where they are all equal."""
        weights = self.weights
        if weights is None or not len(weights) or bool((weights == weights[0]).all()):
            return None
        return (weights.double() / weights.double().mean()).float()


def weigh(losses: Tensor, batch: Batch, normal: Tensor | None, known: Tensor | None) -> Tensor:
    """Multiply the loss of each row of a batch by its factor among the normal rows or the known anomalies.

    Args:
        losses: Shape (B,), normal rows first.
        batch: Says where the rows stand.
        normal, known: Factors (N,) and (K,), mean 1 each; None leaves that side alone.

    """
    if normal is None and known is None:
        return losses
    first = len(batch.normal_places)
    parts = [losses[:first], losses[first:]]
    if normal is not None:
        parts[0] = parts[0] * normal[batch.normal_places]
    if known is not None and len(parts[1]):
        parts[1] = parts[1] * known[batch.known_places]
    return torch.cat(parts)


def mean(values: Tensor, factors: Tensor | None) -> Tensor:
    """Mean of values (N,) weighted by factors (N,); torch's mean without."""
    return values.mean() if factors is None else (values * factors).sum() / factors.sum()


def quantile(values: Tensor, share: float, factors: Tensor | None) -> Tensor:
    """Smallest value with the share of the weight at or below it; torch's quantile without factors.

    >>> float(quantile(torch.tensor([1.0, 2.0, 3.0]), 0.5, torch.tensor([1.0, 1.0, 8.0])))
    3.0
    """
    if factors is None:
        return values.quantile(share)
    ordered, order = values.sort()
    reached = factors[order].double().cumsum(0)
    place = int(torch.searchsorted(reached, share * reached[-1] * (1.0 - 1e-6)))
    return ordered[min(place, len(ordered) - 1)]


def without_largest(losses: Tensor, share: float, factors: Tensor | None) -> Tensor:
    """Return weighted losses (N,) without the largest ones, which hold the share of the rows or weight."""
    if factors is None:
        return losses.sort().values[: max(1, len(losses) - round(share * len(losses)))]
    order = losses.detach().argsort()
    reached = factors[order].double().cumsum(0)
    keep = max(1, int((reached <= (1.0 - share) * reached[-1] * (1.0 + 1e-6)).sum()))
    return (losses * factors)[order[:keep]]
