"""What a model returns: a posterior over the latent code and a likelihood of the row, both per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional


class Posterior(Protocol):
    """A distribution over the latent code z of each row."""

    @property
    def mean(self) -> Tensor:
        """Latent mean, shape (N, Z)."""

    def draw(self, noise: Tensor) -> Tensor:
        """Turn standard normal noise (N, Z) into one draw of z per row, shape (N, Z)."""

    def divergence(self) -> Tensor:
        """Divergence of each latent unit from the prior, shape (N, Z), nats."""


class Likelihood(Protocol):
    """A distribution over the row itself, given its code."""

    @property
    def mean(self) -> Tensor:
        """Expected row, shape of x."""

    def error(self, x: Tensor) -> Tensor:
        """Non-negative error of each feature, shape (N, D); its mean over D is the spec's E."""


@dataclass(frozen=True, slots=True)
class DiagonalNormal:
    """Normal posterior with independent units: z_k ~ N(mean_k, exp(log_variance_k))."""

    mean: Tensor
    log_variance: Tensor

    def draw(self, noise: Tensor) -> Tensor:
        """Reparameterised draw, z = mean + exp(log_variance / 2) * noise."""
        return torch.addcmul(self.mean, torch.exp(0.5 * self.log_variance), noise)

    def divergence(self) -> Tensor:
        """KL to the standard normal per unit: (mean^2 + s^2 - 1 - ln s^2) / 2, nats."""
        return 0.5 * (self.mean.square() + torch.expm1(self.log_variance) - self.log_variance)


@dataclass(frozen=True, slots=True)
class Point:
    """A code without spread: the posterior of a plain auto-encoder. Its divergence is zero."""

    mean: Tensor

    def draw(self, noise: Tensor) -> Tensor:
        """Return the code itself."""
        return self.mean

    def divergence(self) -> Tensor:
        """Zeros, shape (N, Z)."""
        return torch.zeros_like(self.mean)


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Normal likelihood of fixed, equal variance: the error is the squared residual."""

    mean: Tensor

    def error(self, x: Tensor) -> Tensor:
        """(x_j - x'_j)^2 per feature, shape (N, D)."""
        return (x - self.mean).square().flatten(1)


@dataclass(frozen=True, slots=True)
class Bernoulli:
    """Bernoulli likelihood of values in [0, 1], from logits."""

    logits: Tensor

    @property
    def mean(self) -> Tensor:
        """Sigmoid of the logits, shape of x."""
        return torch.sigmoid(self.logits)

    def error(self, x: Tensor) -> Tensor:
        """Binary cross entropy per feature, shape (N, D), nats."""
        loss = functional.binary_cross_entropy_with_logits(self.logits, x, reduction="none")
        return loss.flatten(1)


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of rows through a model: everything losses and scores are computed from.

    Attributes:
        posterior, likelihood: Of the code, and of the row given the code.
        condition: Small code (N, M) of a model that has one beside z; None elsewhere.

    """

    posterior: Posterior
    likelihood: Likelihood
    condition: Tensor | None = None

    def error(self, x: Tensor) -> Tensor:
        """Reconstruction error of each row, E = mean over features, shape (N,)."""
        return self.likelihood.error(x).mean(1)

    def divergence(self) -> Tensor:
        """Divergence of each row, summed over latent units, shape (N,), nats."""
        return self.posterior.divergence().sum(1)
