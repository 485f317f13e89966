"""Decisions at a threshold, as medicine reports them: sensitivity, specificity, what an answer is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from unseen.errors import ConfigError, DataError
from unseen.evaluation.intervals import Estimate

Floats = NDArray[np.float64]


def wilson(k: int, n: int, *, level: float = 0.95) -> Estimate:
    """Score interval of a share: k of n rows; n = 0 is not known.

    (k/n + z^2/2n +- z sqrt(k/n (1 - k/n)/n + z^2/4n^2)) / (1 + z^2/n). Its mean coverage is the level;
    `clopper_pearson` never falls below it and is wider.

    Raises:
        DataError: Unless 0 <= k <= n.

    Reference: Wilson, JASA 22 (1927) 209.

    >>> str(wilson(45, 50))
    '0.90 [0.79, 0.96]'
    """
    if not 0 <= k <= n:
        raise DataError(f"{k} of {n} rows is not a share; need 0 <= k <= n")
    if n == 0:
        return Estimate(math.nan)
    z, share = float(special.ndtri((1 + level) / 2)), k / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # rounding must not push the bound past the value at 0 or n
    low, high = (centre - half) / scale, (centre + half) / scale
    return Estimate(share, max(0.0, min(low, share)), min(1.0, max(high, share)))


@dataclass(frozen=True)
class Decisions:
    """How many rows of each class are called positive, and what follows.

    Attributes:
        negatives, positives: Rows of each class.
        false_alarms, hits: Of these, called positive.

    """

    negatives: int
    positives: int
    false_alarms: int
    hits: int

    @property
    def sensitivity(self) -> Estimate:
        """Share of the positives that is called so, with its Wilson interval."""
        return wilson(self.hits, self.positives)

    @property
    def specificity(self) -> Estimate:
        """Share of the negatives that is not called positive, with its Wilson interval."""
        return wilson(self.negatives - self.false_alarms, self.negatives)

    @property
    def accuracy(self) -> Estimate:
        """Share of all rows that is called what it is, with its Wilson interval."""
        right = self.hits + self.negatives - self.false_alarms
        return wilson(right, self.negatives + self.positives)

    def predictive_values(self, prevalence: float) -> tuple[float, float]:
        """Chance of the finding where it is called, and of none where it is not, at another prevalence."""
        return predictive_values(self.sensitivity.value, self.specificity.value, prevalence)


def decisions_at(scores: ArrayLike, positive: ArrayLike, threshold: float) -> Decisions:
    """Call rows with a score of at least a threshold positive.

    Args:
        scores: (N,), higher is more positive.
        positive: (N,) 0 or 1.
        threshold: Where calls begin.

    Raises:
        DataError: Columns of another length.

    >>> decisions_at([0.1, 0.6, 0.9], [0, 0, 1], 0.5)
    Decisions(negatives=2, positives=1, false_alarms=1, hits=1)
    """
    called, true = np.asarray(scores, np.float64) >= threshold, np.asarray(positive) == 1
    if called.shape != true.shape or called.ndim != 1:
        raise DataError(f"scores {called.shape} and labels {true.shape} came; accepted: (N,) each")
    return Decisions(
        int((~true).sum()), int(true.sum()), int((called & ~true).sum()), int((called & true).sum())
    )


def predictive_values(sensitivity: float, specificity: float, prevalence: float) -> tuple[float, float]:
    """Return PPV and NPV by Bayes; NaN where nothing is called.

    PPV = s p / (s p + (1 - t)(1 - p)), NPV = t (1 - p) / (t (1 - p) + (1 - s) p), of sensitivity s,
    specificity t, prevalence p.

    Raises:
        ConfigError: A prevalence outside of (0, 1).

    >>> [round(v, 3) for v in predictive_values(0.99, 0.9, 0.01)]
    [0.091, 1.0]
    """
    if not 0 < prevalence < 1:
        raise ConfigError(f"prevalence {prevalence} came; accepted: between 0 and 1, such as 0.05")
    hit, missed = sensitivity * prevalence, (1 - sensitivity) * prevalence
    false, right = (1 - specificity) * (1 - prevalence), specificity * (1 - prevalence)
    return (
        hit / (hit + false) if hit + false else math.nan,
        right / (right + missed) if right + missed else math.nan,
    )


def equal_error_threshold(scores: ArrayLike, positive: ArrayLike) -> float:
    """Threshold at which sensitivity and specificity are nearest to each other, half way between scores.

    Both classes then err alike, whatever their shares in the rows it is chosen on.

    Raises:
        DataError: A class without rows.

    >>> equal_error_threshold([0.0, 1.0, 2.0, 3.0], [0, 0, 1, 1])
    1.5
    """
    column, true = np.asarray(scores, np.float64), np.asarray(positive) == 1
    negatives, positives = np.sort(column[~true]), np.sort(column[true])
    if not len(negatives) or not len(positives):
        raise DataError("a threshold needs rows of both classes")
    values = np.unique(column)
    cuts = np.concatenate([[values[0] - 1.0], (values[:-1] + values[1:]) / 2, [values[-1] + 1.0]])
    missed = np.searchsorted(positives, cuts) / len(positives)
    false = 1 - np.searchsorted(negatives, cuts) / len(negatives)
    # where several are as near, the one with the fewest errors of both kinds
    return float(cuts[np.lexsort((missed + false, np.abs(missed - false).round(12)))[0]])


def after_referring(certainty: ArrayLike, right: ArrayLike, shares: ArrayLike) -> Floats:
    """Share of rows that are right once the least certain ones are referred, one number a share.

    Args:
        certainty: (N,), higher is more certain; among equals the first are referred.
        right: (N,) whether the call is right.
        shares: (k,) of the rows that are referred, each in [0, 1).

    Raises:
        DataError: Columns of another length, or none.

    Reference: El-Yaniv and Wiener, JMLR 11 (2010) 1605 (risk against coverage).

    >>> after_referring([0.1, 0.9, 0.8, 0.7], [False, True, True, True], [0.0, 0.25]).tolist()
    [0.75, 1.0]
    """
    column, correct = np.asarray(certainty, np.float64), np.asarray(right, np.float64)
    if column.shape != correct.shape or column.ndim != 1 or not len(column):
        raise DataError(f"certainties {column.shape} and calls {correct.shape} came; accepted: (N,) each")
    kept = correct[np.argsort(column, kind="stable")]
    starts = np.round(np.asarray(shares, np.float64) * len(kept)).astype(int)
    return np.array([kept[start:].mean() if start < len(kept) else math.nan for start in starts])
