"""From scores to p-values to decisions, with stated false-alarm rates.

A threshold is an object with its own fit, on scores of normal rows that took no part in training. It can be
changed after fitting, and says nothing about how many anomalies there "should" be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError, DataError
from unseen.evaluation.tally import tail_sum
from unseen.evaluation.trigger import hertz
from unseen.evaluation.weights import effective_number, event_weights, weighted_quantile

Floats = NDArray[np.float64]

# Exceedances the tail beyond the calibration rows is fitted on: a tenth of the rows, at most 200.
TAIL_SHARE, TAIL_ROWS = 0.1, 200


@dataclass(frozen=True)
class Curve:
    """Evidence as a function of the score: knots, then what lies below the first and above the last.

    Attributes:
        anchors, levels: Different calibration scores and the evidence at each.
        low, scale: The smallest score, and how far below it evidence falls by a factor e: its distance to
            the median.
        top, unit, tail: The largest score, its distance from the median, and the power of the tail beyond,
            in that unit.

    """

    anchors: Floats
    levels: Floats
    low: float
    scale: float
    top: float
    unit: float
    tail: float


@dataclass(frozen=True)
class Calibration:
    """Scores of held-out normal rows, sorted, as the yardstick of later scores.

    Attributes:
        scores: Ascending, shape (n,).
        weights: Event weights of these rows, above 0, shape (n,); None where all count alike.

    Raises:
        DataError: Fewer than two scores, or scores that are not finite.

    Reference: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005); conformal p-values
    for outlier detection: Bates et al., Annals of Statistics 51 (2023) 149; with weights: Tibshirani et al.,
    arXiv 1904.06019.

    >>> calibration = Calibration.fit([1.0, 2.0, 3.0, 4.0])
    >>> calibration.p_values([0.5, 2.5, 9.0]).tolist()
    [1.0, 0.6, 0.2]
    >>> Calibration.fit([1.0, 2.0, 3.0], weights=[1.0, 2.0, 1.0]).p_values([2.5]).tolist()
    [0.5]

    """

    scores: Floats
    weights: Floats | None = None

    @classmethod
    def fit(cls, scores: ArrayLike, weights: ArrayLike | None = None) -> Calibration:
        """Take the scores of held-out normal rows, shape (n,), higher is stranger, and their weights, (n,).

        Rows of weight 0 do not count.
        """
        values = np.asarray(scores, dtype=np.float64).ravel()
        column = event_weights(weights, len(values), what="the weight of a calibration row")
        if column is not None:
            values, column = values[column > 0], column[column > 0]
        if len(values) < 2:
            raise DataError(f"{len(values)} held-out normal rows came; a calibration needs at least 2")
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise DataError(f"{bad} of {len(values)} calibration scores are not finite")
        if column is None or (column == column[0]).all():
            return cls(np.sort(values))
        order = np.argsort(values, kind="stable")
        return cls(values[order], column[order])

    def __len__(self) -> int:
        """Return the number of held-out normal rows."""
        return len(self.scores)

    @property
    def effective(self) -> float:
        """Rows of equal weight that these are worth, (sum w)^2 / sum w^2; n without weights."""
        return float(len(self)) if self.weights is None else effective_number(self.weights)

    @property
    def least(self) -> float:
        """The smallest p-value there is, so the smallest rate that can be stated: 1 / (n + 1)."""
        return float(self.tails[-1])

    def p_values(self, scores: ArrayLike) -> Floats:
        """Conformal p-value of each score: (1 + number of calibration scores >= s) / (n + 1).

        Under exchangeability with the held-out normals, P(p <= a) <= a for every a. With weights w_i,

            p(s) = (sum_i w_i 1[s_i >= s] + w_max) / (sum_i w_i + w_max),

        where w_max, the largest of them, stands for the weight of the row that is asked about: the bound
        then holds, on the safe side, for rows of at most that weight.
        """
        values = np.asarray(scores, dtype=np.float64)
        return np.asarray(self.tails[np.searchsorted(self.scores, values, side="left")])

    @cached_property
    def tails(self) -> Floats:
        """p-value of a score that has k calibration scores below it, shape (n + 1,)."""
        if self.weights is None:
            n = len(self.scores)
            return np.asarray((1.0 + np.arange(n, -1, -1)) / (n + 1.0))
        largest = float(self.weights.max())
        tails = tail_sum(self.weights)
        return np.asarray((tails + largest) / (tails[0] + largest))

    def evidence(self, scores: ArrayLike) -> Floats:
        """Evidence against "normal" in nats: -ln of a smooth, strictly decreasing tail probability.

        Between calibration scores it interpolates the conformal p-value; above them it follows a power law
        fitted by Hill's estimator, so that rows stranger than every normal row still have an order; below
        them it falls to zero exponentially. Strictly increasing in the score, above zero.
        """
        values = np.asarray(scores, dtype=np.float64)
        curve = self.curve
        found = np.asarray(np.interp(values, curve.anchors, curve.levels))
        below, beyond = values < curve.low, values > curve.top
        found[below] *= np.exp(np.maximum((values[below] - curve.low) / curve.scale, -700.0))
        found[beyond] += np.log1p((values[beyond] - curve.top) / curve.unit) * curve.tail
        return found

    @cached_property
    def curve(self) -> Curve:
        """Knots and tails of `evidence`."""
        (low, top), middle = self.scores[[0, -1]].tolist(), self._median
        anchors, first = np.unique(self.scores, return_index=True)
        unit = max(top - middle, 1e-12 * max(abs(top), 1.0))
        return Curve(
            anchors=anchors,
            levels=-np.log(self._at(first)),
            low=low,
            scale=max(middle - low, 1e-12 * max(abs(low), 1.0)),
            top=top,
            unit=unit,
            tail=self._tail_index(middle, unit),
        )

    def _at(self, first: NDArray[np.intp]) -> Floats:
        """Tail probability at the anchors: of each tie one row is passed."""
        if self.weights is None:
            n = len(self.scores)
            return np.asarray((n - first) / (n + 1.0))
        tails, largest = tail_sum(self.weights), float(self.weights.max())
        return np.asarray((tails[first] - self.weights[first] + largest) / (tails[0] + largest))

    @property
    def _median(self) -> float:
        if self.weights is None:
            return float(np.median(self.scores))
        return float(weighted_quantile(self.scores, 0.5, self.weights))

    def _tail_index(self, middle: float, unit: float) -> float:
        """Hill's estimate of the power of the tail, from the largest scores; between 1 and 50."""
        count = int(min(TAIL_ROWS, max(2, TAIL_SHARE * len(self.scores))))
        largest = np.maximum((self.scores[-count:] - middle) / unit, 1e-12)
        excess = np.log(largest[1:] / largest[0])
        weights = None if self.weights is None else self.weights[-count:][1:]
        spread = float(np.average(excess, weights=weights)) if weights is not None else float(np.mean(excess))
        return min(50.0, max(1.0, 1.0 / spread)) if spread > 0 else 1.0

    def score_at(self, rate: float) -> float:
        """Return the smallest threshold t such that `score > t` has a false-alarm rate of at most `rate`.

        Infinite where `rate` is below 1 / (n + 1): no held-out sample of n rows can vouch for less.
        """
        # in the very arithmetic of p_values, so that both decide alike; the p-values fall with the place
        allowed = int(np.searchsorted(-self.tails, -rate, side="left"))
        return math.inf if allowed > len(self) else float(self.scores[max(allowed - 1, 0)])


