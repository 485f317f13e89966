"""The Dirichlet variational auto-encoder: an event as a mixture of a few patterns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from unseen.errors import ConfigError
from unseen.models.network import Network
from unseen.nn.content import Composition, Content, Look, Sight
from unseen.nn.distributions import Pass

# Bounds of the log variance of the reference; e^2 is already more than the softmax of a code can show.
LOG_VARIANCE = (-20.0, 2.0)


def laplace(alpha: tuple[float, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and variance of the normal distribution whose softmax stands for a Dirichlet distribution.

    mu_k = ln a_k - mean_i ln a_i;  v_k = (1 - 2 / K) / a_k + sum_i(1 / a_i) / K^2.

    Reference: MacKay, Machine Learning 33 (1998) 77; Srivastava and Sutton, arXiv 1703.01488.

    >>> mean, variance = laplace((1.0, 0.25, 0.1))
    >>> [round(value, 4) for value in (*mean, *variance)]
    [1.2296, -0.1567, -1.073, 2.0, 3.0, 5.0]

    """
    a = torch.tensor(alpha, dtype=torch.float64, device="cpu")
    mean = a.log() - a.log().mean()
    variance = (1.0 - 2.0 / len(a)) / a + a.reciprocal().sum() / len(a) ** 2
    return tuple(mean.tolist()), tuple(variance.tolist())


@dataclass(frozen=True, slots=True)
class LogisticNormal:
    """Posterior whose softmax is the code: z_k ~ N(mean_k, exp(log_variance_k)), with a prior of its own.

    Attributes:
        mean, log_variance: Shape (N, K).
        prior_mean, prior_variance: K numbers each.

    """

    mean: Tensor
    log_variance: Tensor
    prior_mean: tuple[float, ...]
    prior_variance: tuple[float, ...]

    def draw(self, noise: Tensor) -> Tensor:
        """Reparameterised draw of z, before the softmax."""
        return torch.addcmul(self.mean, torch.exp(0.5 * self.log_variance), noise)

    def divergence(self) -> Tensor:
        """KL to the prior per unit, shape (N, K), nats.

        ((s^2 + (mean - m)^2) / v - 1 - ln(s^2 / v)) / 2.
        """
        centre = self.mean.new_tensor(self.prior_mean)
        variance = self.mean.new_tensor(self.prior_variance)
        spread = self.log_variance - variance.log()
        return 0.5 * ((self.mean - centre).square() / variance + torch.expm1(spread) - spread)


class _Standardised(nn.Module):
    """Batch normalisation with a trained scale and no shift; its state is float32 alone."""

    momentum, eps = 0.01, 1e-3
    middle: Tensor
    spread: Tensor

    def __init__(self, units: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(units))
        self.register_buffer("middle", torch.zeros(units))
        self.register_buffer("spread", torch.ones(units))

    def forward(self, x: Tensor) -> Tensor:
        return functional.batch_norm(
            x, self.middle, self.spread, self.scale, None, self.training, self.momentum, self.eps
        )


def _posterior(parameters: Tensor, **prior: tuple[float, ...]) -> LogisticNormal:
    """Posterior from (N, 2 K): means, then log variances."""
    mean, log_variance = parameters.chunk(2, dim=1)
    return LogisticNormal(mean, log_variance.clamp(*LOG_VARIANCE), **prior)


def _whole(logits: Tensor, shape: tuple[int, ...], sight: Sight) -> Composition:
    """Likelihood of rows that hold 1 in all."""
    return Composition(logits, logits.new_ones(len(logits)), shape, sight)


class DirichletNetwork(Network):
    """Shares of the content -> code z -> patterns mixed by softmax(z) -> shares, times how much there is."""

    def __init__(self, shape: tuple[int, ...], model: DirichletVAE) -> None:
        sight = Sight(model.content, model.channels)
        pixels, latent = int(torch.Size(sight.shape(shape)).numel()), len(model.alpha)
        look, (mean, variance) = Look(sight, whole=True), laplace(model.alpha)
        first, head = nn.Linear(pixels, model.hidden), nn.Linear(model.hidden, 2 * latent)
        patterns = nn.Linear(latent, pixels, bias=False)
        for layer in (head, patterns):
            nn.init.xavier_uniform_(layer.weight)

        super().__init__(
            nn.Sequential(look, first, nn.SELU(), _Standardised(model.hidden)),
            head,
            nn.Sequential(nn.Softmax(dim=1), patterns),
            posterior=partial(_posterior, prior_mean=mean, prior_variance=variance),
            likelihood=partial(_whole, shape=shape, sight=sight),
            latent=latent,
        )
        self.shape, self.sight = shape, sight

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Pass:
        """Pass rows through, at the posterior mean or at a draw; the small code is softmax(mean), (N, K)."""
        posterior = self.encode(x)
        z = posterior.mean if noise is None else posterior.draw(noise)
        total = self.sight(x).clamp_min(0.0).flatten(1).sum(1)
        likelihood = Composition(self.decoder(z), total, self.shape, self.sight)
        return Pass(posterior, likelihood, condition=torch.softmax(posterior.mean, dim=1))


@dataclass(frozen=True)
class DirichletVAE:
    """Variational auto-encoder with a Dirichlet prior: each row is a mixture of K trained patterns.

    Row loss, times D: cross entropy of the row's shares with softmax(R softmax(z)) + beta KL. The prior is
    the normal distribution whose softmax stands for Dirichlet(alpha) (Laplace approximation). Input and
    target are the content of the row brought to sum 1, so that its amount is not seen by the network.

    Scores: `LatentUnit(unit, code="latent")` for a mean of z, `code="small"` for a softmax weight.

    Args:
        alpha: Concentrations of the prior, two or more above 0; as many patterns.
        hidden: Width of the one hidden layer (SELU, batch normalisation without shift).
        beta: Weight of the divergence.
        content: "lit" counts lit pixels alike, "energies" by their E_T, "values" as scaled.
        channels: The first K channels of images are seen; None is all.

    For rows of (1, 72, 58) the defaults have 2,154,742 parameters.

    Reference: Dillon et al., SciPost Phys. 11 (2021) 061.

    >>> out = DirichletVAE(hidden=8).build((1, 4, 4))(torch.ones(2, 1, 4, 4))
    >>> tuple(out.condition.shape), out.likelihood.mean.sum().round().item()
    ((2, 3), 32.0)

    """

    alpha: tuple[float, ...] = (1.0, 0.25, 0.1)
    hidden: int = 512
    beta: float = 0.1
    content: Content = "lit"
    channels: int | None = None

    def __post_init__(self) -> None:
        if not 2 <= len(self.alpha) <= 1024 or not all(0 < a < float("inf") for a in self.alpha):
            raise ConfigError(f"alpha {self.alpha!r} came; accepted: 2 to 1024 numbers above 0")
        if self.hidden < 1:
            raise ConfigError(f"hidden {self.hidden!r} came; accepted: 1 or more")

    def build(self, shape: tuple[int, ...]) -> DirichletNetwork:
        """Return a fresh network for rows of `shape`, initialised from torch's global stream."""
        return DirichletNetwork(shape, self)
