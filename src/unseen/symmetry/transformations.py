"""Transformations of rows that a symmetry may be proposed of, named on columns.

Each acts on a matrix (N, D) with the names of its columns, and may draw from a generator, so that a
transformation with a free amount acts on every row by an amount of its own. A `+` in the text form joins
groups of columns that are moved alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, unknown

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Groups = tuple[tuple[str, ...], ...]
# Rapidity of a boost, and logarithm of a factor, where no amount is given: uniform in +- this.
FREE = 0.5


@dataclass(frozen=True)
class Transformation:
    """A transformation g of rows.

    Attributes:
        name: What it is, as a table shows it.
        columns: Those it needs.
        act: (rows (N, D'), generator) -> rows (N, D'), where D' are `columns` in their order.

    """

    name: str
    columns: tuple[str, ...]
    act: Callable[[Floats, np.random.Generator], Floats]

    def __call__(self, rows: Floats, names: Sequence[str], random: np.random.Generator) -> Floats:
        """Transform rows (N, D) whose columns have `names`; the rows given stay as they are.

        Raises:
            ConfigError: A column is not there, or what comes back is not as many finite rows.

        """
        for column in self.columns:
            if column not in names:
                raise ConfigError(unknown("column", column, names))
        places = [list(names).index(column) for column in self.columns]
        with np.errstate(all="ignore"):
            moved = np.asarray(self.act(rows[:, places], random), dtype=np.float64)
        if moved.shape != (len(rows), len(places)) or not np.isfinite(moved).all():
            raise ConfigError(
                f"{self.name} made values of shape {moved.shape}, or some that are not finite, of rows of "
                f"shape {(len(rows), len(places))}; accepted: as many finite rows"
            )
        result = rows.copy()
        result[:, places] = moved
        return result


def rotation(*planes: tuple[str, str], angle: float | None = None) -> Transformation:
    """Turn each plane of two columns by the same angle in rad; None draws one a row, from all.

    >>> g = rotation(("x", "y"), angle=np.pi / 2)
    >>> g(np.array([[1.0, 0.0]]), ["x", "y"], np.random.default_rng(0)).round(12).tolist()
    [[0.0, 1.0]]
    """

    def act(rows: Floats, random: np.random.Generator) -> Floats:
        turn = random.uniform(-np.pi, np.pi, len(rows)) if angle is None else np.full(len(rows), angle)
        return _in_planes(rows, np.cos(turn), -np.sin(turn), np.sin(turn))

    return _named("rotation", planes, angle, act, width=2)


def boost(*planes: tuple[str, str], velocity: float | None = None) -> Transformation:
    """Boost each plane of (energy, momentum) by the same velocity in units of c; None draws one a row.

    Drawn are rapidities, uniform within +- 0.5.
    """
    if velocity is not None and not abs(velocity) < 1.0:
        raise ConfigError(f"a boost by {velocity} came; accepted: a velocity between -1 and 1")

    def act(rows: Floats, random: np.random.Generator) -> Floats:
        if velocity is None:
            rapidity = random.uniform(-FREE, FREE, len(rows))
        else:
            rapidity = np.full(len(rows), np.arctanh(velocity))
        return _in_planes(rows, np.cosh(rapidity), np.sinh(rapidity), np.sinh(rapidity))

    return _named("boost", planes, velocity, act, width=2)


def reflection(*columns: str) -> Transformation:
    """Change the sign of all of these columns at once."""
    return _named("reflection", (columns,), None, lambda rows, _: -rows)


def scaling(*columns: str, factor: float | None = None) -> Transformation:
    """Multiply these columns by a factor; None draws one a row, its logarithm uniform within +- 0.5."""
    if factor is not None and factor == 0.0:
        raise ConfigError("a scale by 0 came; accepted: a factor that is not 0")

    def act(rows: Floats, random: np.random.Generator) -> Floats:
        if factor is not None:
            return rows * factor
        return rows * np.exp(random.uniform(-FREE, FREE, len(rows)))[:, None]

    return _named("scale", (columns,), factor, act)


def shift(*columns: str, by: float) -> Transformation:
    """Add a number to these columns."""
    return _named("shift", (columns,), by, lambda rows, _: rows + by)


def turn(*columns: str, by: float | None = None) -> Transformation:
    """Add an angle in rad to these columns of angles, back into (-pi, pi]; None draws one a row.

    >>> turn("phi", by=1.0)(np.array([[3.0]]), ["phi"], np.random.default_rng(0)).round(4).tolist()
    [[-2.2832]]
    """

    def act(rows: Floats, random: np.random.Generator) -> Floats:
        angle = random.uniform(-np.pi, np.pi, (len(rows), 1)) if by is None else by
        return np.pi - np.mod(np.pi - rows - angle, 2.0 * np.pi)

    return _named("turn", (columns,), by, act)


def swap(*groups: Sequence[str]) -> Transformation:
    """Move each group of columns to the place of the next, the last to the first: two groups are swapped."""
    width = len(groups[0]) if groups else 0

    def act(rows: Floats, _: np.random.Generator) -> Floats:
        return np.roll(rows, width, axis=1)

    if len(groups) < 2:
        raise ConfigError(f"a swap of {len(groups)} group came; accepted: 2 or more, as in swap:x1,y1+x2,y2")
    return _named("swap", tuple(tuple(group) for group in groups), None, act, width=width)


def either_way(one: Transformation, back: Transformation) -> Transformation:
    """Transform half of the rows, drawn at random, by `one`, the others by its inverse `back`.

    Where cuts are applied after g, x and gx live in different corners of what the cuts leave, unless g is as
    likely as its inverse.
    """
    if one.columns != back.columns:
        raise ConfigError(f"{one.name} and {back.name} move different columns; accepted: g and its inverse")

    def act(rows: Floats, random: np.random.Generator) -> Floats:
        return np.where(
            random.random(len(rows))[:, None] < 0.5, one.act(rows, random), back.act(rows, random)
        )

    return Transformation(f"{one.name}, either way", one.columns, act)


def ordered(*groups: Sequence[str], names: Sequence[str]) -> Callable[[Floats], Floats]:
    """Return what sorts groups of columns in each row by their first column, largest first.

    >>> settle = ordered(("pt1", "q1"), ("pt2", "q2"), names=["pt1", "q1", "pt2", "q2"])
    >>> settle(np.array([[1.0, -1.0, 2.0, 1.0]])).tolist()
    [[2.0, 1.0, 1.0, -1.0]]
    """
    places = np.array([[list(names).index(column) for column in group] for group in groups])

    def settle(rows: Floats) -> Floats:
        order = np.argsort(-rows[:, places[:, 0]], axis=1, kind="stable")
        result = rows.copy()
        result[:, places.ravel()] = np.take_along_axis(rows[:, places], order[:, :, None], axis=1).reshape(
            len(rows), -1
        )
        return result

    return settle


def _in_planes(rows: Floats, same: Floats, first: Floats, second: Floats) -> Floats:
    """Apply [[same, first], [second, same]] of each row to consecutive pairs of columns."""
    one, two = rows[:, 0::2], rows[:, 1::2]
    result = np.empty_like(rows)
    result[:, 0::2] = same[:, None] * one + first[:, None] * two
    result[:, 1::2] = second[:, None] * one + same[:, None] * two
    return result


def _named(
    kind: str,
    groups: Sequence[Sequence[str]],
    amount: float | None,
    act: Callable[[Floats, np.random.Generator], Floats],
    *,
    width: int | None = None,
) -> Transformation:
    columns = tuple(column for group in groups for column in group)
    if width is not None and any(len(group) != width for group in groups):
        raise ConfigError(
            f"{kind} of {written(groups)} came; accepted: groups of {width} columns joined by +"
        )
    if not columns or len(set(columns)) < len(columns):
        raise ConfigError(f"{kind} of {written(groups)!r} came; accepted: columns, each of them once")
    size = "" if amount is None else f"={amount:g}"
    return Transformation(f"{kind}:{written(groups)}{size}", columns, act)


def written(groups: Sequence[Sequence[str]]) -> str:
    """Write groups of columns as the command line takes them.

    >>> written((("px1", "py1"), ("px2", "py2")))
    'px1,py1+px2,py2'
    """
    return "+".join(",".join(group) for group in groups)
