"""The variational auto-encoder."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from unseen.models.network import Body, Dense, Network, default_latent
from unseen.nn.distributions import DiagonalNormal, Gaussian

# e^±10 is a spread no data needs; the bound keeps one wild row from ending a training run
LOG_VARIANCE = (-10.0, 10.0)


def diagonal_normal(parameters: Tensor) -> DiagonalNormal:
    """Posterior from (N, 2 Z): means, then log variances, kept within `LOG_VARIANCE`."""
    mean, log_variance = parameters.chunk(2, dim=1)
    return DiagonalNormal(mean, log_variance.clamp(*LOG_VARIANCE))


@dataclass(frozen=True)
class VAE:
    """Variational auto-encoder with a normal posterior of independent units and a normal likelihood.

    Row loss l = E + (beta / D) KL, with E the mean squared error over the D features and KL summed over
    latent units; a decoder of variance v corresponds to beta = 2 v.

    Args:
        body: `Dense(hidden)` for tables, `Convolution(channels)` for images.
        latent: Latent units; None chooses 20 for images, else half the features between 2 and 16.
        beta: Weight of the divergence, at least 0.

    Reference: Kingma and Welling, arXiv 1312.6114; beta: Higgins et al., ICLR 2017.

    >>> import torch
    >>> network = VAE(Dense((8,)), latent=2).build((5,))
    >>> out = network(torch.zeros(3, 5))
    >>> tuple(out.likelihood.mean.shape), tuple(out.posterior.divergence().shape)
    ((3, 5), (3, 2))

    """

    body: Body = Dense()  # noqa: RUF009 - frozen, shared safely
    latent: int | None = None
    beta: float = 0.05

    def build(self, shape: tuple[int, ...]) -> Network:
        """Return a fresh network for rows of `shape`, initialised from torch's global stream."""
        latent = self.latent or default_latent(shape)
        encoder, width = self.body.encoder(shape)
        return Network(
            encoder,
            nn.Linear(width, 2 * latent),
            self.body.decoder(shape, latent),
            posterior=diagonal_normal,
            likelihood=Gaussian,
            latent=latent,
        )
