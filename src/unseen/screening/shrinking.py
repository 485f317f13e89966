"""Films averaged down to the side a gate looks at, in NumPy and as part of a graph by the same table."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Pictures = NDArray[np.float32]


@lru_cache(maxsize=16)
def averaging(size: int, side: int) -> NDArray[np.float32]:
    """Return the table (side, size) that averages `size` pixels of a line to `side` areas of equal length.

    Area i covers [i size / side, (i + 1) size / side), pixels at its ends in part.

    >>> averaging(3, 2).astype(float).round(3).tolist()
    [[0.667, 0.333, 0.0], [0.0, 0.333, 0.667]]
    """
    ends = np.arange(side + 1) * size / side
    pixels = np.arange(size)
    overlap = np.minimum(pixels + 1, ends[1:, None]) - np.maximum(pixels, ends[:-1, None])
    return np.asarray(np.maximum(overlap, 0.0) * side / size, dtype=np.float32)


def shrunk(pictures: Pictures, side: int) -> Pictures:
    """Average pictures (N, C, S, S) down to (N, C, side, side); those of that side stay as they are."""
    size = pictures.shape[-1]
    if size == side:
        return pictures
    table = averaging(size, side)
    return np.ascontiguousarray(table @ pictures @ table.T)


class Shrink(nn.Module):
    """`shrunk`, for pictures of one size."""

    table: Tensor

    def __init__(self, size: int, side: int) -> None:
        super().__init__()
        self.same = size == side
        self.register_buffer("table", torch.from_numpy(averaging(size, side)))

    def forward(self, pictures: Tensor) -> Tensor:
        """Average (N, C, S, S) down."""
        if self.same:
            return pictures
        return self.table @ pictures @ self.table.T
