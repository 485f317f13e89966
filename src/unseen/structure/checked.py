"""Columns that are fit to be measured: finite numbers that vary, named, with what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError
from unseen.seeds import generator

Floats = NDArray[np.float64]

# Below these, the spread of an estimate of dimension is larger than what it is to tell apart.
LEAST_ROWS, LEAST_ROWS_A_COLUMN = 500, 10
# Neighbours at distance 0 say nothing of a dimension; with more of them the rest is no fair sample.
MOST_REPEATED = 0.2
# Squares of numbers beyond these leave double precision.
LARGEST, SMALLEST = 1e100, 1e-100
# A column that moves by less than this share of its size holds rounding, not a feature.
CONSTANT = 1e-12


@dataclass(frozen=True)
class Columns:
    """Numbers of named columns, without those that do not vary.

    Attributes:
        names: Of the columns that vary, D of them.
        values: Shape (N, D), float64, in the units they came in.
        constant: Name -> value of the columns that do not vary, which take no part.
        single: Whether every value fits in single precision, so that its last digits are rounding.

    """

    names: tuple[str, ...]
    values: Floats
    constant: Mapping[str, float]
    single: bool

    @cached_property
    def mean(self) -> Floats:
        """Mean of each column, shape (D,)."""
        return np.asarray(self.values.mean(axis=0))

    @cached_property
    def scale(self) -> Floats:
        """Standard deviation of each column, shape (D,)."""
        return np.asarray(self.values.std(axis=0))

    @cached_property
    def standard(self) -> Floats:
        """Values with mean 0 and standard deviation 1, shape (N, D)."""
        return np.asarray((self.values - self.mean) / self.scale)

    @cached_property
    def repeated(self) -> float:
        """Share of the rows that hold what an earlier row holds."""
        return 1.0 - len(np.unique(self.values, axis=0)) / len(self.values)

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """Names of the columns that hold whole numbers alone."""
        whole = (self.values == np.round(self.values)).all(axis=0)
        return tuple(name for name, is_whole in zip(self.names, whole, strict=True) if is_whole)

    def sample(self, most: int, seed: int) -> Columns:
        """Return at most so many rows, drawn without replacement, in the order they came.

        Raises:
            DataError: A column varies no more among the rows drawn.

        """
        if len(self) <= most:
            return self
        places = np.sort(generator(seed, 64).choice(len(self), most, replace=False))
        return replace(columns(self.values[places], self.names), constant=self.constant)

    def smoothed(self, seed: int) -> Columns:
        """Return the same with noise between -0.5 and 0.5 on whole numbers, whose steps are no dimension."""
        noise = generator(seed, 65).uniform(-0.5, 0.5, self.values.shape)
        on = np.array([name in self.counted for name in self.names])
        return replace(self, values=self.values + noise * on) if on.any() else self

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)


def columns(values: ArrayLike, names: Sequence[str] | None = None) -> Columns:
    """Check a matrix (N, D) and set the columns that do not vary apart.

    Args:
        values: Numbers; what is not finite is refused.
        names: Of the columns; None calls them x0, x1, ...

    Raises:
        DataError: Not a matrix of finite numbers, fewer than two rows, or no column that varies.

    >>> found = columns([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]], ["v", "m"])
    >>> found.names, dict(found.constant)
    (('v',), {'m': 5.0})

    """
    matrix = _matrix(values)
    names = tuple(names) if names is not None else tuple(f"x{place}" for place in range(matrix.shape[1]))
    if len(names) != matrix.shape[1]:
        raise DataError(f"{len(names)} names came for {matrix.shape[1]} columns; accepted: one a column")
    _refuse_not_finite(matrix, names)
    varies = np.ptp(matrix, axis=0) > CONSTANT * np.abs(matrix).max(axis=0)
    if not varies.any():
        raise DataError(f"none of the {len(names)} columns varies; accepted: at least one that does")
    kept = matrix[:, varies]
    _refuse_sizes(kept, [name for name, is_kept in zip(names, varies, strict=True) if is_kept])
    with np.errstate(over="ignore"):  # beyond single precision it is not single
        single = bool((kept.astype(np.float32) == kept).all())
    return Columns(
        tuple(name for name, is_kept in zip(names, varies, strict=True) if is_kept),
        kept,
        {names[place]: float(matrix[0, place]) for place in np.flatnonzero(~varies)},
        single,
    )


def _matrix(values: ArrayLike) -> Floats:
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise DataError(f"values of type {array.dtype} came; accepted: numbers")
    if array.ndim != 2 or len(array) < 2 or not array.shape[1]:
        raise DataError(f"values of shape {array.shape} came; accepted: a matrix of 2 or more rows")
    return np.ascontiguousarray(array, dtype=np.float64)


def _refuse_not_finite(matrix: Floats, names: Sequence[str]) -> None:
    bad = ~np.isfinite(matrix)
    if bad.any():
        place = int(np.flatnonzero(bad.any(axis=0))[0])
        count, first = int(bad[:, place].sum()), int(np.flatnonzero(bad[:, place])[0])
        rows = "1 row that is" if count == 1 else f"{count:,} rows that are"
        raise DataError(
            f"column {names[place]!r} has {rows} not finite (first: row {first}); drop or fill them"
        )


def _refuse_sizes(matrix: Floats, names: Sequence[str]) -> None:
    sizes = np.abs(matrix).max(axis=0)
    bad = np.flatnonzero((sizes > LARGEST) | (np.ptp(matrix, axis=0) < SMALLEST))
    if len(bad):
        raise DataError(
            f"column {names[bad[0]]!r} has the size {sizes[bad[0]]:.1g}, whose square cannot be held; "
            "give it in another unit"
        )


def refuse_dimension(found: Columns) -> None:
    """Refuse rows of which no intrinsic dimension can be told.

    Raises:
        DataError: Fewer than `LEAST_ROWS` rows, fewer than `LEAST_ROWS_A_COLUMN` a column, or more than a
            share of `MOST_REPEATED` that repeat others.

    >>> refuse_dimension(columns(np.arange(20.0).reshape(10, 2)))
    Traceback (most recent call last):
    ...
    unseen.errors.DataError: 10 rows of 2 columns came; an intrinsic dimension needs 500 rows or more

    """
    rows, width = found.values.shape
    least = max(LEAST_ROWS, LEAST_ROWS_A_COLUMN * width)
    if rows < least:
        raise DataError(
            f"{rows} rows of {width} columns came; an intrinsic dimension needs {least:,} rows or more"
        )
    if found.repeated > MOST_REPEATED:
        raise DataError(
            f"{found.repeated:.0%} of the rows repeat others; accepted for an intrinsic dimension: at most "
            f"{MOST_REPEATED:.0%}. Drop them, or add noise below the resolution to counted or rounded columns"
        )


def few_units(units: int, width: int) -> str | None:
    """Return what to say of a latent space that is narrower than the data, or None where it is not.

    >>> few_units(6, 4)
    >>> few_units(3, 5)
    '3 latent units for 5 columns: a count that fills all 3 is cut off, not found; take 7 or more'
    """
    if units >= width:
        return None
    return (
        f"{units} latent units for {width} columns: a count that fills all {units} is cut off, not found; "
        f"take {width + 2} or more"
    )
