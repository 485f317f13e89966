"""Few labels: every detector on the splits of ADBench, a share of the anomalies told, one row a fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from unseen.bench import methods as known
from unseen.bench import sets
from unseen.bench.method import Method
from unseen.bench.running import commit, fit_and_score, go_on, measures, undefined
from unseen.bench.sheet import Row, Sheet, read
from unseen.bench.splits import ACCEPTED, Split, checked_ratio, draw
from unseen.errors import ConfigError

BENCH = "few-label"
SPLIT_FIRST = "few-label split-first"
NO_DUPLICATES = "few-label no-duplicates"

COLUMNS = (
    "bench", "set", "ratio", "seed", "method", "aucroc", "aucpr", "tpr_1e2", "labels", "train_rows",
    "test_rows", "fit_seconds", "score_seconds", "versions", "commit",
)  # fmt: skip
KEY = ("bench", "set", "ratio", "seed", "method")

RATIOS = (0.0, 0.01, 0.05, 0.1)
SEEDS = 5
COMMITTED = Path(__file__).parent / "results" / "few_label.csv.gz"


def shares(words: list[str] | None) -> tuple[float, ...] | None:
    """Read ratios as they are typed; None where none were.

    Raises:
        ConfigError: A word is no number between 0 and 1.

    >>> shares(["0.01", "0.1"])
    (0.01, 0.1)

    """
    if words is None:
        return None
    found = []
    for word in words:
        try:
            found.append(checked_ratio(float(word)))
        except ValueError:
            raise ConfigError(f"ratio {word!r} came; {ACCEPTED}") from None
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Job:
    """One fit. `copies` fills a small set up before the split, as published."""

    set: str
    ratio: float
    seed: int
    method: Method
    copies: bool = True

    @property
    def labels(self) -> Row:
        """What its rows are called."""
        return {
            "bench": BENCH if self.copies else SPLIT_FIRST,
            "set": self.set,
            "ratio": f"{self.ratio:g}",
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
        ratios: Shares of the training anomalies that are labelled; at 0 only those run that need no label,
            and those that use none run once, whatever the ratios are.
        seeds: Seeds 1 to this.
        methods: Names, None for all.
        data: Folder of the data sets.
        workers: Processes side by side.

    """

    sets: list[str] | None = None
    ratios: tuple[float, ...] = RATIOS
    seeds: int = SEEDS
    methods: list[str] | None = None
    data: Path | None = None
    workers: int = 1

    def jobs(self) -> list[Job]:
        """Return every fit, method by method.

        Raises:
            ConfigError: A ratio, a number of seeds or of workers, or a method is not accepted.
            DataError: A set is not there.

        """
        self._check()
        names = sets.chosen(self.sets, self.data)
        methods = known.chosen(self.methods)
        if not any(self._ratios(method) for method in methods):
            raise ConfigError(
                "nothing to run: none of these methods runs without labels; name a ratio above 0"
            )
        return [
            Job(name, ratio, seed, method, copies)
            for method in methods
            if not method.absent
            for name in names
            for copies in ((True, False) if name in sets.SMALL else (True,))
            for seed in range(1, self.seeds + 1)
            for ratio in self._ratios(method)
        ]

    def _ratios(self, method: Method) -> tuple[float, ...]:
        """Ratios a method is run at: one that uses no label once, whatever was asked."""
        if not method.told:
            return (0.0,)
        return tuple(ratio for ratio in dict.fromkeys(self.ratios) if ratio > 0 or method.bare)

    def skipped(self) -> list[str]:
        """Return a line for each method whose package is not installed."""
        return [
            f"skipped: {method.name}, {' and '.join(method.absent)} not installed"
            for method in known.chosen(self.methods)
            if method.absent
        ]

    def _check(self) -> None:
        if not self.ratios:
            raise ConfigError(f"no ratio was named; {ACCEPTED}")
        for ratio in self.ratios:
            checked_ratio(ratio)
        for what, count in (("seeds", self.seeds), ("jobs", self.workers)):
            if count < 1:
                raise ConfigError(f"{what} {count} came; accepted: 1 or more")


QUICK = Plan(
    sets=list(sets.QUICK),
    seeds=1,
    methods=[method.name for method in (*known.LIGHT, *known.OWN)] + ["XGBoost"],
)
"""A run of a minute or two."""


def rows_of(job: Job, data: Path | None = None) -> list[Row]:
    """Fit, score and measure one job.

    Returns:
        Its row last; before it, where test rows occur in the training part too, the row without them.

    Raises:
        DataError: A set is not sound, or a method gave scores that are not numbers.

    """
    split = draw(_table(job.set, data), job.ratio, job.seed, copies=job.copies)
    if split is None:
        nothing = {"labels": "0", "train_rows": "0", "test_rows": "0", "fit_seconds": "", "score_seconds": ""}
        return [{**job.labels, **undefined(), **nothing, **_origin(job.method)}]
    scored = fit_and_score(job.method, split.train, split.told, split.test, job.seed)
    common = {
        **job.labels,
        "labels": str(split.told.sum()),
        "train_rows": str(len(split.train)),
        "test_rows": str(len(split.test)),
        "fit_seconds": f"{scored.fit_seconds:.4f}",
        "score_seconds": f"{scored.score_seconds:.4f}",
        **_origin(job.method),
    }
    whole = {**common, **measures(scored.scores, split.truth)}
    if not _copied(job, split):
        return [whole]
    fresh = split.fresh
    left = {"bench": NO_DUPLICATES, "test_rows": str(fresh.sum())}
    return [{**common, **left, **measures(scored.scores[fresh], split.truth[fresh])}, whole]


def _copied(job: Job, split: Split) -> bool:
    """Whether a set holds the same row twice by itself; copies made on purpose have a column of their own."""
    return job.set not in sets.SMALL and not split.fresh.all()


def _origin(method: Method) -> Row:
    return {"versions": method.versions, "commit": commit()}


@lru_cache(maxsize=2)
def _table(name: str, data: Path | None) -> sets.Table:
    return sets.read(name, data)


def measure(plan: Plan, path: Path | None = None, *, fresh: bool = False) -> list[Row]:
    """Run what is not in the file yet, or all of it anew, and return the rows of the plan.

    Args:
        plan: What to run.
        path: CSV file to go on with; None keeps rows in memory.
        fresh: Forget rows of the plan that are there.

    """
    keys = {job.key: (job, {job.key, (NO_DUPLICATES, *job.key[1:])}) for job in plan.jobs()}
    sheet = Sheet.opened(COLUMNS, KEY, path)
    return go_on(keys, partial(rows_of, data=plan.data), sheet, workers=plan.workers, fresh=fresh)


def stored(path: Path = COMMITTED) -> list[Row]:
    """Read the rows of a results file.

    Raises:
        DataError: The file is not there or has other columns.

    """
    return read(path, COLUMNS)
