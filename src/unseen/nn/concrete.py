"""Concrete distributions: one of K categories, softened by a temperature so that gradients pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from unseen.seeds import torch_generator

# Uniform numbers stay this far from 0 and 1, so that Gumbel numbers stay finite.
EDGE = 1e-6
# Temperatures of a prior, drawn once and kept.
TEMPERATURES = (0.1, 1.0)


def log_density(log_y: Tensor, log_pi: Tensor, temperature: Tensor) -> Tensor:
    """Log density of Concrete(pi, tau) at points y of the simplex, nats.

    ln (K-1)! + (K-1) ln tau + sum_k (ln pi_k - (tau+1) ln y_k) - K ln sum_k pi_k y_k^-tau, in log space.

    Args:
        log_y: ln y, shape (..., K, P).
        log_pi: ln pi up to a constant, shape (..., K, P).
        temperature: tau, shape (..., P).

    Returns:
        Shape (..., P).

    Reference: Maddison, Mnih and Teh, arXiv 1611.00712.

    >>> third = torch.full((3, 1), 1 / 3).log()  # at temperature 1 and equal pi, this is uniform: 2!
    >>> round(float(log_density(third, third, torch.ones(1)).exp()), 4)
    2.0

    """
    count = log_y.shape[-2]
    single = (log_pi - log_y).sum(-2) - temperature * log_y.sum(-2)
    together = torch.logsumexp(log_pi - temperature.unsqueeze(-2) * log_y, dim=-2)
    return math.lgamma(count) + (count - 1) * temperature.log() + single - count * together


class MixturePrior(nn.Module):
    """Uniform mixture of Concretes at each of P positions; their logits are learned, temperatures are not.

    Args:
        components, categories, positions: Numbers of each.

    """

    temperatures: Tensor

    def __init__(self, components: int, categories: int, positions: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(0.1 * torch.randn(components, categories, positions))
        low, high = TEMPERATURES
        self.register_buffer("temperatures", low + (high - low) * torch.rand(components, positions))

    def log_density(self, log_y: Tensor) -> Tensor:
        """Log density at points (..., K, P) given as logarithms, shape (..., P)."""
        log_pi = self.logits.log_softmax(1)
        each = [
            log_density(log_y, pi, tau) for pi, tau in zip(log_pi, self.temperatures, strict=True)
        ]  # one by one: all at once are the largest tensor of a training step
        return torch.stack(each).logsumexp(0) - math.log(len(each))


@dataclass(frozen=True, slots=True)
class Concrete:
    """Posterior over the category of each of P positions, against a learned mixture prior.

    The divergence has no closed form. It is the mean of ln q - ln p over draws: in training the draws of the
    batch, each row also reading the noise of the rows after it; else a fixed bank of draws, the same for
    every row and every run, so that scores are deterministic.

    Attributes:
        logits: Shape (N, K, P).
        temperature: tau, shape (N, P).
        prior: p.
        samples: Draws in a mean.
        noise: Standard normal noise of a training batch, (N, K, P); None takes the bank.

    Reference: Jang, Gu and Poole, arXiv 1611.01144; the bank: common random numbers.

    """

    logits: Tensor
    temperature: Tensor
    prior: MixturePrior
    samples: int = 10
    noise: Tensor | None = None

    @property
    def mean(self) -> Tensor:
        """Probabilities of the categories, flattened, shape (N, K * P)."""
        return self.logits.softmax(1).flatten(1)

    def draw(self, noise: Tensor) -> Tensor:
        """One draw per row from standard normal noise (N, K * P), shape (N, K * P)."""
        return self._log_draw(noise.view_as(self.logits)).exp().flatten(1)

    def divergence(self) -> Tensor:
        """KL(q || p) of each position by Monte Carlo, shape (N, P), nats.

        A mean of few draws can lie below 0. Training takes it as it is, without bias; from the bank it is
        lifted to 0, which is nearer the truth.
        """
        log_pi = self.logits.log_softmax(1)
        log_y = torch.stack([self._log_draw(noise) for noise in self._noises()])
        single = log_density(log_y, log_pi, self.temperature) - self.prior.log_density(log_y)
        return single.mean(0) if self.noise is not None else single.mean(0).clamp_min(0.0)

    def _noises(self) -> tuple[Tensor, ...]:
        if self.noise is None:
            return bank(self.samples, self.logits.shape[1], self.logits.shape[2]).unbind()
        return tuple(self.noise.roll(-by, 0) for by in range(min(self.samples, len(self.noise))))

    def _log_draw(self, noise: Tensor) -> Tensor:
        """Ln y of one draw per row, noise (N, K, P) or alike for all rows (K, P)."""
        uniform = torch.special.ndtr(noise).clamp(EDGE, 1.0 - EDGE)
        gumbel = -torch.log(-torch.log(uniform))
        return ((self.logits + gumbel) / self.temperature.unsqueeze(1)).log_softmax(1)


@lru_cache(maxsize=8)
def bank(samples: int, categories: int, positions: int) -> Tensor:
    """Return the fixed noise that divergences are scored with, shape (samples, K, P)."""
    # a tensor first made while scoring must serve training later
    with torch.inference_mode(mode=False):
        return torch.randn(samples, categories, positions, generator=torch_generator(0, 5))
