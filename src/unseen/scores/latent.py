"""Scores of the posterior of the code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from unseen.nn.distributions import Pass
from unseen.scores.score import State, weighted_mean


@dataclass(frozen=True)
class Divergence:
    """KL of the posterior from the prior, nats; parts are latent units."""

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Need nothing."""
        return {}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """KL of each latent unit, shape (N, Z); one a position stands first where categories share it."""
        divergence = out.posterior.divergence()
        missing = out.posterior.mean.shape[1] - divergence.shape[1]
        return torch.nn.functional.pad(divergence, (0, missing)) if missing else divergence

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """KL of each row, shape (N,)."""
        return self.parts(out, x, state).sum(1)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Latent units."""
        return tuple(f"latent {unit}" for unit in range(latent))


@dataclass(frozen=True)
class Latent:
    """Squared distance of the code from the codes of normal rows, each unit over its own variance."""

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Mean and inverse variance of each unit over normal rows, shape (Z,)."""
        mean = out.posterior.mean
        centre = weighted_mean(mean, weights)
        variance = mean.var(0, correction=0)
        if weights is not None:
            variance = weighted_mean((mean - centre).square(), weights)
        return {
            "centre": centre,
            "weight": 1.0 / variance.clamp_min(1e-3 * float(variance.max()) + 1e-12),
        }

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Weighted squared distance of each unit, shape (N, Z)."""
        return (out.posterior.mean - state["centre"]).square() * state["weight"]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Squared distance of each row, shape (N,)."""
        return self.parts(out, x, state).sum(1)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Latent units."""
        return tuple(f"latent {unit}" for unit in range(latent))
