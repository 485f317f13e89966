"""How much of each side lies above each score: the counts all rank statistics are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError
from unseen.evaluation.weights import checked_weights, effective_number

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Tally:
    """Weights of normal and anomalous rows at their distinct scores; an alarm is `score >= threshold`.

    The scores are sorted once. A resample changes the weights only (`reweighted`), so a bootstrap of any
    rank statistic costs a cumulative sum instead of a sort.

    Attributes:
        normal_scores: (p,) distinct scores of the normal side, ascending.
        anomaly_scores: (q,) distinct scores of the anomalous side, descending.
        at_or_above: (q,) index of the first normal score >= the anomaly score.
        above: (q,) index of the first normal score > the anomaly score.
        tail: (p + 1,) weight of the normals at index i and higher; `tail[0]` is all of them.
        hits: (q,) weight of the anomalies at each anomaly score.
        normal_rows: effective number of normal rows, (sum w)^2 / sum w^2 (Kish); n without weights.

    """

    normal_scores: Floats
    anomaly_scores: Floats
    at_or_above: Ints
    above: Ints
    tail: Floats
    hits: Floats
    normal_rows: float

    @property
    def false_alarms(self) -> Floats:
        """Share of normals at or above each anomaly score, (q,)."""
        return np.asarray(self.tail[self.at_or_above] / self.tail[0])

    @property
    def caught(self) -> Floats:
        """Share of anomalies at or above each anomaly score, (q,)."""
        total = np.cumsum(self.hits)
        return np.asarray(total / total[-1])

    def reweighted(self, tail: Floats, hits: Floats) -> Tally:
        """Return the same scores with other weights, (p + 1,) and (q,): one bootstrap resample."""
        return replace(self, tail=tail, hits=hits)


def tally(
    normal: ArrayLike,
    anomaly: ArrayLike,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
) -> Tally:
    """Sort and count both sides, each (n,) and (m,) with optional non-negative weights.

    Raises:
        DataError: a side is empty or has NaN, or its weights are refused by `event_weights`.

    """
    normal_side = score_column(normal, "normal")
    anomaly_side = score_column(anomaly, "anomaly")
    normal_w = _weights(normal_weights, normal_side, "normal")
    anomaly_w = _weights(anomaly_weights, anomaly_side, "anomaly")
    low, group = np.unique(normal_side, return_inverse=True)
    rising, anomaly_group = np.unique(anomaly_side, return_inverse=True)
    high = rising[::-1].copy()
    return Tally(
        normal_scores=low,
        anomaly_scores=high,
        at_or_above=np.searchsorted(low, high, side="left"),
        above=np.searchsorted(low, high, side="right"),
        tail=tail_sum(_grouped(group, normal_w, low.size)),
        hits=_grouped(anomaly_group, anomaly_w, high.size)[::-1].copy(),
        normal_rows=effective_number(normal_w),
    )


def tail_sum(weights: Floats) -> Floats:
    """Sum from each index to the end, with a closing 0: (p,) -> (p + 1,)."""
    tail = np.zeros(weights.size + 1)
    tail[:-1] = np.cumsum(weights[::-1])[::-1]
    return tail


def _grouped(group: Ints, weights: Floats, size: int) -> Floats:
    return np.bincount(group, weights=weights, minlength=size).astype(np.float64)


def score_column(scores: ArrayLike, side: str) -> Floats:
    """Return scores as one float64 column, or say what is wrong with them.

    Infinite scores have a rank and are accepted; NaN has none.

    >>> score_column([0.5, float("nan")], "normal")
    Traceback (most recent call last):
    ...
    unseen.errors.DataError: normal scores: 1 of 2 are NaN (first: row 1); score finite rows only.
    """
    try:
        column = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{side} scores must be numbers, one a row; got {type(scores).__name__}.") from error
    if column.ndim != 1:
        raise DataError(f"{side} scores must be one column, one number a row; got shape {column.shape}.")
    if column.size == 0:
        raise DataError(f"{side} scores are empty; a rank statistic needs at least one row on each side.")
    missing = np.isnan(column)
    if missing.any():
        first = int(np.argmax(missing))
        raise DataError(
            f"{side} scores: {int(missing.sum())} of {column.size} are NaN (first: row {first}); "
            "score finite rows only."
        )
    return column


def _weights(weights: ArrayLike | None, scores: Floats, side: str) -> Floats:
    if weights is None:
        return np.ones(scores.size)
    # the sides share one scale: precision asks how much of each there is
    return checked_weights(weights, scores.size, what=f"the weight of a row of the {side} side")
