"""Bootstrap of rank statistics, a thousand resamples at once, and differences that stay paired."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from unseen.errors import ConfigError, DataError
from unseen.evaluation.intervals import Estimate, percentile_interval
from unseen.evaluation.ranking import roc_auc
from unseen.evaluation.tally import Floats, Ints, score_column
from unseen.evaluation.weights import effective_number, event_weights
from unseen.seeds import generator

# Resamples counted at a time: large enough for numpy, small enough for a hundred thousand rows.
BLOCK = 50
RESAMPLES = 1_000
ONE_SIGMA = 0.68
# Streams of random numbers: the normal rows are drawn alike for all kinds, as in the test itself.
_NORMALS, _ANOMALIES = 0, 1


@dataclass(frozen=True)
class Sampled:
    """A number and what it was in each bootstrap resample, so that differences and means keep the pairing.

    Two of them may be subtracted or averaged where they come from the same rows and the same seed: resample
    b then drew the same rows for both.

    Attributes:
        value: Measured on all rows; NaN where it cannot be said.
        draws: (b,) the same measured on each resample; NaN where it cannot be said.

    >>> a, b = Sampled(0.8, np.array([0.7, 0.9])), Sampled(0.6, np.array([0.5, 0.7]))
    >>> round((a - b).value, 3), round((a - b).sd, 3)
    (0.2, 0.0)

    """

    value: float
    draws: Floats

    @property
    def sd(self) -> float:
        """Standard deviation over the resamples: the standard error of the value."""
        finite = self.draws[np.isfinite(self.draws)]
        return float(finite.std(ddof=1)) if finite.size > 1 else math.nan

    @property
    def known(self) -> bool:
        """Whether there is a value at all."""
        return not math.isnan(self.value)

    def interval(self, level: float = ONE_SIGMA) -> Estimate:
        """Value between the percentiles of the resamples; 0.68 gives the 16 % and the 84 % one."""
        return percentile_interval(self.value, self.draws, level=level)

    def to_dict(self) -> dict[str, float | None]:
        """Return value, standard error, the 16 and 84 % percentiles and the 95 % interval as JSON numbers."""
        one, two = self.interval(), self.interval(0.95)
        parts = {
            "value": self.value, "sd": self.sd, "p16": one.low, "p84": one.high, "low": two.low,
            "high": two.high,
        }  # fmt: skip
        return {name: float(part) if math.isfinite(part) else None for name, part in parts.items()}

    def __sub__(self, other: Sampled) -> Sampled:
        """Return the paired difference.

        Raises:
            DataError: The two have another number of resamples.

        """
        if self.draws.shape != other.draws.shape:
            raise DataError(
                f"{self.draws.size} and {other.draws.size} resamples cannot be paired; use one number and "
                "one seed for both."
            )
        return Sampled(self.value - other.value, self.draws - other.draws)

    def at(self, function: Callable[[Floats], Floats]) -> Sampled:
        """Apply an elementwise function to the value and to every resample."""
        return Sampled(float(function(np.array([self.value]))[0]), function(self.draws))


def mean_of(parts: Sequence[Sampled]) -> Sampled:
    """Plain mean of several, such as all mass points of one class, resample by resample.

    Raises:
        DataError: Nothing to average, or other numbers of resamples.

    >>> mean_of([Sampled(0.8, np.array([0.7, 0.9])), Sampled(0.6, np.array([0.5, 0.7]))]).value
    0.7

    """
    if not parts or len({part.draws.shape for part in parts}) > 1:
        raise DataError(f"{len(parts)} numbers came; a mean needs one or more, of equally many resamples.")
    return Sampled(
        float(np.mean([part.value for part in parts])), np.mean([part.draws for part in parts], axis=0)
    )


@dataclass(frozen=True)
class Ranked:
    """Both sides in the order of their scores, ready to be counted again and again.

    Attributes:
        normal: (n,) scores, rising.
        anomaly: (m,) scores, falling.
        normal_order, anomaly_order: places of these in what was given.
        normal_weights, anomaly_weights: in the same order, or None.
        at_or_above, above: (m,) places of the first normal score >= and > each anomaly score.

    """

    normal: Floats
    anomaly: Floats
    normal_order: Ints
    anomaly_order: Ints
    normal_weights: Floats | None
    anomaly_weights: Floats | None
    at_or_above: Ints
    above: Ints

    @classmethod
    def of(
        cls,
        normal: ArrayLike,
        anomaly: ArrayLike,
        normal_weights: ArrayLike | None = None,
        anomaly_weights: ArrayLike | None = None,
    ) -> Ranked:
        """Sort both sides, (n,) and (m,) scores with optional weights.

        Raises:
            DataError: A side is empty or has NaN, or its weights are refused.

        """
        x, y = score_column(normal, "normal"), score_column(anomaly, "anomaly")
        u = event_weights(normal_weights, x.size, what="the weight of a row of the normal side")
        v = event_weights(anomaly_weights, y.size, what="the weight of a row of the anomaly side")
        rising, falling = np.argsort(x, kind="stable"), np.argsort(-y, kind="stable")
        low, high = x[rising], y[falling]
        return cls(
            low,
            high,
            rising,
            falling,
            None if u is None else u[rising],
            None if v is None else v[falling],
            np.searchsorted(low, high, side="left"),
            np.searchsorted(low, high, side="right"),
        )

    @property
    def normal_rows(self) -> float:
        """Effective number of normal rows."""
        return float(
            self.normal.size if self.normal_weights is None else effective_number(self.normal_weights)
        )

    def once(self) -> tuple[Floats, Floats]:
        """Return the weights as they are: (1, n) of the normals and (1, m) of the anomalies."""
        return (
            np.ones((1, self.normal.size)) if self.normal_weights is None else self.normal_weights[None, :],
            np.ones((1, self.anomaly.size))
            if self.anomaly_weights is None
            else self.anomaly_weights[None, :],
        )

    def again(self, resamples: int, seed: int, stream: int) -> Iterator[tuple[Floats, Floats]]:
        """Yield the weights of resamples in blocks, (b, n) and (b, m), in the order of the scores."""
        sides = zip(
            counts(self.normal.size, resamples, seed, _NORMALS),
            counts(self.anomaly.size, resamples, seed, _ANOMALIES, stream),
            strict=True,
        )
        for u, v in sides:
            u, v = u[:, self.normal_order], v[:, self.anomaly_order]
            yield (
                u if self.normal_weights is None else u * self.normal_weights,
                v if self.anomaly_weights is None else v * self.anomaly_weights,
            )


def counts(rows: int, resamples: int, seed: int, *purpose: int) -> Iterator[Floats]:
    """Yield in blocks how often each of the rows is drawn in a resample with replacement, (b, rows).

    Raises:
        ConfigError: Fewer than two resamples.

    """
    if resamples < 2:
        raise ConfigError(f"{resamples} resamples came; a bootstrap needs at least 2, usually 1,000.")
    rng = generator(seed, *purpose)
    for start in range(0, resamples, BLOCK):
        block = min(BLOCK, resamples - start)
        drawn = rng.integers(rows, size=(block, rows)) + rows * np.arange(block)[:, None]
        found = np.bincount(drawn.ravel(), minlength=block * rows).reshape(block, rows)
        yield found.astype(np.float64)


@dataclass(frozen=True)
class Drawn:
    """Weights of b resamples in the order of the scores, and their sums; `ranked` are the sides.

    Attributes:
        ranked: The scores of both sides.
        u, v: (b, n) weights of the normals and (b, m) of the anomalies.

    """

    ranked: Ranked
    u: Floats
    v: Floats

    @cached_property
    def tail(self) -> Floats:
        """Weight of the normals at each place and higher, (b, n + 1)."""
        return tails(self.u)

    @cached_property
    def reached(self) -> Floats:
        """Weight of so many of the strangest anomalies, (b, m + 1), from none to all."""
        return np.concatenate([np.zeros((len(self.v), 1)), np.cumsum(self.v, axis=1)], axis=1)


Statistic = Callable[[Drawn], Floats]


def sampled(
    ranked: Ranked,
    *statistics: Statistic,
    resamples: int = RESAMPLES,
    seed: int = 0,
    stream: int = 0,
) -> list[Sampled]:
    """Measure statistics on the rows as they are and on stratified resamples of both sides.

    Args:
        ranked: Both sides.
        statistics: Each takes b resamples and returns (b,) numbers; all see the same resamples.
        resamples: How many.
        seed: Of the draws; one seed draws the same rows for every score.
        stream: Number of the kind, so that kinds of one size are not drawn alike.

    """
    once = Drawn(ranked, *ranked.once())
    values = [float(statistic(once)[0]) for statistic in statistics]
    draws: list[list[Floats]] = [[] for _ in statistics]
    for u, v in ranked.again(resamples, seed, stream):
        drawn = Drawn(ranked, u, v)
        for kept, statistic in zip(draws, statistics, strict=True):
            kept.append(statistic(drawn))
    return [Sampled(value, np.concatenate(kept)) for value, kept in zip(values, draws, strict=True)]


def tails(u: Floats) -> Floats:
    """Sum each row from each place to the end, with a closing 0: (b, n) -> (b, n + 1)."""
    found = np.zeros((len(u), u.shape[1] + 1))
    found[:, :-1] = np.cumsum(u[:, ::-1], axis=1)[:, ::-1]
    return found


def auc_sampled(
    normal: ArrayLike,
    anomaly: ArrayLike,
    *,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    stream: int = 0,
) -> Sampled:
    """AUC with its bootstrap, ties one half; differences of two scores of the same rows are paired.

    Args:
        normal, anomaly: (n,) and (m,) scores, higher is stranger.
        normal_weights, anomaly_weights: Event weights or None.
        resamples, seed, stream: As in `sampled`.

    Raises:
        DataError: As in `roc_auc`.

    >>> one = auc_sampled([1, 2, 3, 4], [3, 5, 6], seed=1)
    >>> two = auc_sampled([1, 2, 3, 4], [3, 5, 6], seed=1)
    >>> round(one.value, 3), (one - two).sd
    (0.875, 0.0)

    """
    ranked = Ranked.of(normal, anomaly, normal_weights, anomaly_weights)
    (found,) = sampled(ranked, auc_statistic, resamples=resamples, seed=seed, stream=stream)
    exact = roc_auc(normal, anomaly, normal_weights=normal_weights, anomaly_weights=anomaly_weights)
    return Sampled(exact, found.draws)


def auc_statistic(drawn: Drawn) -> Floats:
    """AUC of each resample, (b,)."""
    tail, ranked = drawn.tail, drawn.ranked
    beaten = tail[:, :1] - 0.5 * (tail[:, ranked.at_or_above] + tail[:, ranked.above])
    return np.asarray((drawn.v * beaten).sum(1) / (tail[:, 0] * drawn.v.sum(1)))
