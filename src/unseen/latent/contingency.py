r"""phi_K: one correlation for numbers, words and mixtures of both, from the contingency of bins.

phi_K is the correlation of a bivariate normal distribution, binned evenly in [-5, 5] x [-5, 5], whose chi2 of
independence equals that of the table after a pedestal for noise (the degrees of freedom). It lies between 0
and 1, has no sign, and is inflated where rows are few: compare it with permutations.

All pairs of two sets of columns at once: the tables of a permutation are one product of 0-1 matrices.

Reference: Baak et al., Comput. Stat. Data Anal. 152 (2020) 107043, arXiv 1811.11440.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

BINS = 10
# Range of the normal distribution in phi_K's definition, in standard deviations.
REACH = 5.0
# Steps of the angle theta with rho = sin(theta), and Gauss-Legendre nodes in each.
STEPS, NODES = 90, 6


@dataclass(frozen=True, eq=False)
class Binned:
    """Columns cut into bins: which bin each row is in, (N, M), and how many bins each column has, (M,)."""

    places: Places
    bins: Places

    def indicator(self) -> NDArray[np.float32]:
        """0-1 matrix (N, sum of bins), each column of it divided by the root of its row count."""
        starts = np.concatenate([[0], np.cumsum(self.bins)[:-1]])
        found = np.zeros((len(self.places), int(self.bins.sum())), dtype=np.float32)
        found[np.arange(len(found))[:, None], self.places + starts] = 1.0
        rows = np.maximum(found.sum(0, dtype=np.float64), 1.0)
        return np.asarray(found / np.sqrt(rows), dtype=np.float32)


def binned(values: ArrayLike, bins: int = BINS) -> Binned:
    """Cut each column of (N, M) numbers into at most `bins` bins of equal counts.

    A column of at most `bins` different values has a bin for each; ties are never split, so that a column
    with many equal values has fewer bins.

    Raises:
        DataError: A value is not finite, or there is no row.

    >>> binned([[0.0, 1.0], [0.0, 2.0], [5.0, 3.0], [5.0, 4.0]], bins=2).places.tolist()
    [[0, 0], [0, 0], [1, 1], [1, 1]]

    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or not len(matrix):
        raise DataError(f"values of shape {matrix.shape} came; accepted: (rows, columns), one row or more")
    if not np.isfinite(matrix).all():
        raise DataError("values that are not finite came; leave these rows out")
    places = np.empty(matrix.shape, dtype=np.intp)
    counts = np.empty(matrix.shape[1], dtype=np.intp)
    for column, given in enumerate(matrix.T):
        places[:, column], counts[column] = _cut(given, bins)
    return Binned(places, counts)


def _cut(values: Floats, bins: int) -> tuple[Places, int]:
    different, inverse = np.unique(values, return_inverse=True)
    if len(different) <= bins:
        return inverse.astype(np.intp), len(different)
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    raw = np.searchsorted(edges, values, side="left")
    used, tidy = np.unique(raw, return_inverse=True)
    return tidy.astype(np.intp), len(used)


def chi2(left: NDArray[np.float32], right: NDArray[np.float32], cuts: tuple[Places, Places]) -> Floats:
    """Pearson's chi2 over N of every pair of columns, from their indicators, shape (L, R).

    sum over cells of O^2 / (r c) - 1, with r and c the row counts of the two bins; `cuts` are the numbers of
    bins of the columns left and right.
    """
    shares = left.T @ right
    np.square(shares, out=shares)
    starts = [np.concatenate([[0], np.cumsum(bins)[:-1]]) for bins in cuts]
    rows = np.add.reduceat(shares, starts[0], axis=0, dtype=np.float64)
    return np.asarray(np.add.reduceat(rows, starts[1], axis=1) - 1.0)


def phi_k(left: Binned, right: Binned) -> Floats:
    """phi_K of every pair of columns of two sets over the same N rows, shape (L, R).

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(20_000, 1))
    >>> y = 0.8 * x + 0.6 * rng.normal(size=(20_000, 1))
    >>> round(float(phi_k(binned(x), binned(y))[0, 0]), 1)
    0.8

    """
    found = chi2(left.indicator(), right.indicator(), (left.bins, right.bins))
    return from_chi2(found, len(left.places), (left.bins, right.bins))


def from_chi2(found: Floats, rows: int, cuts: tuple[Places, Places]) -> Floats:
    """Turn chi2 over N (L, R) into phi_K (L, R); pairs with a column of one bin are NaN."""
    result = np.full(found.shape, np.nan)
    for a in np.unique(cuts[0]):
        for b in np.unique(cuts[1]):
            pairs = np.ix_(cuts[0] == a, cuts[1] == b)
            if min(a, b) > 1:
                result[pairs] = _inverted(found[pairs], rows, int(a), int(b))
    return result


def _inverted(found: Floats, rows: int, a: int, b: int) -> Floats:
    correlation, expected = _theory(a, b)
    most = float(min(a, b) - 1)
    pedestal = min((a - 1) * (b - 1) / rows, most)
    # scaled so that rho = 1 has the largest chi2 a table of this size can have
    curve = pedestal + expected * (most - pedestal) / expected[-1]
    return np.asarray(np.interp(found, curve, correlation, left=0.0, right=1.0))


@lru_cache(maxsize=128)
def _theory(a: int, b: int) -> tuple[Floats, Floats]:
    """Correlations rho from 0 to 1, and chi2 over N of the binned bivariate normal at each."""
    from scipy.special import ndtr

    inner_x, inner_y = (np.linspace(-REACH, REACH, bins + 1) for bins in (a, b))
    x, y = np.meshgrid(inner_x, inner_y, indexing="ij")
    theta = np.linspace(0.0, np.pi / 2, STEPS + 1)
    # P(X < x, Y < y) grows by the density, integrated over the angle (Plackett's identity)
    grown = np.cumsum([_slice(x, y, lo, hi) for lo, hi in pairwise(theta[:-1])], axis=0)
    none = ndtr(x) * ndtr(y)
    whole = np.concatenate([none[None], none + grown, np.minimum(ndtr(x), ndtr(y))[None]])
    cells = np.diff(np.diff(whole, axis=1), axis=2)
    shift = np.square(cells - cells[0]) / cells[0]
    return np.sin(theta), shift.sum((1, 2))


def _slice(x: Floats, y: Floats, low: float, high: float) -> Floats:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    angles = (0.5 * (high - low) * nodes + 0.5 * (high + low))[:, None, None]
    power = (x**2 + y**2 - 2.0 * x * y * np.sin(angles)) / (2.0 * np.cos(angles) ** 2)
    return np.asarray((weights[:, None, None] * np.exp(-power)).sum(0) * 0.5 * (high - low) / (2.0 * np.pi))
