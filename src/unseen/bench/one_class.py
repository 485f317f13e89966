"""One class: every detector learns from half of the normal rows alone and is judged on all the others.

Rows of a small set are never copied before the split, except in a column that says so: a copy that lands on
both sides makes nearest neighbours look far better than they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler

from unseen.bench import sets
from unseen.bench.few_label import COLUMNS, KEY
from unseen.bench.method import Method, Scorer, named
from unseen.bench.methods import OWN, known
from unseen.bench.running import commit, fit_and_score, go_on, measures, undefined
from unseen.bench.sets import Floats, Labels, Table
from unseen.bench.sheet import Row, Sheet
from unseen.errors import ConfigError
from unseen.seeds import generator

BENCH = "one-class"
COPIED_FIRST = "one-class copied-first"
MOST, LEAST = 50_000, 1_000
SEEDS = 5
COMMITTED = Path(__file__).parent / "results" / "one_class.csv.gz"


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to judge on, standardised by the former.

    Attributes:
        train: Normal rows, shape (N, D).
        test: Shape (M, D).
        truth: Shape (M,); 1 where anomalous.

    """

    train: Floats
    test: Floats
    truth: Labels


def draw(table: Table, seed: int, *, copies: bool = False) -> Split | None:
    """Draw half of the normal rows to learn from; the others and all anomalies are judged.

    At most 50,000 rows are kept. With `copies`, a set of fewer than 1,000 rows is filled up to 1,000 by
    copies before the split, as in the published tables.

    Returns:
        The split, or None where there is no anomaly or fewer than two normal rows.

    Reference: Livernoche et al., On Diffusion Modeling for Anomaly Detection (arXiv 2305.18593).

    >>> table = Table("made", np.arange(60.0).reshape(30, 2), (np.arange(30) < 10).astype(np.int64))
    >>> split = draw(table, seed=1)
    >>> split.train.shape, int(split.truth.sum()), len(split.truth)
    ((10, 2), 10, 20)

    """
    random = generator(seed, 71)
    places = np.arange(len(table.labels))
    if len(places) > MOST:
        places = random.permutation(places)[:MOST]
    elif len(places) < LEAST and copies:
        places = random.choice(places, LEAST, replace=True)
    labels = table.labels[places]
    normal = random.permutation(places[labels == 0])
    strange = places[labels == 1]
    if len(normal) < 2 or not len(strange):
        return None
    learn, rest = np.split(normal, [len(normal) // 2])
    judged = np.concatenate([rest, strange])
    scaler = StandardScaler().fit(table.rows[learn])
    return Split(
        scaler.transform(table.rows[learn]), scaler.transform(table.rows[judged]), table.labels[judged]
    )


def outlier_factor(rows: Floats, told: Labels, seed: int) -> Scorer:
    """Local outlier factor of new rows, scikit-learn's defaults."""
    model = LocalOutlierFactor(n_neighbors=min(20, len(rows) - 1), novelty=True, n_jobs=1).fit(rows)
    return lambda test: np.asarray(-model.score_samples(test))


LOF = Method("LOF", outlier_factor, "scikit-learn")
ORDER = ("kNN-5", "IForest", "PCA", LOF.name)
"""Peers that run unless others are asked for."""


def available() -> dict[str, Method]:
    """Return every method that can do without labels, by name: the usual peers, ours, then the others."""
    every = {name: method for name, method in known().items() if method.bare or not method.told}
    every[LOF.name] = LOF
    usual = (*ORDER, *(method.name for method in OWN))
    return {**{name: every[name] for name in usual}, **every}


def chosen(names: Iterable[str] | None) -> list[Method]:
    """Return methods by name, each once; None takes the usual peers and ours.

    Raises:
        ConfigError: A name is not known, or needs labels.

    """
    every = available()
    if names is None:
        return [every[name] for name in (*ORDER, *(method.name for method in OWN))]
    return named(names, every, what="method without labels")


@dataclass(frozen=True)
class Job:
    """One fit. `copies` fills a small set up before the split, as published."""

    name: str
    seed: int
    method: Method
    copies: bool = False

    @property
    def labels(self) -> Row:
        """Return what its row is called."""
        return {
            "bench": COPIED_FIRST if self.copies else BENCH,
            "set": self.name,
            "ratio": "0",
            "seed": str(self.seed),
            "method": self.method.name,
        }

    @property
    def key(self) -> tuple[str, ...]:
        """Its labels in the order of `KEY`."""
        return tuple(self.labels[name] for name in KEY)


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        sets: Names, None for all that are averaged or shown apart.
        seeds: Seeds 1 to this.
        methods: Names, None for the usual ones.
        data: Folder of the data sets.
        workers: Processes side by side.

    """

    sets: list[str] | None = None
    seeds: int = SEEDS
    methods: list[str] | None = None
    data: Path | None = None
    workers: int = 1

    def jobs(self) -> list[Job]:
        """Return every fit, method by method.

        Raises:
            ConfigError: A number of seeds or of workers, or a method is not accepted.
            DataError: A set is not there.

        """
        for what, count in (("seeds", self.seeds), ("jobs", self.workers)):
            if count < 1:
                raise ConfigError(f"{what} {count} came; accepted: 1 or more")
        names = sets.chosen(self.sets, self.data)
        return [
            Job(name, seed, method, copies)
            for method in chosen(self.methods)
            if not method.absent
            for name in names
            for copies in ((True, False) if name in sets.SMALL else (False,))
            for seed in range(1, self.seeds + 1)
        ]

    def skipped(self) -> list[str]:
        """Return a line for each method whose package is not installed."""
        return [
            f"skipped: {method.name}, {' and '.join(method.absent)} not installed"
            for method in chosen(self.methods)
            if method.absent
        ]


QUICK = Plan(sets=list(sets.QUICK), seeds=1)


def rows_of(job: Job, data: Path | None = None) -> list[Row]:
    """Fit, score and measure one job.

    Raises:
        DataError: A set is not sound, or a method gave scores that are not numbers.

    """
    origin = {"labels": "0", "versions": job.method.versions, "commit": commit()}
    split = draw(_table(job.name, data), job.seed, copies=job.copies)
    if split is None:
        nothing = {"train_rows": "0", "test_rows": "0", "fit_seconds": "", "score_seconds": ""}
        return [{**job.labels, **undefined(), **nothing, **origin}]
    nobody = np.zeros(len(split.train), dtype=np.int64)
    scored = fit_and_score(job.method, split.train, nobody, split.test, job.seed)
    return [
        {
            **job.labels,
            **measures(scored.scores, split.truth),
            "train_rows": str(len(split.train)),
            "test_rows": str(len(split.test)),
            "fit_seconds": f"{scored.fit_seconds:.4f}",
            "score_seconds": f"{scored.score_seconds:.4f}",
            **origin,
        }
    ]


@lru_cache(maxsize=2)
def _table(name: str, data: Path | None) -> Table:
    return sets.read(name, data)


def measure(plan: Plan, path: Path | None = None, *, fresh: bool = False) -> list[Row]:
    """Run what is not in the file yet, or all of it anew, and return the rows of the plan.

    Args:
        plan: What to run.
        path: CSV file to go on with; None keeps rows in memory.
        fresh: Forget rows of the plan that are there.

    """
    keys = {job.key: (job, {job.key}) for job in plan.jobs()}
    book = Sheet.opened(COLUMNS, KEY, path)
    return go_on(keys, partial(rows_of, data=plan.data), book, workers=plan.workers, fresh=fresh)
