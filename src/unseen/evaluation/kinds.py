"""Judge one score kind by kind: those the detector was told of, and apart from them those it never saw."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError, unknown
from unseen.evaluation.intervals import (
    Estimate,
    auc_interval,
    effective_interval,
    percentile_interval,
)
from unseen.evaluation.ranking import auc_of, caught_at, precision_of, sic_of
from unseen.evaluation.tally import Floats, Ints, Tally, score_column, tail_sum, tally
from unseen.evaluation.weights import effective_number, event_weights
from unseen.seeds import generator

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Measures:
    """What is measured of one kind, or averaged over several.

    Attributes:
        auc: area under the ROC curve against all normals.
        ap: average precision against all normals.
        tpr_1e2: share caught at a false-alarm rate of 1e-2; NaN below 1,000 normals.
        tpr_1e3: share caught at a false-alarm rate of 1e-3; NaN below 10,000 normals.
        sic: largest TPR / sqrt(FPR) with 100 normals or more left.

    """

    auc: Estimate
    ap: Estimate
    tpr_1e2: Estimate
    tpr_1e3: Estimate
    sic: Estimate

    def to_dict(self) -> dict[str, dict[str, float | None]]:
        """Return the measures as plain JSON values."""
        return {name: getattr(self, name).to_dict() for name in MEASURES}


MEASURES = tuple(field.name for field in fields(Measures))
_STATISTICS = (
    auc_of,
    precision_of,
    partial(caught_at, fpr=1e-2),
    partial(caught_at, fpr=1e-3),
    sic_of,
)
_RATES = {"tpr_1e2", "tpr_1e3"}


@dataclass(frozen=True)
class KindResult:
    """One anomaly kind against all normals.

    Attributes:
        kind, n: Its name and its rows.
        told: Whether the detector was told of it.
        averaged: Whether it counts in the means.
        measures: What was found.
        effective: Rows of equal weight that its rows are worth (Kish); None where nothing is weighted.

    """

    kind: str
    n: int
    told: bool
    averaged: bool
    measures: Measures
    effective: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """Every kind of a test set, and the means over told and over unseen kinds (None where there is none).

    The interval of a mean is over rows: the kinds are those of this test set, not a sample of all kinds.
    `effective` is the number of normal rows of equal weight that these are worth (Kish); None where nothing
    is weighted.
    """

    normals: int
    kinds: tuple[KindResult, ...]
    told: Measures | None
    unseen: Measures | None
    effective: float | None = None

    def kind(self, name: str) -> KindResult:
        """Return one kind by name.

        Raises:
            DataError: no such kind.

        """
        found = {result.kind: result for result in self.kinds}
        if name not in found:
            raise DataError(unknown("kind", name, found))
        return found[name]

    def easiest_first(self) -> tuple[KindResult, ...]:
        """Return the kinds by falling AUC, equal ones by name."""
        return tuple(sorted(self.kinds, key=lambda k: (-k.measures.auc.value, k.kind)))

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON values."""
        return {
            "normals": self.normals,
            **_effective(self.effective),
            "kinds": [
                {
                    "kind": k.kind,
                    "n": k.n,
                    **_effective(k.effective),
                    "told": k.told,
                    "averaged": k.averaged,
                    **k.measures.to_dict(),
                }
                for k in self.kinds
            ],
            "told": self.told.to_dict() if self.told else None,
            "unseen": self.unseen.to_dict() if self.unseen else None,
        }


