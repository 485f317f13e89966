"""A basis of a linear space that a person can read: few terms each, small integers where they fit."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from unseen.seeds import generator

Floats = NDArray[np.float64]

# A coefficient below this share of the largest is rounding.
NOTHING = 1e-4
# Coefficients are taken for small integers, or ratios of them, within this share.
WITHIN = 1e-3
LARGEST_INTEGER = 12
# Echelon forms drawn, and rows of all of them at most, where the space is large.
DRAWS, MOST_ROWS = 300, 20_000


def sparse_basis(space: Floats, *, prefer: Floats | None = None, draws: int = DRAWS) -> Floats:
    """Return a basis of the rows' space (k, M) with few entries that are not 0, shape (k, M).

    Vectors of minimal support are the rows of reduced echelon forms. Many forms are drawn, by pivots in
    random order, and the shortest independent rows kept: the greedy choice, which for a matroid is the best
    one among those drawn.

    Args:
        space: Independent rows, with columns of comparable scale.
        prefer: Weight of each column as a pivot, shape (M,); None treats them alike.
        draws: Echelon forms drawn; the drawing is fixed, so that the same space has the same basis.

    >>> mixed = np.array([[1.0, 1.0, 2.0, -1.0], [1.0, 1.0, -1.0, 0.5]])
    >>> sparse_basis(mixed).round(12).tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -0.5]]

    """
    count, width = space.shape
    if not count:
        return space
    rng = generator(0, 61)
    weights = np.ones(width) if prefer is None else prefer
    found: dict[tuple[int, ...], Floats] = {}
    for draw in range(min(draws, MOST_ROWS // count)):
        shuffled = weights * (rng.uniform(0.05, 1.0, width) if draw else 1.0)
        for row in _echelon(space, shuffled):
            found.setdefault(tuple(np.flatnonzero(row)), row)
    order = sorted(found, key=lambda support: (len(support), support))
    return _independent([found[support] for support in order], count)


def _echelon(space: Floats, weights: Floats) -> Floats:
    """Reduced echelon form whose pivots are well conditioned and lean to columns of large weight."""
    pivots = qr(space * weights, mode="economic", pivoting=True)[2][: len(space)]
    reduced = np.linalg.solve(space[:, pivots], space)
    largest = np.abs(reduced).max(axis=1, keepdims=True)
    reduced[np.abs(reduced) < NOTHING * largest] = 0.0
    return np.asarray(reduced / np.abs(reduced).max(axis=1, keepdims=True))


def _independent(rows: Sequence[Floats], count: int) -> Floats:
    """Take rows in their order as long as each adds a direction, until there are `count`."""
    kept: list[Floats] = []
    directions = np.empty((0, len(rows[0])))
    for row in rows:
        rest = row / np.linalg.norm(row)
        rest = rest - (directions @ rest) @ directions
        size = float(np.linalg.norm(rest))
        if size > NOTHING:
            kept.append(row)
            directions = np.vstack([directions, rest / size])
        if len(kept) == count:
            break
    return np.array(kept)


def small_integers(coefficients: Floats) -> tuple[int, ...] | None:
    """Return integers in the proportion of the coefficients, within a share of `WITHIN`, or None.

    The first that is not 0 is positive.

    >>> small_integers(np.array([1.0, -0.49999999, -2.0, 0.0]))
    (2, -1, -4, 0)
    >>> small_integers(np.array([1.0, -9.81])) is None
    True
    """
    used = coefficients[coefficients != 0]
    if not len(used):
        return None
    ratios = coefficients / used[np.argmin(np.abs(used))]
    parts = [Fraction(float(ratio)).limit_denominator(LARGEST_INTEGER) for ratio in ratios]
    errors = np.abs(np.array([float(part) for part in parts]) - ratios)
    common = lcm(*(part.denominator for part in parts))
    sign = 1 if used[0] * used[np.argmin(np.abs(used))] > 0 else -1
    whole = [sign * int(part * common) for part in parts]
    if (errors > WITHIN * np.abs(ratios)).any() or max(abs(number) for number in whole) > LARGEST_INTEGER:
        return None
    return tuple(whole)


def equation(terms: Sequence[str], coefficients: Floats, constant: float = 0.0) -> str:
    """Write sum_i c_i term_i = constant, with small integers where they fit.

    >>> equation(["E", "v^2", "x^2"], np.array([1.0, -0.5, -2.0]))
    '2 E - v^2 - 4 x^2 = 0'
    >>> equation(["y", "vy t"], np.array([1.0, -0.301]), 0.25)
    'y - 0.301 vy t = 0.25'
    """
    used = [place for place, value in enumerate(coefficients) if value]
    values = coefficients[used]
    integers = small_integers(values)
    # the first term is written without a minus
    lead = float((1 if integers is None else integers[0]) / values[0])
    words: list[str] = []
    for place, value in zip(used, values, strict=True):
        words += _term(terms[place], float(lead * value), first=not words)
    return f"{' '.join(words)} = {_number(lead * constant)}"


def _term(name: str, value: float, *, first: bool) -> list[str]:
    size = _number(abs(value))
    body = name if size == "1" else f"{size} {name}"
    return [body] if first else ["-" if value < 0 else "+", body]


def _number(value: float) -> str:
    """Write six digits, and an integer where it is one within `WITHIN` and small."""
    nearest = round(value)
    if abs(nearest) <= LARGEST_INTEGER and abs(value - nearest) <= (WITHIN * abs(nearest) or 1e-9):
        return str(nearest)
    return f"{value:.6g}"
