"""How two series go together at each lag, with intervals that respect their autocorrelation. Not why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError
from unseen.seeds import generator
from unseen.series.calendar import DAY, EPOCH_WEEKDAY

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LAGS = range(-3, 7)
"""Slots by which the second series follows the first."""
RESAMPLES = 2000
LEAST = 48  # pairs below which no correlation is told


@dataclass(frozen=True, eq=False)
class Clock:
    """Month, day and hour of T slots on one fixed clock.

    Args:
        times: Seconds of UTC, shape (T,), rising by one step.
        offset: Seconds by which the clock is ahead of UTC.

    """

    times: Ints
    offset: int = 0

    @property
    def day(self) -> Ints:
        """Days since 1970."""
        return np.asarray((self.times + self.offset) // DAY)

    @property
    def hour(self) -> Ints:
        """0 to 23."""
        return np.asarray((self.times + self.offset) % DAY // 3600)

    @property
    def month(self) -> Ints:
        """Months since 1970."""
        return np.asarray(self.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64))

    @property
    def week(self) -> Ints:
        """Weeks from Monday to Sunday."""
        return np.asarray((self.day + EPOCH_WEEKDAY) // 7)


def less(values: Floats, keys: Ints) -> Floats:
    """Subtract from each value the mean of those with its key; NaN are left out and stay.

    >>> less(np.array([1.0, 3.0, 10.0, np.nan]), np.array([0, 0, 1, 1])).tolist()
    [-1.0, 1.0, 0.0, nan]
    """
    names, group = np.unique(keys, return_inverse=True)
    known = np.isfinite(values)
    sums = np.bincount(group[known], values[known], minlength=len(names))
    counts = np.bincount(group[known], minlength=len(names))
    return np.asarray(values - (sums / np.maximum(counts, 1))[group])


Removal = Callable[[Floats, Clock], Floats]


def _hour_by_month(values: Floats, clock: Clock) -> Floats:
    return less(values, clock.month * 24 + clock.hour)


REMOVALS: Mapping[str, Removal] = {
    "raw": lambda values, clock: values,
    "month": lambda values, clock: less(values, clock.month),
    "day": lambda values, clock: less(values, clock.day),
    "hour x month": _hour_by_month,
    "day, hour x month": lambda values, clock: _hour_by_month(less(values, clock.day), clock),
}
"""What is taken out of both series before they are ranked: means of these groups of hours."""


@dataclass(frozen=True)
class Correlation:
    """Rank correlation at one lag.

    Attributes:
        lag: Slots by which the second series follows the first.
        value: Between -1 and 1; NaN with too few pairs, or where a series does not vary.
        low, high: 95 % interval.
        pairs: Slots at which both are there.

    """

    lag: int
    value: float
    low: float
    high: float
    pairs: int


def ranks(values: ArrayLike) -> Floats:
    """Ranks from 1; equal values share the mean of theirs.

    >>> ranks([30, 10, 10, 20]).tolist()
    [4.0, 1.5, 1.5, 3.0]
    """
    _, group, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[group], np.float64)


def spearman(
    one: Floats,
    other: Floats,
    clock: Clock,
    *,
    given: Sequence[Floats] = (),
    lags: Sequence[int] = LAGS,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Correlation, ...]:
    r"""Rank correlation of one(t) with other(t + lag), and with `given`(t + lag) held fixed.

    rho = corr(R(one), R(other)) over the slots at which all are there. With covariates it is the partial
    correlation of ranks, -P_12 / sqrt(P_11 P_22), P the inverse of the correlation matrix of all ranks. The
    interval holds the 2.5 and 97.5 % points over weeks drawn with replacement: hours of one week depend on
    each other, weeks much less. Ranks are those of the whole, so that a draw is one matrix product.

    Args:
        one: Shape (T,), NaN where missing.
        other: Shape (T,).
        clock: Of the T slots; its weeks are the blocks.
        given: Series held fixed, each of shape (T,).
        lags: In slots.
        resamples: Draws of weeks.
        seed: Same seed, same interval.

    Raises:
        DataError: Shapes differ.

    Reference: Spearman 1904; Kuensch 1989 (blocks); Kendall 1942 (partial ranks).

    >>> clock = Clock(3600 * np.arange(24 * 7 * 20))
    >>> flow = np.random.default_rng(1).normal(size=len(clock.times))
    >>> later = np.roll(flow, 2) + np.random.default_rng(2).normal(size=len(flow))
    >>> found = spearman(flow, later, clock, lags=[0, 2])
    >>> [round(one.value, 1) for one in found], found[1].low < 0.7 < found[1].high
    ([0.0, 0.7], True)
    """
    if any(np.shape(values) != np.shape(clock.times) for values in (one, other, *given)):
        raise DataError(f"series of different lengths: {[len(v) for v in (clock.times, one, other, *given)]}")
    return tuple(_at_lag(one, [other, *given], clock, lag, resamples, seed) for lag in lags)


def _at_lag(
    one: Floats, others: Sequence[Floats], clock: Clock, lag: int, resamples: int, seed: int
) -> Correlation:
    first, last = max(0, -lag), min(len(one), len(one) - lag)
    there = slice(first, max(last, first))
    rows = np.stack([one[there], *(other[first + lag : last + lag] for other in others)])
    known = np.isfinite(rows).all(axis=0)
    pairs = int(known.sum())
    if pairs < LEAST:
        return Correlation(lag, np.nan, np.nan, np.nan, pairs)
    ranked = np.stack([ranks(row[known]) for row in rows])
    ranked = (ranked - ranked.mean(axis=1, keepdims=True)) / pairs
    moments = _by_week(ranked, clock.week[there][known])
    value = float(_partial(moments.sum(axis=0))[()])
    spread = _partial(np.tensordot(_draws(len(moments), resamples, seed), moments, axes=1))
    low, high = np.nanpercentile(spread, [2.5, 97.5]) if np.isfinite(spread).any() else (np.nan, np.nan)
    return Correlation(lag, value, float(low), float(high), pairs)


@lru_cache(maxsize=8)
def _draws(weeks: int, resamples: int, seed: int) -> Floats:
    """How often each week is drawn, shape (resamples, weeks): the same weeks for every question of a seed."""
    drawn = generator(seed, 73).multinomial(weeks, np.full(weeks, 1 / weeks), resamples).astype(np.float64)
    drawn.flags.writeable = False
    return drawn


def _by_week(rows: Floats, weeks: Ints) -> Floats:
    """Sum products of the rows and a row of ones, week by week, shape (B, K + 1, K + 1)."""
    whole = np.vstack([np.ones(rows.shape[1]), rows])
    starts = np.flatnonzero(np.r_[True, np.diff(weeks) != 0])
    products = whole[:, None] * whole[None]
    return np.asarray(np.add.reduceat(products, starts, axis=2).transpose(2, 0, 1))


def _partial(moments: Floats) -> Floats:
    """Correlation of the first two rows with the rest held fixed, of shape (...) from (..., K + 1, K + 1)."""
    count = moments[..., :1, :1]
    means = moments[..., :1, 1:] / count
    covariance = moments[..., 1:, 1:] / count - means.swapaxes(-1, -2) * means
    sd = np.sqrt(np.einsum("...ii->...i", covariance).clip(0))
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix = covariance / (sd[..., :, None] * sd[..., None, :])
    if matrix.shape[-1] == 2:
        return np.asarray(matrix[..., 0, 1])
    usable = np.isfinite(matrix).all(axis=(-1, -2))
    inverse = np.linalg.pinv(np.where(usable[..., None, None], matrix, np.eye(matrix.shape[-1])))
    found = -inverse[..., 0, 1] / np.sqrt(inverse[..., 0, 0] * inverse[..., 1, 1])
    return np.where(usable, found, np.nan)
