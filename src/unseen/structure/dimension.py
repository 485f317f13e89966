"""Intrinsic dimension: how many numbers tell the rows of a set apart, however they are embedded.

Four estimators, each of rows (N, D) as they are (scale columns first: distances are measured). They use
rows that differ: of repeated rows one is kept, and the share left out is named. An interval assumes
independent rows and holds the spread of the sample, not the curvature of the set or the sparseness of rows
in many dimensions, which bias all of them: downwards, the more the larger the dimension.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from sklearn.neighbors import NearestNeighbors

from unseen.errors import ConfigError, DataError

Floats = NDArray[np.float64]

# Normal quantile of a 95 % interval.
WIDE = 1.959964


@dataclass(frozen=True)
class Dimension:
    """An estimate of intrinsic dimension.

    Attributes:
        estimator: Which of them.
        value: The dimension.
        low, high: 95 % interval of the sample; NaN where the estimator has none.
        rows: Rows it rests on.
        repeated: Share of the rows left out because they repeat others.

    """

    estimator: str
    value: float
    low: float
    high: float
    rows: int
    repeated: float

    def to_dict(self) -> dict[str, object]:
        """Plain values; a bound that is not there is None."""
        bounds = {name: None if np.isnan(getattr(self, name)) else getattr(self, name) for name in
                  ("low", "high")}  # fmt: skip
        return {**vars(self), **bounds}


def twonn(rows: ArrayLike, *, discard: float = 0.1) -> Dimension:
    """Dimension from the ratio mu = r2 / r1 of the distances to the two nearest rows.

    In d dimensions F(mu) = 1 - mu^-d: d is the slope, through 0, of -ln(1 - F) against ln mu over the
    smallest 1 - `discard` of the ratios. Interval: d (1 +- 1.96 / sqrt(rows)), as of a fitted exponential.

    Raises:
        ConfigError: `discard` is not a share; the largest ratio has ln(1 - F) = -infinity.
        DataError: Fewer than 4 rows that differ, or values that are not finite.

    Reference: Facco, d'Errico, Rodriguez and Laio, Sci. Rep. 7, 12140 (2017).

    >>> round(twonn(np.random.default_rng(0).uniform(size=(2000, 2))).value, 1)
    2.0

    """
    if not 0.0 < discard < 1.0:
        raise ConfigError(f"discard {discard!r} came; accepted: above 0 and below 1")
    kept, repeated = _differing(rows, 3)
    near = _distances(kept, 2)
    logs = np.sort(np.log(near[:, 1] / near[:, 0]))
    empirical = np.arange(1, len(logs) + 1) / len(logs)
    used = int(len(logs) * (1.0 - discard))
    x, y = logs[:used], -np.log1p(-empirical[:used])
    value = float(x @ y / (x @ x))
    spread = WIDE * value / float(np.sqrt(used))
    return Dimension("TwoNN", value, value - spread, value + spread, used, repeated)


def levina_bickel(rows: ArrayLike, *, k: int = 20) -> Dimension:
    """Maximum-likelihood dimension from the distances T_1 .. T_k to the k nearest rows.

    m(x) = [sum_{j<k} ln(T_k / T_j) / (k - 2)]^-1, averaged over rows. Interval: 1.96 standard errors of that
    mean, with N / k independent neighbourhoods.

    Reference: Levina and Bickel, NIPS 2004, equations 8 and 9, with the unbiased k - 2.

    """
    kept, repeated = _differing(rows, k + 1)
    near = _distances(kept, k)
    sums = np.log(near[:, -1:] / near[:, :-1]).sum(axis=1)
    local = (k - 2) / sums[sums > 0]
    spread = WIDE * float(local.std() / np.sqrt(len(local) / k))
    value = float(local.mean())
    return Dimension("MLE", value, value - spread, value + spread, len(local), repeated)


def local_pca(rows: ArrayLike, *, k: int = 30, share: float = 0.05, most: int = 1000) -> Dimension:
    """Mean number of directions that count among the k nearest rows: eigenvalues over `share` of the largest.

    At most `most` neighbourhoods are looked at, evenly spread over the rows as they stand. No count is above
    k - 1, and beyond a third of k they fall short.

    Reference: Fukunaga and Olsen, IEEE Trans. Comput. C-20, 176 (1971).

    """
    kept, repeated = _differing(rows, k + 1)
    centres = np.unique(np.linspace(0, len(kept) - 1, min(most, len(kept))).astype(np.intp))
    places = _searcher(kept, k + 1).kneighbors(kept[centres], return_distance=False)
    around = kept[places]
    values = np.linalg.svd(around - around.mean(axis=1, keepdims=True), compute_uv=False) ** 2
    counts = (values > share * values[:, :1]).sum(axis=1)
    return Dimension("lPCA", float(counts.mean()), float("nan"), float("nan"), len(centres), repeated)


def correlation_integral(rows: ArrayLike, *, near: int = 10, far: int = 20) -> Dimension:
    """Growth of the share C(r) of pairs closer than r: d = ln(C(r2) / C(r1)) / ln(r2 / r1).

    r1 and r2 are the medians of the distance to the `near`-th and the `far`-th neighbour.

    Reference: Grassberger and Procaccia, Physica 9D, 189 (1983).

    """
    kept, repeated = _differing(rows, far + 1)
    distances = _distances(kept, far)
    radii = np.median(distances[:, [near - 1, far - 1]], axis=0)
    tree = cKDTree(kept)
    pairs = np.asarray(tree.count_neighbors(tree, radii), dtype=np.float64) - len(kept)
    value = float(np.log(pairs[1] / pairs[0]) / np.log(radii[1] / radii[0]))
    return Dimension("CorrInt", value, float("nan"), float("nan"), len(kept), repeated)


def dimensions(rows: ArrayLike) -> tuple[Dimension, ...]:
    """All four estimates, in the order TwoNN, MLE, lPCA, CorrInt."""
    return twonn(rows), levina_bickel(rows), local_pca(rows), correlation_integral(rows)


def _differing(rows: ArrayLike, least: int) -> tuple[Floats, float]:
    """Return the rows that differ, in the order they came, and the share of the others."""
    matrix = np.asarray(rows, dtype=np.float64)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise DataError(f"rows of shape {matrix.shape} came; accepted: a matrix of finite numbers")
    first = np.sort(np.unique(matrix, axis=0, return_index=True)[1])
    if len(first) <= least:
        raise DataError(f"{len(first)} rows that differ came; accepted: more than {least}")
    return matrix[first], 1.0 - len(first) / len(matrix)


def _searcher(rows: Floats, k: int) -> NearestNeighbors:
    # a tree gains nothing on all pairs beyond about ten dimensions
    method = "kd_tree" if rows.shape[1] <= 10 else "brute"
    return NearestNeighbors(n_neighbors=k, algorithm=method).fit(rows)


def _distances(rows: Floats, k: int) -> Floats:
    """Distances to the k nearest other rows, shape (N', k), without rows whose nearest is at distance 0."""
    found = _searcher(rows, k).kneighbors()[0]
    # rows may differ by less than their distance can be computed to
    return np.asarray(found[found[:, 0] > 0])