def evaluate(
    scores: ArrayLike,
    kinds: Sequence[object] | NDArray[np.generic],
    *,
    normal: str | int | Bools | None,
    told: Collection[str] = (),
    seed: int = 0,
    resamples: int = 500,
    level: float = 0.95,
    least_rows: int = 1,
    weights: ArrayLike | None = None,
) -> Evaluation:
    """Measure each anomaly kind against all normal rows, with intervals over rows.

    Intervals: DeLong for the AUC; for the others percentiles of a stratified bootstrap (normals and each kind
    resampled apart), widened for TPR to the exact binomial one at the fixed threshold. With weights every
    share is one of the weight, and where a number of rows decides it is the effective one.

    Args:
        scores: (n,) numbers, higher is stranger.
        kinds: (n,) a name a row.
        normal: what marks a normal row: its name in `kinds`, None (rows without a kind), or a mask (n,).
        told: kinds the detector was told of; all others are unseen.
        seed: of the bootstrap.
        resamples: number of bootstrap resamples.
        level: of the intervals.
        least_rows: kinds with fewer (effective) rows are shown, but left out of the means.
        weights: (n,) event weights; rows of weight 0 do not count. None, or all equal, is unweighted.

    Raises:
        DataError: lengths differ, a score is NaN, no normal or no anomalous row, or a told kind without rows;
            weights are refused, or a kind has none above 0.

    >>> e = evaluate([1, 2, 3, 9, 8, 1], ["ok", "ok", "ok", "dos", "dos", "probe"], normal="ok", told=["dos"])
    >>> [(k.kind, k.n, k.told, round(k.measures.auc.value, 3)) for k in e.kinds]
    [('dos', 2, True, 1.0), ('probe', 1, False, 0.167)]

    """
    column = score_column(scores, "all")
    is_normal, rows_of = sides(kinds, normal, column.size)
    events = event_weights(weights, column.size, what="the weight of a judged row")
    normals = _Side.of("normal", column, events, np.flatnonzero(is_normal))
    groups = {name: _Side.of(name, column, events, rows) for name, rows in rows_of.items()}
    for name in told:
        if str(name) not in groups:
            raise DataError(unknown("told kind", name, groups))
    tallies = [tally(normals.scores, side.scores, normals.weights, side.weights) for side in groups.values()]
    # (resamples, kinds, measures); one set of normals a resample, shared by the kinds as in the test itself.
    draws = _draws(normals, list(groups.values()), tallies, seed=seed, n=resamples)
    told_names = {str(name) for name in told}
    results = tuple(
        KindResult(
            kind=name,
            n=side.scores.size,
            told=name in told_names,
            averaged=side.effective >= least_rows,
            measures=_measures(normals, side, tallies[i], draws[:, i], level=level),
            effective=None if events is None else side.effective,
        )
        for i, (name, side) in enumerate(groups.items())
    )
    return Evaluation(
        normals=normals.scores.size,
        kinds=results,
        told=_mean(results, draws, [k.told and k.averaged for k in results], level=level),
        unseen=_mean(results, draws, [k.averaged and not k.told for k in results], level=level),
        effective=None if events is None else normals.effective,
    )


@dataclass(frozen=True)
class _Side:
    """Scores of one side, (n,), their weights above 0 or None, and the rows they are worth."""

    scores: Floats
    weights: Floats | None
    effective: float

    @classmethod
    def of(cls, name: str, column: Floats, events: Floats | None, rows: Ints) -> _Side:
        if events is None:
            return cls(column[rows], None, float(rows.size))
        counting = rows[events[rows] > 0]
        if not counting.size:
            raise DataError(f"all {rows.size} rows of kind {name!r} have weight 0; leave the kind out")
        weights = events[counting]
        return cls(column[counting], weights, effective_number(weights))


def _effective(number: float | None) -> dict[str, float]:
    return {} if number is None else {"effective": round(number, 3)}


