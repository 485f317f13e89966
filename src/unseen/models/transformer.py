"""The compact convolutional transformer: a classifier of images of deposits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from unseen.errors import ConfigError
from unseen.nn.attention import Attention, Halve, SequencePool, Skipped

# Summed E_T of a pixel above which more does not count, and the unit of the input, GeV.
CLIP = 2000.0
# Rows at a time outside of training: the first maps of an event take two megabytes.
ROWS = 64


class TransformerNetwork(nn.Module):
    """Images (N, C, H, W) to logits (N, k): tokens, a trained code of places, attention, one row of all."""

    def __init__(self, shape: tuple[int, int, int], classes: int, model: Transformer) -> None:
        super().__init__()
        self.summed = model.content == "summed"
        size, stages = shape[1:], []
        for before, after in pairwise((1 if self.summed else shape[0], *model.channels)):
            stages.append(Halve(before, after, size))
            size = ((size[0] + 1) // 2, (size[1] + 1) // 2)
        width = model.channels[-1]
        self.tokens = nn.Sequential(*stages, nn.Flatten(2))
        self.places = nn.Parameter(0.02 * torch.randn(1, size[0] * size[1], width))
        self.layers = nn.Sequential(
            *(
                part
                for layer in range(model.layers)
                for part in _layer(model, model.depth * layer / max(1, model.layers - 1))
            )
        )
        self.read = nn.Sequential(
            nn.LayerNorm(width, eps=1e-5), SequencePool(width), nn.Linear(width, classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each row, shape (N, k)."""
        if self.training or x.shape[0] <= ROWS:
            return self._logits(x)
        return torch.cat([self._logits(rows) for rows in torch.split(x, ROWS)])

    def _logits(self, x: Tensor) -> Tensor:
        seen = torch.expm1(x).sum(1, keepdim=True).clamp_max(CLIP) / CLIP if self.summed else x
        tokens = self.tokens(seen).transpose(1, 2) + self.places
        return torch.as_tensor(self.read(self.layers(tokens)))


def _layer(model: Transformer, skipping: float) -> tuple[Skipped, Skipped]:
    """Attention, then two dense layers, both on normalised tokens and beside what came in."""
    width = model.channels[-1]
    attention = nn.Sequential(
        nn.LayerNorm(width, eps=1e-5), Attention(width, model.heads, model.attention_dropout)
    )
    dense = nn.Sequential(
        *(nn.LayerNorm(width, eps=1e-5), nn.Linear(width, width), nn.GELU(), nn.Dropout(model.dropout)),
        *(nn.Linear(width, width), nn.Dropout(model.dropout)),
    )
    return Skipped(attention, skipping), Skipped(dense, skipping)


@dataclass(frozen=True)
class Transformer:
    """Compact convolutional transformer (CCT) for `AwareClassifier`: the supervised ceiling for event images.

    Two convolutions with pooling make tokens, which get a trained code of their place; layers of attention
    and dense layers follow; a trained weight of each token makes one row, and that the logits. Dropout and
    stochastic depth (from 0 in the first layer to `depth` in the last) act in training only.

    Args:
        channels: Channels after each halving; the last is the width of a token.
        layers, heads: Of attention, each head of the full width.
        dropout, attention_dropout, depth: Shares left out in training, at least 0 and below 1.
        content: "summed" is the published input: from z = ln(1 + E_T / 1 GeV) (scaling "energies") the sum
            of E_T over channels, at most 2000 GeV, over 2000 GeV. "values" is the channels as scaled.

    For rows of (1, 72, 58), or any number of channels that are summed, and 3 classes the defaults have
    406,084 parameters and a code of places of 270 x 128 = 34,560.

    Reference: Hassani et al., arXiv 2104.05704.

    >>> network = Transformer(channels=(4, 8)).build((3, 12, 10), classes=3)
    >>> tuple(network(torch.zeros(2, 3, 12, 10)).shape)
    (2, 3)

    """

    channels: tuple[int, ...] = (64, 128)
    layers: int = 2
    heads: int = 2
    dropout: float = 0.2
    attention_dropout: float = 0.1
    depth: float = 0.2
    content: Literal["summed", "values"] = "summed"

    def __post_init__(self) -> None:
        if not 1 <= len(self.channels) <= 8 or min(self.channels) < 1:
            raise ConfigError(f"channels {self.channels!r} came; accepted: 1 to 8 numbers of 1 or more")
        if not 1 <= self.layers <= 64 or self.heads < 1:
            raise ConfigError(
                f"{self.layers} layers of {self.heads} heads came; accepted: 1 to 64 of 1 or more"
            )
        for name in ("dropout", "attention_dropout", "depth"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: at least 0 and below 1")

    def build(self, shape: tuple[int, ...], classes: int) -> TransformerNetwork:
        """Return a fresh network for images of `shape`, initialised from torch's global stream.

        Raises:
            ConfigError: Rows are no images, or are too small for the convolutions.

        """
        least = 2 ** (len(self.channels) - 1) * 2 + 1
        if len(shape) != 3 or min(shape[1:]) < least:
            raise ConfigError(
                f"rows of shape {shape} came; this Transformer takes images (C, H, W) of {least} pixels "
                "a side or more. Pass image_shape=(C, H, W) for flattened images"
            )
        return TransformerNetwork((shape[0], shape[1], shape[2]), classes, self)
