"""Sets without a continuous linear symmetry, drawn at random: mixtures, polygons, boxes, skewed columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unseen.seeds import generator

Floats = NDArray[np.float64]


def draw(rows: int, seed: int, place: int) -> Floats:
    """Draw one set, shape (rows, 2 to 4): the kinds take turns, their shapes are random, their mean is 0."""
    random = generator(seed, 91, place)
    kinds = (_mixture, _polygon, _box, _skewed)
    values = kinds[place % len(kinds)](random, rows)
    return np.asarray(values - values.mean(axis=0))


def _mixture(random: np.random.Generator, rows: int) -> Floats:
    """Three Gaussians of random centres and covariances."""
    width = int(random.integers(2, 5))
    which = random.integers(0, 3, rows)
    centres, maps = 2.0 * random.normal(size=(3, width)), random.normal(size=(3, width, width))
    return centres[which] + np.einsum("nij,nj->ni", maps[which], random.normal(size=(rows, width)))


def _polygon(random: np.random.Generator, rows: int) -> Floats:
    """Evenly in a regular polygon of three to six corners, seen through a random matrix."""
    corners = int(random.integers(3, 7))
    middle = 2.0 * np.pi * np.arange(corners) / corners
    normals = np.column_stack([np.cos(middle), np.sin(middle)])
    points = random.uniform(-2.0, 2.0, (30 * rows, 2))
    inside = points[(points @ normals.T < 1.0).all(axis=1)][:rows]
    return inside @ _mixing(random, 2)


def _box(random: np.random.Generator, rows: int) -> Floats:
    """Evenly in a box of two to four dimensions, seen through a random matrix."""
    width = int(random.integers(2, 5))
    return random.uniform(-1.0, 1.0, (rows, width)) @ _mixing(random, width)


def _skewed(random: np.random.Generator, rows: int) -> Floats:
    """Independent gamma columns of random shapes."""
    width = int(random.integers(2, 5))
    return random.gamma(random.uniform(1.0, 6.0, width), size=(rows, width))


def _mixing(random: np.random.Generator, width: int) -> Floats:
    return np.eye(width) + 0.3 * random.normal(size=(width, width))
