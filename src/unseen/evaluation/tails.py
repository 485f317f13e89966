"""The tail of a background beyond its rows: a generalised Pareto law fitted to the largest scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from unseen.errors import ConfigError, DataError
from unseen.evaluation.intervals import Estimate
from unseen.evaluation.tally import Floats, score_column
from unseen.seeds import generator

SHARE, LEAST_ROWS = 0.1, 50


@dataclass(frozen=True)
class ParetoTail:
    """Share of the background above a score, beyond the last tenth of it from a fitted law.

    `P(S > s) = share (1 + shape (s - start) / scale)^(-1 / shape)` for s > start.

    Attributes:
        start: Score above which the law holds.
        share: Share of the rows above it.
        shape, scale: Of the law; a shape of 0 is an exponential, below 0 there is a largest score.
        rows: Rows above `start` that it was fitted to.
        draws: (b, 2) shape and scale of bootstrap resamples of these rows.
        total: All rows.

    Reference: Pickands, Annals of Statistics 3 (1975) 119; estimators: Hosking and Wallis, Technometrics 29
    (1987) 339.

    >>> tail = ParetoTail.fit(np.random.default_rng(1).exponential(size=4000), seed=1)
    >>> bool(abs(tail.score_at(1e-4) - np.log(1e4)) < 2.0), bool(abs(tail.shape) < 0.2)
    (True, True)

    """

    start: float
    share: float
    shape: float
    scale: float
    rows: int
    total: int
    draws: Floats

    @classmethod
    def fit(
        cls, scores: ArrayLike, *, share: float = SHARE, resamples: int = 500, seed: int = 0
    ) -> ParetoTail:
        """Fit the law to the largest scores of background rows, (n,), by probability-weighted moments.

        Args:
            scores: Of held-out background rows, higher is stranger.
            share: Share of the rows that belong to the tail.
            resamples, seed: Of the bootstrap behind `share_above`.

        Raises:
            DataError: Scores that are not finite, or fewer than 50 different ones in the tail.
            ConfigError: A share outside (0, 0.5].

        """
        if not 0 < share <= 0.5:
            raise ConfigError(f"tail share {share!r} came; accepted: above 0 and at most 0.5, such as 0.1")
        column = np.sort(score_column(scores, "background"))
        if not np.isfinite(column).all():
            raise DataError("background scores are infinite in places; a tail needs finite ones")
        start = float(np.quantile(column, 1 - share))
        excess = column[column > start] - start
        if np.unique(excess).size < LEAST_ROWS:
            raise DataError(
                f"{np.unique(excess).size} different scores lie in the last {share:.0%} of {column.size} "
                f"background rows; a tail is fitted to {LEAST_ROWS} or more: bring {LEAST_ROWS / share:,.0f} "
                "background rows"
            )
        picked = generator(seed).integers(excess.size, size=(resamples, excess.size))
        shape, scale = _moments(excess[None, :])[0]
        return cls(
            start,
            excess.size / column.size,
            float(shape),
            float(scale),
            excess.size,
            column.size,
            _moments(np.sort(excess[picked], axis=1)),
        )

    def share_above(self, score: float, level: float = 0.95) -> Estimate:
        """Share of the background above a score beyond `start`, with the bootstrap interval of the fit.

        The interval holds the number of rows in the tail too (binomial); it does not hold that another law
        than this one may rule out there.

        Raises:
            DataError: The score lies below `start`, where the rows themselves say it.

        """
        if score < self.start:
            raise DataError(f"score {score:g} lies below the tail, which starts at {self.start:g}")
        rng = generator(0, len(self.draws))
        shares = rng.binomial(self.total, self.share, len(self.draws)) / self.total
        found = shares * _above(score - self.start, self.draws[:, 0], self.draws[:, 1])
        value = float(
            self.share * _above(score - self.start, np.array([self.shape]), np.array([self.scale]))[0]
        )
        low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
        return Estimate(value, min(float(low), value), max(float(high), value))

    def score_at(self, share: float) -> float:
        """Score that a share of the background lies above, at most the share of the tail itself.

        Raises:
            ConfigError: A share that is not in the tail.

        """
        if not 0 < share <= self.share:
            raise ConfigError(f"share {share!r} came; the fitted tail holds shares up to {self.share:.3g}")
        return self.start + float(stats.genpareto.isf(share / self.share, self.shape, scale=self.scale))


def _moments(excess: Floats) -> Floats:
    """Shape and scale (b, 2) of rising excesses (b, n): a0 = E[X], a1 = E[X (1 - F(X))]."""
    n = excess.shape[1]
    above = (n - np.arange(1, n + 1)) / (n - 1)
    a0, a1 = excess.mean(1), (excess * above).mean(1)
    shape = 2 - a0 / np.maximum(a0 - 2 * a1, 1e-12 * np.maximum(a0, 1e-300))
    # a law without a mean is no law of these moments, and one that ends sooner is no tail
    shape = np.clip(shape, -1.0, 0.95)
    return np.stack([shape, a0 * (1 - shape)], axis=1)


def _above(excess: float, shape: Floats, scale: Floats) -> Floats:
    return np.asarray(stats.genpareto.sf(excess, shape, scale=scale))
