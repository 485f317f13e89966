"""Running a bench: one fit a job on one thread, one row a job on disk, nothing run twice."""

from __future__ import annotations

import math
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from unseen.bench.method import Method
from unseen.bench.sets import Floats, Labels
from unseen.bench.sheet import Row, Sheet
from unseen.errors import DataError
from unseen.evaluation import average_precision, roc_auc, tpr_at_fpr
from unseen.training.progress import tell

J = TypeVar("J")

LEAST_ALARMS = 2.0
"""Test parts hold a few hundred normal rows, so only means over seeds of the TPR are worth reading."""


@dataclass(frozen=True)
class Scored:
    """Scores of the test rows (M,), and CPU seconds of fitting and of scoring on one thread."""

    scores: Floats
    fit_seconds: float
    score_seconds: float


def fit_and_score(method: Method, rows: Floats, told: Labels, test: Floats, seed: int) -> Scored:
    """Fit a method on rows (N, D) with labels (N,), and score rows (M, D), each step timed.

    Raises:
        DataError: A score is not a number, or not one for each row; the message names the method.

    """
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        scorer = method.fit(rows, told, seed)
        fitted = time.process_time()
        scores = np.asarray(scorer(test), dtype=np.float64)
        end = time.process_time()
    if scores.shape != (len(test),):
        raise DataError(f"{method.name} gave scores of shape {scores.shape} for {len(test):,} rows")
    if np.isnan(scores).any():
        count = int(np.isnan(scores).sum())
        raise DataError(f"{method.name} gave NaN as the score of {count:,} of {len(test):,} rows")
    return Scored(scores, fitted - start, end - fitted)


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold torch and the libraries of linear algebra to one thread, then restore their counts."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def measures(scores: Floats, truth: Labels) -> Row:
    """Return AUCROC, AUCPR and TPR at a false-alarm rate of 1 % in percent; "undefined" without both sides.

    >>> measures(np.array([0.1, 0.2, 0.3]), np.array([0, 0, 1]))["aucroc"]
    '100.0000'
    """
    normal, anomaly = scores[truth == 0], scores[truth == 1]
    if not len(normal) or not len(anomaly):
        return undefined()
    return {
        "aucroc": percent(roc_auc(normal, anomaly)),
        "aucpr": percent(average_precision(normal, anomaly)),
        "tpr_1e2": percent(tpr_at_fpr(normal, anomaly, 1e-2, least_alarms=LEAST_ALARMS)),
    }


def undefined() -> Row:
    """Return the measures of a split that has none."""
    return dict.fromkeys(("aucroc", "aucpr", "tpr_1e2"), "undefined")


def percent(share: float) -> str:
    """Write a share in percent with 4 decimals.

    >>> percent(0.5), percent(float("nan"))
    ('50.0000', 'undefined')
    """
    return "undefined" if math.isnan(share) else f"{100 * share:.4f}"


def run(
    jobs: Sequence[J], work: Callable[[J], list[Row]], sheet: Sheet, *, workers: int = 1, what: str = "fits"
) -> None:
    """Do each job and write its rows before the next is awaited.

    An interrupt loses at most the jobs under way. With more than one worker, `work` and the jobs travel to
    processes of their own; the rows do not depend on how many there are, their order does.
    """
    tell(what, 0, len(jobs))
    if workers == 1 or len(jobs) < 2:
        for done, job in enumerate(jobs, 1):
            sheet.append(work(job))
            tell(what, done, len(jobs))
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            for done, ended in enumerate(as_completed([pool.submit(work, job) for job in jobs]), 1):
                sheet.append(ended.result())
                tell(what, done, len(jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def go_on(
    jobs: Mapping[tuple[str, ...], tuple[J, set[tuple[str, ...]]]],
    work: Callable[[J], list[Row]],
    sheet: Sheet,
    *,
    workers: int,
    fresh: bool,
) -> list[Row]:
    """Run the jobs that a sheet has not yet, and return the rows of all of them.

    Args:
        jobs: Key of the row that every job leaves -> the job, and the keys of all rows it may leave.
        work, workers: As in `run`.
        sheet: Where the rows are.
        fresh: Forget rows of these jobs first.

    """
    wanted = {key for _, keys in jobs.values() for key in keys}
    if fresh:
        sheet.drop(wanted)
    done = sheet.done()
    run([job for key, (job, _) in jobs.items() if key not in done], work, sheet, workers=workers)
    return [row for row in sheet.rows if sheet.key_of(row) in wanted]


@cache
def commit() -> str:
    """Return the commit of the source tree, with + where files differ from it; empty outside one."""
    git = shutil.which("git")
    if git is None:
        return ""

    def said(*words: str) -> str:
        place = Path(__file__).parent
        done = subprocess.run([git, *words], cwd=place, capture_output=True, text=True, check=False)  # noqa: S603
        return done.stdout.strip() if done.returncode == 0 else ""

    if not said("ls-files", "--", Path(__file__).name):
        return ""  # an installed copy inside somebody else's tree
    found = said("rev-parse", "--short=10", "HEAD")
    changed = said("status", "--porcelain", "--untracked-files=no", "--", "../**/*.py")
    return found + ("+" if found and changed else "")
