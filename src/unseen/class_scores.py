"""From logits to scores: how little a row looks like one of the normal classes, higher is stranger.

With logits z of k classes, p = softmax(z). Constants are added where they keep digits: a score may be
shifted, its order never. All are computed in double precision, since p of a sure classifier lies closer to
1 than single precision can tell.

All have a largest value, reached where the classes are equally likely. `spread` takes them to the whole line
in the same order, so that evidence can tell a row that is nearly there from one that is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

# Distances to the largest score below which rounding of the logits is all there is; the smallest score.
LEAST, TINY = 1e-12, 1e-300


@runtime_checkable
class ClassScore(Protocol):
    """One way to read logits; higher is stranger."""

    def from_logits(self, logits: Tensor) -> Tensor:
        """Score of each row from logits (N, k), shape (N,)."""

    def spread(self, scores: Tensor, classes: int) -> Tensor:
        """Scores (N,) for that many classes on an unbounded scale, strictly increasing, shape (N,)."""


@dataclass(frozen=True)
class Uniformity:
    """-(logsumexp(z) - mean(z)): minus the cross entropy between the uniform distribution and p, the default.

    At most -ln k, reached where all logits are equal. It is what the loss `unseen.objectives.Uniform` lowers.

    Reference: Hendrycks et al., arXiv 1812.04606.

    >>> Uniformity().from_logits(torch.tensor([[0.0, 0.0], [9.0, 0.0]])).round(decimals=3).tolist()
    [-0.693, -4.5]

    """

    def from_logits(self, logits: Tensor) -> Tensor:
        """Minus the cross entropy of each row, shape (N,), nats."""
        z = logits.double()
        return z.mean(1) - z.logsumexp(1)

    def spread(self, scores: Tensor, classes: int) -> Tensor:
        """Minus the logarithm of the divergence of the uniform distribution from p, shape (N,)."""
        return -(-math.log(classes) - scores).clamp_min(LEAST).log()


@dataclass(frozen=True)
class TopProbability:
    """1 - max p, from 0 (sure of a class) to 1 - 1/k; the order is that of -max p.

    It is computed as the sum of all other probabilities, so that rows the classifier is sure of keep an
    order.

    Reference: Hendrycks and Gimpel, arXiv 1610.02136 (maximum softmax probability).

    >>> TopProbability().from_logits(torch.tensor([[0.0, 0.0], [100.0, 0.0]])).tolist()
    [0.5, 3.720075976020836e-44]

    """

    def from_logits(self, logits: Tensor) -> Tensor:
        """Probability that is not that of the top class, shape (N,)."""
        return _others(logits)

    def spread(self, scores: Tensor, classes: int) -> Tensor:
        """Log odds of score / (1 - 1/k), shape (N,)."""
        return _odds(scores, classes)


@dataclass(frozen=True)
class Window:
    """(1 - 1/k) - max_i |p_i - 1/k|: the cut around 1/k of the original paper; the order is that of the cut.

    For two classes it is the same as `TopProbability`; for more, a row that excludes one class outright is
    held further from the centre of the window.

    Reference: Anomaly Awareness, arXiv 2007.14462.

    >>> Window().from_logits(torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, -100.0]])).round(decimals=3).tolist()
    [0.667, 0.333]

    """

    def from_logits(self, logits: Tensor) -> Tensor:
        """Depth inside the window, shape (N,): 0 for one sure class, 1 - 1/k where all are equal."""
        k = logits.shape[1]
        # the deviation is largest at the top class (1 - 1/k less the others) or at the last one (1/k - p)
        return torch.minimum(_others(logits), 1.0 - 2.0 / k + logits.double().softmax(1).amin(1))

    def spread(self, scores: Tensor, classes: int) -> Tensor:
        """Log odds of score / (1 - 1/k), shape (N,)."""
        return _odds(scores, classes)


def _odds(scores: Tensor, classes: int) -> Tensor:
    top = 1.0 - 1.0 / classes
    return scores.clamp_min(TINY).log() - (top - scores).clamp_min(LEAST).log()


def _others(logits: Tensor) -> Tensor:
    """Sum of all probabilities but the largest, shape (N,)."""
    ordered = logits.double().softmax(1).sort(1, descending=True).values
    return ordered[:, 1:].sum(1)
