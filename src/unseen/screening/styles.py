"""Films held out by their style, to see how a network does on films of a style it was not shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.preprocessing import StandardScaler

from unseen.errors import DataError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEVELS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
# Share of each label that is held out against its style, and groups of like style.
AGAINST, GROUPS = 0.25, 5


def style(images: ArrayLike) -> Floats:
    """Return numbers (N, 19) that know a film's style and nothing of where in the lungs something is.

    Mean and standard deviation of the grey values, their quantiles at `LEVELS`, the standard deviations of
    fine and of middle detail, and the means of the four borders and corners.

    Args:
        images: Films (N, S, S), grey in [0, 1].

    >>> style(np.zeros((2, 28, 28))).shape
    (2, 19)
    """
    films = np.asarray(images, dtype=float)
    edge, corner = max(1, films.shape[1] // 14), max(1, films.shape[1] // 7)
    blurred = [gaussian_filter(films, (0, width, width)) for width in (edge / 2, 1.5 * edge)]
    borders = [films[:, :edge], films[:, -edge:], films[:, :, :edge], films[:, :, -edge:]]
    corners = [films[:, y, x] for y in _ends(corner) for x in _ends(corner)]
    columns = [
        films.mean((1, 2)),
        films.std((1, 2)),
        *np.quantile(films, LEVELS, axis=(1, 2)),
        (films - blurred[0]).std((1, 2)),
        (blurred[0] - blurred[1]).std((1, 2)),
        *(part.mean((1, 2)) for part in (*borders, *corners)),
    ]
    return np.stack(columns, axis=1)


def held_out(images: ArrayLike, labels: ArrayLike, *, seed: int = 0) -> dict[str, Mask]:
    """Return parts of the films, (N,) masks, each to be held out whole while the others are learned.

    `against`: a logistic regression on `style` alone is cross-validated, and of each label the quarter is
    held out that it takes most for the other one: what is left can be told apart by style, what is held out
    cannot. `group K`: of five groups by k-means on style, those with a quarter to a half of the rarer label.

    Raises:
        DataError: Labels other than 0 and 1, or too few of one.

    """
    findings = np.asarray(labels)
    if set(np.unique(findings)) != {0, 1} or min(np.bincount(findings.astype(int))) < 5 * GROUPS:
        raise DataError(f"films to hold out by style need {5 * GROUPS} of each label, 0 and 1")
    scaled = StandardScaler().fit_transform(style(images))
    model = LogisticRegression(class_weight="balanced", max_iter=2000)
    votes = cross_val_predict(model, scaled, findings, cv=5, method="decision_function")
    parts = {"against": np.zeros(len(findings), dtype=bool)}
    for label, sign in ((0, 1.0), (1, -1.0)):
        places = np.flatnonzero(findings == label)
        most = np.argsort(-sign * votes[places], kind="stable")[: int(AGAINST * len(places))]
        parts["against"][places[most]] = True
    groups = KMeans(GROUPS, n_init=10, random_state=seed).fit(scaled).labels_
    rarer = int(np.mean(findings) < 0.5)
    for group in range(GROUPS):
        if 0.25 <= np.mean(groups[findings == rarer] == group) <= 0.5:
            parts[f"group {group}"] = groups == group
    return parts


def _ends(count: int) -> tuple[slice, slice]:
    return slice(None, count), slice(-count, None)
