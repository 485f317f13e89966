"""A score made flat in other variables: its p-value given them, by quantile regression on background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unseen.errors import ConfigError, DataError
from unseen.evaluation.tally import Floats, score_column
from unseen.seeds import generator

# Upper-tail shares whose quantiles are fitted; between them ln p is read off a straight line.
TAILS = (0.9, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05, 0.025, 0.01)
# A quantile is fitted where so many background rows lie beyond it.
LEAST_BEYOND = 10
# Rows a quantile is fitted to, a seeded draw: the linear programme grows faster than they do.
MOST_ROWS = 2_500
KNOTS = 5
# Penalty on the coefficients, small beside the loss: it only keeps empty splines at rest.
STRENGTH = 1e-4
# Distance that two quantiles keep, in the width of the middle four fifths of the scores.
LEAST_STEP = 1e-3


@dataclass(frozen=True)
class Flattened:
    """Conditional p-value of a score given one or more variables, from background rows alone.

    For each share f the quantile q_f(v), above which the share f of the background with the same v lies, is
    a smooth spline in each variable, fitted by quantile regression. The p-value of a score is read between
    the quantiles, ln p linear in the score, and beyond the last along the slope of the upper half. The flat
    score is -ln p: within the background it follows v no more, so one cut has one false-alarm rate at all v.

    Attributes:
        tails: (f,) shares that were fitted, falling.
        middle, unit: Median of the background scores, and the width of their middle four fifths.
        low, high: (k,) range of the variables in the background.
        models: One fitted regressor a share.

    Reference: Koenker and Bassett, Econometrica 46 (1978) 33.

    >>> rng = np.random.default_rng(0)
    >>> hits = rng.uniform(0, 100, 2000)
    >>> score = hits + rng.normal(size=2000)
    >>> flat = Flattened.fit(score, hits).scores(score, hits)
    >>> bool(abs(np.corrcoef(flat, hits)[0, 1]) < 0.1)
    True

    """

    tails: tuple[float, ...]
    middle: float
    unit: float
    low: Floats
    high: Floats
    models: tuple[Any, ...]

    @classmethod
    def fit(
        cls,
        scores: ArrayLike,
        variables: ArrayLike,
        *,
        tails: Sequence[float] = TAILS,
        knots: int = KNOTS,
        seed: int = 0,
    ) -> Flattened:
        """Fit the quantiles to background rows that took no part in training.

        Args:
            scores: (n,) scores of background rows, higher is stranger.
            variables: (n,) or (n, k) values they are to be flat in.
            tails: Shares to fit, falling; those with fewer than ten rows beyond are left out.
            knots: Of the spline in each variable, at quantiles of the background.
            seed: Of the draw of rows, where there are more than 2,500.

        Raises:
            DataError: Not finite, lengths differ, or fewer than 100 rows, or scores that are all alike.
            ConfigError: Shares outside (0, 1) or not falling.

        """
        if not all(0 < f < 1 for f in tails) or list(tails) != sorted(set(tails), reverse=True):
            raise ConfigError(f"tails {tuple(tails)} came; accepted: falling shares between 0 and 1")
        column, given = _pair(scores, variables)
        if column.size < 10 * LEAST_BEYOND:
            raise DataError(
                f"{column.size} background rows came; a conditional threshold needs {10 * LEAST_BEYOND}"
            )
        if column.size > MOST_ROWS:
            rows = generator(seed).choice(column.size, MOST_ROWS, replace=False)
            column, given = column[rows], given[rows]
        # the pinball loss does not mind long tails, the penalty on the coefficients minds the unit
        low, middle, high = np.quantile(column, [0.1, 0.5, 0.9])
        if not high > low:
            raise DataError("the background scores hardly differ; there is no quantile to fit")
        level = (column - middle) / (high - low)
        used = tuple(f for f in tails if f * column.size >= LEAST_BEYOND)
        models = tuple(_regressor(1 - f, knots).fit(given, level) for f in used)
        return cls(used, float(middle), float(high - low), given.min(0), given.max(0), models)

    def quantiles(self, variables: ArrayLike) -> Floats:
        """Return the scores q_f(v) above which each fitted share lies, (n, f), rising with falling share.

        Raises:
            DataError: Not finite, or another number of variables.

        """
        given = _matrix(variables)
        if given.shape[1] != self.low.size:
            raise DataError(f"{given.shape[1]} variables came; fitted on {self.low.size}")
        # beyond the background nothing is known: the quantiles of its edge are used
        inside = np.clip(given, self.low, self.high)
        found = np.stack([model.predict(inside) for model in self.models], axis=1)
        # quantiles fitted apart may cross; sorting them never makes the fit worse
        return np.asarray(self.middle + self.unit * np.sort(found, axis=1))

    def threshold(self, share: float, variables: ArrayLike) -> Floats:
        """Return the score above which a share of the background lies at each v, (n,).

        Raises:
            ConfigError: A share that was not fitted.

        """
        if share not in self.tails:
            raise ConfigError(f"share {share!r} came; fitted: {', '.join(map(str, self.tails))}")
        return np.asarray(self.quantiles(variables)[:, self.tails.index(share)])

    def scores(self, scores: ArrayLike, variables: ArrayLike) -> Floats:
        """Return -ln p of each score given its variables, (n,), higher is stranger.

        Raises:
            DataError: Not finite, lengths differ, or another number of variables.

        """
        column, given = _pair(scores, variables)
        anchors = self.quantiles(given)
        levels = -np.log(np.asarray(self.tails))
        return _read(column, anchors, levels, LEAST_STEP * self.unit)

    def p_values(self, scores: ArrayLike, variables: ArrayLike) -> Floats:
        """Return the conditional p-value of each score, (n,); see `scores`."""
        return np.asarray(np.exp(-self.scores(scores, variables)))


def flattened_across(scores: ArrayLike, variables: ArrayLike, normal: ArrayLike, *, seed: int = 0) -> Floats:
    """Flatten every row by background rows it was not fitted on: two halves of the normal rows, crosswise.

    Anomalous rows get the mean of what both halves say. For a test set whose training rows are not at hand;
    where they are, `Flattened.fit` on held-out training rows is simpler and the same for all.

    Args:
        scores: (n,) numbers, higher is stranger.
        variables: (n,) or (n, k) values to be flat in.
        normal: (n,) True for background rows.
        seed: Of the halves.

    Returns:
        (n,) flat scores, -ln of the conditional p-value.

    Raises:
        DataError: As `Flattened.fit`, which here needs twice the rows.

    """
    column, given = _pair(scores, variables)
    mask = np.asarray(normal)
    if mask.shape != column.shape or mask.dtype != np.bool_:
        raise DataError(
            f"normal has shape {mask.shape} and type {mask.dtype}; need ({column.size},) and bool"
        )
    half = generator(seed, 1).permutation(int(mask.sum())) % 2
    side = np.full(column.size, -1)
    side[mask] = half
    total = np.zeros(column.size)
    for fold in (0, 1):
        flat = Flattened.fit(column[side == fold], given[side == fold], seed=seed)
        others = side != fold
        total[others] += flat.scores(column[others], given[others])
    total[~mask] /= 2
    return total


def _regressor(quantile: float, knots: int) -> Any:
    from sklearn.linear_model import QuantileRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer, StandardScaler

    spline = SplineTransformer(knots, degree=2, knots="quantile")
    fit = QuantileRegressor(quantile=quantile, alpha=STRENGTH, solver="highs")
    return make_pipeline(StandardScaler(), spline, fit)


def _read(column: Floats, anchors: Floats, levels: Floats, least: float) -> Floats:
    """Read each score (n,) on its own broken line through anchors (n, f), `least` apart, and levels (f,)."""
    rising = np.maximum.accumulate(anchors + least * np.arange(levels.size), axis=1)
    place = np.clip((rising <= column[:, None]).sum(1) - 1, 0, levels.size - 2)
    rows, half, last = np.arange(column.size), levels.size // 2, levels.size - 1
    low, high = rising[rows, place], rising[rows, place + 1]
    inside = levels[place] + (levels[place + 1] - levels[place]) * (column - low) / (high - low)
    # beyond the ends the mean slope of the upper or lower half: a single narrow step would run away
    upper = (levels[last] - levels[half]) / (rising[:, last] - rising[:, half])
    lower = (levels[half] - levels[0]) / (rising[:, half] - rising[:, 0])
    above = levels[last] + upper * (column - rising[:, last])
    # p cannot pass 1: below the lowest quantile -ln p falls to 0 and keeps the order of the scores
    below = levels[0] * np.exp(np.minimum(lower * (column - rising[:, 0]) / levels[0], 0.0))
    return np.asarray(
        np.where(column > rising[:, last], above, np.where(column < rising[:, 0], below, inside))
    )


def _pair(scores: ArrayLike, variables: ArrayLike) -> tuple[Floats, Floats]:
    column, given = score_column(scores, "given"), _matrix(variables)
    if not np.isfinite(column).all():
        raise DataError("scores are infinite in places; a conditional threshold needs finite ones")
    if len(given) != column.size:
        raise DataError(f"{column.size} scores but {len(given)} rows of variables; give one a row")
    return column, given


def _matrix(variables: ArrayLike) -> Floats:
    given = np.asarray(variables, dtype=np.float64)
    given = given[:, None] if given.ndim == 1 else given
    if given.ndim != 2 or not np.isfinite(given).all():
        raise DataError(
            f"variables have shape {given.shape} or values that are not finite; accepted: (n,) or (n, k) "
            "finite numbers"
        )
    return given
