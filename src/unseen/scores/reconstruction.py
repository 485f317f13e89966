"""Scores of what is reconstructed badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from unseen.nn.distributions import Pass
from unseen.scores.score import State, weighted_mean


@dataclass(frozen=True)
class Reconstruction:
    """E, the mean over features of the reconstruction error; parts are the error of each feature over D.

    The errors are in the units of the likelihood: squared residuals of scaled features.
    """

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Need nothing."""
        return {}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Error of each feature over D, shape (N, D)."""
        error = out.likelihood.error(x)
        return error / error.shape[1]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Mean error over features, shape (N,)."""
        return out.error(x)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


@dataclass(frozen=True)
class Robust:
    """Mean over features of ln(1 + error / scale^2): many small misfits count more than a single large one.

    The negative log likelihood of a Student-like residual (Cauchy for one degree of freedom), up to a
    constant; `scale` is in standard deviations of the scaled features.
    """

    scale: float = 0.3

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Need nothing."""
        return {}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Part of each feature over D, shape (N, D)."""
        error = out.likelihood.error(x)
        return torch.log1p(error * self.scale**-2) / error.shape[1]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Mean over features, shape (N,)."""
        return torch.log1p(out.likelihood.error(x) * self.scale**-2).mean(1)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


@dataclass(frozen=True)
class Residual:
    """Error of each feature over its own normal size: mean_j error_j / (v_j + floor), v_j from normal rows.

    A Gaussian likelihood with one variance a feature, up to a constant; a feature that normal rows
    reconstruct well speaks louder. `floor` is in units of the mean of v.
    """

    floor: float = 0.1

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Mean error of each feature on normal rows, shape (D,)."""
        size = weighted_mean(out.likelihood.error(x), weights)
        return {"weight": 1.0 / (size + self.floor * size.mean().clamp_min(1e-12))}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Weighted error of each feature over D, shape (N, D)."""
        error = out.likelihood.error(x)
        return error * (state["weight"] / error.shape[1])

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Weighted mean error, shape (N,)."""
        error = out.likelihood.error(x)
        return error @ (state["weight"] / error.shape[1])

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)
