"""What `fit` is given beside features and labels: event weights and a protected variable, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError, DataError
from unseen.evaluation.weights import event_weights
from unseen.training.beside import Beside

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Given:
    """What `fit` or `fine_tune` was given, checked.

    Attributes:
        rows: Shape (N, D).
        normal, told: Which of them are normal and which known anomalies, shape (N,); neither where the
            weight is 0.
        beside: Weights and protected variable of all rows.

    """

    rows: Floats
    normal: Bools
    told: Bools
    beside: Beside

    def told_kinds(self, kinds: ArrayLike | None) -> NDArray[Any] | None:
        """Kinds of the known anomalies."""
        return None if kinds is None else np.asarray(kinds)[self.told]


def read_given(
    rows: Floats,
    known: Bools,
    sample_weight: ArrayLike | None,
    protected: ArrayLike | None,
    *,
    asked: bool,
) -> Given:
    """Check what stands beside rows (N, D), and leave those of weight 0 out.

    Args:
        rows: Shape (N, D).
        known: Which rows are known anomalies, shape (N,).
        sample_weight, protected: One value a row, shape (N,), or None.
        asked: Whether a decorrelation is asked for, which needs `protected` where rows are normal.

    Raises:
        DataError: Values that are not one a row, or not accepted.
        ConfigError: A decorrelation without a variable, or a variable without a decorrelation.

    """
    weights = event_weights(sample_weight, len(known))
    counts = np.ones(len(known), dtype=bool) if weights is None else weights > 0
    normal = ~known & counts
    beside = Beside(
        None if weights is None else torch.from_numpy(weights.copy()),
        _protected(protected, normal, asked=asked and bool((~known).any())),
    )
    return Given(rows, normal, known & counts, beside)


def weights_of(beside: Beside) -> Floats | None:
    """Weights as numbers, shape (N,); None where there are none."""
    return None if beside.weights is None else np.asarray(beside.weights.numpy(), dtype=np.float64)


def heaviest_of(beside: Beside) -> float:
    """Largest weight over the mean one; 1 where there are none."""
    factors = beside.factors
    return 1.0 if factors is None else float(factors.max())


def _protected(values: ArrayLike | None, normal: Bools, *, asked: bool) -> torch.Tensor | None:
    if values is None and asked:
        raise ConfigError(
            "decorrelate is set, but no protected variable came; pass protected=..., one number a row"
        )
    if values is None:
        return None
    if not asked:
        raise ConfigError(
            "protected came, but nothing uses it: decorrelate is None, or no row is normal; "
            "set decorrelate=DisCo(...) or leave protected out"
        )
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"protected must be numbers, one a row; got {type(values).__name__}") from error
    if column.shape != normal.shape:
        raise DataError(
            f"protected has shape {column.shape}; accepted: one number a row, shape {normal.shape}"
        )
    bad = normal & ~np.isfinite(column)
    if bad.any():
        first = int(bad.argmax())
        raise DataError(
            f"protected is {column[first]} (first: row {first}; {int(bad.sum())} rows); "
            "accepted: finite numbers in all normal rows. Drop these rows"
        )
    if normal.any() and np.ptp(column[normal]) == 0:
        raise DataError(
            f"protected is {column[normal][0]:g} in all {int(normal.sum())} normal rows; "
            "there is nothing to decorrelate from"
        )
    return torch.from_numpy(column.astype(np.float32))
