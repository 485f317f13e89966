"""Several detectors over several seeds: gain and regret of being told, kind by kind, paired by seed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from unseen.errors import DataError, unknown
from unseen.evaluation.intervals import Estimate, over_seeds
from unseen.evaluation.kinds import MEASURES, Evaluation
from unseen.evaluation.tally import Floats

WORSE = -0.01
"""A (told, unseen) pair counts as harmed when its mean gain is below this."""


@dataclass(frozen=True)
class Record:
    """One measured value: `metric` of `detector` on `kind`, after being told `labels` rows of `told`."""

    detector: str
    seed: int
    told: tuple[str, ...]
    kind: str
    metric: str
    value: float
    labels: int = 0

    @property
    def unseen(self) -> bool:
        """Whether the detector was told nothing of this kind."""
        return self.kind not in self.told


@dataclass(frozen=True)
class Mean:
    """Mean of a metric over kinds, then over seeds, with the t interval over seeds."""

    detector: str
    labels: int
    unseen: bool
    metric: str
    estimate: Estimate
    seeds: int


@dataclass(frozen=True)
class Gain:
    """Paired difference to a reference for one (told, kind) pair; `regret` is the mean of max(0, -gain)."""

    detector: str
    reference: str
    told: tuple[str, ...]
    kind: str
    labels: int
    metric: str
    gain: Estimate
    regret: Estimate
    seeds: int

    @property
    def unseen(self) -> bool:
        """Whether the detector was told nothing of this kind."""
        return self.kind not in self.told


@dataclass(frozen=True)
class Bias:
    """What being told did to the kinds nobody told of, against one reference.

    Attributes:
        detector: the detector judged.
        reference: the detector it is compared with.
        labels: told rows.
        pairs: number of (told, unseen kind) pairs.
        gain: signed mean gain over the pairs, t interval over seeds; below 0 is a bias against the unseen.
        regret: mean over the pairs of max(0, -gain of the seed).
        harmed: share of pairs whose mean gain is below -0.01.
        worst: the pair with the lowest mean gain.

    """

    detector: str
    reference: str
    labels: int
    pairs: int
    gain: Estimate
    regret: Estimate
    harmed: float
    worst: Gain


def records_of(
    evaluation: Evaluation, *, detector: str, seed: int, told: Sequence[str] | None = None, labels: int = 0
) -> tuple[Record, ...]:
    """Flatten an evaluation into records, one a kind and measure.

    Args:
        evaluation: of one detector on one split.
        detector: its name.
        seed: of split and training; values of equal seed are paired.
        told: kinds it was told of; those the evaluation marks as told if absent.
        labels: number of told rows.

    """
    names = tuple(told) if told is not None else tuple(k.kind for k in evaluation.kinds if k.told)
    return tuple(
        Record(detector, seed, names, k.kind, metric, getattr(k.measures, metric).value, labels)
        for k in evaluation.kinds
        if k.averaged
        for metric in MEASURES
    )


def means(records: Iterable[Record], metric: str = "auc", *, level: float = 0.95) -> tuple[Mean, ...]:
    """Average told and unseen kinds apart: first all (told, kind) pairs of a seed, then the seeds.

    Raises:
        DataError: the metric does not occur.

    """
    groups: dict[tuple[str, int, bool], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for r in _of_metric(records, metric):
        groups[r.detector, r.labels, r.unseen][r.seed].append(r.value)
    found = []
    for (detector, labels, is_unseen), seeds in groups.items():
        estimate = over_seeds([float(np.mean(values)) for values in seeds.values()], level=level)
        found.append(Mean(detector, labels, is_unseen, metric, estimate, len(seeds)))
    return tuple(found)


def budget(
    records: Iterable[Record], metric: str = "auc", *, unseen: bool, level: float = 0.95
) -> dict[str, tuple[tuple[int, Estimate], ...]]:
    """Label-budget curve of each detector: (labels, mean) points, labels rising."""
    curves: dict[str, list[tuple[int, Estimate]]] = defaultdict(list)
    for mean in means(records, metric, level=level):
        if mean.unseen == unseen:
            curves[mean.detector].append((mean.labels, mean.estimate))
    return {name: tuple(sorted(points, key=lambda point: point[0])) for name, points in curves.items()}


def gains(
    records: Iterable[Record], *, reference: str, metric: str = "auc", level: float = 0.95
) -> tuple[Gain, ...]:
    """Pair every detector with a reference (stage 1, or the control with zero labels), seed by seed.

    The reference value of a pair is its record with the same seed, told kinds, kind and number of labels;
    else its record with the same told kinds and no labels; else the one told nothing (stage 1 has one record
    a seed and kind, and stands against every told set).

    Raises:
        DataError: the reference or metric does not occur, or the reference lacks a seed or kind.

    """
    chosen = _of_metric(records, metric)
    names = dict.fromkeys(r.detector for r in chosen)
    if reference not in names:
        raise DataError(unknown("reference detector", reference, names))
    table = _Reference(reference, chosen)
    pairs: dict[tuple[str, int, tuple[str, ...], str], list[float]] = defaultdict(list)
    for r in chosen:
        if r.detector != reference:
            pairs[r.detector, r.labels, r.told, r.kind].append(r.value - table.value(r))
    return tuple(
        Gain(
            detector,
            reference,
            told,
            kind,
            labels,
            metric,
            gain=over_seeds(values, level=level),
            regret=_regret(values, level),
            seeds=len(values),
        )
        for (detector, labels, told, kind), values in pairs.items()
    )


def biases(
    records: Iterable[Record], *, reference: str, metric: str = "auc", level: float = 0.95
) -> tuple[Bias, ...]:
    """Sum up the gains on unseen kinds, one line a detector and number of labels.

    Raises:
        DataError: as in `gains`.

    Reference: the sign of the bias that labelled anomalies bring, Ye et al., arXiv 2105.07346.

    """
    chosen = _of_metric(records, metric)
    pairs = gains(chosen, reference=reference, metric=metric, level=level)
    table = _Reference(reference, chosen)
    found = []
    for detector, labels in dict.fromkeys((g.detector, g.labels) for g in pairs):
        mine = [g for g in pairs if (g.detector, g.labels) == (detector, labels) and g.unseen]
        by_seed: dict[int, list[float]] = defaultdict(list)
        for r in chosen:
            if (r.detector, r.labels) == (detector, labels) and r.unseen:
                by_seed[r.seed].append(r.value - table.value(r))
        known = [g for g in mine if g.gain.known]
        if known:
            found.append(_bias(detector, reference, labels, known, list(by_seed.values()), level))
    return tuple(found)


@dataclass(frozen=True)
class GainMatrix:
    """Mean gain by told set (rows) and judged kind (columns); NaN where a pair was not run."""

    told: tuple[str, ...]
    kinds: tuple[str, ...]
    gain: Floats


def gain_matrix(pairs: Iterable[Gain], *, detector: str, labels: int | None = None) -> GainMatrix:
    """Lay the gains of one detector (at one number of labels) out as a matrix.

    Raises:
        DataError: no such detector, or several numbers of labels and none chosen.

    """
    pairs = tuple(pairs)
    mine = [g for g in pairs if g.detector == detector and labels in (None, g.labels)]
    if not mine:
        raise DataError(unknown("detector", detector, dict.fromkeys(g.detector for g in pairs)))
    counts = sorted({g.labels for g in mine})
    if len(counts) > 1:
        raise DataError(f"detector {detector!r} has gains at {counts} labels; choose one with labels=.")
    told = tuple(dict.fromkeys(" + ".join(g.told) for g in mine))
    kinds = tuple(dict.fromkeys(g.kind for g in mine))
    matrix = np.full((len(told), len(kinds)), np.nan)
    for g in mine:
        matrix[told.index(" + ".join(g.told)), kinds.index(g.kind)] = g.gain.value
    return GainMatrix(told, kinds, matrix)


class _Reference:
    """Values of the reference detector, found for the record they stand against."""

    def __init__(self, name: str, records: Sequence[Record]) -> None:
        self.name = name
        self.values = {(r.seed, r.kind, r.told, r.labels): r.value for r in records if r.detector == name}

    def value(self, record: Record) -> float:
        for told, labels in ((record.told, record.labels), (record.told, 0), ((), 0)):
            found = self.values.get((record.seed, record.kind, told, labels))
            if found is not None:
                return found
        raise DataError(
            f"reference {self.name!r} has no {record.metric} for kind {record.kind!r} at seed {record.seed}, "
            f"which {record.detector!r} has; run it on the same seeds and kinds."
        )


def _of_metric(records: Iterable[Record], metric: str) -> list[Record]:
    every = list(records)
    chosen = [r for r in every if r.metric == metric]
    if not chosen:
        raise DataError(unknown("metric", metric, dict.fromkeys(r.metric for r in every)))
    return chosen


def _bias(
    detector: str, reference: str, labels: int, pairs: list[Gain], by_seed: list[list[float]], level: float
) -> Bias:
    return Bias(
        detector=detector,
        reference=reference,
        labels=labels,
        pairs=len(pairs),
        gain=over_seeds([float(np.mean(values)) for values in by_seed], level=level),
        regret=over_seeds([float(np.mean(np.maximum(0, -np.array(v)))) for v in by_seed], level=level),
        harmed=sum(g.gain.value < WORSE for g in pairs) / len(pairs),
        worst=min(pairs, key=lambda g: g.gain.value),
    )


def _regret(values: Sequence[float], level: float) -> Estimate:
    estimate = over_seeds(np.maximum(0.0, -np.asarray(values)), level=level)
    # Regret cannot be negative, whatever a symmetric interval says.
    return Estimate(
        estimate.value,
        max(0.0, estimate.low) if not math.isnan(estimate.low) else estimate.low,
        estimate.high,
    )
