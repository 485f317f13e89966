"""How well a score puts anomalies above normals; a higher score is stranger, an alarm is `score >= t`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from unseen.errors import ConfigError
from unseen.evaluation.tally import Floats, Tally, tally

LEAST_FALSE_ALARMS = 10.0
"""A rate is estimated from at least this many expected false alarms: a relative error of 1/sqrt(10)."""

LEAST_NORMALS_LEFT = 100
"""Normals that must stay above the cut in `max_sic`, so that sqrt(FPR) is known to about 5 %."""


def roc_auc(
    normal: ArrayLike,
    anomaly: ArrayLike,
    *,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
) -> float:
    """Probability that an anomaly scores above a normal row; a tie counts one half.

    `AUC = sum_ij u_i v_j ([a_j > s_i] + [a_j = s_i] / 2) / (sum u * sum v)`.

    Args:
        normal: (n,) scores of normal rows.
        anomaly: (m,) scores of anomalous rows.
        normal_weights: (n,) non-negative row weights u; 1 if absent.
        anomaly_weights: (m,) non-negative row weights v; 1 if absent.

    Raises:
        DataError: a side is empty or has NaN, or weights are negative.

    Reference: Hanley and McNeil, Radiology 143 (1982) 29.

    >>> round(roc_auc([0.1, 0.2, 0.3], [0.3, 0.9]), 4)
    0.9167

    """
    return auc_of(tally(normal, anomaly, normal_weights, anomaly_weights))


def average_precision(
    normal: ArrayLike,
    anomaly: ArrayLike,
    *,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
) -> float:
    """Mean precision over the recall steps, `AP = sum_k (R_k - R_(k-1)) P_k`, without interpolation.

    It depends on the share of anomalies in the test: compare only values of one test set.

    Raises:
        DataError: as in `roc_auc`.

    >>> round(average_precision([0.1, 0.2, 0.3], [0.25, 0.9]), 4)
    0.8333

    """
    return precision_of(tally(normal, anomaly, normal_weights, anomaly_weights))


def tpr_at_fpr(
    normal: ArrayLike,
    anomaly: ArrayLike,
    fpr: float,
    *,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
    least_alarms: float = LEAST_FALSE_ALARMS,
) -> float:
    """Share of anomalies caught at the lowest threshold whose false-alarm share is at most `fpr`.

    Conservative: normals tied at the cut are all false alarms, so where the allowed share falls inside a tie
    the threshold goes above it. NaN when `fpr` times the (effective) number of normals is below
    `least_alarms`: the threshold would hang on a handful of rows, and the number would look far surer than
    it is. Lower it only where several splits are averaged.

    Raises:
        DataError: as in `roc_auc`.
        ConfigError: `fpr` outside (0, 1].

    >>> tpr_at_fpr(range(1000), [985, 995], 0.01)
    0.5
    >>> tpr_at_fpr(range(1000), [985, 995], 0.001)
    nan

    """
    if not 0 < fpr <= 1:
        raise ConfigError(f"fpr {fpr!r} is not a rate; accepted: above 0 and at most 1, such as 0.01.")
    return caught_at(tally(normal, anomaly, normal_weights, anomaly_weights), fpr, least_alarms)


def max_sic(
    normal: ArrayLike,
    anomaly: ArrayLike,
    *,
    least_normals: int = LEAST_NORMALS_LEFT,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
) -> float:
    """Largest significance improvement, `max TPR / sqrt(FPR)` over cuts that leave `least_normals` or more.

    A score without knowledge gives 1 (the cut that keeps everything). NaN when there are fewer normals.

    Raises:
        DataError: as in `roc_auc`.
        ConfigError: `least_normals` below 1.

    Reference: Gallicchio and Schwartz, JHEP 10 (2011) 103.

    >>> max_sic(range(400), [399.5] * 5)
    2.0

    """
    if least_normals < 1:
        raise ConfigError(
            f"least_normals is {least_normals}; accepted: 1 or more (at 0 the ratio is infinite)."
        )
    return sic_of(tally(normal, anomaly, normal_weights, anomaly_weights), least_normals)


@dataclass(frozen=True)
class RocCurve:
    """Points of a ROC curve from (0, 0) to (1, 1), thresholds falling from +inf.

    Attributes:
        fpr: (k,) share of normals at or above the threshold.
        tpr: (k,) share of anomalies at or above the threshold.
        thresholds: (k,) the scores.
        normals: number of normal rows.
        anomalies: number of anomalous rows.

    """

    fpr: Floats
    tpr: Floats
    thresholds: Floats
    normals: int
    anomalies: int

    def thin(self, points: int = 300) -> RocCurve:
        """Keep about `points` points, even both in FPR and in log FPR, never losing the ends."""
        if self.fpr.size <= points:
            return self
        floor = 1 / self.normals
        wanted = np.concatenate([np.linspace(0, 1, points // 2), np.geomspace(floor, 1, points // 2)])
        keep = np.searchsorted(self.fpr, wanted, side="right") - 1
        keep = np.unique(np.concatenate([[0], np.clip(keep, 0, None), [self.fpr.size - 1]]))
        return RocCurve(self.fpr[keep], self.tpr[keep], self.thresholds[keep], self.normals, self.anomalies)


def roc_curve(
    normal: ArrayLike,
    anomaly: ArrayLike,
    *,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
) -> RocCurve:
    """Trace the ROC curve at every distinct score of either side; with weights, shares are of the weight.

    Raises:
        DataError: a side is empty or has NaN.

    >>> roc_curve([0.1, 0.2], [0.2, 0.3]).tpr.tolist()
    [0.0, 0.5, 1.0, 1.0]

    """
    counts = tally(normal, anomaly, normal_weights, anomaly_weights)
    n, m = np.size(np.asarray(normal)), np.size(np.asarray(anomaly))
    cuts = np.union1d(counts.normal_scores, counts.anomaly_scores)[::-1]
    fpr = counts.tail[np.searchsorted(counts.normal_scores, cuts, side="left")] / counts.tail[0]
    caught = np.concatenate([[0.0], counts.caught])
    tpr = caught[np.searchsorted(-counts.anomaly_scores, -cuts, side="right")]
    return RocCurve(
        fpr=np.concatenate([[0.0], fpr]),
        tpr=np.concatenate([[0.0], tpr]),
        thresholds=np.concatenate([[np.inf], cuts]),
        normals=n,
        anomalies=m,
    )


def auc_of(counts: Tally) -> float:
    """AUC of a tally; see `roc_auc`."""
    beaten = 1 - (counts.tail[counts.at_or_above] + counts.tail[counts.above]) / (2 * counts.tail[0])
    return float(counts.hits @ beaten / counts.hits.sum())


def precision_of(counts: Tally) -> float:
    """Average precision of a tally; see `average_precision`."""
    true = np.cumsum(counts.hits)
    alarms = true + counts.tail[counts.at_or_above]
    # A resample may leave the first groups empty: 0 hits in 0 alarms is no precision, and no recall step.
    precision = np.divide(true, alarms, out=np.zeros_like(true), where=alarms > 0)
    return float(counts.hits @ precision / true[-1])


def cut_at(counts: Tally, fpr: float) -> float:
    """Highest score that is *not* an alarm when at most the share `fpr` may be false alarms; -inf if none."""
    # A share such as 0.01 * 700 is 7.000000000000001: give the comparison the rounding back.
    allowed = fpr * counts.tail[0] * (1 + 1e-12)
    # tail falls with the index; the first index whose tail is allowed is the lowest alarming normal score.
    index = int(np.searchsorted(-counts.tail, -allowed, side="left"))
    return float(counts.normal_scores[index - 1]) if index > 0 else -math.inf


def caught_at(counts: Tally, fpr: float, least_alarms: float = LEAST_FALSE_ALARMS) -> float:
    """TPR of a tally at a false-alarm rate; see `tpr_at_fpr`."""
    if fpr * counts.normal_rows < least_alarms * (1 - 1e-9):
        return math.nan
    caught = counts.anomaly_scores > cut_at(counts, fpr)
    return float(counts.hits @ caught / counts.hits.sum())


def sic_of(counts: Tally, least_normals: int = LEAST_NORMALS_LEFT) -> float:
    """Maximum SIC of a tally; see `max_sic`."""
    if counts.normal_rows < least_normals * (1 - 1e-9):
        return math.nan
    floor = least_normals / counts.normal_rows * (1 - 1e-9)
    # Between two anomaly scores a lower cut only adds false alarms, so the maximum lies at an anomaly score
    # or at the tightest cut that still leaves enough normals.
    share = counts.tail / counts.tail[0]
    edge = int(np.searchsorted(-share, -floor, side="right")) - 1
    at_edge = counts.hits @ (counts.anomaly_scores >= counts.normal_scores[edge]) / counts.hits.sum()
    best = float(at_edge / math.sqrt(share[edge]))
    false, caught = counts.false_alarms, counts.caught
    allowed = false >= floor
    return max(best, float(np.max(caught[allowed] / np.sqrt(false[allowed]), initial=0.0)))
