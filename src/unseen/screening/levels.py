"""Films levelled: what machine, window and lamp add to grey values, or multiply them by, is taken out."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

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

    table: Tensor

    def __init__(self, around: float, size: int) -> None:
        super().__init__()
        # no weights: it follows from the design, and stays out of model files
        self.register_buffer("table", gaussian(around * size, size), persistent=False)
        self.around = around

    def forward(self, films: Tensor) -> Tensor:
        """Return films (N, 1, S, S) levelled."""
        off = films - self._mean(films)
        return off / (self._mean(off * off).sqrt() + FLAT)

    def _mean(self, films: Tensor) -> Tensor:
        if not self.around:
            return films.mean((2, 3), keepdim=True)
        # as products: convolutions of one channel took a fifth of the time of training
        return (self.table @ (self.table @ films).mT).mT


def gaussian(deviation: float, size: int) -> Tensor:
    """Return the table (size, size) that takes the Gaussian mean of a line about each of its pixels.

    The Gaussian ends after three standard deviations; beyond its ends the line goes on as its last pixel.

    >>> gaussian(0.5, 3).sum(1).round(decimals=5).tolist()
    [1.0, 1.0, 1.0]
    """
    reach = max(1, math.ceil(3 * deviation))
    steps = torch.arange(-reach, reach + 1)
    bell = torch.exp(-0.5 * (steps / max(deviation, 1e-3)) ** 2)
    places = (torch.arange(size)[:, None] + steps).clamp(0, size - 1)
    table = torch.zeros(size, size)
    return table.scatter_add_(1, places, (bell / bell.sum()).expand(size, -1))
