"""A score as a search reads it, kind by kind (a mass point each), with the means over classes of kinds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError, unknown
from unseen.evaluation.fixed import LEAST_NORMALS, WIDTH, AtFixed, Weighting, auc_at_fixed
from unseen.evaluation.kinds import Bools, sides
from unseen.evaluation.resampling import RESAMPLES, Sampled, mean_of
from unseen.evaluation.tally import score_column
from unseen.evaluation.weights import event_weights
from unseen.evaluation.working import FPRS, TPRS, WorkingPoints, working_points


@dataclass(frozen=True)
class KindPoints:
    """One kind against all normal rows: its rows, its working points, and its AUC at a fixed variable."""

    kind: str
    n: int
    points: WorkingPoints
    fixed: AtFixed | None


@dataclass(frozen=True)
class SearchTable:
    """Every kind of a test set under one score.

    Attributes:
        normals: Normal rows.
        kinds: Sorted by name.
        at: Name of the variable that was held fixed; None without one.

    """

    normals: int
    kinds: tuple[KindPoints, ...]
    at: str | None

    def kind(self, name: str) -> KindPoints:
        """Return one kind by name.

        Raises:
            DataError: No such kind.

        """
        found = {one.kind: one for one in self.kinds}
        if name not in found:
            raise DataError(unknown("kind", name, found))
        return found[name]

    def mean_auc(self, kinds: Sequence[str] | None = None) -> Sampled:
        """Plain mean of the AUC over some kinds, such as the mass points of one class, or over all."""
        names = [one.kind for one in self.kinds] if kinds is None else kinds
        return mean_of([self.kind(name).points.auc for name in names])

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        return {
            "normals": self.normals,
            "fixed": self.at,
            "kinds": [
                {
                    "kind": one.kind,
                    "n": one.n,
                    **one.points.to_dict(),
                    "auc_at_fixed": None if one.fixed is None else one.fixed.to_dict(),
                }
                for one in self.kinds
            ],
        }


def search_table(
    scores: ArrayLike,
    kinds: Sequence[object] | NDArray[np.generic],
    *,
    normal: str | int | Bools | None,
    at: ArrayLike | None = None,
    at_name: str = "the variable",
    width: float = WIDTH,
    least_normals: int = LEAST_NORMALS,
    weighting: Weighting = "anomalies",
    tprs: Sequence[float] = TPRS,
    fprs: Sequence[float] = FPRS,
    weights: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> SearchTable:
    """Measure each kind at the working points of a search and, if asked, at a fixed variable.

    Two scores of the same rows and seed may be subtracted, kind by kind: their resamples are the same.

    Args:
        scores: (n,) numbers, higher is stranger.
        kinds: (n,) a name a row.
        normal: What marks a normal row: its name in `kinds`, None (rows without a kind), or a mask (n,).
        at: (n,) variable to hold fixed, such as the number of hits, or None.
        at_name: What tables call it.
        width, least_normals, weighting: As in `auc_at_fixed`.
        tprs, fprs: As in `working_points`.
        weights: (n,) event weights or None.
        resamples, seed: Of the bootstrap.

    Raises:
        DataError: Lengths differ, a score is NaN, or no normal or no anomalous row.

    >>> table = search_table([1, 2, 3, 4, 9, 3], ["qcd"] * 4 + ["suep"] * 2, normal="qcd", resamples=10)
    >>> [(one.kind, one.n, one.points.auc.value) for one in table.kinds]
    [('suep', 2, 0.8125)]

    """
    column = score_column(scores, "all")
    is_normal, rows_of = sides(kinds, normal, column.size)
    events = event_weights(weights, column.size, what="the weight of a judged row")
    fixed = None if at is None else np.asarray(at, dtype=np.float64)
    if fixed is not None and fixed.shape != column.shape:
        raise DataError(f"{at_name} has shape {fixed.shape}; accepted: one number a row, ({column.size},)")
    found = []
    for stream, (name, rows) in enumerate(rows_of.items()):
        own: dict[str, Any] = {
            "normal_weights": None if events is None else events[is_normal],
            "anomaly_weights": None if events is None else events[rows],
            "resamples": resamples,
            "seed": seed,
            "stream": stream,
        }
        pair = (column[is_normal], column[rows])
        points = working_points(*pair, tprs=tprs, fprs=fprs, **own)
        at_fixed = None
        if fixed is not None:
            at_fixed = auc_at_fixed(
                *pair,
                fixed[is_normal],
                fixed[rows],
                width=width,
                least_normals=least_normals,
                weighting=weighting,
                **own,
            )
        found.append(KindPoints(name, rows.size, points, at_fixed))
    return SearchTable(int(is_normal.sum()), tuple(found), None if at is None else at_name)


@dataclass(frozen=True)
class Spread:
    """Mean over seeds and the standard deviation from seed to seed (NaN with one seed).

    >>> str(Spread(0.971, 0.0042, 5))
    '0.971 +- 0.004 (5 seeds)'
    """

    mean: float
    sd: float
    seeds: int

    def __str__(self) -> str:
        if math.isnan(self.sd):
            return f"{self.mean:.3f} (1 seed)"
        return f"{self.mean:.3f} +- {self.sd:.3f} ({self.seeds} seeds)"

    def to_dict(self) -> Mapping[str, float | int | None]:
        """Return the numbers as JSON values."""
        return {"mean": self.mean, "sd": None if math.isnan(self.sd) else self.sd, "seeds": self.seeds}


def spread_over_seeds(values: Sequence[float]) -> Spread:
    """Mean and standard deviation (n - 1) of one number over seeds: how far apart single trainings lie.

    The interval of the mean itself is `intervals.over_seeds`.

    Raises:
        DataError: No value, or one that is not finite.

    >>> spread_over_seeds([0.96, 0.97, 0.98])
    Spread(mean=0.97, sd=0.01, seeds=3)

    """
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or not column.size or not np.isfinite(column).all():
        raise DataError(f"{column.size} values over seeds came; accepted: one finite number a seed.")
    sd = float(column.std(ddof=1)) if column.size > 1 else math.nan
    return Spread(round(float(column.mean()), 12), round(sd, 12), column.size)
