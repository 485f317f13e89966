"""Oriented gradients: what an image looks like when small shifts and stroke widths do not matter."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class OrientedGradients:
    """Gradient energy by direction, pooled over cells, square root, normalised per image.

    Pixels are smoothed (`smooth` pixels), each gradient votes linearly for the two nearest of `bins` signed
    directions, votes are pooled by a Gaussian of `pool` pixels and read every `stride` pixels. The norm is
    softened by a twentieth of the typical norm of normal images, so that a blank image maps to zero.

    References
    ----------
    Dalal and Triggs, CVPR 2005 (histograms of oriented gradients).

    Examples
    --------
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
        across, down = _gradients(_blur(x, self.smooth))
        size = (across.square() + down.square()).sqrt()
        # of several channels, the steepest speaks for the pixel
        steepest = size.argmax(1, keepdim=True)
        size, across, down = (part.gather(1, steepest) for part in (size, across, down))
        angle = torch.atan2(down, across) * (self.bins / (2 * torch.pi))
        places = torch.arange(self.bins).view(1, -1, 1, 1)
        distance = (angle - places + self.bins / 2).remainder(self.bins) - self.bins / 2
        votes = size * (1.0 - distance.abs()).clamp_min(0.0)
        start = self._start(x.shape[2:])
        pooled = _blur(votes, self.pool)[:, :, start[0] :: self.stride, start[1] :: self.stride]
        return pooled.clamp_min(0.0).sqrt().flatten(1)

    def norm(self, x: Tensor) -> float:
        """Typical norm of the energy of normal images (N, C, H, W)."""
        return max(float(self.energy(x).norm(dim=1).median()), 1e-12)

    def __call__(self, x: Tensor, norm: float) -> Tensor:
        """Features of images (N, C, H, W), shape (N, bins * cells), of length just below 1."""
        energy = self.energy(x)
        return energy / (energy.norm(dim=1, keepdim=True) + 0.05 * norm)

    def cells(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return rows and columns of cells for images of `shape` (C, H, W)."""
        start = self._start(shape[1:])
        return (
            len(range(start[0], shape[1], self.stride)),
            len(range(start[1], shape[2], self.stride)),
        )

    def to_pixels(self, features: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Spread non-negative feature parts over the pixels they came from, shape (N, C * H * W); sums stay."""
        maps = features.view(len(features), self.bins, *self.cells(shape)).sum(1, keepdim=True)
        spread = functional.interpolate(maps, size=shape[1:], mode="bilinear", align_corners=False)
        spread = spread.expand(-1, shape[0], -1, -1).flatten(1)
        total = spread.sum(1, keepdim=True).clamp_min(1e-12)
        return spread * (features.sum(1, keepdim=True) / total)

    def _start(self, size: torch.Size | tuple[int, ...]) -> tuple[int, int]:
        """First cell centre; an image smaller than a stride is read in its middle."""
        return min(self.stride // 2, size[0] - 1), min(self.stride // 2, size[1] - 1)


def _blur(x: Tensor, width: float) -> Tensor:
    """Gaussian blur of every channel; zero beyond the border."""
    reach = int(3 * width + 0.5)
    places = torch.arange(-reach, reach + 1.0)
    kernel = torch.exp(-places.square() / (2 * width * width))
    kernel = (kernel / kernel.sum()).repeat(x.shape[1], 1, 1, 1)
    rows = functional.conv2d(x, kernel.transpose(2, 3), padding=(reach, 0), groups=x.shape[1])
    return functional.conv2d(rows, kernel, padding=(0, reach), groups=x.shape[1])


def _gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences along columns and rows, zero beyond the border."""
    padded = functional.pad(x, (1, 1, 1, 1))
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    return across, down
