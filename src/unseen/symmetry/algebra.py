"""Whether generators close under commutators, and which algebra of low dimension they then are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Share of a commutator that may lie outside for the space to count as closed.
OUTSIDE = 0.05
# Dimension, boosts-like and rotation-like directions of the Killing form -> name.
_NAMES = {
    (3, 0, 3): "so(3)",
    (3, 2, 1): "so(2,1)",
    (6, 0, 6): "so(4)",
    (6, 3, 3): "so(3,1)",
    (6, 4, 2): "so(2,2)",
    (10, 0, 10): "so(5)",
    (10, 4, 6): "so(4,1)",
    (15, 0, 15): "so(6)",
}


@dataclass(frozen=True)
class Algebra:
    """A space of matrices under commutators.

    Attributes:
        outside: Largest share of a commutator that lies outside the space; 0 where all commute.
        closed: Whether it is small enough.
        name: Of the algebra, where dimension and Killing form name one; else what is known.

    """

    outside: float
    closed: bool
    name: str


def algebra(matrices: Sequence[Floats], *, outside: float = OUTSIDE) -> Algebra:
    """Check closure of m independent matrices (d, d) and name what they span.

    Commutators shorter than `outside` of the product of the lengths count as none.

    >>> e = np.eye(3)
    >>> turns = [np.outer(e[a], e[b]) - np.outer(e[b], e[a]) for a, b in ((0, 1), (0, 2), (1, 2))]
    >>> algebra(turns).name, algebra(turns[:2]).closed
    ('so(3)', False)

    """
    count = len(matrices)
    if count == 0:
        return Algebra(0.0, True, "none")
    base = np.linalg.qr(np.stack([matrix.ravel() for matrix in matrices], axis=1))[0]
    units = [column.reshape(matrices[0].shape) for column in base.T]
    constants = np.zeros((count, count, count))
    largest = 0.0
    for i, j in combinations(range(count), 2):
        bracket = (units[i] @ units[j] - units[j] @ units[i]).ravel()
        size = float(np.linalg.norm(bracket))
        if size < outside:
            continue
        inside = base.T @ bracket
        largest = max(largest, float(np.linalg.norm(bracket - base @ inside)) / size)
        constants[i, j], constants[j, i] = inside, -inside
    closed = largest <= outside
    return Algebra(largest, closed, _name(constants) if closed else "not closed")


def _name(constants: Floats) -> str:
    count = len(constants)
    if not constants.any():
        return "so(2)" if count == 1 else f"{count} generators that commute"
    killing = np.einsum("iab,jba->ij", constants, constants)
    values = np.linalg.eigvalsh(killing)
    far = 0.1 * np.abs(values).max()
    signs = (count, int((values > far).sum()), int((values < -far).sum()))
    return _NAMES.get(signs, f"{count} generators, Killing form +{signs[1]} -{signs[2]}")