@dataclass(frozen=True)
class FalseAlarmRate:
    """Raise an alarm where the conformal p-value is at most `rate`.

    >>> FalseAlarmRate(0.5).decide(Calibration.fit([1.0, 2.0, 3.0, 4.0]), [1.5, 3.5]).tolist()
    [False, True]
    """

    rate: float = 0.01

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate < 1.0:
            raise ConfigError(f"false-alarm rate {self.rate!r} came; accepted: at least 0 and below 1")

    def decide(self, calibration: Calibration, scores: ArrayLike) -> NDArray[np.bool_]:
        """Return one decision a score, shape (N,)."""
        return np.asarray(calibration.p_values(scores) <= self.rate)


@dataclass(frozen=True)
class RateBudget:
    """Raise at most `alarms` false alarms per unit of time where `rows` rows arrive in that unit.

    Ten alarms a day on a million flows a day, or 1 kHz kept of 40 MHz: the same division.

    >>> RateBudget(alarms=10, rows=1_000_000).rate
    1e-05
    >>> RateBudget.of_rates("100 Hz", "40 kHz")
    RateBudget(alarms=100.0, rows=40000.0)
    """

    alarms: float
    rows: float

    def __post_init__(self) -> None:
        if not (0 < self.rows < math.inf and 0 <= self.alarms < self.rows):
            raise ConfigError(
                f"a budget of {self.alarms!r} alarms on {self.rows!r} rows came; "
                "accepted: a positive number of rows, and fewer alarms than rows"
            )

    @classmethod
    def of_rates(cls, alarms: str | float, arriving: str | float) -> RateBudget:
        """Read a budget in Hz, kHz, MHz or GHz, such as "100 Hz" of "40 kHz".

        Raises:
            ConfigError: Not two rates above 0, or more alarms than arrive.

        """
        return cls(alarms=hertz(alarms), rows=hertz(arriving))

    @property
    def rate(self) -> float:
        """The false-alarm rate that spends the budget."""
        return self.alarms / self.rows

    def decide(self, calibration: Calibration, scores: ArrayLike) -> NDArray[np.bool_]:
        """Return one decision a score, shape (N,)."""
        return FalseAlarmRate(self.rate).decide(calibration, scores)


@dataclass(frozen=True)
class FalseDiscoveryRate:
    """Select from one batch so that the expected share of normals among the selected is at most `rate`.

    Benjamini and Hochberg's step-up rule on conformal p-values, which are positively dependent on the
    shared calibration rows (Bates et al. 2023, theorem 2), so the bound holds. With event weights that proof
    does not carry over (Jin and Candes, arXiv 2307.09291): the rule is then a good guide without a guarantee.

    >>> calibration = Calibration.fit(range(99))
    >>> FalseDiscoveryRate(0.1).decide(calibration, [5.0, 500.0, 600.0, 50.0]).tolist()
    [False, True, True, False]
    """

    rate: float = 0.1

    def __post_init__(self) -> None:
        if not 0.0 < self.rate < 1.0:
            raise ConfigError(f"false-discovery rate {self.rate!r} came; accepted: between 0 and 1")

    def decide(self, calibration: Calibration, scores: ArrayLike) -> NDArray[np.bool_]:
        """Return one decision a score, shape (N,); it depends on the whole batch."""
        p = calibration.p_values(scores)
        ordered = np.sort(p)
        below = np.flatnonzero(ordered <= self.rate * np.arange(1, len(p) + 1) / max(len(p), 1))
        return np.zeros(len(p), dtype=bool) if below.size == 0 else np.asarray(p <= ordered[below[-1]])


Threshold = FalseAlarmRate | RateBudget | FalseDiscoveryRate
