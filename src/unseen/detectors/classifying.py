"""The reader of classifiers: from rows to logits to one raw score a row, and to the features it hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unseen.class_scores import ClassScore
from unseen.detectors.readers import in_blocks

Floats = NDArray[np.float64]

# Points on the way from the origin at which gradients are taken.
POINTS = 16


@dataclass(frozen=True, eq=False)
class Classifying:
    """Networks and the score their logits are read with; a row's score is the mean over networks.

    Attributes:
        networks: Rows (N, *shape) to logits (N, k).
        score: How logits are read.

    """

    networks: tuple[nn.Module, ...]
    score: ClassScore

    def rows(self, x: Tensor) -> Floats:
        """Mean over networks of the score spread over the whole line, shape (N,)."""
        return in_blocks(lambda block: self._scores(block, spread=True), x, self.networks[0])

    def published(self, x: Tensor) -> Floats:
        """Mean score over networks as the score defines it, shape (N,)."""
        return in_blocks(self._scores, x, self.networks[0])

    def probabilities(self, x: Tensor) -> Floats:
        """Mean probability of each class over networks, shape (N, k)."""

        def read(block: Tensor) -> Tensor:
            return torch.stack([net(block).double().softmax(1) for net in self.networks]).mean(0)

        return in_blocks(read, x, self.networks[0])

    def parts(self, x: Tensor) -> Floats:
        """Size of the integrated gradient of each feature, shape (N, D): what the score hangs on."""
        return in_blocks(lambda block: self.attributed(block).abs(), x, self.networks[0])

    def attributed(self, block: Tensor) -> Tensor:
        """Integrated gradient of each feature, shape (N, D): signed, adding up to score(x) - score(0).

        x_j times the mean of the slope of the score in x_j on the way from the origin, which is the mean
        normal row of a table and a black image, taken at 16 points.

        Reference: Sundararajan, Taly and Yan, arXiv 1703.01365.

        """
        # scoring runs without gradients, whose tensors autograd does not take: copies of them it does
        with torch.inference_mode(False), torch.enable_grad():
            rows = block.clone()
            total = torch.zeros_like(rows)
            for point in range(POINTS):
                there = (rows * ((point + 0.5) / POINTS)).requires_grad_()
                (slope,) = torch.autograd.grad(self._scores(there).sum(), there)
                total += slope
            return (rows * total / POINTS).flatten(1)

    def names(self, features: Sequence[str]) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)

    def _scores(self, block: Tensor, *, spread: bool = False) -> Tensor:
        values = []
        for network in self.networks:
            logits = network(block)
            score = self.score.from_logits(logits)
            values.append(self.score.spread(score, logits.shape[1]) if spread else score)
        return torch.stack(values).mean(0)
