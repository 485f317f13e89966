"""Readers of a committee: a density, trees, spread labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unseen.detectors.readers import Neighbouring, Reader, in_blocks
from unseen.models.forest import Grown
from unseen.models.mixture import Density
from unseen.models.spreading import Spread

Floats = NDArray[np.float64]

# Rows a density reads at a time: what it computes of each is some hundred numbers, and stays in cache.
ROWS = 512


@dataclass(frozen=True, eq=False)
class DensityReader:
    """Strangeness under a density of normal rows."""

    density: Density

    def rows(self, x: Tensor) -> Floats:
        """Minus the log density, shape (N,)."""

        def read(block: Tensor) -> Tensor:
            return torch.cat([self.density.strangeness(part) for part in torch.split(block, ROWS)])

        return in_blocks(read, x)

    def parts(self, x: Tensor) -> Floats:
        """Share of each feature in the distance from the likeliest component, shape (N, D)."""
        return in_blocks(self.density.parts, x)

    def names(self, features: Sequence[str]) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


@dataclass(frozen=True, eq=False)
class ForestReader:
    """Trees over the features and the scores of what was learned unaided.

    Attributes:
        grown: The trees; their columns are the D features, then one score for each of `unaided`.
        unaided: Readers of stage 1.

    """

    grown: Grown
    unaided: tuple[Reader, ...]

    def rows(self, x: Tensor) -> Floats:
        """Log odds of being like what was told, shape (N,)."""
        return self.rows_beside(x, [reader.rows(x) for reader in self.unaided])

    def rows_beside(self, x: Tensor, scores: Sequence[Floats]) -> Floats:
        """Return the same where the scores of `unaided` are known, shape (N,) each."""
        return in_blocks(lambda block: torch.logit(self.grown.share(block), eps=1e-6), _beside(x, scores))

    def parts(self, x: Tensor) -> Floats:
        """How far each feature raised the vote, shape (N, D); an unaided score passes on to its features."""
        parts = in_blocks(self.grown.parts, with_scores(x, self.unaided))
        width = parts.shape[1] - len(self.unaided)
        own = parts[:, :width].copy()
        for place, reader in enumerate(self.unaided):
            theirs = reader.parts(x)
            own += parts[:, width + place, None] * theirs / np.maximum(theirs.sum(1, keepdims=True), 1e-300)
        return own

    def names(self, features: Sequence[str]) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


@dataclass(frozen=True, eq=False)
class SpreadReader:
    """Labels that spread along the neighbourhoods of unlabelled rows."""

    spread: Spread

    def rows(self, x: Tensor) -> Floats:
        """Ln of the level of labels around each row, shape (N,)."""
        return in_blocks(self.spread.nearness, x)

    def parts(self, x: Tensor) -> Floats:
        """Share of each feature in what sets a row apart, shape (N, D)."""
        return in_blocks(self.spread.parts, x)

    def names(self, features: Sequence[str]) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


def with_scores(x: Tensor, unaided: Sequence[Reader]) -> Tensor:
    """Rows (N, D) with the raw scores of M readers beside them, shape (N, D + M)."""
    return _beside(x, [reader.rows(x) for reader in unaided])


def with_scores_apart(x: Tensor, unaided: Sequence[Reader]) -> Tensor:
    """Return the same for rows that readers learned from: a bank of rows does not count the row itself."""
    return _beside(x, [_rows_apart(reader, x) for reader in unaided])


def _rows_apart(reader: Reader, x: Tensor) -> Floats:
    if not isinstance(reader, Neighbouring):
        return reader.rows(x)
    bank = reader.bank
    return in_blocks(lambda block: bank.strangeness_apart(bank.encode(block)), x)


def _beside(x: Tensor, scores: Sequence[Floats]) -> Tensor:
    return torch.cat([x.flatten(1), *(torch.from_numpy(s).float()[:, None] for s in scores)], dim=1)
