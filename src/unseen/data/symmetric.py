"""Sets in two and three dimensions whose symmetry is known: circle, sphere, annulus, Gaussians, square."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from unseen.data.known_sets import Floats, KnownSet, refuse_rows, stacked
from unseen.seeds import generator


def circle(rows: int, seed: int) -> KnownSet:
    """Draw points of the unit circle, evenly at random: symmetry O(2)."""
    angle = _random(rows, seed, 1).uniform(0.0, 2.0 * np.pi, rows)
    return _plane("circle", np.column_stack([np.cos(angle), np.sin(angle)]), (2, 1, 1))


def sphere(rows: int, seed: int) -> KnownSet:
    """Draw points of the unit sphere in three dimensions, evenly at random: symmetry O(3)."""
    drawn = _random(rows, seed, 2).normal(size=(rows, 3))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return stacked("sphere", dict(zip("xyz", drawn.T, strict=True)), (3, 1, 2))


def annulus(rows: int, seed: int, *, width: float = 0.1) -> KnownSet:
    """Draw points of a circle whose radius is normal, 1 +- `width`: symmetry O(2)."""
    random = _random(rows, seed, 3)
    angle, radius = random.uniform(0.0, 2.0 * np.pi, rows), random.normal(1.0, width, rows)
    return _plane("annulus", np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), (2, 0, 2))


def gaussian(rows: int, seed: int) -> KnownSet:
    """Draw standard normal points of the plane: symmetry O(2)."""
    return _plane("gaussian", _random(rows, seed, 4).normal(size=(rows, 2)), (2, 0, 2))


def stretched_gaussian(rows: int, seed: int, *, stretch: float = 2.0) -> KnownSet:
    """Draw normal points of standard deviation 1 in x and `stretch` in y.

    The symmetry is a conjugate of O(2), with generator [[0, -1 / stretch], [stretch, 0]].
    """
    drawn = _random(rows, seed, 5).normal(size=(rows, 2)) * [1.0, stretch]
    return _plane("stretched gaussian", drawn, (2, 0, 2))


def square(rows: int, seed: int) -> KnownSet:
    """Draw points of the square [-1, 1]^2, at random: quarter turns, reflections, nothing continuous."""
    return _plane("square", _random(rows, seed, 6).uniform(-1.0, 1.0, (rows, 2)), (2, 0, 2))


SYMMETRIC: Mapping[str, Callable[[int, int], KnownSet]] = MappingProxyType(
    {
        "circle": circle,
        "sphere": sphere,
        "annulus": annulus,
        "gaussian": gaussian,
        "stretched gaussian": stretched_gaussian,
        "square": square,
    }
)
"""Name -> what draws `rows` of the set by `seed`."""


def _random(rows: int, seed: int, purpose: int) -> np.random.Generator:
    refuse_rows(rows)
    return generator(seed, 70, purpose)


def _plane(name: str, values: Floats, answers: tuple[int, int, int]) -> KnownSet:
    return stacked(name, {"x": values[:, 0], "y": values[:, 1]}, answers)
