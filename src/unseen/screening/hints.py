"""Why a picture may be unlike any film: it would pass inverted, or turned. Only said, never done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]

TRIED: dict[str, Callable[[Pictures], Pictures]] = {
    "inverted": lambda rows: np.float32(1) - rows,
    "rotated-90": lambda rows: np.rot90(rows, -1, axes=(2, 3)),
    "rotated-180": lambda rows: np.rot90(rows, 2, axes=(2, 3)),
    "rotated-270": lambda rows: np.rot90(rows, 1, axes=(2, 3)),
}
"""What is tried on pictures (N, 1, S, S); turned clockwise by so many degrees."""


def hints(rows: Pictures, passes: Callable[[Pictures], NDArray[np.bool_]]) -> list[tuple[str, ...]]:
    """Return for each refused picture under which changes it would pass.

    Args:
        rows: Grey values in [0, 1], (N, 1, S, S).
        passes: Which of such pictures the gate lets pass without amber, (N,).

    >>> dark = np.zeros((1, 1, 28, 28), dtype=np.float32)
    >>> hints(dark, lambda rows: rows.mean((1, 2, 3)) > 0.5)
    [('inverted',)]

    """
    found = {name: passes(np.ascontiguousarray(change(rows))) for name, change in TRIED.items()}
    return [tuple(name for name in TRIED if found[name][at]) for at in range(len(rows))]
