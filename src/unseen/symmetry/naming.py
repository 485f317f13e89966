"""A basis of generators that a person can read, in words: rotations of planes, boosts, scales, mixtures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]

# Entries below this share of the largest, in units of the columns' sizes, are not spoken of.
SMALL = 0.1
# Axes of a rotation, and rates of two, that differ by less are called equal.
EQUAL = 0.05


def planes_first(matrices: Sequence[Floats], size: Floats) -> list[Floats]:
    """Mix generators so that each acts in as few planes of two columns as can be.

    The vector of the space with the largest share in one plane is taken first, then that of what is left.

    Args:
        matrices: m independent generators (d, d) in the units of the columns.
        size: Root mean square of each column, shape (d,).

    """
    width = len(size)
    scaled = np.stack([(matrix * size / size[:, None]).ravel() for matrix in matrices], axis=1)
    space = np.linalg.qr(scaled)[0]
    planes = [[a * width + b, b * width + a] for a, b in combinations(range(width), 2)] or [[0]]
    found = []
    while space.shape[1]:
        shares = [np.linalg.eigh(space[plane].T @ space[plane]) for plane in planes]
        vectors = max(shares, key=lambda share: float(share[0][-1]))[1]
        chosen = (space @ vectors[:, -1]).reshape(width, width)
        lead = chosen.ravel()[np.argmax(np.abs(np.tril(chosen)).ravel() + 1e-9 * np.abs(chosen).ravel())]
        found.append(np.sign(lead) * chosen * size[:, None] / size)
        space = space @ vectors[:, :-1]
    return found


def described(matrix: Floats, names: Sequence[str], size: Floats) -> str:
    """Say what x -> Lx does to which columns.

    >>> described(np.array([[0.0, -1.0], [1.0, 0.0]]), ["x", "y"], np.ones(2))
    'rotation in the plane of x, y'
    >>> described(np.array([[0.0, -0.5], [2.0, 0.0]]), ["x", "y"], np.array([1.0, 2.0]))
    'rotation in the plane of x, y, axes 1 : 2.00'
    >>> described(np.array([[0.0, 1.0], [1.0, 0.0]]), ["E", "pz"], np.ones(2))
    'boost of E, pz'
    """
    scaled = matrix * size / size[:, None]
    # of a boost, the entry towards the column of the larger size is small in these units, and as real
    both = np.sqrt(np.abs(scaled * scaled.T))
    seen = np.maximum(np.abs(scaled), both) > SMALL * np.abs(scaled).max()
    if (
        seen.sum() == len(size)
        and np.diag(seen).all()
        and np.ptp(np.diag(matrix)) < EQUAL * abs(matrix[0, 0])
    ):
        return f"scaling of {', '.join(names)} alike"
    count, part = connected_components(seen | seen.T, directed=False)
    parts = [np.flatnonzero(part == one) for one in range(count)]
    moved = [places for places in parts if seen[np.ix_(places, places)].any()]
    kinds = [_one(matrix, seen, places, names) for places in moved]
    if len(kinds) == 1:
        return kinds[0]
    rates = [float(np.linalg.norm(scaled[np.ix_(places, places)])) for places in moved]
    told = " : ".join(f"{rate / rates[0]:.2f}" for rate in rates)
    return f"{' with '.join(kinds)}, rates {told}"


def _one(matrix: Floats, seen: NDArray[np.bool_], places: NDArray[np.intp], names: Sequence[str]) -> str:
    words = ", ".join(names[place] for place in places)
    inner, flags = matrix[np.ix_(places, places)], seen[np.ix_(places, places)]
    if len(places) == 1:
        return f"scaling of {words}"
    if len(places) == 2 and flags[0, 1] and flags[1, 0] and not np.diag(flags).any():
        if inner[0, 1] * inner[1, 0] > 0:
            return f"boost of {words}"
        ratio = float(np.sqrt(abs(inner[1, 0] / inner[0, 1])))
        axes = "" if abs(ratio - 1.0) < EQUAL else f", axes 1 : {ratio:.2f}"
        return f"rotation in the plane of {words}{axes}"
    if flags.sum() == 1:
        return f"shear of {words}"
    return f"mixed map of {words}"
