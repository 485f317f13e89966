"""Convolutional encoder and decoder stacks for small images of any size."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

Shape = tuple[int, int, int]


Layer = TypeVar("Layer", bound=nn.Module)


def counted(layer: Layer, positions: int) -> Layer:
    """Note at how many positions of a map a layer works, from which the number of threads is chosen."""
    layer.positions = positions  # type: ignore[assignment]
    return layer


class _Halve(nn.Conv2d):
    """3 x 3 convolution of stride 2; odd sizes round up."""

    def __init__(self, channels: int, following: int, size: tuple[int, int]) -> None:
        super().__init__(channels, following, 3, stride=2, padding=1)
        self.positions = size[0] * size[1]


class _Grow(nn.Module):
    """Nearest-neighbour growth to a stated size, then a 3 x 3 convolution (no checkerboard pattern)."""

    def __init__(self, channels: int, following: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size
        self.convolution = counted(nn.Conv2d(channels, following, 3, padding=1), size[0] * size[1])

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.convolution(functional.interpolate(x, size=self.size, mode="nearest")))


def halvings(shape: Shape, count: int) -> list[tuple[int, int]]:
    """Return the map sizes (H, W) from the input through `count` halvings, rounding up.

    >>> halvings((1, 28, 28), 3)
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    sizes = [(shape[1], shape[2])]
    for _ in range(count):
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    return sizes


def convolutional_encoder(shape: Shape, channels: Sequence[int]) -> tuple[nn.Sequential, int]:
    """Stack stride-2 convolutions, a ReLU after each, flattened; return it with its output width."""
    sizes = halvings(shape, len(channels))
    layers: list[nn.Module] = []
    for (width, following), size in zip(pairwise((shape[0], *channels)), sizes[1:], strict=True):
        layers += [_Halve(width, following, size), nn.ReLU(inplace=True)]
    layers.append(nn.Flatten())
    return nn.Sequential(*layers), channels[-1] * sizes[-1][0] * sizes[-1][1]


def convolutional_decoder(shape: Shape, channels: Sequence[int], latent: int) -> nn.Sequential:
    """Mirror `convolutional_encoder`: a linear layer, then growth back to `shape`; no final activation."""
    sizes = halvings(shape, len(channels))
    small = sizes[-1]
    layers: list[nn.Module] = [
        nn.Linear(latent, channels[-1] * small[0] * small[1]),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (channels[-1], *small)),
    ]
    backwards = (*reversed(channels), shape[0])
    for (width, following), size in zip(pairwise(backwards), reversed(sizes[:-1]), strict=True):
        layers += [_Grow(width, following, size), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])
