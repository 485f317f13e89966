"""Named features to hold against the units of a code: numbers and words, cleaned, with what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError

Floats = NDArray[np.float64]

# A feature missing more often than this is left out; else the rows it is missing in are.
MOST_MISSING = 0.05
# Words beyond these are one: the rarest.
MOST_WORDS = 10


@dataclass(frozen=True, eq=False)
class Named:
    """Features of N rows as numbers.

    Attributes:
        names: Of the F features that are kept.
        values: Shape (n, F): numbers, or the place of a word among the feature's words.
        words: Whether a feature is words of no order, shape (F,).
        rows: Which of the N rows are kept, shape (N,).
        dropped: Name of each feature that is left out, and why.

    """

    names: tuple[str, ...]
    values: Floats
    words: NDArray[np.bool_]
    rows: NDArray[np.bool_]
    dropped: dict[str, str]


def named(features: Mapping[str, ArrayLike], count: int) -> Named:
    """Clean features of `count` rows: drop what is constant or mostly missing, and say so.

    Raises:
        DataError: A feature is not one value a row, or none is left.

    >>> found = named({"a": [1.0, 2.0, 2.0], "b": [7, 7, 7], "kind": ["x", "y", "x"]}, 3)
    >>> found.names, found.dropped
    (('a', 'kind'), {'b': 'has the same value in every row'})

    """
    columns: dict[str, tuple[Floats, bool]] = {}
    dropped: dict[str, str] = {}
    for name, given in features.items():
        values, words = _numbers(name, given, count)
        missing = int(np.isnan(values).sum())
        if missing > MOST_MISSING * count:
            dropped[name] = f"is undefined in {missing:,} of {count:,} rows"
        elif np.ptp(values[~np.isnan(values)]) == 0:
            dropped[name] = "has the same value in every row"
        else:
            columns[name] = values, words
    if not columns:
        why = "; ".join(f"{name!r} {reason}" for name, reason in list(dropped.items())[:3])
        raise DataError(f"no feature is left to hold the units against{': ' if why else ''}{why}")
    matrix = np.column_stack([values for values, _ in columns.values()])
    kept = np.asarray(~np.isnan(matrix).any(1))
    still = {
        name for name, values in zip(columns, matrix[kept].T, strict=True) if len(values) and np.ptp(values)
    }
    for name in columns.keys() - still:
        dropped[name] = "has the same value wherever the others are defined"
    chosen = [place for place, name in enumerate(columns) if name in still]
    if not chosen:
        raise DataError("the features are never all defined at once; leave out those that are often missing")
    flags = np.array([words for _, words in columns.values()])
    return Named(
        tuple(n for n in columns if n in still), matrix[kept][:, chosen], flags[chosen], kept, dropped
    )


def _numbers(name: str, given: ArrayLike, count: int) -> tuple[Floats, bool]:
    """Return a feature as numbers, NaN where undefined, and whether these stand for words."""
    raw = np.asarray(given)
    if raw.shape != (count,):
        raise DataError(
            f"feature {name!r} of shape {raw.shape} came; accepted: one value a row, ({count:,},)"
        )
    if raw.dtype.kind in "biuf":
        values = raw.astype(np.float64)
        return np.where(np.isfinite(values), values, np.nan), False
    text = np.array(["" if word is None else str(word) for word in raw])
    _, inverse, often = np.unique(text, return_inverse=True, return_counts=True)
    by_count = np.argsort(np.argsort(-often, kind="stable"), kind="stable")
    places = np.minimum(by_count, MOST_WORDS - 1)[inverse].astype(np.float64)
    return np.where(text == "", np.nan, places), True
