"""Films levelled: what machine, window and lamp add to grey values, or multiply them by, is taken out."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

# Standard deviation of grey, below that of any film, that is added before films are divided by theirs.
FLAT = 0.03


class Levels(nn.Module):
    """Films less their mean, over their standard deviation: of the whole film, or of the surroundings.

    (x - m) / (s + 0.03) with m = G * x and s^2 = G * (x - m)^2, where G is a Gaussian about each place, with
    the border repeated outside, or the mean over the film. A film brighter as a whole, or of less contrast,
    comes out the same but for 0.03; by surroundings, one brighter to one side, too.

    Args:
        around: Standard deviation of the Gaussian, share of the side; 0 for the whole film.
        size: Side of the films, pixels.

    Reference: Jarrett et al., ICCV 2009, section 2.1 (local contrast normalisation).

    >>> films = torch.rand(2, 1, 28, 28)
    >>> level = Levels(0.0, 28)
    >>> bool(torch.allclose(level(films), level(0.6 * films + 0.1), atol=0.3))
    True
    """

    kernel: Tensor

    def __init__(self, around: float, size: int) -> None:
        super().__init__()
        self.around = around
        self.reach = min(math.ceil(3 * around * size), size - 1)
        steps = torch.arange(-self.reach, self.reach + 1)
        bell = torch.exp(-0.5 * (steps / max(around * size, 1e-6)) ** 2)
        # no weights: they follow from the design, and stay out of model files
        self.register_buffer("kernel", bell / bell.sum(), persistent=False)

    def forward(self, films: Tensor) -> Tensor:
        """Return films (N, 1, S, S) levelled."""
        off = films - self._mean(films)
        return off / (self._mean(off * off).sqrt() + FLAT)

    def _mean(self, films: Tensor) -> Tensor:
        if not self.around:
            return films.mean((2, 3), keepdim=True)
        padded = functional.pad(films, (self.reach,) * 4, mode="replicate")
        across = functional.conv2d(padded, self.kernel.view(1, 1, 1, -1))
        return functional.conv2d(across, self.kernel.view(1, 1, -1, 1))
