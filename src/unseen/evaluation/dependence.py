"""How much a score follows other variables within the background: ranks, distances, rates by tenth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from unseen.errors import DataError
from unseen.evaluation.sculpting import Deciles, distance_correlation, most_anomalous, selected_by_decile
from unseen.evaluation.tally import Floats, score_column
from unseen.evaluation.weights import event_weights

# Normal rows above the cut that rates by tenth are made of, at least.
SHARE, LEAST = 0.01, 20


@dataclass(frozen=True)
class Dependence:
    """A score and one variable, in the background alone.

    Attributes:
        name: Of the variable.
        spearman: Rank correlation, -1 to 1.
        distance: Distance correlation, 0 to 1; of independent rows about 2 / sqrt(n).
        share: Share of the rows above the global cut.
        deciles: Share above that cut in each tenth of the variable.

    """

    name: str
    spearman: float
    distance: float
    share: float
    deciles: Deciles

    @property
    def unevenness(self) -> float:
        """Largest rate of a tenth over the rate of all; 1 where the score does not know the variable."""
        return max(part.value for part in self.deciles.share if part.known) / self.share

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        return {
            "column": self.name,
            "spearman": self.spearman,
            "distance_correlation": self.distance,
            "share": self.share,
            "edges": self.deciles.edges.tolist(),
            "false_alarms": [part.to_dict() for part in self.deciles.share],
        }


def dependence(
    scores: ArrayLike,
    variables: Mapping[str, ArrayLike],
    *,
    weights: ArrayLike | None = None,
    share: float | None = None,
    seed: int = 0,
) -> tuple[Dependence, ...]:
    """Measure how a score follows each variable within the background.

    Args:
        scores: (n,) scores of background rows, higher is stranger.
        variables: (n,) values by name.
        weights: (n,) event weights or None; the rank correlation counts each row once all the same.
        share: Share of the rows above the global cut; None takes 1 %, or what 20 rows are.
        seed: Of the draw of rows behind the distance correlation.

    Raises:
        DataError: Not one finite value a row, fewer than 40 rows, or a variable of too few values.

    >>> hits = np.arange(400.0)
    >>> found, = dependence(hits**2, {"hits": hits})
    >>> round(found.spearman, 6), round(found.unevenness, 6)
    (1.0, 10.0)

    """
    column = score_column(scores, "background")
    if column.size < 2 * LEAST:
        raise DataError(f"{column.size} background rows came; what a score follows needs {2 * LEAST}")
    cut = max(SHARE, LEAST / column.size) if share is None else share
    events = event_weights(weights, column.size)
    selected = most_anomalous(column, cut, events)
    own = np.ones(column.size) if events is None else events
    realised = float(own[selected].sum() / own.sum())
    found = []
    for name, given in variables.items():
        values = _finite(given, name, column.size)
        found.append(
            Dependence(
                name,
                _spearman(column, values),
                distance_correlation(column, values, weights=events, seed=seed),
                realised,
                selected_by_decile(values, selected, weights=events),
            )
        )
    return tuple(found)


def _spearman(one: Floats, two: Floats) -> float:
    if np.ptp(one) == 0 or np.ptp(two) == 0:
        return 0.0
    return float(stats.spearmanr(one, two).statistic)


def _finite(values: ArrayLike, name: str, rows: int) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (rows,):
        raise DataError(f"variable {name!r} has shape {column.shape}; accepted: one a row, ({rows},)")
    bad = ~np.isfinite(column)
    if bad.any():
        raise DataError(
            f"variable {name!r} is missing or not finite in {int(bad.sum())} of {rows} rows (first: row "
            f"{int(bad.argmax())}); drop these rows"
        )
    return column
