"""Readers: from scaled rows to one raw score a row, and to the features that made it.

A reader is what a detector keeps of a fitted model: networks with a fitted score, or a bank of normal rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unseen.models.neighbours import Bank, Reference
from unseen.models.network import Network
from unseen.scores import Combined, Score, State
from unseen.training.beside import quantile
from unseen.training.threads import threads_for
from unseen.training.watched import whole_pass

Floats = NDArray[np.float64]

# Rows a block: large enough that layer calls dominate, small enough that activations stay in cache.
BLOCK = 2048
# Rows of more numbers pass in shorter blocks: event images of 12,528 numbers by 320.
NUMBERS = 2**22
# Short inputs are padded to a multiple of this, so that a row's score does not depend on its company.
GRAIN = 64


class Reader(Protocol):
    """Raw scores of rows, higher is stranger, and the parts that explain them."""

    def rows(self, x: Tensor) -> Floats:
        """Raw score of each scaled row (N, *shape), shape (N,)."""

    def parts(self, x: Tensor) -> Floats:
        """Non-negative part of each name in the score of each row, shape (N, M); only ratios matter."""

    def names(self, features: Sequence[str]) -> tuple[str, ...]:
        """Names of the M parts, from the D feature names."""


@dataclass(frozen=True, eq=False)
class Reconstructing:
    """Networks and the score their passes are read with; a row's score is the mean over networks.

    Attributes:
        networks, score: The members and how a pass is read.
        states: What the score learned from normal rows, one mapping a network.
        tau: 0.99 quantile of E on held-out normal rows, one a network.

    """

    networks: tuple[Network, ...]
    score: Score
    states: tuple[State, ...]
    tau: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        networks: Sequence[Network],
        score: Score,
        held_out: Tensor,
        weights: Tensor | None = None,
        trained: Tensor | None = None,
    ) -> Reconstructing:
        """Fit the score on held-out normal rows (n, *shape) of weights (n,), beside rows trained on."""
        states, taus = [], []
        with torch.no_grad():
            for network in networks:
                out = whole_pass(network, held_out)
                states.append(dict(score.fit(out, held_out, weights, trained)))
                taus.append(float(quantile(out.error(held_out), 0.99, weights).clamp_min(1e-9)))
        return cls(tuple(networks), score, tuple(states), tuple(taus))

    def rows(self, x: Tensor) -> Floats:
        """Mean score over networks, shape (N,)."""

        def read(block: Tensor) -> Tensor:
            return self._mean(block, lambda n, s: self.score.rows(n(block), block, s))

        return in_blocks(read, x, self.networks[0])

    def parts(self, x: Tensor) -> Floats:
        """Mean parts over networks, shape (N, M); here they add up to `rows`."""

        def read(block: Tensor) -> Tensor:
            return self._mean(block, lambda n, s: self.score.parts(n(block), block, s))

        return in_blocks(read, x, self.networks[0])

    def each(self, x: Tensor) -> tuple[tuple[str, ...], Floats]:
        """Names, and values (N, S), of the scores a combined score is made of; else of the one there is."""
        score = self.score
        if not isinstance(score, Combined):
            return (type(score).__name__,), self.rows(x)[:, None]

        def read(block: Tensor) -> Tensor:
            return self._mean(block, lambda n, s: score.each(n(block), block, s))

        return score.labels(), in_blocks(read, x, self.networks[0])

    def names(self, features: Sequence[str]) -> tuple[str, ...]:
        """Features, or latent units, as the score has it."""
        return self.score.names(features, self.networks[0].latent)

    def _mean(self, block: Tensor, read: Callable[[Network, Mapping[str, Tensor]], Tensor]) -> Tensor:
        values = [read(network, state) for network, state in zip(self.networks, self.states, strict=True)]
        return values[0] if len(values) == 1 else torch.stack(values).mean(0)


@dataclass(frozen=True, eq=False)
class Neighbouring:
    """Strangeness among the rows of a bank."""

    bank: Bank

    def rows(self, x: Tensor) -> Floats:
        """Locally scaled distance to the nearest normal rows, logarithm, shape (N,)."""
        return in_blocks(lambda block: self.bank.strangeness(self.bank.encode(block)), x)

    def parts(self, x: Tensor) -> Floats:
        """Share of each feature in the displacement from the nearest normal rows, shape (N, D)."""
        return in_blocks(self.bank.parts, x)

    def names(self, features: Sequence[str]) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


@dataclass(frozen=True, eq=False)
class Nearness:
    """Nearness to known anomalies (codes (K, P)) against nearness to the normal rows of a bank."""

    bank: Bank
    known: Tensor

    def rows(self, x: Tensor) -> Floats:
        """Ln of the distance ratio, shape (N,)."""
        return in_blocks(lambda block: self.bank.ratio(self.bank.encode(block), self._reference), x)

    @cached_property
    def _reference(self) -> Reference:
        return Reference(self.known)

    def parts(self, x: Tensor) -> Floats:
        """Share of each feature in the displacement from the nearest normal rows, shape (N, D)."""
        return in_blocks(self.bank.parts, x)

    def names(self, features: Sequence[str]) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


def in_blocks(read: Callable[[Tensor], Tensor], x: Tensor, network: nn.Module | None = None) -> Floats:
    """Apply `read` block by block and gather its results as float64; the thread count follows `network`."""
    found: Floats | None = None
    with torch.inference_mode(), threads_for(network or nn.Identity(), BLOCK):
        for start, stop, block in _blocks(x):
            values = read(block)[: stop - start].double().numpy()
            if found is None:
                found = np.empty((len(x), *values.shape[1:]))
            found[start:stop] = values
    return found if found is not None else np.empty((0,))


def _blocks(rows: Tensor) -> Iterator[tuple[int, int, Tensor]]:
    """Cut rows into (start, stop, block), the block padded with its own last row to the grain."""
    most = min(BLOCK, max(GRAIN, NUMBERS // max(1, rows[:1].numel()) // GRAIN * GRAIN))
    for start in range(0, len(rows), most):
        block = rows[start : start + most]
        short = -len(block) % GRAIN
        padded = torch.cat([block, block[-1:].expand(short, *block.shape[1:])]) if short else block
        yield start, start + len(block), padded
