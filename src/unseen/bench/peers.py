"""Detectors of other packages, with their defects handled or named; absent packages are skipped."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from unseen.bench.method import Method, Scorer
from unseen.bench.sets import Floats, Labels
from unseen.errors import need

PAIRED_SCORES = 5
"""Calls whose scores are averaged where one call draws the rows to compare with at random."""


@contextmanager
def global_seed(seed: int) -> Iterator[None]:
    """Seed the global streams that other packages draw from, silence what they print, then restore all."""
    import torch

    # the legacy state of NumPy is what these packages use
    state, words = np.random.get_state(), random.getstate()  # noqa: NPY002
    with (
        torch.random.fork_rng(devices=[]),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
            random.setstate(words)


def catboost(rows: Floats, told: Labels, seed: int) -> Scorer:
    """CatBoost's defaults."""
    module = need("catboost", extra="peers", purpose="CatBoost")
    model = module.CatBoostClassifier(
        random_seed=seed, thread_count=1, verbose=False, allow_writing_files=False
    ).fit(rows, told)
    return lambda test: np.asarray(model.predict_proba(test, thread_count=1)[:, 1])


def xgboost(rows: Floats, told: Labels, seed: int) -> Scorer:
    """XGBoost with the start and the tree method that were its defaults when ADBench was made."""
    module = need("xgboost", extra="peers", purpose="XGBoost")
    model = module.XGBClassifier(base_score=0.5, tree_method="exact", random_state=seed, n_jobs=1)
    model.fit(rows, told)
    return lambda test: np.asarray(model.predict_proba(test)[:, 1], dtype=np.float64)


@dataclass(frozen=True)
class PyOD:
    """How a detector of PyOD is fitted: `make(seed)` gives it, `labels` says whether it takes any."""

    make: Callable[[int], Any]
    labels: bool

    def __call__(self, rows: Floats, told: Labels, seed: int) -> Scorer:
        """Fit, and return what scores; its scores are drawn under the same seed each time."""
        with global_seed(seed):
            model = self.make(seed)  # may import its package, which may draw: so seeded anew below
        with global_seed(seed):
            model.fit(rows, told) if self.labels else model.fit(rows)

        def score(test: Floats) -> Floats:
            with global_seed(seed):
                return np.asarray(model.decision_function(test), dtype=np.float64).ravel()

        return score


def _xgbod(seed: int) -> Any:
    return need("pyod.models.xgbod", extra="peers", purpose="PyOD XGBOD").XGBOD(random_state=seed)


def _pyod_devnet(seed: int) -> Any:
    module = need("pyod.models.devnet", extra="peers", purpose="PyOD DevNet")
    return module.DevNet(random_seed=seed, device="cpu")


def _pyod_vae(seed: int, **settings: float) -> Any:
    module = need("pyod.models.vae", extra="peers", purpose="PyOD VAE")
    return module.VAE(random_state=seed, device="cpu", verbose=0, **settings)


@dataclass(frozen=True)
class DeepOD:
    """How a detector of DeepOD is fitted; the mean of `calls` scorings is its score."""

    name: str
    calls: int = 1

    def __call__(self, rows: Floats, told: Labels, seed: int) -> Scorer:
        """Fit, and return what scores; its scores are drawn under the same seed each time."""
        with global_seed(seed):
            models = need("deepod.models", extra="peers", purpose=f"DeepOD {self.name}")
        with global_seed(seed):
            model = getattr(models, self.name)(device="cpu", verbose=0, random_state=seed)
            model.fit(*_two_told(rows, told) if self.name == "PReNet" else (rows, told))

        def score(test: Floats) -> Floats:
            with global_seed(seed):
                every = [np.ravel(model.decision_function(test)) for _ in range(self.calls)]
            return np.asarray(np.mean(every, axis=0, dtype=np.float64))

        return score


def _two_told(rows: Floats, told: Labels) -> tuple[Floats, Labels]:
    """Repeat the labelled row where it is the only one, for a method that draws pairs of them."""
    if told.sum() != 1:
        return rows, told
    return np.concatenate([rows, rows[told == 1]]), np.append(told, 1)


PEERS = (
    Method(
        "XGBoost",
        xgboost,
        "xgboost",
        told=True,
        note="base_score 0.5, tree_method exact: its defaults of 2022, which today's are not",
    ),
    Method("CatBoost", catboost, "catboost", told=True),
    Method("PyOD XGBOD", PyOD(_xgbod, labels=True), "pyod xgboost", told=True),
    Method(
        "PyOD DevNet (swapped loss)",
        PyOD(_pyod_devnet, labels=True),
        "pyod",
        told=True,
        note="its loss takes labels for outputs: not the published DevNet",
    ),
    Method(
        "PyOD VAE",
        PyOD(_pyod_vae, labels=False),
        "pyod",
        note="as it comes: no KL term, scores drawn at random (seeded here)",
    ),
    Method(
        "PyOD VAE (capacity 1000)",
        PyOD(partial(_pyod_vae, capacity=1000.0), labels=False),
        "pyod",
        note="capacity 1000, so that there is a KL term; scores drawn at random (seeded here)",
    ),
    Method("DeepOD DevNet", DeepOD("DevNet"), "deepod einops", told=True),
    Method(
        "DeepOD PReNet",
        DeepOD("PReNet", calls=PAIRED_SCORES),
        "deepod einops",
        told=True,
        note="scores drawn at random (seeded here): mean of 5 scorings; a single labelled row is given twice",
    ),
    Method(
        "DeepOD DeepSAD (no pre-training)",
        DeepOD("DeepSAD"),
        "deepod einops",
        told=True,
        note="the published one trains an auto-encoder first",
    ),
)
