"""The torch module behind every auto-encoding method: encoder, head, decoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unseen.errors import ConfigError
from unseen.nn.convolution import convolutional_decoder, convolutional_encoder
from unseen.nn.dense import dense
from unseen.nn.distributions import Likelihood, Pass, Posterior

# A deeper stack of plain layers would not train; a model file that asks for one means harm.
MOST_LAYERS = 64


class Network(nn.Module):
    """Rows to a `Pass`: x -> encoder -> head -> posterior of z -> decoder -> likelihood of x.

    Args:
        encoder, head, decoder: Modules: (N, *shape) -> (N, H), (N, H) -> (N, posterior parameters), (N, Z)
            -> (N, *shape).
        posterior, likelihood: Turn the head's and the decoder's output into distributions.
        latent: Number of latent units Z.

    """

    def __init__(
        self,
        encoder: nn.Module,
        head: nn.Module,
        decoder: nn.Module,
        *,
        posterior: Callable[[Tensor], Posterior],
        likelihood: Callable[[Tensor], Likelihood],
        latent: int,
    ) -> None:
        super().__init__()
        self.encoder, self.head, self.decoder = encoder, head, decoder
        self.posterior, self.likelihood, self.latent = posterior, likelihood, latent

    def encode(self, x: Tensor) -> Posterior:
        """Posterior of the code of each row."""
        return self.posterior(self.head(self.encoder(x)))

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of each row given its code, shape (N, Z)."""
        return self.likelihood(self.decoder(z))

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Pass:
        """Pass rows through: at the posterior mean, or at a draw where standard `noise` (N, Z) is given."""
        posterior = self.encode(x)
        z = posterior.mean if noise is None else posterior.draw(noise)
        return Pass(posterior, self.decode(z))


@dataclass(frozen=True)
class Dense:
    """Fully connected encoder and its mirror image, ReLU between layers.

    Args:
        hidden: Widths from the input to the code, e.g. (128, 128).

    """

    hidden: tuple[int, ...] = (128, 128)

    def __post_init__(self) -> None:
        _check_widths("hidden widths", self.hidden)

    def encoder(self, shape: tuple[int, ...]) -> tuple[nn.Module, int]:
        """Return the encoder of rows of `shape` with its output width."""
        features = int(torch.Size(shape).numel())
        layers: list[nn.Module] = [nn.Flatten()] if len(shape) > 1 else []
        return nn.Sequential(*layers, *dense((features, *self.hidden))), (features, *self.hidden)[-1]

    def decoder(self, shape: tuple[int, ...], latent: int) -> nn.Module:
        """Return the decoder from `latent` units to rows of `shape`."""
        features = int(torch.Size(shape).numel())
        widths = (latent, *reversed(self.hidden))
        layers: list[nn.Module] = [*dense(widths), nn.Linear(widths[-1], features)]
        return nn.Sequential(*layers, *([nn.Unflatten(1, shape)] if len(shape) > 1 else []))


@dataclass(frozen=True)
class Convolution:
    """Stride-2 convolutions and their mirror image, for images (C, H, W).

    Args:
        channels: Channels after each halving of the map, e.g. (16, 32).

    """

    channels: tuple[int, ...] = (16, 32)

    def __post_init__(self) -> None:
        _check_widths("channels", self.channels)

    def encoder(self, shape: tuple[int, ...]) -> tuple[nn.Module, int]:
        """Return the encoder of images of `shape` with its output width."""
        return convolutional_encoder(self._image(shape), self.channels)

    def decoder(self, shape: tuple[int, ...], latent: int) -> nn.Module:
        """Return the decoder from `latent` units to images of `shape`."""
        return convolutional_decoder(self._image(shape), self.channels, latent)

    @staticmethod
    def _image(shape: tuple[int, ...]) -> tuple[int, int, int]:
        if len(shape) != 3:
            raise ConfigError(
                f"rows of shape {shape} came; a convolutional body takes images (C, H, W). "
                "Pass image_shape=(C, H, W) for flattened images, or body=Dense()."
            )
        return (shape[0], shape[1], shape[2])


Body = Dense | Convolution


def _check_widths(what: str, widths: tuple[int, ...]) -> None:
    if len(widths) > MOST_LAYERS:
        raise ConfigError(f"{len(widths)} {what} came; accepted: at most {MOST_LAYERS}")
    for width in widths:
        if width < 1:
            raise ConfigError(f"{what} {tuple(widths)} came; accepted: numbers of 1 or more")


def default_latent(shape: tuple[int, ...]) -> int:
    """Latent units where none are asked for: 20 for images, else half the features between 2 and 16."""
    return 20 if len(shape) == 3 else min(16, max(2, shape[0] // 2))
