"""Where each method stands: means with intervals over sets and seeds, ranks, wins, tests in pairs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, wilcoxon

from unseen.bench.method import OURS
from unseen.bench.sheet import Row
from unseen.evaluation import Estimate
from unseen.seeds import generator

Floats = NDArray[np.float64]
Values = Mapping[str, Mapping[int, float]]
"""Set -> seed -> value in percent."""

METRICS = ("aucroc", "aucpr")
DRAWS = 2000
LEVEL = 0.05


@dataclass(frozen=True)
class Result:
    """One row of a results file, as numbers; NaN where undefined."""

    bench: str
    set: str
    ratio: float
    seed: int
    method: str
    aucroc: float
    aucpr: float
    tpr_1e2: float
    test_rows: int
    fit_seconds: float
    score_seconds: float
    versions: str


def results_of(rows: Iterable[Row]) -> list[Result]:
    """Return rows of a results file as numbers."""
    return [
        Result(
            bench=row["bench"],
            set=row["set"],
            ratio=float(row["ratio"]),
            seed=int(row["seed"]),
            method=row["method"],
            test_rows=int(row["test_rows"]),
            versions=row["versions"],
            **{name: _number(row[name]) for name in (*METRICS, "tpr_1e2", "fit_seconds", "score_seconds")},
        )
        for row in rows
    ]


def _number(text: str) -> float:
    return math.nan if text in ("", "undefined") else float(text)


def at_ratio(results: Sequence[Result], ratio: float) -> dict[str, list[Result]]:
    """Return the results at a ratio by method; those that use no label come along from ratio 0."""
    unaided = {r.method for r in results} - {r.method for r in results if r.ratio > 0}
    found: dict[str, list[Result]] = {}
    for result in results:
        if result.ratio == (0.0 if result.method in unaided else ratio):
            found.setdefault(result.method, []).append(result)
    return found


def values(results: Iterable[Result], metric: str) -> dict[str, dict[int, float]]:
    """Return a metric by set and seed, undefined ones left out."""
    found: dict[str, dict[int, float]] = {}
    for result in results:
        value = getattr(result, metric)
        if not math.isnan(value):
            found.setdefault(result.set, {})[result.seed] = value
    return found


def set_means(given: Values) -> dict[str, float]:
    """Return the mean over seeds of each set."""
    return {name: float(np.mean(list(seeds.values()))) for name, seeds in given.items()}


def mean(given: Values, *, draws: int = DRAWS) -> Estimate:
    """Mean over sets of the means over seeds, with a 95 % bootstrap interval.

    Sets are drawn with replacement, and within each drawn set its seeds, so both sources of chance count.

    >>> mean({"a": {1: 80.0}, "b": {1: 80.0}})
    Estimate(value=80.0, low=80.0, high=80.0)
    """
    if not given:
        return Estimate(math.nan)
    columns = [np.array(list(seeds.values())) for seeds in given.values()]
    counts = np.array([len(column) for column in columns])
    padded = np.zeros((len(columns), counts.max()))
    for place, column in enumerate(columns):
        padded[place, : len(column)] = column
    random = generator(0)
    drawn = random.integers(len(columns), size=(draws, len(columns)))
    seeds = (random.random((*drawn.shape, counts.max())) * counts[drawn][..., None]).astype(np.intp)
    taken = np.arange(counts.max()) < counts[drawn][..., None]  # as many draws of seeds as the set has
    resampled = (padded[drawn[..., None], seeds] * taken).sum(-1) / counts[drawn]
    means = resampled.mean(1)
    value = float((padded.sum(1) / counts).mean())
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(value, min(float(low), value), max(float(high), value))


def paired_p(a: Values, b: Values) -> float:
    """Two-sided Wilcoxon signed-rank test of the differences over sets, on the seeds both have."""
    differences = []
    for name in set(a) & set(b):
        both = set(a[name]) & set(b[name])
        if both:
            differences.append(np.mean([a[name][seed] - b[name][seed] for seed in both]))
    if not differences:
        return math.nan
    # summed in the order of their size, so that the order of sets does not matter
    column = np.round(np.sort(differences), 9)
    if not column.any():
        return 1.0
    return float(wilcoxon(column, zero_method="pratt").pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number; NaN stays NaN and is not counted.

    Reference: Holm, Scandinavian Journal of Statistics 6 (1979) 65.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected = [math.nan] * len(p_values)
    order = sorted((i for i, p in enumerate(p_values) if not math.isnan(p)), key=lambda i: p_values[i])
    reached = 0.0
    for place, i in enumerate(order):
        reached = max(reached, min(1.0, (len(order) - place) * p_values[i]))
        corrected[i] = reached
    return corrected


@dataclass(frozen=True)
class Measured:
    """One metric of one method: mean, mean rank, wins, and p against the best baseline."""

    mean: Estimate
    rank: float = math.nan
    wins: int = 0
    p: float = math.nan


@dataclass(frozen=True)
class Standing:
    """One method at one ratio.

    Attributes:
        method: Its name.
        sets, of_sets: Sets it was run on, and all there are; only where equal does it have ranks.
        seeds: Fewest seeds of a set.
        metrics: Metric -> what was measured.
        fit_seconds, most_seconds: CPU seconds of a fit, median and largest.
        rows_a_second: Test rows scored in a CPU second, all rows over all seconds.

    """

    method: str
    sets: int
    of_sets: int
    seeds: int
    metrics: Mapping[str, Measured]
    fit_seconds: float
    most_seconds: float
    rows_a_second: float

    @property
    def complete(self) -> bool:
        """Whether it was run on every set."""
        return self.sets == self.of_sets


def is_ours(method: str) -> bool:
    """Whether a method is our own, and so no baseline."""
    return method == OURS or method.startswith(OURS + " ")


def standings(results: Sequence[Result], ratio: float) -> list[Standing]:
    """Return every method at a ratio, highest mean AUCPR first."""
    methods = {name: found for name, found in at_ratio(results, ratio).items() if values(found, "aucroc")}
    every = {result.set for found in methods.values() for result in found if not math.isnan(result.aucroc)}
    judged = {metric: _judged(methods, metric, every) for metric in METRICS}
    found = [
        _standing(name, rows, len(every), {metric: judged[metric][name] for metric in METRICS})
        for name, rows in methods.items()
    ]
    return sorted(found, key=lambda s: -s.metrics["aucpr"].mean.value)


def _standing(name: str, rows: list[Result], of_sets: int, metrics: Mapping[str, Measured]) -> Standing:
    given = values(rows, "aucroc")
    fits = np.array([row.fit_seconds for row in rows])
    scoring = sum(row.score_seconds for row in rows if not math.isnan(row.score_seconds))
    return Standing(
        method=name,
        sets=len(given),
        of_sets=of_sets,
        seeds=min(len(seeds) for seeds in given.values()),
        metrics=metrics,
        fit_seconds=float(np.nanmedian(fits)),
        most_seconds=float(np.nanmax(fits)),
        rows_a_second=sum(row.test_rows for row in rows) / scoring if scoring > 0 else math.inf,
    )


def _judged(methods: Mapping[str, list[Result]], metric: str, every: set[str]) -> dict[str, Measured]:
    found = {name: values(rows, metric) for name, rows in methods.items()}
    complete = {name: given for name, given in found.items() if set(given) == every}
    ranks, wins = ranked({name: set_means(given) for name, given in complete.items()})
    p = _against_best(complete)
    return {
        name: Measured(mean(given), ranks.get(name, math.nan), wins.get(name, 0), p.get(name, math.nan))
        for name, given in found.items()
    }


def ranked(means: Mapping[str, Mapping[str, float]]) -> tuple[dict[str, float], dict[str, int]]:
    """Return the mean rank over sets (1 is best, ties share) and the number of sets won of each method.

    >>> ranked({"a": {"x": 90.0, "y": 70.0}, "b": {"x": 80.0, "y": 70.0}})
    ({'a': 1.25, 'b': 1.75}, {'a': 2, 'b': 1})
    """
    if not means:
        return {}, {}
    names, over = list(means), list(next(iter(means.values())))
    matrix = np.array([[means[name][one] for one in over] for name in names])
    ranks = rankdata(-matrix, axis=0).mean(1)
    wins = (matrix >= matrix.max(0) - 1e-9).sum(1)
    return (
        {name: float(rank) for name, rank in zip(names, ranks, strict=True)},
        {name: int(won) for name, won in zip(names, wins, strict=True)},
    )


def best_baseline(found: Mapping[str, Values]) -> str | None:
    """Return the method of others with the highest mean."""
    others = {
        name: np.mean(list(set_means(given).values())) for name, given in found.items() if not is_ours(name)
    }
    return max(others, key=lambda name: others[name]) if others else None


def _against_best(complete: Mapping[str, Values]) -> dict[str, float]:
    best = best_baseline(complete)
    if best is None:
        return {}
    names = [name for name in complete if name != best]
    corrected = holm([paired_p(complete[name], complete[best]) for name in names])
    return dict(zip(names, corrected, strict=True))


def groups(found: Mapping[str, Values], order: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest runs (first, last) of methods, in order of rank, of which no two differ.

    Two differ where the Wilcoxon test over sets says so at 5 %, corrected for the number of pairs (Holm).
    """
    pairs = list(combinations(range(len(order)), 2))
    corrected = holm([paired_p(found[order[a]], found[order[b]]) for a, b in pairs])
    differ = {pair for pair, p in zip(pairs, corrected, strict=True) if p < LEVEL}
    runs: list[tuple[int, int]] = []
    for first in range(len(order)):
        last = first
        while last + 1 < len(order) and not any((one, last + 1) in differ for one in range(first, last + 1)):
            last += 1
        if last > first and (not runs or last > runs[-1][1]):
            runs.append((first, last))
    return runs
