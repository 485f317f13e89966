"""AUC at a fixed third variable: what a score knows beyond, say, the number of hits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from unseen.errors import ConfigError, DataError
from unseen.evaluation.resampling import RESAMPLES, Drawn, Ranked, Sampled, sampled, tails
from unseen.evaluation.tally import Floats, Ints

Weighting = Literal["anomalies", "pairs"]
WIDTH, LEAST_NORMALS = 10.0, 3


@dataclass(frozen=True)
class AtFixed:
    """AUC within bins of another variable, averaged over the bins.

    Attributes:
        auc: With its bootstrap; NaN where no bin holds anomalies and enough normal rows.
        used: Anomalous rows in the bins that count.
        rows: All anomalous rows.
        bins: Bins that count.
        width: Of a bin.
        weighting: How the bins were averaged.

    """

    auc: Sampled
    used: int
    rows: int
    bins: int
    width: float
    weighting: Weighting

    @property
    def coverage(self) -> float:
        """Share of the anomalous rows the number is about."""
        return self.used / self.rows

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        return {
            **self.auc.to_dict(),
            "used": self.used,
            "rows": self.rows,
            "bins": self.bins,
            "width": self.width,
            "weighting": self.weighting,
        }


def auc_at_fixed(
    normal: ArrayLike,
    anomaly: ArrayLike,
    normal_at: ArrayLike,
    anomaly_at: ArrayLike,
    *,
    width: float = WIDTH,
    least_normals: int = LEAST_NORMALS,
    weighting: Weighting = "anomalies",
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    stream: int = 0,
) -> AtFixed:
    """AUC of a score among rows that are alike in another variable.

    Bins [k w, (k + 1) w) of the variable with at least `least_normals` normal rows count. Their AUCs are
    averaged by the weight of the anomalies in them, `sum_b m_b AUC_b / sum_b m_b`; with "pairs" by
    `n_b m_b`, which leans on the bins where normal rows are many and is usually higher. A score that is a
    function of the variable and constant within a bin has exactly 0.5; one that rises with the variable
    inside a bin keeps what that leaves, less the narrower the bin.

    A resample draws the normal and the anomalous rows, each anew, and chooses its bins by the same rule.

    Args:
        normal, anomaly: (n,) and (m,) scores, higher is stranger.
        normal_at, anomaly_at: (n,) and (m,) values of the variable.
        width: Of a bin, in the unit of the variable.
        least_normals: Bins with fewer normal rows are left out.
        weighting: "anomalies" or "pairs".
        normal_weights, anomaly_weights: Event weights or None; normal rows are counted without them.
        resamples, seed, stream: As in `resampling.sampled`; one seed pairs the scores of the same rows.

    Raises:
        DataError: As in `roc_auc`, or not one finite value of the variable a row.
        ConfigError: A width, a least number or a weighting that is not accepted.

    >>> found = auc_at_fixed([1, 2, 3, 9, 9, 9], [4, 1, 9], [5, 5, 5, 15, 15, 15], [5, 5, 25])
    >>> found.auc.value, found.used, found.coverage == 2 / 3  # the third lies where no normal row is
    (0.5833333333333334, 2, True)

    """
    if not (np.isfinite(width) and width > 0) or least_normals < 1:
        raise ConfigError(
            f"width {width!r} and least_normals {least_normals!r} came; accepted: a width above 0 and at "
            "least 1 normal row."
        )
    if weighting not in ("anomalies", "pairs"):
        raise ConfigError(f"weighting {weighting!r} came; accepted: anomalies, pairs.")
    ranked = Ranked.of(normal, anomaly, normal_weights, anomaly_weights)
    bins = _bins(normal_at, ranked.normal.size, "normal", width)[ranked.normal_order]
    own = _bins(anomaly_at, ranked.anomaly.size, "anomalous", width)[ranked.anomaly_order]
    places = _Places.of(ranked, bins, own)
    measure = partial(_conditional, places, least_normals, weighting == "pairs")
    (found,) = sampled(ranked, measure, resamples=resamples, seed=seed, stream=stream)
    inside = np.asarray(places.end - places.start) >= least_normals
    return AtFixed(
        found, int(inside.sum()), own.size, int(np.unique(own[inside]).size), float(width), weighting
    )


@dataclass(frozen=True)
class _Places:
    """Where the bin of each anomaly lies among the normals, once these stand by bin and then by score.

    `order` puts normals (n,) that stand by score into that order; all others are (m,).
    """

    order: Ints
    start: Ints
    end: Ints
    at_or_above: Ints
    above: Ints

    @classmethod
    def of(cls, ranked: Ranked, bins: Ints, own: Ints) -> _Places:
        order = np.argsort(bins, kind="stable")
        ordered, scores = bins[order], ranked.normal[order]
        start = np.searchsorted(ordered, own, side="left")
        end = np.searchsorted(ordered, own, side="right")
        at, above = start.copy(), start.copy()
        for first in np.unique(start[end > start]):
            rows = np.flatnonzero((start == first) & (end > start))
            inside = scores[first : end[rows[0]]]
            at[rows] = first + np.searchsorted(inside, ranked.anomaly[rows], side="left")
            above[rows] = first + np.searchsorted(inside, ranked.anomaly[rows], side="right")
        return cls(order, start, end, at, above)


def _conditional(places: _Places, least: int, pairs: bool, drawn: Drawn) -> Floats:
    """AUC at fixed variable of each resample, (b,)."""
    ranked, own, v = drawn.ranked, drawn.u[:, places.order], drawn.v
    tail = tails(own)
    all_of = tail[:, places.start] - tail[:, places.end]
    below = tail[:, places.start] - 0.5 * (tail[:, places.at_or_above] + tail[:, places.above])
    rows = all_of if ranked.normal_weights is None else _rows(own, ranked, places)
    weight = np.where((rows >= least - 1e-9) & (all_of > 0), v, 0.0)
    share = np.divide(below, all_of, out=np.zeros_like(below), where=all_of > 0)
    weight = weight * all_of if pairs else weight
    total = weight.sum(1)
    found = np.full(len(v), np.nan)
    np.divide((weight * share).sum(1), total, out=found, where=total > 0)
    return found


def _rows(own: Floats, ranked: Ranked, places: _Places) -> Floats:
    """Count the drawn normal rows in the bin of each anomaly: weights divided out again."""
    assert ranked.normal_weights is not None  # noqa: S101 - asked before
    weights = ranked.normal_weights[places.order]
    drawn = tails(np.divide(own, weights, out=np.zeros_like(own), where=weights > 0))
    return np.asarray(drawn[:, places.start] - drawn[:, places.end])


def _bins(values: ArrayLike, rows: int, side: str, width: float) -> Ints:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (rows,) or not np.isfinite(column).all():
        raise DataError(
            f"the variable of the {side} rows has shape {column.shape} or values that are not finite; "
            f"accepted: one finite number a row, shape ({rows},)."
        )
    return np.asarray(np.floor(column / width), dtype=np.intp)
