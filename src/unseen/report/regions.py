"""Where an image is strange, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Side of the window that is looked for, in parts of the image.
PART = 4


def region_of(residual: NDArray[np.float64], *, names: Sequence[str] = ()) -> str:
    """Say which window holds most of a squared residual (C, H, W), and its share.

    The window is a quarter of the image high and wide. Of several channels the largest is named, with its
    share; by their names for as many channels, else by number.

    >>> apart = np.zeros((1, 8, 8))
    >>> apart[0, 5, 2] = 1.0
    >>> region_of(apart)
    'rows 4-5, columns 1-2: 100 %'
    """
    flat, total = residual.sum(0), float(residual.sum())
    if total <= 0:
        return "nowhere: rebuilt exactly"
    high, wide = (max(1, side // PART) for side in flat.shape)
    summed = np.pad(flat, [(1, 0), (1, 0)]).cumsum(0).cumsum(1)
    inside = summed[high:, wide:] - summed[:-high, wide:] - summed[high:, :-wide] + summed[:-high, :-wide]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    share = float(inside.max()) / total
    words = f"rows {row}-{row + high - 1}, columns {column}-{column + wide - 1}: {share:.0%}".replace(
        "%", " %"
    )
    if len(residual) == 1:
        return words
    parts = residual.sum((1, 2)) / total
    most = int(parts.argmax())
    name = names[most] if len(names) == len(residual) else f"channel {most + 1}"
    return f"{name} {100 * parts[most]:.0f} %; {words}"
