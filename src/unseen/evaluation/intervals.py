"""A number and how sure it is: bootstrap over rows, Student t over seeds, exact binomial, DeLong for AUC."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from unseen.errors import ConfigError, DataError
from unseen.evaluation.ranking import roc_auc
from unseen.evaluation.tally import Floats, score_column
from unseen.evaluation.weights import effective_number, event_weights
from unseen.seeds import generator


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; NaN where a part cannot be said.

    `str` rounds to what the interval supports; a format spec fixes the digits of all three numbers.

    >>> str(Estimate(0.95331, 0.94123, 0.96201))
    '0.953 [0.941, 0.962]'
    >>> f"{Estimate(0.95331, 0.94123, 0.96201):.1%}"
    '95.3% [94.1%, 96.2%]'
    >>> str(Estimate(float("nan"), float("nan"), float("nan")))
    'n/a'
    """

    value: float
    low: float = math.nan
    high: float = math.nan

    def __str__(self) -> str:
        return format(self, f".{decimals(self)}f")

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        if math.isnan(self.value):
            return "n/a"
        if math.isnan(self.low) or math.isnan(self.high):
            return format(self.value, spec)
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    @property
    def known(self) -> bool:
        """Whether there is a value at all."""
        return not math.isnan(self.value)

    def to_dict(self) -> dict[str, float | None]:
        """Return value, low and high as JSON numbers, null where not known."""
        parts = {"value": self.value, "low": self.low, "high": self.high}
        return {name: float(part) if math.isfinite(part) else None for name, part in parts.items()}


UNKNOWN = Estimate(math.nan)


def decimals(estimate: Estimate, *, without_interval: int = 3, most: int = 6) -> int:
    """Digits after the point that the interval supports: one or two significant digits of its half width.

    Two when the half width starts below 3.55, else one (the rounding rule of the Particle Data Group).

    >>> decimals(Estimate(0.95331, 0.94123, 0.96201)), decimals(Estimate(120.0, 80.0, 160.0))
    (3, 0)
    """
    half = (estimate.high - estimate.low) / 2
    if not (math.isfinite(half) and half > 0):
        return without_interval
    power = math.floor(math.log10(half))
    leading = half / 10.0**power
    return min(most, max(0, (1 if leading < 3.55 else 0) - power))


def bootstrap(
    statistic: Callable[..., float],
    *samples: ArrayLike,
    seed: int,
    n: int = 500,
    level: float = 0.95,
) -> Estimate:
    """Percentile interval of `statistic(*samples)`, each sample resampled by itself (stratified).

    Resamples where the statistic is NaN are left out. A statistic at its bound (an AUC of 1) does not move
    under resampling; use `auc_interval` or `clopper_pearson`, which stay honest there.

    Raises:
        DataError: no sample, or an empty one.
        ConfigError: n below 2, or a level outside (0, 1).

    >>> e = bootstrap(np.mean, np.arange(100.0), seed=0)
    >>> e.low < 49.5 < e.high
    True

    """
    _level(level)
    if n < 2:
        raise ConfigError(f"n is {n}; a bootstrap needs at least 2 resamples, usually 500.")
    arrays = [np.asarray(sample) for sample in samples]
    if not arrays or any(len(array) == 0 for array in arrays):
        raise DataError("a bootstrap needs at least one sample and at least one row in each.")
    rng = generator(seed)
    draws = np.array(
        [statistic(*(array[rng.integers(len(array), size=len(array))] for array in arrays)) for _ in range(n)]
    )
    return percentile_interval(float(statistic(*arrays)), draws, level=level)


def percentile_interval(value: float, draws: Floats, *, level: float = 0.95) -> Estimate:
    """Put a value between the percentiles of its resamples, (n,), NaN left out."""
    finite = draws[~np.isnan(draws)]
    if math.isnan(value) or finite.size < 2:
        return Estimate(value)
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    # The percentile interval need not contain a value at the edge of its range; the printed one shall.
    return Estimate(value, min(float(low), value), max(float(high), value))


def over_seeds(values: Sequence[float] | Floats, *, level: float = 0.95) -> Estimate:
    """Mean over independent seeds with a Student t interval, `mean +- t_(n-1) s / sqrt(n)`.

    One seed has no interval; a NaN among the values makes the mean NaN.

    >>> str(over_seeds([0.90, 0.92, 0.94]))
    '0.92 [0.87, 0.97]'
    """
    _level(level)
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or column.size == 0:
        raise DataError(
            f"values over seeds must be one number a seed, at least one; got shape {column.shape}."
        )
    mean = float(column.mean())
    if column.size == 1 or math.isnan(mean):
        return Estimate(mean)
    spread = float(column.std(ddof=1)) / math.sqrt(column.size)
    half = float(stats.t.ppf((1 + level) / 2, column.size - 1)) * spread
    return Estimate(mean, mean - half, mean + half)


def paired_over_seeds(
    a: Sequence[float] | Floats, b: Sequence[float] | Floats, *, level: float = 0.95
) -> Estimate:
    """Mean of `a - b` over seeds that share data and split, with a Student t interval of the differences.

    >>> str(paired_over_seeds([0.91, 0.93, 0.96], [0.90, 0.92, 0.94]))
    '0.013 [-0.001, 0.028]'
    """
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.shape != right.shape:
        raise DataError(f"paired values need the same seeds on both sides; got {left.size} and {right.size}.")
    return over_seeds(left - right, level=level)


