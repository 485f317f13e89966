"""A rotation that a bent plane hides: an annulus seen through (u, v) -> (u, v + a u^2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unseen.data.symmetric import annulus
from unseen.symmetry import Dictionary, Field

Floats = NDArray[np.float64]

BEND = 0.4


def bent_annulus(rows: int, seed: int) -> Floats:
    """Draw x = u, y = v + a u^2 with (u, v) on an annulus, shape (N, 2)."""
    u, v = annulus(rows, seed, width=0.2).values.T
    return np.column_stack([u, v + BEND * u**2])


def hidden_turn() -> Field:
    """Return the turn du = -v, dv = u in (x, y): dx = -(y - a x^2), dy = x - 2 a x (y - a x^2).

    >>> hidden_turn()(np.array([[1.0, 0.4]])).tolist()
    [[0.0, 1.0]]
    """
    dictionary = Dictionary(0, 3)
    terms = dictionary.labels(["x", "y"])
    entries = [
        {"y": -1.0, "x x": BEND},
        {"x": 1.0, "x y": -2.0 * BEND, "x x x": 2.0 * BEND**2},
    ]
    coefficients = np.array([[one.get(term, 0.0) for term in terms] for one in entries])
    return Field(dictionary, coefficients, np.zeros(2), np.ones(2))
