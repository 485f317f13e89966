"""Oriented gradients: what an image looks like when small shifts and stroke widths do not matter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class OrientedGradients:
    """Gradient energy by direction, pooled over cells, square root, normalised per image.

    Pixels are smoothed (`smooth` pixels), each gradient votes linearly for the two nearest of `bins` signed
    directions, votes are pooled by a Gaussian of `pool` pixels and read every `stride` pixels. The norm is
    softened by a twentieth of the typical norm of normal images, so that a blank image maps to zero.

    Reference: Dalal and Triggs, CVPR 2005 (histograms of oriented gradients).

    >>> front = OrientedGradients()
    >>> tuple(front(torch.zeros(2, 1, 28, 28), norm=1.0).shape), front.cells((1, 28, 28))
    ((2, 648), (9, 9))

    """

    bins: int = 8
    smooth: float = 0.7
    pool: float = 1.5
    stride: int = 3

    def energy(self, x: Tensor) -> Tensor:
        """Square root of the pooled gradient energy of images (N, C, H, W), shape (N, bins * cells)."""
        height, width = x.shape[2:]
        smooth = _blurring(height, self.smooth) @ x @ _blurring(width, self.smooth).T
        across, down = smooth @ _differences(width).T, _differences(height) @ smooth
        size = (across.square() + down.square()).sqrt()
        if x.shape[1] > 1:  # of several channels, the steepest speaks for the pixel
            steepest = size.argmax(1, keepdim=True)
            size, across, down = (part.gather(1, steepest) for part in (size, across, down))
        angle = torch.atan2(down, across) * (self.bins / (2 * torch.pi))
        places = torch.arange(self.bins).view(1, -1, 1, 1)
        distance = (angle - places + self.bins / 2).remainder(self.bins) - self.bins / 2
        votes = size * (1.0 - distance.abs()).clamp_min(0.0)
        rows, columns = (
            _blurring(count, self.pool)[start :: self.stride]
            for count, start in zip((height, width), self._start((height, width)), strict=True)
        )
        return (rows @ (votes @ columns.T)).clamp_min(0.0).sqrt().flatten(1)

    @staticmethod
    def norm(energy: Tensor) -> float:
        """Typical norm of the energy of normal images (N, F)."""
        return max(float(energy.norm(dim=1).median()), 1e-12)

    @staticmethod
    def normalised(energy: Tensor, norm: float) -> Tensor:
        """Energy (N, F) at a length just below 1, near zero for images without contours."""
        return torch.as_tensor(energy / (energy.norm(dim=1, keepdim=True) + 0.05 * norm))

    def __call__(self, x: Tensor, norm: float) -> Tensor:
        """Features of images (N, C, H, W), shape (N, bins * cells)."""
        return self.normalised(self.energy(x), norm)

    def cells(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return rows and columns of cells for images of `shape` (C, H, W)."""
        start = self._start(shape[1:])
        return (
            len(range(start[0], shape[1], self.stride)),
            len(range(start[1], shape[2], self.stride)),
        )

    def to_pixels(self, features: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Spread non-negative parts over the pixels they came from, shape (N, C * H * W); sums stay."""
        maps = features.view(len(features), self.bins, *self.cells(shape)).sum(1, keepdim=True)
        spread = functional.interpolate(maps, size=shape[1:], mode="bilinear", align_corners=False)
        spread = spread.expand(-1, shape[0], -1, -1).flatten(1)
        total = spread.sum(1, keepdim=True).clamp_min(1e-12)
        return spread * (features.sum(1, keepdim=True) / total)

    def _start(self, size: torch.Size | tuple[int, ...]) -> tuple[int, int]:
        """First cell centre; an image smaller than a stride is read in its middle."""
        return min(self.stride // 2, size[0] - 1), min(self.stride // 2, size[1] - 1)


@lru_cache(maxsize=64)
def _blurring(size: int, width: float) -> Tensor:
    """Matrix of a Gaussian blur along one axis, zero beyond the border, shape (size, size)."""
    places = torch.arange(float(size))
    distance = places[:, None] - places
    reach = int(3 * width + 0.5)
    weight = torch.exp(-distance.square() / (2 * width * width)) * (distance.abs() <= reach)
    whole = torch.exp(-torch.arange(-reach, reach + 1.0).square() / (2 * width * width)).sum()
    return weight / whole


@lru_cache(maxsize=64)
def _differences(size: int) -> Tensor:
    """Matrix of central differences along one axis, zero beyond the border, shape (size, size)."""
    return (torch.diag(torch.ones(size - 1), 1) - torch.diag(torch.ones(size - 1), -1)) / 2
