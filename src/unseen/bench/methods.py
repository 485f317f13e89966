"""What a bench compares: scikit-learn's detectors, and ours; those of other packages are in `peers`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

from unseen.bench.method import OURS, Fit, Method, Scorer, installed, named
from unseen.bench.peers import PEERS
from unseen.bench.sets import Floats, Labels

__all__ = ["LIGHT", "OURS", "OWN", "Fit", "Method", "Scorer", "chosen", "installed", "known"]


def isolation_forest(rows: Floats, told: Labels, seed: int) -> Scorer:
    """Isolation forest, scikit-learn's defaults."""
    model = IsolationForest(random_state=seed).fit(rows)
    return lambda test: np.asarray(-model.score_samples(test))


def neighbour(rows: Floats, told: Labels, seed: int) -> Scorer:
    """Distance to the fifth nearest training row."""
    model = NearestNeighbors(n_neighbors=min(5, len(rows)), n_jobs=1).fit(rows)
    return lambda test: np.asarray(model.kneighbors(test)[0][:, -1])


def principal_components(rows: Floats, told: Labels, seed: int) -> Scorer:
    """Squared residual beyond the components that hold 90 % of the variance."""
    model = PCA(0.9, svd_solver="full", random_state=seed).fit(rows)
    return lambda test: np.asarray(((test - model.inverse_transform(model.transform(test))) ** 2).mean(1))


def logistic_regression(rows: Floats, told: Labels, seed: int, *, quantile: bool = False) -> Scorer:
    """Class-balanced logistic regression on the rows as they come, or on each feature made normal."""
    learner = LogisticRegression(class_weight="balanced", max_iter=1000, random_state=seed)
    model = (
        make_pipeline(
            QuantileTransformer(
                n_quantiles=min(1000, len(rows)), output_distribution="normal", random_state=seed
            ),
            learner,
        )
        if quantile
        else learner
    ).fit(rows, told)
    return lambda test: np.asarray(model.decision_function(test))


def extra_trees(rows: Floats, told: Labels, seed: int, *, leaf: int = 1) -> Scorer:
    """Class-balanced extremely randomised trees, at least `leaf` rows in a leaf."""
    model = ExtraTreesClassifier(
        200, class_weight="balanced", min_samples_leaf=leaf, random_state=seed, n_jobs=1
    ).fit(rows, told)
    return lambda test: np.asarray(model.predict_proba(test)[:, 1])


@dataclass(frozen=True)
class Estimator:
    """How an estimator of `unseen` is fitted; `make(seed)` gives it."""

    make: Callable[[int], Any]

    def __call__(self, rows: Floats, told: Labels, seed: int) -> Scorer:
        """Fit, without labels where nothing is told, and return what scores."""
        model = self.make(seed).fit(rows, told if told.any() else None)
        return lambda test: np.asarray(model.anomaly_score(test))


def _aware(seed: int) -> Any:
    from unseen.detectors.aware import AwareDetector

    return AwareDetector(seed=seed)


LIGHT = (
    Method("LR", logistic_regression, "scikit-learn", told=True, note="class-balanced, max_iter 1000"),
    Method(
        "LR quantile",
        partial(logistic_regression, quantile=True),
        "scikit-learn",
        told=True,
        note="class-balanced, max_iter 1000, each feature mapped to a normal distribution",
    ),
    Method("ExtraTrees", extra_trees, "scikit-learn", told=True, note="class-balanced, 200 trees"),
    Method(
        "ExtraTrees (leaf 5)",
        partial(extra_trees, leaf=5),
        "scikit-learn",
        told=True,
        note="class-balanced, 200 trees, at least 5 rows in a leaf; of 1, 5, 20 tried on test parts of "
        "seven of these sets (1 %, seeds 1 to 3), so it is a baseline that has seen them",
    ),
    Method("IForest", isolation_forest, "scikit-learn"),
    Method("kNN-5", neighbour, "scikit-learn", note="distance to the fifth nearest training row"),
    Method("PCA", principal_components, "scikit-learn", note="residual beyond 90 % of the variance"),
)


def _committee(seed: int) -> Any:
    from unseen.detectors.ensemble import CommitteeDetector

    return CommitteeDetector(seed=seed)


OWN = (
    Method("unseen", Estimator(_committee), told=True, bare=True),
    Method("unseen aware VAE", Estimator(_aware), told=True, bare=True),
)
"""Our own; a line each."""


def known() -> dict[str, Method]:
    """Return every method by name: scikit-learn's, other packages', ours."""
    return {method.name: method for method in (*LIGHT, *PEERS, *OWN)}


def chosen(names: Iterable[str] | None) -> list[Method]:
    """Return methods by name, each once; None takes all.

    Raises:
        ConfigError: A name is not known.

    """
    every = known()
    if names is None:
        return list(every.values())
    return named(names, every)
