"""What is done to a square picture: mirrored, turned, shifted; and how far a picture stays the same.

Everything here takes maps (S^2, U): U numbers at each pixel of an S x S grid, row by row. They may be the
brightness of a picture (U = 1) or the units of a network's layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from unseen.decoy.templates import grid

Floats = NDArray[np.floating[Any]]

TURNS = (22.5, 45.0, 67.5)
SHIFTS = (3, 6, 12)
"""Degrees, within the disc; pixels of 32, within the overlap."""

MIRRORS = ("mirror x", "mirror y", "half turn")
QUARTERS = ("quarter turn", "three quarters")
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mirror left-right": ("mirror x",),
        "mirror top-bottom": ("mirror y",),
        "both mirrors": MIRRORS,
        "half turn": ("half turn",),
        "quarter turn": ("quarter turn", "half turn", "three quarters"),
        "shift left-right": tuple(f"shift x {k}" for k in SHIFTS),
        "shift up-down": tuple(f"shift y {k}" for k in SHIFTS),
        "any turn": ("quarter turn", "half turn", "mirror x", *(f"turn {t:g}" for t in TURNS)),
    }
)
"""Symmetry -> the elements that show it (all but the identity; some, of a group without end)."""


@dataclass(frozen=True)
class Element:
    """One thing done to a picture.

    Attributes:
        name: What is done.
        rows: Pixels that are compared, (K,).
        moved: Sparse (K, S^2): what comes to lie on them.

    """

    name: str
    rows: NDArray[np.int64]
    moved: csr_array


@cache
def elements(side: int) -> tuple[Element, ...]:
    """Return mirrors (both axes, both diagonals), turns and shifts of a side x side grid.

    >>> [element.name for element in elements(32)][:4]
    ['mirror x', 'mirror y', 'half turn', 'quarter turn']
    """
    index = np.arange(side * side).reshape(side, side)
    whole = {
        "mirror x": index[:, ::-1],
        "mirror y": index[::-1],
        "half turn": index[::-1, ::-1],
        "quarter turn": np.rot90(index),
        "three quarters": np.rot90(index, 3),
        "mirror falling": index.T,
        "mirror rising": index[::-1, ::-1].T,
    }
    found = [_picked(name, index, taken) for name, taken in whole.items()]
    for pixels in SHIFTS:
        k = max(1, round(pixels * side / 32))
        found.append(_picked(f"shift x {pixels}", index[:, k:], index[:, :-k]))
        found.append(_picked(f"shift y {pixels}", index[k:], index[:-k]))
    return (*found, *(_turn(side, degrees) for degrees in TURNS))


def _picked(name: str, rows: NDArray[np.int64], taken: NDArray[np.int64]) -> Element:
    count, size = rows.size, int(max(rows.max(), taken.max())) + 1
    one = csr_array((np.ones(count), (np.arange(count), taken.ravel())), shape=(count, size))
    return Element(name, rows.ravel(), one)


def _turn(side: int, degrees: float) -> Element:
    """Turn the disc inside the square, values between pixels by linear interpolation."""
    x, y = grid(side)
    rows = np.flatnonzero((x**2 + y**2).ravel() < (1.0 - 1.0 / side) ** 2)
    angle = np.deg2rad(degrees)
    across = (np.cos(angle) * x - np.sin(angle) * y).ravel()[rows]
    down = (np.sin(angle) * x + np.cos(angle) * y).ravel()[rows]
    column, row = (0.5 * side * (v + 1.0) - 0.5 for v in (across, down))
    left, top = (np.clip(np.floor(v), 0, side - 2).astype(int) for v in (column, row))
    dx, dy = np.clip(column - left, 0.0, 1.0), np.clip(row - top, 0.0, 1.0)
    corners = [(0, 0, (1 - dx) * (1 - dy)), (1, 0, dx * (1 - dy)), (0, 1, (1 - dx) * dy), (1, 1, dx * dy)]
    at = np.concatenate([(top + j) * side + left + i for i, j, _ in corners])
    weight = np.concatenate([w for _, _, w in corners])
    which = np.tile(np.arange(len(rows)), 4)
    return Element(
        f"turn {degrees:g}", rows, csr_array((weight, (which, at)), shape=(len(rows), side * side))
    )


def agreement(maps: Floats, element: Element) -> float:
    """Say how far maps (S^2, U) stay the same: 1 - mean |h(gx) - h(x)|^2 / (2 Var h), summed over units.

    1 where nothing changes, 0 where the moved maps have nothing to do with the old ones, down to -1 where
    they are turned into their negative. Mean and variance are those of the compared pixels and of what
    comes to lie on them. 0 where the maps are constant.

    >>> left_right = elements(8)[0]
    >>> x, y = grid(8)
    >>> round(agreement(y.reshape(-1, 1), left_right), 6), round(agreement(x.reshape(-1, 1), left_right), 6)
    (1.0, -1.0)
    """
    return float(_alike(maps[element.rows], element.moved @ maps, np.zeros(1, dtype=np.int64))[0])


def between(one: Floats, other: Floats, element: Element) -> float:
    """Return the same of one map (S^2, 1) and another one moved: what there is without any symmetry."""
    return float(_alike(one[element.rows], element.moved @ other, np.zeros(1, dtype=np.int64))[0])


def agreements(maps: Floats, starts: Sequence[int] = (0,)) -> Floats:
    """Return the agreement of maps under every element of their grid, in the order of `elements`.

    Args:
        maps: (S^2, U); several maps side by side.
        starts: The column each of the V maps begins at.

    Returns:
        (V, E).

    """
    side, first = round(len(maps) ** 0.5), np.asarray(starts)
    found = [_alike(maps[e.rows], e.moved @ maps, first) for e in elements(side)]
    return np.stack(found, axis=1)


def _alike(old: Floats, new: Floats, starts: NDArray[np.int64]) -> Floats:
    middle = 0.5 * (old.mean(0) + new.mean(0))
    variance = 0.5 * (np.square(old).mean(0) + np.square(new).mean(0)) - middle**2
    apart, whole = (np.add.reduceat(c, starts) for c in (np.square(old - new).mean(0), variance))
    # a constant map stays the same in a way that says nothing
    flat = whole <= 1e-12
    return np.asarray(np.where(flat, 0.0, 1.0 - 0.5 * apart / np.where(flat, 1.0, whole)))


def names(side: int = 32) -> list[str]:
    """Return the names of the elements in order."""
    return [element.name for element in elements(side)]


def by_group(found: Floats) -> Floats:
    """Average agreements (..., E) over the elements of each group: (..., G), in the order of `GROUPS`."""
    order = names()
    return np.stack([_mean(found, members, order) for members in GROUPS.values()], axis=-1)


def _mean(found: Floats, members: Sequence[str], order: list[str]) -> Floats:
    return np.asarray(found[..., [order.index(name) for name in members]].mean(-1))
