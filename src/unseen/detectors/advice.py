"""Which rows a person should look at next, so that few labels tell much."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans

from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError

# Candidates a label: the strangest rows, among which the labels are spread.
POOL = 10


def suggest_labels(detector: TwoStage, X: ArrayLike, n: int) -> NDArray[np.intp]:
    """Return the places of `n` rows to label next: strange ones, spread over the ways of being strange.

    The `10 n` rows of highest score are grouped into `n` clusters by their contributions (so that rows that
    are strange for the same reason fall together), and the strangest row of each is named, strangest first.

    Args:
        detector: Fitted.
        X: Unlabelled rows (N, D), N at least n.
        n: Number of labels that can be afforded.

    Raises:
        ConfigError: `n` is below 1 or above the number of rows.

    >>> import numpy as np
    >>> from unseen import AwareDetector
    >>> X = np.random.default_rng(0).normal(size=(300, 3))
    >>> X[7] = [19, 0, 0]
    >>> detector = AwareDetector(seed=0).fit(X[100:])
    >>> int(suggest_labels(detector, X, 3)[0])
    7

    """
    scores = detector.anomaly_score(X)
    if not 1 <= n <= len(scores):
        raise ConfigError(f"{n} labels were asked for of {len(scores)} rows; accepted: 1 to {len(scores)}")
    pool = np.argsort(-scores, kind="stable")[: POOL * n]
    values = detector.contributions(_rows(X, pool)).values
    reasons = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-300)
    groups = KMeans(n, n_init=4, random_state=detector.seed).fit_predict(reasons)
    best = [pool[groups == group][0] for group in range(n) if (groups == group).any()]
    # fewer groups than labels, where rows repeat themselves: fill up with the next strangest
    rest = [place for place in pool if place not in set(best)]
    chosen = np.array([*best, *rest][:n])
    return np.asarray(chosen[np.argsort(-scores[chosen], kind="stable")])


def _rows(X: Any, places: NDArray[np.intp]) -> Any:
    """Rows of an array, an Arrow table or a data frame."""
    if hasattr(X, "take") and hasattr(X, "schema"):
        return X.take(places)
    if hasattr(X, "iloc"):
        return X.iloc[places]
    return np.asarray(X)[places]
