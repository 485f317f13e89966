"""Classes of normal rows: given by name or number, or found by k-means where none are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans
from torch import Tensor

from unseen.errors import DataError

Names = NDArray[Any]
Codes = NDArray[np.int64]

# Normal rows that k-means looks at; its centres do not need more.
MOST = 20_000


def read_classes(classes: ArrayLike, normal: NDArray[np.bool_]) -> Names:
    """Return the class of each normal row as text or int64, shape (number of normal rows,).

    Args:
        classes: One name or integer a row, shape (N,); what stands at other rows is not looked at.
        normal: Mask of the normal rows, shape (N,).

    Raises:
        DataError: Not one class a row, or one that is neither a name nor an integer.

    >>> read_classes(["top", "qcd", None], np.array([True, True, False])).tolist()
    ['top', 'qcd']
    >>> read_classes([0.0, 1.5], np.array([True, True]))
    Traceback (most recent call last):
    ...
    unseen.errors.DataError: the class of row 1 is 1.5; accepted: a name for each normal row, or an \
integer for each

    """
    given = np.asarray(classes, dtype=object)
    if given.shape != normal.shape:
        raise DataError(
            f"classes have shape {given.shape}; accepted: one class a row, shape {normal.shape} "
            "(those of known anomalies are not looked at)"
        )
    places = np.flatnonzero(normal)
    # the first row says which of the two it is
    words = bool(len(places)) and isinstance(given[places[0]], str)
    for place in places:
        value = given[place]
        if not (isinstance(value, str) if words else _whole(value)):
            shown = value.item() if isinstance(value, np.generic) else value
            raise DataError(
                f"the class of row {place} is {shown!r}; accepted: a name for each normal row, or an integer "
                "for each"
            )
    return np.array(given[places].tolist(), dtype=np.str_ if words else np.int64)


def _whole(value: object) -> bool:
    if isinstance(value, float | np.floating):
        return bool(np.isfinite(value)) and float(value).is_integer()
    return isinstance(value, int | np.integer | np.bool_)


def learnable(names: Names, fitting: NDArray[np.intp]) -> Names:
    """Return the sorted classes that rows are of, `fitting` being the places of those to learn from.

    Raises:
        DataError: Fewer than two classes, or one without a row to learn from.

    """
    classes, codes = np.unique(names, return_inverse=True)
    if len(classes) < 2:
        raise DataError(
            f"the normal rows are of 1 class ({str(classes[0])!r}); a classifier needs 2 or more. "
            "Name the classes of the normal rows, or use AwareDetector"
        )
    lost = np.setdiff1d(np.arange(len(classes)), codes[fitting])
    if lost.size:
        raise DataError(
            f"class {str(classes[lost[0]])!r} has {int((codes == lost[0]).sum())} normal rows, and none is "
            "left to learn from beside those held out; bring more rows of it or leave it out"
        )
    return np.asarray(classes)


def coded(names: Names, known: Names) -> Codes:
    """Return the place of each name among the sorted `known` classes, shape (N,).

    Raises:
        DataError: A class that is not among them.

    >>> coded(np.array(["b", "a"]), np.array(["a", "b"])).tolist()
    [1, 0]

    """
    strange = ~np.isin(names, known)
    if strange.any():
        listed = ", ".join(str(name) for name in known[:12])
        raise DataError(f"class {str(names[strange][0])!r} is not one that was learned; accepted: {listed}")
    return np.asarray(np.searchsorted(known, names), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Grouping:
    """Groups of normal rows that stand in for classes.

    Attributes:
        centres: Shape (k, D), scaled.

    """

    centres: NDArray[np.float32]

    @classmethod
    def fit(cls, rows: Tensor, groups: int, seed: int) -> Grouping:
        """Group scaled rows (N, *shape) by k-means into at most `groups` groups.

        Raises:
            DataError: All rows are equal.

        """
        flat = rows[:MOST].flatten(1).numpy()
        distinct = len(np.unique(flat, axis=0))
        if distinct < 2:
            raise DataError("all normal rows are equal, so there are no classes to tell apart")
        found = KMeans(min(groups, distinct), n_init=4, random_state=seed).fit(flat)
        return cls(found.cluster_centers_.astype(np.float32))

    def codes(self, rows: Tensor) -> Codes:
        """Group of each scaled row (N, *shape), shape (N,)."""
        distance = torch.cdist(rows.flatten(1), torch.from_numpy(self.centres))
        return np.asarray(distance.argmin(1).numpy())
