"""Other detectors in the same splits, behind one call: scores of test rows, higher is stranger."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

Floats = NDArray[np.floating[Any]]
Unaided = Callable[[Floats, Floats, int], Floats]
Told = Callable[[Floats, Floats, Floats, int], Floats]


def isolation_forest(normal: Floats, test: Floats, seed: int) -> Floats:
    """Isolation forest, scikit-learn's defaults."""
    return np.asarray(-IsolationForest(random_state=seed).fit(normal).score_samples(test))


def fifth_neighbour(normal: Floats, test: Floats, seed: int) -> Floats:
    """Distance to the fifth nearest normal row."""
    return np.asarray(NearestNeighbors(n_neighbors=5).fit(normal).kneighbors(test)[0][:, -1])


def principal_components(normal: Floats, test: Floats, seed: int) -> Floats:
    """Squared residual beyond the components that hold 90 % of the variance."""
    model = PCA(0.9, svd_solver="full", random_state=seed).fit(normal)
    return np.asarray(((test - model.inverse_transform(model.transform(test))) ** 2).mean(1))


def logistic_regression(normal: Floats, known: Floats, test: Floats, seed: int) -> Floats:
    """Class-balanced logistic regression."""
    model = LogisticRegression(class_weight="balanced", max_iter=500, random_state=seed)
    return np.asarray(model.fit(*_labelled(normal, known)).decision_function(test))


def extra_trees(normal: Floats, known: Floats, test: Floats, seed: int) -> Floats:
    """Class-balanced extremely randomised trees."""
    model = ExtraTreesClassifier(200, class_weight="balanced", random_state=seed)
    return np.asarray(model.fit(*_labelled(normal, known)).predict_proba(test)[:, 1])


def boosted_trees(normal: Floats, known: Floats, test: Floats, seed: int) -> Floats:
    """CatBoost with its defaults where it is installed, else scikit-learn's boosted trees."""
    rows, labels = _labelled(normal, known)
    if importlib.util.find_spec("catboost") is None:
        model = HistGradientBoostingClassifier(class_weight="balanced", random_state=seed)
    else:
        from catboost import CatBoostClassifier

        model = CatBoostClassifier(
            iterations=300, random_seed=seed, thread_count=1, verbose=False, allow_writing_files=False
        )
    return np.asarray(model.fit(rows, labels).predict_proba(test)[:, 1])


def _labelled(normal: Floats, known: Floats) -> tuple[Floats, NDArray[np.int64]]:
    return np.concatenate([normal, known]), np.repeat([0, 1], [len(normal), len(known)])


UNAIDED: dict[str, Unaided] = {
    "isolation forest": isolation_forest,
    "5th neighbour": fifth_neighbour,
    "principal components": principal_components,
}
TOLD: dict[str, Told] = {
    "logistic regression": logistic_regression,
    "extra trees": extra_trees,
    "boosted trees": boosted_trees,
}
