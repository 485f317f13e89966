"""The plain auto-encoder: a code without spread, reconstruction error alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from unseen.models.network import Body, Dense, Network, default_latent
from unseen.nn.distributions import Gaussian, Point


@dataclass(frozen=True)
class AutoEncoder:
    """Auto-encoder with a bottleneck; row loss E, the mean squared error over features.

    Args:
        body: `Dense(hidden)` for tables, `Convolution(channels)` for images.
        latent: Units of the bottleneck; None chooses as `VAE` does.

    Reference: Hinton and Salakhutdinov, Science 313 (2006) 504.

    >>> import torch
    >>> float(AutoEncoder(latent=2).build((5,))(torch.zeros(3, 5)).divergence().sum())
    0.0

    """

    body: Body = Dense()  # noqa: RUF009 - frozen, shared safely
    latent: int | None = None
    beta: ClassVar[float] = 0.0

    def build(self, shape: tuple[int, ...]) -> Network:
        """Return a fresh network for rows of `shape`, initialised from torch's global stream."""
        latent = self.latent or default_latent(shape)
        encoder, width = self.body.encoder(shape)
        return Network(
            encoder,
            nn.Linear(width, latent),
            self.body.decoder(shape, latent),
            posterior=Point,
            likelihood=Gaussian,
            latent=latent,
        )
