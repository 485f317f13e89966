"""The Numenta Anomaly Benchmark: detectors of streams, judged by its published rules.

The published score takes, for each profile, the threshold that is best over the whole corpus, which every
published detector was granted. Beside it stand two that are not granted it: with the threshold that is best
on the other half of the series, and with each detector's own threshold, where it has one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from unseen.bench import nab_corpus
from unseen.bench.method import installed
from unseen.bench.nab_corpus import Series
from unseen.bench.nab_detectors import DETECTORS, Detector, Floats
from unseen.bench.nab_rules import PROFILES, Profile, counts, curve
from unseen.bench.running import commit, go_on
from unseen.bench.sheet import Row, Sheet
from unseen.errors import ConfigError, unknown

COLUMNS = (
    "detector", "seed", "corpus", "rule", "profile", "series", "half", "readings", "windows", "found",
    "false_alarms", "score", "threshold", "seconds", "versions", "commit",
)  # fmt: skip
KEY = ("detector", "seed", "corpus", "rule", "profile", "series")
CORPUS, OTHER_HALF, OWN = "corpus", "other half", "own"
"""Where a threshold comes from: best on all series, best on the other half, or the detector's own."""
DRAWS = 10
QUICK_SERIES = ("realTraffic",)
COMMITTED = Path(__file__).parent / "results" / "nab.csv.gz"


@dataclass(frozen=True)
class Job:
    """One detector over the corpus, under one seed."""

    detector: Detector
    seed: int
    series: tuple[str, ...] | None

    def keys(self, series: Sequence[Series]) -> list[tuple[str, ...]]:
        """Return the keys of the rows it leaves, in their order."""
        mine = (self.detector.name, str(self.seed), corpus_name(self.series))
        return [
            (*mine, rule, profile.name, one.name)
            for rule in rules(self.detector, [(one, np.zeros(len(one.values))) for one in series])
            for profile in PROFILES
            for one in series
        ]


def corpus_name(words: Sequence[str] | None) -> str:
    """Name a choice of series.

    >>> corpus_name(None), corpus_name(["realTraffic", "taxi"])
    ('all', 'realTraffic taxi')
    """
    return "all" if words is None else " ".join(words)


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        series: Parts of names of series, None for all.
        detectors: Names, None for all.
        draws: Seeds of detectors that draw.
        data: Folder of the data sets.
        workers: Processes side by side.

    """

    series: tuple[str, ...] | None = None
    detectors: list[str] | None = None
    draws: int = DRAWS
    data: Path | None = None
    workers: int = 1

    def jobs(self) -> list[Job]:
        """Return every job.

        Raises:
            ConfigError: A detector, or a number of seeds or workers is not accepted.

        """
        for what, count in (("seeds", self.draws), ("jobs", self.workers)):
            if count < 1:
                raise ConfigError(f"{what} {count} came; accepted: 1 or more")
        return [
            Job(detector, seed, self.series)
            for detector in chosen(self.detectors)
            for seed in range(1, 1 + (self.draws if detector.drawn else 1))
        ]


QUICK = Plan(series=QUICK_SERIES, draws=2)


def chosen(names: Iterable[str] | None) -> list[Detector]:
    """Return detectors by name; None takes all.

    Raises:
        ConfigError: A name is not known.

    """
    if names is None:
        return list(DETECTORS.values())
    for name in names:
        if name not in DETECTORS:
            raise ConfigError(unknown("detector", name, DETECTORS))
    return [DETECTORS[name] for name in dict.fromkeys(names)]


def rows_of(job: Job, data: Path | None = None) -> list[Row]:
    """Run a detector over the series and judge it by every rule and profile.

    Raises:
        DataError: The corpus is absent or broken.

    """
    scored, seconds = [], {}
    for series in corpus(data, job.series):
        start = time.process_time()
        scores = job.detector.scores(series, job.seed)
        seconds[series.name] = time.process_time() - start
        scored.append((series, scores))
    found = []
    for rule, threshold_of in rules(job.detector, scored).items():
        for profile in PROFILES:
            for series, scores in scored:
                threshold = threshold_of(profile, series)
                tally = counts(series, scores, threshold)
                found.append(
                    {
                        "detector": job.detector.name,
                        "seed": str(job.seed),
                        "corpus": corpus_name(job.series),
                        "rule": rule,
                        "profile": profile.name,
                        "series": series.name,
                        "half": str(series.half),
                        "readings": str(len(scores)),
                        "windows": str(len(series.windows)),
                        "found": str(tally.found),
                        "false_alarms": str(tally.false),
                        "score": f"{curve([(series, scores)], profile).at(threshold):.6f}",
                        "threshold": f"{threshold:.12g}",
                        "seconds": f"{seconds[series.name]:.3f}",
                        "versions": f"numpy={installed('numpy')} scipy={installed('scipy')}",
                        "commit": commit(),
                    }
                )
    return found


Scored = Sequence[tuple[Series, Floats]]
ThresholdOf = Callable[[Profile, Series], float]


def rules(detector: Detector, scored: Scored) -> dict[str, ThresholdOf]:
    """Return what gives the threshold of a profile and a series, by each rule that applies."""

    def best(kept: Scored) -> dict[str, float]:
        return {profile.name: curve(kept, profile).best for profile in PROFILES}

    whole = best(scored)
    found: dict[str, ThresholdOf] = {CORPUS: lambda profile, series: whole[profile.name]}
    halves = {half: [(one, scores) for one, scores in scored if one.half != half] for half in (0, 1)}
    if all(any(one.windows for one, _ in kept) for kept in halves.values()):
        other = {half: best(kept) for half, kept in halves.items()}
        found[OTHER_HALF] = lambda profile, series: other[series.half][profile.name]
    if detector.fixed:
        found[OWN] = lambda profile, series: 1e-12
    return found


def corpus(data: Path | None, words: tuple[str, ...] | None) -> tuple[Series, ...]:
    """Return the series asked for."""
    return tuple(nab_corpus.chosen(_whole(data), None if words is None else list(words)))


@lru_cache(maxsize=1)
def _whole(data: Path | None) -> list[Series]:
    return nab_corpus.read(data)


def measure(plan: Plan, path: Path | None = None, *, fresh: bool = False) -> list[Row]:
    """Run what is not in the file yet, or all of it anew, and return the rows of the plan.

    Args:
        plan: What to run.
        path: CSV file to go on with; None keeps rows in memory.
        fresh: Forget rows of the plan that are there.

    Raises:
        DataError: The corpus is absent or broken.

    """
    series = corpus(plan.data, plan.series)
    book = Sheet.opened(COLUMNS, KEY, path)
    done, jobs = book.done(), {}
    for job in plan.jobs():
        keys = job.keys(series)
        if keys[-1] not in done:  # rows of a job that was cut short
            book.drop(set(keys) & done)
        jobs[keys[-1]] = (job, set(keys))
    return go_on(jobs, partial(rows_of, data=plan.data), book, workers=plan.workers, fresh=fresh)
