"""Pictures of known symmetry: random functions on a square, averaged over a group.

A template is a function on [-1, 1]^2, seen on 32 x 32 pixels, of mean 0 and variance 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, unknown
from unseen.seeds import generator

Floats = NDArray[np.floating[Any]]
Field = Callable[[Floats, Floats], Floats]

SIDE = 32
CLASSES = ("none", "one reflection", "two reflections", "quarter turn", "translation", "rotation")
"""no symmetry; x -> -x or y -> -y; both (D2); C4; one coordinate does not matter; O(2)."""


def grid(side: int = SIDE) -> tuple[Floats, Floats]:
    """Return x and y of the pixel centres, each (side, side); rows go with y, columns with x.

    The centres lie symmetrically about 0, so reflections and quarter turns map them onto each other.

    >>> x, y = grid(2)
    >>> x.tolist(), y.tolist()
    ([[-0.5, 0.5], [-0.5, 0.5]], [[-0.5, -0.5], [0.5, 0.5]])
    """
    line = (2.0 * np.arange(side) + 1.0) / side - 1.0
    x, y = np.meshgrid(line, line)
    return x, y


def bumps(rng: np.random.Generator) -> Field:
    """Draw 3 to 6 Gaussian bumps of either sign, centred anywhere on the square."""
    count = int(rng.integers(3, 7))
    centre = rng.uniform(-1.0, 1.0, (count, 2))
    width, height = rng.uniform(0.2, 0.6, count), rng.normal(size=count)

    def field(x: Floats, y: Floats) -> Floats:
        away = (x[..., None] - centre[:, 0]) ** 2 + (y[..., None] - centre[:, 1]) ** 2
        return np.asarray(np.exp(-0.5 * away / width**2) @ height)

    return field


def waves(rng: np.random.Generator) -> Field:
    """Draw 3 to 6 plane waves of any direction, half a period to two periods across the square."""
    count = int(rng.integers(3, 7))
    size, angle = rng.uniform(0.5 * np.pi, 2.0 * np.pi, count), rng.uniform(0.0, 2.0 * np.pi, count)
    phase, height = rng.uniform(0.0, 2.0 * np.pi, count), rng.normal(size=count)

    def field(x: Floats, y: Floats) -> Floats:
        along = x[..., None] * np.cos(angle) + y[..., None] * np.sin(angle)
        return np.asarray(np.cos(size * along + phase) @ height)

    return field


def polynomials(rng: np.random.Generator) -> Field:
    """Draw a polynomial of total degree 4 with normal coefficients."""
    powers = [(i, j) for i in range(5) for j in range(5 - i)]
    height = rng.normal(size=len(powers))

    def field(x: Floats, y: Floats) -> Floats:
        terms = np.stack([x**i * y**j for i, j in powers], axis=-1)
        return np.asarray(terms @ height)

    return field


FAMILIES: Mapping[str, Callable[[np.random.Generator], Field]] = MappingProxyType(
    {"bumps": bumps, "waves": waves, "polynomials": polynomials}
)


def average(field: Floats, kind: str, axis: int) -> Floats:
    """Average pixels (..., S, S) over the finite group of a class, or over the line that does not matter.

    Args:
        field: Pixels.
        kind: One of `CLASSES` but "none", or "half turn"; "rotation" averages over rings of equal radius.
        axis: The axis that is turned round, or along which nothing changes: -1 is x, -2 is y.

    """
    if kind == "one reflection":
        return np.asarray(0.5 * (field + np.flip(field, axis)))
    if kind == "two reflections":
        half = field + np.flip(field, -1)
        return np.asarray(0.25 * (half + np.flip(half, -2)))
    if kind == "half turn":
        return np.asarray(0.5 * (field + np.flip(field, (-2, -1))))
    if kind == "quarter turn":
        return np.asarray(sum(np.rot90(field, k, (-2, -1)) for k in range(4)) / 4.0)
    if kind == "translation":
        return np.broadcast_to(field.mean(axis, keepdims=True), field.shape)
    if kind == "rotation":
        return _rings(field)
    raise ConfigError(unknown("symmetry", kind, CLASSES[1:]))


def _rings(field: Floats) -> Floats:
    x, y = grid(field.shape[-1])
    ring = np.unique(np.round((x**2 + y**2) * field.shape[-1] ** 2).astype(int), return_inverse=True)[
        1
    ].ravel()
    flat = field.reshape(-1, ring.size)
    count = np.bincount(ring)
    means = np.stack([np.bincount(ring, row) / count for row in flat])
    return np.asarray(means[:, ring].reshape(field.shape))


def symmetric(field: Field, kind: str, axis: int, rng: np.random.Generator) -> Floats:
    """Give a function the symmetry of a class, on the pixels of the grid; shape (32, 32), standardised."""
    x, y = grid()
    if kind == "translation":
        at = np.full_like(x, rng.uniform(-0.5, 0.5))
        return standardised(field(at, y) if axis == -1 else field(x, at))
    if kind == "rotation":
        angle, r = rng.uniform(0.0, 2.0 * np.pi), np.hypot(x, y)
        return standardised(field(r * np.cos(angle), r * np.sin(angle)))
    values = field(x, y)
    return standardised(values if kind == "none" else average(values, kind, axis))


def standardised(field: Floats) -> Floats:
    """Shift and scale pixels (..., S, S) to mean 0 and variance 1."""
    centred = field - field.mean((-2, -1), keepdims=True)
    return np.asarray(centred / centred.std((-2, -1), keepdims=True))


@dataclass(frozen=True)
class Templates:
    """Templates with what is known of them.

    Attributes:
        values: Pixels (N, 32, 32), mean 0 and variance 1 each.
        kinds: Number of the class in `CLASSES`, (N,).
        axes: The axis of the symmetry, -1 (x) or -2 (y), (N,).
        levels: Share of the variance that has the symmetry, 1 - e^2, (N,).
        families: Name of the family, (N,).

    """

    values: Floats
    kinds: NDArray[np.int64]
    axes: NDArray[np.int64]
    levels: Floats
    families: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[Any]) -> Templates:
        """Return some of them."""
        return Templates(*(column[rows] for column in vars(self).values()))


def joined(several: Sequence[Templates]) -> Templates:
    """Put templates behind each other."""
    columns = zip(*(vars(some).values() for some in several), strict=True)
    return Templates(*(np.concatenate(column) for column in columns))


def make(per_class: int, families: Sequence[str], *, seed: int, purpose: int) -> Templates:
    """Draw templates of each class, families in turn; equal seeds and purposes give equal templates.

    >>> some = make(2, ["bumps", "waves"], seed=0, purpose=1)
    >>> some.values.shape, some.families.tolist()[:2]
    ((12, 32, 32), ['bumps', 'waves'])
    >>> bool(np.allclose(some.values[4], some.values[4][::-1, ::-1]))  # two reflections
    True
    """
    drawn = [
        _draw(kind, families[i % len(families)], (seed, purpose, number, i))
        for number, kind in enumerate(CLASSES)
        for i in range(per_class)
    ]
    kinds = np.repeat(np.arange(len(CLASSES)), per_class)
    names = np.array([families[i % len(families)] for _ in CLASSES for i in range(per_class)])
    values, axes = np.stack([v for v, _ in drawn]), np.array([axis for _, axis in drawn])
    return Templates(values, kinds, axes, np.ones(len(values)), names)


def _draw(kind: str, family: str, key: tuple[int, int, int, int]) -> tuple[Floats, int]:
    if family not in FAMILIES:
        raise ConfigError(unknown("family of templates", family, FAMILIES))
    rng = generator(*key)
    axis = int(rng.choice([-1, -2]))
    return symmetric(FAMILIES[family](rng), kind, axis, rng), axis


def grade(clean: Templates, *, seed: int, purpose: int) -> Templates:
    """Spoil templates: V = sqrt(1 - e^2) V_sym + e V_none, with levels 1 - e^2 spread evenly over [0, 1].

    V_none is another function of the same family, without that part of it that has the symmetry by chance;
    so 1 - e^2 is exactly the share of the variance that survives averaging over the group. Templates without
    symmetry are left out.
    """
    kept = clean.take(np.flatnonzero(clean.kinds > 0))
    rng = generator(seed, purpose)
    levels = rng.permutation((np.arange(len(kept)) + 0.5) / len(kept))
    values = np.empty_like(kept.values)
    for i, (whole, kind, axis) in enumerate(zip(kept.values, kept.kinds, kept.axes, strict=True)):
        name = CLASSES[kind]
        whole = standardised(average(whole, name, int(axis)))
        other = symmetric(FAMILIES[str(kept.families[i])](generator(seed, purpose, i)), "none", -1, rng)
        other = standardised(other - average(other, name, int(axis)))
        values[i] = np.sqrt(levels[i]) * whole + np.sqrt(1.0 - levels[i]) * other
    return Templates(values, kept.kinds, kept.axes, levels, kept.families)
