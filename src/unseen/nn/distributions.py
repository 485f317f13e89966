"""What a model returns: a posterior over the latent code and a likelihood of the row, both per row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, ClassVar, Protocol

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
class Masked:
    """Bernoulli likelihood of which pixels are lit, z > 0, in the first K channels of event images.

    Channels beyond K are not modelled: their error is 0 and their mean too.

    Attributes:
        logits: Of lit pixels, shape (N, K, H, W).
        channels: C of the images, at least K.
        has_floor: Whether the best possible errors lie far above 0, at the entropy of the rows.

    """

    has_floor: ClassVar[bool] = True
    logits: Tensor
    channels: int

    @property
    def lit(self) -> Tensor:
        """Probability that a pixel is lit, shape (N, C, H, W)."""
        return _beside_nothing(torch.sigmoid(self.logits), self.channels)

    @property
    def mean(self) -> Tensor:
        """Expected mask (not energy), shape (N, C, H, W)."""
        return self.lit

    def error(self, x: Tensor) -> Tensor:
        """Binary cross entropy of the mask of images x (N, C, H, W), shape (N, C * H * W), nats."""
        return _beside_nothing(_mask_error(self.logits, x), self.channels).flatten(1)

    def terms(self, x: Tensor) -> Tensor:
        """Sum over pixels for each channel modelled, shape (N, K), nats."""
        return _mask_error(self.logits, x).sum((2, 3))


# ln sigma of the energy of a lit pixel: 5 % at best, 740 % at worst.
LOG_SIGMA = (-3.0, 2.0)
# ln of the width of a bin in ln E whose probability cannot exceed 1 at the smallest sigma.
LOG_BIN = LOG_SIGMA[0] + 0.5 * math.log(2.0 * math.pi)
# E_T below which energies are not told apart, GeV; keeps ln E finite where a pixel is barely lit.
LEAST_ENERGY = 1e-3


@dataclass(frozen=True, slots=True)
class Hurdle:
    """Likelihood of event images z = ln(1 + E / 1 GeV): which pixels are lit, and with what energy.

    For each pixel and channel

        -ln p = BCE(l, lit) + lit (r^2 / 2 + ln sigma + ln(2 pi) / 2),   r = (ln E - mu) / sigma

    with ln sigma within [-3, 2]. Errors have to be non-negative (guards and awareness measure their ratios),
    and a density is not: `error` therefore is that of energies told apart in bins of width
    e^-3 sqrt(2 pi) = 0.125 in ln E, which adds 2.08 for each lit pixel. The constant depends on x alone, so
    gradients are those of the density; `terms` are without it.

    Attributes:
        logits, centre, log_sigma: l, mu and ln sigma (unbounded), each shape (N, K, H, W), of the first K
            channels; the others are not modelled.
        channels: C of the images, at least K.
        has_floor: Whether the best possible errors lie far above 0, at the entropy of the rows.

    Reference: Cragg, Econometrica 39 (1971) 829.

    """

    has_floor: ClassVar[bool] = True
    logits: Tensor
    centre: Tensor
    log_sigma: Tensor
    channels: int

    @property
    def lit(self) -> Tensor:
        """Probability that a pixel is lit, shape (N, C, H, W)."""
        return _beside_nothing(torch.sigmoid(self.logits), self.channels)

    @property
    def mean(self) -> Tensor:
        """Probability of being lit times ln(1 + e^mu), the median where lit, shape (N, C, H, W)."""
        found = torch.sigmoid(self.logits) * functional.softplus(self.centre)
        return _beside_nothing(found, self.channels)

    def error(self, x: Tensor) -> Tensor:
        """-ln p of each pixel and channel of x (N, C, H, W), energies binned, shape (N, C * H * W), nats."""
        found = _mask_error(self.logits, x)
        places, energy = self._energy(x)
        found = found.flatten().index_add(0, places, energy - LOG_BIN).view_as(self.logits)
        return _beside_nothing(found, self.channels).flatten(1)

    def terms(self, x: Tensor) -> Tensor:
        """Both terms summed over pixels: mask of each channel, then energy, shape (N, 2 K), nats."""
        places, energy = self._energy(x)
        dense = torch.zeros(self.logits.numel()).index_add(0, places, energy).view_as(self.logits)
        return torch.cat([_mask_error(self.logits, x).sum((2, 3)), dense.sum((2, 3))], dim=1)

    def _energy(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Flat places of the lit pixels, and -ln p(ln E) there; few are lit, so only these are read."""
        z = x[:, : self.logits.shape[1]].flatten()
        places = (z > 0).nonzero().flatten()
        log_energy = torch.expm1(z[places]).clamp_min(LEAST_ENERGY).log()
        log_sigma = self.log_sigma.flatten()[places].clamp(*LOG_SIGMA)
        pull = (log_energy - self.centre.flatten()[places]) * torch.exp(-log_sigma)
        return places, 0.5 * pull.square() + log_sigma + 0.5 * math.log(2.0 * math.pi)


def _mask_error(logits: Tensor, x: Tensor) -> Tensor:
    """Binary cross entropy of z > 0 in the first K channels, shape of the logits (N, K, H, W)."""
    lit = (x[:, : logits.shape[1]] > 0).to(logits.dtype)
    return functional.binary_cross_entropy_with_logits(logits, lit, reduction="none")


def _beside_nothing(maps: Tensor, channels: int) -> Tensor:
    """Fill (N, K, H, W) up to (N, C, H, W) by zeros."""
    missing = channels - maps.shape[1]
    return functional.pad(maps, (0, 0, 0, 0, 0, missing)) if missing else maps


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of rows through a model: everything losses and scores are computed from.

    Attributes:
        posterior, likelihood: Distributions of the code and of the row.
        condition: The small code Z_m (N, M) of a dual auto-encoder; None where there is none.

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


def joined(passes: Sequence[Pass]) -> Pass:
    """Put passes of some rows each together to one pass of all of them, in their order."""
    whole: Pass = passes[0] if len(passes) == 1 else _joined(passes)
    return whole


def _joined(things: Sequence[Any]) -> Any:
    """Concatenate what is a tensor of each thing and its fields; of the rest the first speaks for all."""
    first = things[0]
    if isinstance(first, Tensor):
        return torch.cat(list(things))
    if is_dataclass(first) and not isinstance(first, type):
        parts = {f.name: _joined([getattr(thing, f.name) for thing in things]) for f in fields(first)}
        return replace(first, **parts)
    return first
