"""Running a study seed by seed, one process a core, and measuring scores into records."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError
from unseen.evaluation import Record, average_precision, max_sic, roc_auc, tpr_at_fpr
from unseen.recipes.datasets import NORMAL
from unseen.training.progress import tell

Floats = NDArray[np.floating[Any]]
Kinds = NDArray[np.str_]

_MEASURES: dict[str, Callable[..., float]] = {
    "auc": roc_auc,
    "ap": average_precision,
    "tpr_1e2": partial(tpr_at_fpr, fpr=1e-2),
    # test parts of 5,000 normal rows: the cut hangs on 5 of them, so only means over seeds are quoted
    "tpr_1e3": partial(tpr_at_fpr, fpr=1e-3, least_alarms=2.0),
    "sic": max_sic,
}


def settings(recipe: str, *, quick: bool) -> dict[str, Any]:
    """Read `config.toml` beside a recipe; its `[quick]` table replaces values where `quick`."""
    config = tomllib.loads(Path(recipe).with_name("config.toml").read_text(encoding="utf-8"))
    smaller = config.pop("quick", {})
    return {**config, **smaller} if quick else config


def over_seeds(
    study: Callable[..., list[Record]], seeds: int, config: dict[str, Any], data: Path | None
) -> list[Record]:
    """Run `study(seed, config, data)` for each seed and gather the records in seed order.

    Seeds run side by side, one process a core and one torch thread a process; the result does not depend on
    how many.
    """
    if seeds < 1:
        raise ConfigError(
            f"seeds {seeds!r} came; accepted: 1 or more (5 or more for an interval worth quoting)"
        )
    workers = min(len(os.sched_getaffinity(0)), seeds)
    tell("seeds", 0, seeds)
    if workers == 1:
        found = {}
        for seed in range(seeds):
            found[seed] = study(seed, config, data)
            tell("seeds", seed + 1, seeds)
    else:
        found = _side_by_side(study, seeds, config, data, workers)
    return [record for seed in sorted(found) for record in found[seed]]


def _side_by_side(
    study: Callable[..., list[Record]], seeds: int, config: dict[str, Any], data: Path | None, workers: int
) -> dict[int, list[Record]]:
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        jobs = {pool.submit(study, seed, config, data): seed for seed in range(seeds)}
        found: dict[int, list[Record]] = {}
        try:
            for job in as_completed(jobs):
                found[jobs[job]] = job.result()
                tell("seeds", len(found), seeds)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def measure(
    scores: Floats,
    kinds: Kinds,
    *,
    detector: str,
    seed: int,
    told: Sequence[str] = (),
    labels: int = 0,
    only: Collection[str] | None = None,
    weights: Floats | None = None,
) -> list[Record]:
    """Measure each kind against all normal rows, by event weight (N,): one record a kind and measure."""
    weights = np.ones(len(scores)) if weights is None else weights
    normal = kinds == NORMAL
    judged = sorted(set(kinds) - {NORMAL}) if only is None else [kind for kind in only if kind in set(kinds)]
    return [
        Record(
            detector,
            seed,
            tuple(told),
            kind,
            name,
            float(
                value(
                    scores[normal],
                    scores[kinds == kind],
                    normal_weights=weights[normal],
                    anomaly_weights=weights[kinds == kind],
                )
            ),
            labels,
        )
        for kind in judged
        for name, value in _MEASURES.items()
    ]


def chosen(records: Iterable[Record], **fields: Any) -> list[Record]:
    """Return the records whose fields have the given values."""
    return [r for r in records if all(getattr(r, name) == value for name, value in fields.items())]
