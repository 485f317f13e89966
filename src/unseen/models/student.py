"""Networks for the smallest budget: rows straight to one number."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from unseen.nn.dense import dense


@dataclass(frozen=True)
class Small:
    """A network from rows to one number: 4,117 parameters for images of 3 x 72 x 58.

    Images are averaged over 4 x 4 pixels, go through one convolution (2 x 2, stride 2) and one hidden layer;
    rows of tables through two hidden layers.

    Args:
        filters: Of the convolution.
        hidden: Units of a hidden layer.

    Reference: the students of CICADA, arXiv 2310.06047.

    >>> sum(p.numel() for p in Small().build((3, 72, 58)).parameters())
    4117

    """

    filters: int = 4
    hidden: int = 16

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        """Return a fresh network, rows (N, *shape) to (N, 1), from torch's global stream."""
        if len(shape) == 1:
            return nn.Sequential(dense((shape[0], self.hidden, self.hidden)), nn.Linear(self.hidden, 1))
        channels, height, width = shape
        pool = (min(4, max(1, height // 4)), min(4, max(1, width // 4)))
        down, across = height // pool[0] // 2, width // pool[1] // 2
        return nn.Sequential(
            nn.AvgPool2d(pool),
            nn.Conv2d(channels, self.filters, 2, stride=2),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            dense((self.filters * down * across, self.hidden)),
            nn.Linear(self.hidden, 1),
        )
