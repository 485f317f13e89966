"""Event weights: checked once, in one wording; what many weighted rows are worth as equal ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError

Floats = NDArray[np.float64]


def event_weights(weights: ArrayLike | None, rows: int, *, what: str = "sample_weight") -> Floats | None:
    """Return one weight a row, shape (rows,), or None where all rows count alike; see `checked_weights`.

    Only ratios of weights matter in this package, so weights that are all equal are no weights, bit for bit.

    Args:
        weights: Numbers, finite and not negative; None for none. A row of weight 0 does not count.
        rows: How many there must be.
        what: What errors call them.

    Raises:
        DataError: Not one a row, not numbers, NaN or infinite, negative, or all 0.

    >>> event_weights([2.0, 2.0], rows=2) is None
    True
    >>> event_weights([0.5, -0.1], rows=2)
    Traceback (most recent call last):
    ...
    unseen.errors.DataError: sample_weight is -0.1 (first: row 1; 1 of 2 rows); accepted: finite numbers, 0 \
or more. Drop rows of negative weight, or fold them into their neighbours

    """
    if weights is None:
        return None
    column = checked_weights(weights, rows, what=what)
    return None if not rows or bool((column == column[0]).all()) else column


def checked_weights(weights: ArrayLike, rows: int, *, what: str = "sample_weight") -> Floats:
    """Return one weight a row, shape (rows,), or say what is wrong with them.

    Raises:
        DataError: As `event_weights`.

    """
    try:
        column = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} must be numbers, one a row; got {type(weights).__name__}") from error
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.shape != (rows,):
        raise DataError(f"{what} has shape {column.shape}; accepted: one weight a row, shape ({rows},)")
    bad = ~(np.isfinite(column) & (column >= 0))
    if bad.any():
        first = int(np.argmax(bad))
        remedy = (
            "Drop rows of negative weight, or fold them into their neighbours"
            if column[first] < 0
            else "Drop these rows or repair their weights"
        )
        raise DataError(
            f"{what} is {column[first]:g} (first: row {first}; {int(bad.sum())} of {rows} rows); "
            f"accepted: finite numbers, 0 or more. {remedy}"
        )
    if rows and not column.any():
        raise DataError(f"{what} is zero in all {rows} rows; at least one row must count")
    return column


def effective_number(weights: ArrayLike) -> float:
    """Rows of equal weight that estimate a share as well as these do, (sum w)^2 / sum w^2.

    Reference: Kish, Survey Sampling (1965).

    >>> effective_number([1.0, 1.0, 1.0]), effective_number([1.0, 0.0, 0.0])
    (3.0, 1.0)
    """
    column = np.asarray(weights, dtype=np.float64)
    return float(column.sum() ** 2 / np.square(column).sum())


def weighted_quantile(values: ArrayLike, q: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Smallest value with at least the share q of the weight at or below it; numpy's without weights.

    Args:
        values: (n,) numbers.
        q: Shares, 0 to 1, any shape.
        weights: (n,) weights or None.

    >>> float(weighted_quantile([1.0, 2.0, 3.0], 0.5, [1.0, 1.0, 8.0]))
    3.0

    """
    column, shares = np.asarray(values, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if weights is None:
        return np.asarray(np.quantile(column, shares))
    order = np.argsort(column, kind="stable")
    reached = np.cumsum(np.asarray(weights, dtype=np.float64)[order])
    # give the comparison back what rounding took from the sum
    wanted = shares * reached[-1] * (1.0 - 1e-12)
    return np.asarray(column[order][np.searchsorted(reached, wanted, side="left").clip(0, len(order) - 1)])