def sides(
    kinds: Sequence[object] | NDArray[np.generic], normal: str | int | Bools | None, n: int
) -> tuple[Bools, dict[str, Ints]]:
    """Return which of n rows are normal, (n,), and the rows of each anomaly kind, sorted by name.

    Raises:
        DataError: lengths differ, one side is empty, or an anomalous row has no kind.

    """
    names = ["" if _absent(kind) else str(kind) for kind in kinds]
    if len(names) != n:
        raise DataError(f"{n} scores but {len(names)} kinds; give one kind a row.")
    if isinstance(normal, np.ndarray):
        if normal.shape != (n,) or normal.dtype != np.bool_:
            came = f"shape {normal.shape} and type {normal.dtype}"
            raise DataError(f"the mask of normal rows has {came}; need ({n},) and bool.")
        is_normal = normal
    else:
        # Compared as Python text: numpy would drop the closing zeros of a name.
        wanted = "" if normal is None else str(normal)
        is_normal = np.array([name == wanted for name in names], dtype=np.bool_)
    if not is_normal.any() or is_normal.all():
        came = "only normal rows" if is_normal.any() else f"no normal row (normal={normal!r})"
        raise DataError(f"{came} among kinds {sorted(set(names))[:6]}; an evaluation needs both sides.")
    rows: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(~is_normal).tolist():
        rows[names[row]].append(row)
    if "" in rows:
        raise DataError(f"{len(rows[''])} anomalous rows have no kind (first: row {rows[''][0]}); name each.")
    return is_normal, {name: np.array(rows[name], dtype=np.intp) for name in sorted(rows)}


def _absent(kind: object) -> bool:
    return kind is None or kind == "" or (isinstance(kind, float) and math.isnan(kind))


def _draws(
    normal: _Side, groups: list[_Side], tallies: list[Tally], *, seed: int, n: int
) -> NDArray[np.float64]:
    rng = generator(seed)
    cell = np.searchsorted(tallies[0].normal_scores, normal.scores)
    cells = [
        np.searchsorted(-t.anomaly_scores, -side.scores) for t, side in zip(tallies, groups, strict=True)
    ]
    draws = np.empty((n, len(groups), len(_STATISTICS)))
    for b in range(n):
        tail = tail_sum(_recount(cell, tallies[0].normal_scores.size, rng, normal.weights))
        for i, counts in enumerate(tallies):
            hits = _recount(cells[i], counts.anomaly_scores.size, rng, groups[i].weights)
            drawn = counts.reweighted(tail, hits)
            draws[b, i] = [statistic(drawn) for statistic in _STATISTICS]
    return draws


def _recount(cell: Ints, size: int, rng: np.random.Generator, weights: Floats | None) -> Floats:
    """Draw as many rows as there are, with replacement, and sum their weights per distinct score."""
    drawn = rng.integers(cell.size, size=cell.size)
    own = None if weights is None else weights[drawn]
    return np.bincount(cell[drawn], weights=own, minlength=size).astype(np.float64)


def _measures(normal: _Side, side: _Side, counts: Tally, draws: Floats, *, level: float) -> Measures:
    found = {}
    for j, name in enumerate(MEASURES):
        estimate = percentile_interval(_STATISTICS[j](counts), draws[:, j], level=level)
        if name == "auc":
            estimate = auc_interval(
                normal.scores,
                side.scores,
                level=level,
                normal_weights=normal.weights,
                anomaly_weights=side.weights,
            )
        elif name in _RATES and estimate.known:
            # All or none caught does not move under resampling; the exact binomial interval stays open.
            exact = effective_interval(estimate.value, side.effective, level=level)
            estimate = Estimate(estimate.value, min(estimate.low, exact.low), max(estimate.high, exact.high))
        found[name] = estimate
    return Measures(**found)


def _mean(
    results: tuple[KindResult, ...], draws: NDArray[np.float64], chosen: list[bool], *, level: float
) -> Measures | None:
    if not any(chosen):
        return None
    members = [result.measures for result, take in zip(results, chosen, strict=True) if take]
    found = {}
    for j, name in enumerate(MEASURES):
        parts: list[Estimate] = [getattr(member, name) for member in members]
        value = float(np.mean([part.value for part in parts]))
        estimate = percentile_interval(value, draws[:, chosen, j].mean(axis=1), level=level)
        if estimate.known and estimate.low == estimate.high:
            # Every kind sits at a bound: the mean of the single intervals is the widest honest answer.
            estimate = Estimate(
                value,
                min(value, float(np.mean([part.low for part in parts]))),
                max(value, float(np.mean([part.high for part in parts]))),
            )
        found[name] = estimate
    return Measures(**found)