def clopper_pearson(k: int, n: int, *, level: float = 0.95) -> Estimate:
    """Exact binomial interval of a share: k of n rows.

    Raises:
        DataError: unless 0 <= k <= n and n >= 1.

    Reference: Clopper and Pearson, Biometrika 26 (1934) 404.

    >>> str(clopper_pearson(0, 100))
    '0.000 [0.000, 0.036]'

    """
    _level(level)
    if not 0 <= k <= n or n < 1:
        raise DataError(f"{k} of {n} rows is not a share; need 0 <= k <= n and n >= 1.")
    return _exact(k, n, level)


def share_interval(hit: ArrayLike, weights: ArrayLike | None = None, *, level: float = 0.95) -> Estimate:
    """Share of rows that are hit, by weight; `clopper_pearson` without weights.

    With weights the exact interval is taken for as many equal rows as the weights are worth (Kish): the
    share times that number need not be whole, and the law is read off the beta function all the same.

    Raises:
        DataError: no row, or weights that are refused.

    Reference: Korn and Graubard, Survey Methodology 24 (1998) 193.

    >>> share_interval([True, False], [3.0, 1.0]).value
    0.75

    """
    _level(level)
    mask = np.asarray(hit, dtype=bool)
    if mask.ndim != 1 or mask.size == 0:
        raise DataError(
            f"a share needs one true or false a row and at least one row; got shape {mask.shape}."
        )
    column = event_weights(weights, mask.size)
    if column is None:
        return clopper_pearson(int(mask.sum()), mask.size, level=level)
    share = float(column[mask].sum() / column.sum())
    effective = effective_number(column)
    exact = _exact(share * effective, effective, level)
    return Estimate(share, exact.low, exact.high)


def effective_interval(share: float, effective: float, *, level: float = 0.95) -> Estimate:
    """Exact interval of a share of so many effective rows; the share is kept as it is."""
    exact = _exact(min(share, 1.0) * effective, effective, level)
    return Estimate(share, exact.low, exact.high)


def _exact(k: float, n: float, level: float) -> Estimate:
    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, k, n - k + 1)) if k > 0 else 0.0
    high = float(stats.beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return Estimate(k / n, low, high)


def auc_interval(
    normal: ArrayLike,
    anomaly: ArrayLike,
    *,
    level: float = 0.95,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
) -> Estimate:
    """AUC with DeLong's interval on the logit scale; in O(N log N), without resampling.

    With weights the variance is that of the weighted means of the placements (linearised).

    DeLong's variance is 0 when the sides do not overlap, and unknown with one row on a side; then the score
    interval of Newcombe (method 5) stands in: a handful of caught anomalies does not prove an AUC of 1.

    Reference: DeLong et al., Biometrics 44 (1988) 837; Newcombe, Stat. Med. 25 (2006) 559.

    >>> e = auc_interval([0.0] * 50, [1.0] * 5)
    >>> e.value, e.low < 0.95, e.high
    (1.0, True, 1.0)
    """
    _level(level)
    x, y = score_column(normal, "normal"), score_column(anomaly, "anomaly")
    u = event_weights(normal_weights, x.size, what="the weight of a row of the normal side")
    v = event_weights(anomaly_weights, y.size, what="the weight of a row of the anomaly side")
    auc = roc_auc(x, y, normal_weights=u, anomaly_weights=v)
    z = float(special.ndtri((1 + level) / 2))
    n, m = (float(c.size) if w is None else effective_number(w) for c, w in ((x, u), (y, v)))
    error = math.sqrt(_delong_variance(x, y, u, v)) if min(n, m) > 1 else 0.0
    if error == 0 or not 0 < auc < 1:
        return _newcombe(auc, n, m, z)
    centre, half = float(special.logit(auc)), z * error / (auc * (1 - auc))
    return Estimate(auc, float(special.expit(centre - half)), float(special.expit(centre + half)))


def _delong_variance(x: Floats, y: Floats, u: Floats | None, v: Floats | None) -> float:
    return _variance_of_mean(_placement(y, x, u), v) + _variance_of_mean(1 - _placement(x, y, v), u)


def _variance_of_mean(values: Floats, weights: Floats | None) -> float:
    if weights is None:
        return float(values.var(ddof=1) / values.size)
    shares = weights / weights.sum()
    apart = values - shares @ values
    effective = effective_number(weights)
    return float(np.square(shares * apart).sum() * effective / (effective - 1))


def _placement(rows: Floats, other: Floats, weights: Floats | None) -> Floats:
    """Share of `other` below each row, ties one half."""
    order = np.argsort(other, kind="stable")
    ordered = other[order]
    left, right = np.searchsorted(ordered, rows, side="left"), np.searchsorted(ordered, rows, side="right")
    if weights is None:
        return np.asarray((left + right) / (2 * ordered.size))
    reached = np.concatenate([[0.0], np.cumsum(weights[order])])
    return np.asarray((reached[left] + reached[right]) / (2 * reached[-1]))


def _newcombe(auc: float, n: float, m: float, z: float) -> Estimate:
    """Solve `(auc - t)^2 = z^2 V(t)` with the variance of Hanley and McNeil at the unknown AUC t."""
    rows = (n + m) / 2 - 1

    def excess(t: float) -> float:
        variance = t * (1 - t) * (1 + rows * ((1 - t) / (2 - t) + t / (1 + t))) / (n * m)
        return (auc - t) ** 2 - z * z * variance

    low = 0.0 if auc <= 0 else float(optimize.brentq(excess, 1e-12, auc - 1e-12 if auc < 1 else 1 - 1e-9))
    high = 1.0 if auc >= 1 else float(optimize.brentq(excess, auc + 1e-12 if auc > 0 else 1e-9, 1 - 1e-12))
    return Estimate(auc, low, high)


def _level(level: float) -> None:
    if not 0 < level < 1:
        raise ConfigError(
            f"level {level!r} is not a confidence level; accepted: between 0 and 1, such as 0.95."
        )
