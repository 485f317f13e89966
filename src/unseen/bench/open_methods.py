"""Detectors of the open-set bench: those that are told, those that are not, and the stages of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import rankdata

from unseen.bench.method import Method, Scorer, named
from unseen.bench.methods import OWN, Estimator, isolation_forest, known, logistic_regression
from unseen.bench.sets import Floats, Labels

STAGE1 = " (stage 1)"
CONTROL = " (zero labels)"


@dataclass(frozen=True)
class Staged:
    """A fitted estimator of `unseen` as a scorer that still has what it was before it was told."""

    model: Any

    def __call__(self, rows: Floats) -> Floats:
        """Scores of rows (M, D), shape (M,)."""
        return np.asarray(self.model.anomaly_score(rows), dtype=np.float64)

    def stage1(self, rows: Floats) -> Floats:
        """Scores of the first stage alone, shape (M,)."""
        return np.asarray(self.model.stage1_score(rows), dtype=np.float64)


@dataclass(frozen=True)
class InStages:
    """How an estimator of `unseen` is fitted so that its first stage can be asked too."""

    make: Callable[[int], Any]

    def __call__(self, rows: Floats, told: Labels, seed: int) -> Staged:
        """Fit, and return what scores."""
        return Staged(self.make(seed).fit(rows, told))


@dataclass(frozen=True)
class WithoutLabels:
    """How the zero-label control is fitted: a second stage as long as ever, where there is one, and no label.

    An estimator without `fine_tune` trains nothing when nothing is told, and is its own first stage.
    """

    make: Callable[[int], Any]

    def __call__(self, rows: Floats, told: Labels, seed: int) -> Scorer:
        """Fit on rows (N, D), and return what scores."""
        model = self.make(seed).fit(rows)
        if hasattr(model, "fine_tune"):
            model.fine_tune(np.empty((0, rows.shape[1])))
        return Staged(model)

    @property
    def meaning(self) -> str:
        """What this control is for its estimator, as a sentence."""
        if hasattr(self.make(0), "fine_tune"):
            return "a second stage as long as ever, and no label"
        return "no label; nothing is trained then, so it is stage 1"


def rank_average(rows: Floats, told: Labels, seed: int) -> Scorer:
    """Mean of the ranks that balanced logistic regression and an isolation forest give to the judged rows."""
    aided, unaided = logistic_regression(rows, told, seed), isolation_forest(rows[told == 0], told, seed)
    return lambda test: (rankdata(aided(test)) + rankdata(unaided(test))) / (2.0 * len(test))


RANK_AVERAGE = Method(
    "LR + IForest",
    rank_average,
    "scikit-learn",
    told=True,
    note="mean of the two ranks of each row among the judged rows",
)


def stages_of(method: Method) -> tuple[Method, ...]:
    """Return one of our detectors with its first stage to ask, and its zero-label control."""
    if not isinstance(method.fit, Estimator):
        return (method,)
    make = method.fit.make
    return (
        replace(method, fit=InStages(make)),
        replace(method, name=method.name + CONTROL, fit=WithoutLabels(make), told=False, note="no label"),
    )


ORDER = ("LR", RANK_AVERAGE.name, "IForest", "kNN-5", "ExtraTrees", "CatBoost")
"""Peers that run unless others are asked for, cheap ones first."""


def available() -> dict[str, Method]:
    """Return every method by name: the usual peers, then ours, then the others."""
    every = {**known(), RANK_AVERAGE.name: RANK_AVERAGE}
    usual = {name: every[name] for name in ORDER}
    return {**usual, **_own(), **{name: method for name, method in every.items() if name not in _own()}}


def _own() -> dict[str, Method]:
    return {one.name: one for method in OWN for one in stages_of(method)}


def chosen(names: Iterable[str] | None) -> list[Method]:
    """Return methods by name, each once; None takes the usual peers and ours.

    Raises:
        ConfigError: A name is not known.

    """
    every = available()
    if names is None:
        return [every[name] for name in (*ORDER, *_own())]
    return named(names, every)
