"""Per-row losses: the evidence bound on normal rows, the awareness family on known anomalies.

Reductions are those of the specification: E is a mean over features, the divergence a sum over latent
units, and every loss below is one number a row in units of the normal tail, e = E / tau, where tau is the
0.99 quantile of E on held-out normal rows at the end of stage 1. The loop takes the only mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from unseen.nn.distributions import Pass

# Below this the logarithm in `Abc` would leave float32; its gradient is cut there.
SMALLEST = 1e-6


def elbo(out: Pass, x: Tensor, *, beta: float) -> Tensor:
    """Row loss l = E + (beta / D) KL, shape (N,).

    For beta = 2 v it is the negative evidence lower bound of a decoder of variance v, times 2 v / D.
    """
    error = out.error(x)
    return error if beta == 0 else error + (beta / x[0].numel()) * out.divergence()


@dataclass(frozen=True, slots=True)
class Told:
    """What an awareness loss may look at: the pass of N known anomalies, measured in normal tails.

    Attributes:
        excess: e = E / tau of each known anomaly, shape (N,); (E - floor) / tau where errors have a floor.
        divergence: (beta / D) KL / tau, shape (N,).
        reconstruction, x: Decoder mean and row, shape (N, D).
        level: Mean e of the normal rows of the same batch, without gradient, scalar.
        ramp: Progress of the ramp, 0 to 1.
        tau: Scale of E.

    """

    excess: Tensor
    divergence: Tensor
    reconstruction: Tensor
    x: Tensor
    level: Tensor
    ramp: float
    tau: float


# Below this e bends towards 0, which it never reaches, so that what lies below the floor is still pushed.
BEND = 0.05


def floor_of(out: Pass, error: Tensor) -> float:
    """Where errors start, from the pass and the errors (n,) of held-out normal rows.

    Squared residuals start at 0. A likelihood of pixels that are lit by chance has errors around the entropy
    of the rows, all of one size: measured from 0, the strangest normal row would be only half again as
    strange as the plainest. Those are measured from just below the plainest normal row: its error, less a
    tenth of the distance to the 0.99 quantile, and no less than 0.
    """
    if not getattr(out.likelihood, "has_floor", False):
        return 0.0
    least = float(error.min())
    return max(0.0, least - 0.1 * (float(error.quantile(0.99)) - least))


def excess_of(error: Tensor, *, floor: float, scale: float) -> Tensor:
    """Measure errors (N,): e = (E - floor) / scale, kept above 0 where there is a floor.

    >>> excess_of(torch.tensor([0.0, 2.0]), floor=1.0, scale=1.0).tolist()[1]
    1.0
    """
    if floor == 0:
        return error / scale
    excess = (error - floor) / scale
    return torch.where(excess > BEND, excess, BEND * torch.exp(excess.clamp_max(BEND) / BEND - 1.0))


@runtime_checkable
class Awareness(Protocol):
    """A loss on known anomalies: one number a row, small where the row is reconstructed badly."""

    def __call__(self, told: Told) -> Tensor:
        """Loss of each known anomaly, shape (N,)."""


@dataclass(frozen=True)
class Abc:
    """Autoencoding binary classifier, A = -ln(1 - exp(-e)): bounded below by 0, the default.

    The likelihood of "anomaly" under p(normal | x) = exp(-e). Gradient -1 / (exp(e) - 1): strong inside the
    normal tail, gone far outside, so a row that is already strange is left alone.

    Reference: Yamanaka et al., arXiv 1903.10709.

    """

    weight: float = 1.0

    def __call__(self, told: Told) -> Tensor:
        """Loss of each known anomaly, shape (N,)."""
        excess = told.excess.clamp_min(SMALLEST)
        return -(told.ramp * self.weight) * torch.log(-torch.expm1(-excess))


@dataclass(frozen=True)
class Hinge:
    """A = max(0, margin - e): pushes until the error is `margin` normal tails, then stops."""

    margin: float = 2.0
    weight: float = 1.0

    def __call__(self, told: Told) -> Tensor:
        """Loss of each known anomaly, shape (N,)."""
        return (told.ramp * self.weight) * (self.margin - told.excess).clamp_min(0.0)


@dataclass(frozen=True)
class AeSad:
    """A = alpha * mean_j (x'_j - F(x)_j)^2 / tau with F(x) = -x (standardised) or 1 - x (pixels in [0, 1]).

    Asks for a wrong reconstruction instead of a bad one.

    Args:
        reflection: The sum x + F(x): 0 for standardised data, 1 for data in [0, 1].

    Reference: AE-SAD, arXiv 2305.10464.

    """

    alpha: float = 1.0
    reflection: float = 0.0

    def __call__(self, told: Told) -> Tensor:
        """Loss of each known anomaly, shape (N,)."""
        wrong = (told.reconstruction - (self.reflection - told.x)).square().flatten(1).mean(1)
        return (told.ramp * self.alpha / told.tau) * wrong


@dataclass(frozen=True)
class Sigmoid:
    """A = -lambda * sigmoid(e - mean e of the normal rows): bounded below by -lambda.

    Reference: Outlier-exposed VAE, arXiv 2007.01850.

    """

    weight: float = 2.0

    def __call__(self, told: Told) -> Tensor:
        """Loss of each known anomaly, shape (N,)."""
        return -(told.ramp * self.weight) * torch.sigmoid(told.excess - told.level)


@dataclass(frozen=True)
class Inverse:
    """A = eta / (e + 1e-6), the form of Deep SAD.

    Reference: Ruff et al., arXiv 1906.02694.

    """

    eta: float = 1.0

    def __call__(self, told: Told) -> Tensor:
        """Loss of each known anomaly, shape (N,)."""
        return (told.ramp * self.eta) / (told.excess + SMALLEST)


@dataclass(frozen=True)
class Ramp:
    """The published form, A = (l - lambda(t) E) / tau with lambda(t) ramped up to `lambda_max`.

    For a known anomaly this is (1 - lambda) E + (beta / D) KL: below lambda = 1 anomalies are still pulled
    to be reconstructed, at 1 only the divergence is left, above 1 the error is repelled **without bound**.
    Kept for reproduction, with the guards on; `RampCapped` stops at `cap` tails.

    Reference: Strengthening Anomaly Awareness, arXiv 2504.11520.

    """

    lambda_max: float = 2.0

    def __call__(self, told: Told) -> Tensor:
        """Loss of each known anomaly, shape (N,)."""
        return told.divergence + (1.0 - told.ramp * self.lambda_max) * told.excess


@dataclass(frozen=True)
class RampCapped:
    """`Ramp` with E replaced by min(E, cap * tau): bounded, no gradient beyond the cap."""

    lambda_max: float = 2.0
    cap: float = 50.0

    def __call__(self, told: Told) -> Tensor:
        """Loss of each known anomaly, shape (N,)."""
        repelled = told.excess.clamp_max(self.cap)
        return told.divergence + (1.0 - told.ramp * self.lambda_max) * repelled


@runtime_checkable
class ClassAwareness(Protocol):
    """A loss on the logits of known anomalies: small where the classifier is sure of no class."""

    def loss(self, logits: Tensor) -> Tensor:
        """Loss of each known anomaly from its logits (N, k), shape (N,)."""


@dataclass(frozen=True)
class Uniform:
    """A = lambda (logsumexp(z) - mean(z)), the cross entropy between the uniform distribution and softmax(z).

    The awareness loss of a classifier: a known anomaly should look like no class more than like another.
    At least lambda ln k, reached where the k logits are equal; its gradient in z is lambda (p - 1/k), which
    is bounded, so nothing runs away.

    Args:
        weight: lambda, of the mean over known anomalies against the mean cross entropy of normal rows.

    Reference: Anomaly Awareness, arXiv 2007.14462; outlier exposure with lambda 0.5, arXiv 1812.04606.

    >>> Uniform().loss(torch.zeros(1, 10)).item() == 0.5 * torch.tensor(10.0).log().item()
    True

    """

    weight: float = 0.5

    def loss(self, logits: Tensor) -> Tensor:
        """Loss of each known anomaly from its logits (N, k), shape (N,)."""
        return self.weight * (logits.logsumexp(1) - logits.mean(1))


def aware_rows(
    out: Pass,
    x: Tensor,
    known: Tensor,
    *,
    awareness: Awareness,
    beta: float,
    tau: float,
    ramp: float,
    factors: Tensor | None = None,
    floor: float = 0.0,
) -> Tensor:
    """Loss of each row of a mixed batch, in units of tau, shape (N,).

    Normal rows: l / tau. Known anomalies: the awareness loss. `known` is a boolean mask whose True rows come
    last, so that both parts are slices. `factors` weigh the level of the normal rows, not their losses.
    `tau` is the 0.99 quantile of normal errors above their `floor`.
    """
    normal = int((~known).sum())
    error = excess_of(out.error(x), floor=floor, scale=tau)
    weight = beta / (x[0].numel() * tau)
    divergence = weight * out.divergence() if beta else torch.zeros_like(error)
    told = Told(
        excess=error[normal:],
        divergence=divergence[normal:],
        reconstruction=out.likelihood.mean[normal:],
        x=x[normal:],
        level=_level(error[:normal].detach(), factors),
        ramp=ramp,
        tau=tau,
    )
    return torch.cat([error[:normal] + divergence[:normal], awareness(told)])


def _level(error: Tensor, factors: Tensor | None) -> Tensor:
    return error.mean() if factors is None else (error * factors).sum() / factors.sum().clamp_min(1e-12)
