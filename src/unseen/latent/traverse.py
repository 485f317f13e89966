"""Move one unit of a code over its quantiles, all others left as they are, and see what is decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.latent.coding import Code

Floats = NDArray[np.float64]

LEVELS = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
# Rows a traversal starts from: features are averaged over them, since a decoder is not linear.
STARTS = 64


@dataclass(frozen=True, eq=False)
class Traversal:
    """One unit moved over its quantiles.

    Attributes:
        unit: Place of the unit.
        values: Values it was set to, in units of its prior, shape (Q,).
        features: Mean over the starting rows of what `reading` says of the rebuilt rows, shape (Q, M).
        typical: One rebuilt row, of the starting row whose code is nearest the mean, as the network sees
            rows, shape (Q, D).

    """

    unit: int
    values: Floats
    features: Floats
    typical: Floats


def traverse(
    code: Code,
    units: NDArray[np.intp],
    *,
    reading: Callable[[Floats], Floats] | None = None,
    levels: tuple[float, ...] = LEVELS,
) -> tuple[Traversal, ...]:
    """Move units one by one.

    Args:
        code: Of the rows to start from; the first 64 are taken.
        units: Places of the units.
        reading: Rebuilt rows (n, D), as the network sees rows, to features (n, M), such as the same in their
            own units; None leaves them as they are.
        levels: Quantiles of the unit over all rows of the code.

    """
    few = code.take(np.arange(min(STARTS, len(code))))
    # not scaled by their own spread: units of noise would choose the row as much as those that count
    start = int(np.argmin(np.square(few.mean - code.mean.mean(0)).sum(1)))
    found = []
    for unit in units:
        values = np.quantile(code.mean[:, unit], levels)
        rebuilt = [_moved(few, int(unit), float(value)) for value in values]
        features = np.array([(reading(rows) if reading else rows).mean(0) for rows in rebuilt])
        found.append(Traversal(int(unit), values, features, np.array([rows[start] for rows in rebuilt])))
    return tuple(found)


def _moved(code: Code, unit: int, value: float) -> Floats:
    changed = code.mean.copy()
    changed[:, unit] = value
    return code.expected(changed)
