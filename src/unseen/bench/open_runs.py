"""Running the open-set bench: one job a fit, one row a judged kind, nothing run twice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from pathlib import Path

import numpy as np

from unseen.bench import kinds
from unseen.bench.method import Method, Scorer
from unseen.bench.open_methods import STAGE1, Staged, chosen
from unseen.bench.open_rows import COLUMNS, KEY
from unseen.bench.open_set import KS, SEEDS, Split, Task, check
from unseen.bench.running import LEAST_ALARMS, Scored, commit, fit_and_score, percent, run
from unseen.bench.sets import Floats, Labels
from unseen.bench.sheet import Row, Sheet
from unseen.errors import ConfigError
from unseen.evaluation import average_precision, roc_auc, tpr_at_fpr
from unseen.recipes.datasets import NORMAL

BENCH = "open-set"
COMMITTED = Path(__file__).parent / "results" / "open_set.csv.gz"


@dataclass(frozen=True)
class Job:
    """One fit, and the tasks it serves: more than one where no label takes part."""

    name: str
    seed: int
    variant: str
    method: Method
    tellings: tuple[tuple[str, int], ...]

    def labels(self, told: str, k: int) -> Row:
        """Return what the rows of one task are called."""
        return {
            "bench": BENCH,
            "set": self.name,
            "told": told,
            "k": str(k),
            "variant": self.variant,
            "seed": str(self.seed),
            "method": self.method.name,
        }

    @property
    def keys(self) -> set[tuple[str, ...]]:
        """Keys of its rows, those of the detector's own first stage aside."""
        return {tuple(self.labels(*telling)[name] for name in KEY) for telling in self.tellings}


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        sets: Names, None for all of `kinds.available`.
        ks: Numbers of labelled rows.
        seeds: Number of seeds, from 0.
        methods: Names, None for all.
        variants: "clean", "dirty" or both.
        data: Folder of the data sets.
        workers: Processes side by side.

    """

    sets: list[str] | None = None
    ks: tuple[int, ...] = KS
    seeds: int = len(SEEDS)
    methods: list[str] | None = None
    variants: tuple[str, ...] = ("clean",)
    data: Path | None = None
    workers: int = 1

    def jobs(self) -> list[Job]:
        """Return every fit, method by method.

        Raises:
            ConfigError: A number of labels, seeds or workers, a variant or a method is not accepted.
            DataError: A set is not there.

        """
        for variant in self.variants or ("",):
            check(self.ks, range(self.seeds), variant)
        if self.workers < 1:
            raise ConfigError(f"jobs {self.workers} came; accepted: 1 or more")
        found = []
        names = kinds.chosen(self.sets, self.data)
        tellings = {name: self._tellings(name) for name in names}
        for method in chosen(self.methods):
            for name in names if not method.absent else ():
                for seed in range(self.seeds):
                    for variant in self.variants:
                        found += _jobs(Job(name, seed, variant, method, tellings[name]))
        return found

    def skipped(self) -> list[str]:
        """Return a line for each method that is not installed, and for each set without two kinds."""
        names = kinds.chosen(self.sets, self.data)
        return [
            *(
                f"skipped: {method.name}, {' and '.join(method.absent)} not installed"
                for method in chosen(self.methods)
                if method.absent
            ),
            *(
                f"left out: {name}, its anomalies make no two kinds"
                for name in names
                if not _source(name, self.data)
            ),
        ]

    def _tellings(self, name: str) -> tuple[tuple[str, int], ...]:
        """Kinds that may be told, and how many rows of them; the same for every seed."""
        source = _source(name, self.data)
        if source is None:
            return ()
        split = Split.of(source, 0)
        return tuple((told, k) for told in source.averaged for k in self.ks if k <= split.most(told))


QUICK = Plan(
    sets=["cicids2017", "6_cardio"],
    ks=(10,),
    seeds=1,
    methods=[method.name for method in chosen(None) if method.name != "CatBoost"],
)
"""A run of a minute or two."""


def _jobs(job: Job) -> list[Job]:
    """One job for all tellings where nothing told takes part in training, else one for each."""
    if not job.tellings:
        return []
    if not job.method.told and job.variant == "clean":
        return [job]
    return [replace(job, tellings=(telling,)) for telling in job.tellings]


def rows_of(job: Job, data: Path | None = None) -> list[Row]:
    """Fit, score and measure one job.

    Raises:
        DataError: A set is not sound, or a method gave scores that are not numbers.

    """
    split = _split(job.name, job.seed, data)
    tasks = [split.task(*telling, job.variant) for telling in job.tellings]
    if len(tasks) == 1:
        (task,) = tasks
        scored, base = fitted(job.method, task, task.test_rows)
        return list(_judged(job, task, scored.scores, base, scored))
    # nothing told takes part: all tasks share the rows with label 0, and with them the scaling
    first = tasks[0]
    places = np.unique(np.concatenate([task.test_places for task in tasks]))
    rows = np.empty((len(split.judged), first.test_rows.shape[1]))
    for task in tasks:
        rows[task.test_places] = task.test_rows
    scored, _ = fitted(job.method, first, rows[places])
    scores = np.full(len(split.judged), math.nan)
    scores[places] = scored.scores
    return [row for task in tasks for row in _judged(job, task, scores[task.test_places], None, scored)]


def fitted(method: Method, task: Task, test: Floats) -> tuple[Scored, Floats | None]:
    """Fit a method to a task and score rows (M, D); beside, the scores of its own first stage, (M,).

    A method that uses no labels sees the unlabelled rows alone.
    """
    plain = task.train_labels == 0
    rows, told = task.train_rows, task.train_labels
    if not method.told:
        rows, told = rows[plain], told[plain]
    scorers: list[Scorer] = []

    def fit(rows: Floats, told: Labels, seed: int) -> Scorer:
        scorers.append(method.fit(rows, told, seed))
        return scorers[0]

    scored = fit_and_score(replace(method, fit=fit), rows, told, test, task.seed)
    staged = scorers[0]
    return scored, staged.stage1(test) if method.told and isinstance(staged, Staged) else None


def _judged(job: Job, task: Task, scores: Floats, base: Floats | None, scored: Scored) -> Iterator[Row]:
    """Rows of the first stage, where there is one, then of the detector: its key says that both are there."""
    common = {
        **job.labels(task.told, task.k),
        "gain": "",
        "fit_seconds": f"{scored.fit_seconds:.4f}",
        "score_seconds": f"{scored.score_seconds:.4f}",
        "versions": job.method.versions,
        "commit": commit(),
    }
    judged = sorted(set(task.test_kinds.tolist()) - {NORMAL})
    before = {kind: _measures(base, task, kind) for kind in judged} if base is not None else {}
    for kind, values in before.items():
        yield {**common, **values, **_kind(kind, task), "method": job.method.name + STAGE1}
    for kind in judged:
        values = _measures(scores, task, kind)
        gain = f"{float(values['aucroc']) - float(before[kind]['aucroc']):.4f}" if before else ""
        yield {**common, **values, **_kind(kind, task), "gain": gain}


def _kind(kind: str, task: Task) -> Row:
    return {"kind": kind, "seen": str(int(kind == task.told))}


def _measures(scores: Floats, task: Task, kind: str) -> Row:
    normal, strange = scores[task.test_kinds == NORMAL], scores[task.test_kinds == kind]
    return {
        "aucroc": percent(roc_auc(normal, strange)),
        "aucpr": percent(average_precision(normal, strange)),
        "tpr_1e2": percent(tpr_at_fpr(normal, strange, 1e-2, least_alarms=LEAST_ALARMS)),
        "tpr_1e3": percent(tpr_at_fpr(normal, strange, 1e-3, least_alarms=LEAST_ALARMS)),
    }


@cache
def _source(name: str, data: Path | None) -> kinds.KindSet | None:
    return kinds.load(name, data)


@lru_cache(maxsize=2)
def _split(name: str, seed: int, data: Path | None) -> Split:
    source = _source(name, data)
    assert source is not None  # noqa: S101 - a set without kinds has no job
    return Split.of(source, seed)


def measure(plan: Plan, path: Path | None = None, *, fresh: bool = False) -> list[Row]:
    """Run what is not in the file yet, or all of it anew, and return the rows of the plan.

    Args:
        plan: What to run.
        path: CSV file to go on with; None keeps rows in memory.
        fresh: Forget rows of the plan that are there.

    """
    jobs = plan.jobs()
    book = Sheet.opened(COLUMNS, KEY, path)
    wanted = _with_stage1(key for job in jobs for key in job.keys)
    if fresh:
        book.drop(wanted)
    done = book.done()
    todo = [job for job in jobs if not job.keys <= done]
    half = _with_stage1(key for job in todo for key in job.keys) & done
    if half:
        book.drop(half)
    run(todo, partial(rows_of, data=plan.data), book, workers=plan.workers)
    return [row for row in book.rows if book.key_of(row) in wanted]


def _with_stage1(keys: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Keys of fits, and of the rows of their first stages."""
    return {key for one in keys for key in (one, (*one[:-1], one[-1] + STAGE1))}
