"""What a model file says of its training rows, column by column, and how far a window of rows is from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

from unseen.data.kinds import Input
from unseen.data.scale import Quantiles, Scaler
from unseen.detectors.two_stage import TwoStage

Floats = NDArray[np.float64]

# Features that are watched; of wider rows only scores are.
MOST_FEATURES = 4_000
# Training rows there are at least to one calibration row: a tenth is watched, at most a third calibrates.
ROWS_PER_CALIBRATION = 1.7


@dataclass(frozen=True)
class Drifted:
    """How far a column of a window is from training.

    Attributes:
        column, kind: Name, and number, category or date.
        shift: How far the mean of a feature has moved, that of the one that moved most, in standard
            deviations of training; of a word in shares of the rows.
        spread: Standard deviation over that of training; 1 for words.
        distance: Symmetric Kullback-Leibler divergence from training in nats: of normal distributions with
            these means and spreads, or of the shares of the words (the population stability index). Below
            0.1 nothing to speak of, above 0.25 another population.
        p_value: Chance of a shift as large where nothing has changed, times the features of the column.

    """

    column: str
    kind: str
    shift: float
    spread: float
    distance: float
    p_value: float


@dataclass(frozen=True)
class Reference:
    """Means and shares of the D features of training rows, as the scaler of a model keeps them.

    Attributes:
        columns: Input columns, in order.
        owner: Index of the column of each feature, (D,).
        binary: Which features are 0 or 1, (D,).
        shares: Of a binary feature, the share of training rows where it is 1, (D,).
        rows: Training rows there were at least.

    """

    columns: tuple[Input, ...]
    owner: NDArray[np.int64]
    binary: NDArray[np.bool_]
    shares: Floats
    rows: int
    scaler: Scaler | Quantiles

    @classmethod
    def of(cls, detector: TwoStage, columns: tuple[Input, ...]) -> Reference | None:
        """Read what a model keeps; None for images, and for rows of very many features.

        How many rows it was trained on is not kept. `fit` calibrates on at most a third of its normal rows
        and watches a tenth, so there are 1.7 times as many as calibration rows at the least.
        """
        scaler = detector.scaler_
        width = len(detector.feature_names())
        if not isinstance(scaler, Scaler | Quantiles) or width > MOST_FEATURES:
            return None
        schema = detector.schema_
        binary = np.zeros(width, dtype=bool) if schema is None else schema.binary
        owner = np.arange(width) if schema is None else schema.owner
        # a binary feature is scaled linearly, with its mean at zero
        low, high = (scaler.transform(np.full((1, width), value))[0].astype(float) for value in (0.0, 1.0))
        shares = np.where(binary, np.clip(-low / np.where(high > low, high - low, 1.0), 0.0, 1.0), 0.0)
        rows = int(ROWS_PER_CALIBRATION * detector.calibration_.effective)
        return cls(columns, owner, binary, shares, rows, scaler)

    def values(self, features: NDArray[np.floating]) -> Floats:
        """Features (N, D) as they are added up: numbers scaled, words as they are."""
        scaled = self.scaler.transform(features).astype(np.float64)
        return np.where(self.binary, features, scaled)

    def compare(self, count: int, total: Floats, squares: Floats) -> tuple[Drifted, ...]:
        """Compare `count` rows, given sums of their values and of their squares, (D,), column by column."""
        mean = total / count
        spread = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
        ones = np.where(self.binary, total, 0.0)
        p_values = np.where(self.binary, self._rare(count, ones), self._shifted(count, mean, spread))
        shift = np.where(self.binary, mean - self.shares, mean)
        distance = np.where(self.binary, self._apart(count, ones), _divergence(mean, spread))
        found = []
        for place, column in enumerate(self.columns):
            mine = self.owner == place
            words = column.kind == "category"
            found.append(
                Drifted(
                    column.name,
                    column.kind,
                    float(max(shift[mine], key=abs)),
                    1.0 if words else float(spread[mine].max()),
                    float(distance[mine].sum() if words else distance[mine].max()),
                    float(min(1.0, p_values[mine].min() * mine.sum())),
                )
            )
        return tuple(found)

    def _shifted(self, count: int, mean: Floats, spread: Floats) -> Floats:
        """Two-sided p-values of means that are 0 in training, with the larger of both spreads."""
        error = np.maximum(spread, 1.0) * np.sqrt(1.0 / count + 1.0 / self.rows)
        return np.asarray(2.0 * norm.sf(np.abs(mean) / error))

    def _rare(self, count: int, ones: Floats) -> Floats:
        """Two-sided p-values of counts: of all ones, how many fall on the window, is binomial."""
        before = np.rint(self.shares * self.rows)
        of = np.rint(ones) + before
        share = count / (count + self.rows)
        low, high = binom.cdf(np.rint(ones), of, share), binom.sf(np.rint(ones) - 1, of, share)
        return np.asarray(np.minimum(1.0, 2.0 * np.minimum(low, high)))

    def _apart(self, count: int, ones: Floats) -> Floats:
        """Terms of the population stability index; half a row is added to each word, so none is 0."""
        now = (ones + 0.5) / (count + 1.0)
        then = (self.shares * self.rows + 0.5) / (self.rows + 1.0)
        return np.asarray((now - then) * np.log(now / then))


def _divergence(mean: Floats, spread: Floats) -> Floats:
    """Symmetric divergence of N(mean, spread^2) from N(0, 1), nats; spreads count as 0.001 at least."""
    square = np.maximum(spread, 1e-3) ** 2
    return np.asarray((1.0 + mean**2) / (2.0 * square) + (square + mean**2) / 2.0 - 1.0)
