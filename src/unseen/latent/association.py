"""What the units of a code stand for: each unit against each named feature, held against permutations.

Three measures: |Spearman| (monotone, signed), phi_K (any dependence, words too, no sign), and mutual
information in nats (any dependence, comparable between features). The first two are corrected for looking at
many: features are shuffled against the code, all by the same permutation, and the largest value of the whole
table, units times features, is kept. A corrected p is the share of permutations whose largest value reaches
the one seen, so that below 0.01 one table in a hundred of unrelated columns has any mark at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError, DataError
from unseen.latent.contingency import binned, chi2, from_chi2
from unseen.latent.named import Named, named
from unseen.seeds import generator

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

PERMUTATIONS = 200
LEVEL = 0.01
# Rows below which no association is worth a table.
LEAST_ROWS = 50
# A feature of at most so many values is taken as classes by the estimator of information.
CLASSES = 20
NEIGHBOURS = 3
# Rows mutual information is estimated from at most; a pair of 2,000 takes about 10 ms.
INFORMED_ROWS = 2000


@dataclass(frozen=True, eq=False)
class Association:
    """Units (Z) against features (F) over the same rows.

    Attributes:
        features: Names of the F features.
        spearman: Rank correlation, signed; NaN of words, and of units that never change, shape (Z, F).
        phi: phi_K, shape (Z, F); NaN of units that never change.
        information: Mutual information, nats, shape (Z, F); NaN where it was not asked for.
        p_spearman, p_phi: Corrected p-values, shape (Z, F).
        permutations: How many were drawn; no p is below 1 / (permutations + 1).
        largest: Level that the largest |Spearman| and phi_K of a permuted table exceed in 1 % of them.
        rows: Rows in which all features are defined.
        dropped: Name of each feature that was left out, and why.

    """

    features: tuple[str, ...]
    spearman: Floats
    phi: Floats
    information: Floats
    p_spearman: Floats
    p_phi: Floats
    permutations: int
    largest: tuple[float, float]
    rows: int
    dropped: dict[str, str]

    @property
    def p(self) -> Floats:
        """Corrected p of each pair by the better of both measures, times two for the choice, (Z, F)."""
        both = np.fmin(self.p_spearman, self.p_phi)
        return np.asarray(np.minimum(1.0, 2.0 * np.nan_to_num(both, nan=1.0)))

    @property
    def strength(self) -> Floats:
        """Larger of |Spearman| and phi_K, 0 where undefined, shape (Z, F)."""
        return np.asarray(np.fmax(np.nan_to_num(np.abs(self.spearman)), np.nan_to_num(self.phi)))

    def best(self) -> Places:
        """Place of the feature of least p for each unit, of equals the strongest, shape (Z,)."""
        return np.asarray(np.lexsort((-self.strength, self.p), axis=1)[:, 0])


def associate(
    codes: ArrayLike,
    features: Mapping[str, ArrayLike],
    *,
    permutations: int = PERMUTATIONS,
    informed: ArrayLike | None = None,
    seed: int = 0,
) -> Association:
    """Hold each unit of a code against each named feature.

    Args:
        codes: Posterior means (N, Z). Means of units without use still hold traces of features (they are
            never read by the decoder): say where information sits from relevant units only.
        features: Name -> one number or word a row, shape (N,). Constant or often undefined ones are dropped
            and named; rows where another is undefined are left out.
        permutations: Shuffles behind the corrected p-values; 200 is the least for a level of 1 %.
        informed: Places of the units whose mutual information is estimated (10 ms a pair); None is none.
        seed: Of the shuffles and of the estimator.

    Raises:
        DataError: Fewer than 50 rows, a feature of another length, or none left.
        ConfigError: Fewer than 100 permutations.

    Reference: mutual information: Kraskov, Stoegbauer and Grassberger, Phys. Rev. E 69 (2004) 066138, of
    classes Ross, PLoS ONE 9 (2014) e87357; maximum over a family: Westfall and Young (1993).

    >>> rng = np.random.default_rng(0)
    >>> codes = rng.normal(size=(400, 3))
    >>> found = associate(codes, {"size": codes[:, 1] ** 3, "noise": rng.normal(size=400)})
    >>> found.best().tolist()[1], bool(found.p[1, 0] < 0.01), bool(found.p[:, 1].min() > 0.01)
    (0, True, True)

    """
    if permutations < 100:
        raise ConfigError(f"{permutations} permutations came; accepted: 100 or more, 200 for a level of 1 %")
    matrix = np.asarray(codes, dtype=np.float64)
    if matrix.ndim != 2 or len(matrix) < LEAST_ROWS:
        raise DataError(
            f"codes of shape {matrix.shape} came; accepted: (rows, units) with {LEAST_ROWS} rows or more"
        )
    given = named(features, len(matrix))
    matrix = matrix[given.rows]
    if len(matrix) < LEAST_ROWS:
        raise DataError(f"the features are all defined in {len(matrix)} rows; accepted: {LEAST_ROWS} or more")
    sides = _Sides.of(matrix, given)
    spearman, phi_k = sides.measures(np.arange(len(matrix)))
    rng = generator(seed, 1)
    null = np.array([sides.largest(rng.permutation(len(matrix))) for _ in range(permutations)])
    spearman[:, given.words] = np.nan
    spearman[np.ptp(matrix, axis=0) == 0] = np.nan
    return Association(
        features=given.names,
        spearman=spearman,
        phi=phi_k,
        information=_informed(matrix, given, informed, seed),
        p_spearman=_corrected(np.abs(spearman), null[:, 0]),
        p_phi=_corrected(phi_k, null[:, 1]),
        permutations=permutations,
        largest=(float(np.quantile(null[:, 0], 1 - LEVEL)), float(np.quantile(null[:, 1], 1 - LEVEL))),
        rows=len(matrix),
        dropped=given.dropped,
    )


@dataclass(frozen=True, eq=False)
class _Sides:
    """Ranks and bins of units and of features, ready to be held against each other in any order of rows."""

    ranks: tuple[NDArray[np.float32], NDArray[np.float32]]
    marks: tuple[NDArray[np.float32], NDArray[np.float32]]
    bins: tuple[Places, Places]

    @classmethod
    def of(cls, matrix: Floats, given: Named) -> _Sides:
        cut = binned(matrix), binned(given.values)
        # words have no order: their ranks are zeros, which correlate with nothing
        ranks = _ranked(matrix), _ranked(np.where(given.words, 0.0, given.values))
        return cls(ranks, (cut[0].indicator(), cut[1].indicator()), (cut[0].bins, cut[1].bins))

    def measures(self, order: Places) -> tuple[Floats, Floats]:
        """Spearman's correlation and phi_K of each pair, the rows of the features in this order."""
        spearman = (self.ranks[0].T @ self.ranks[1][order]).astype(np.float64)
        shares = chi2(self.marks[0], self.marks[1][order], self.bins)
        return spearman, from_chi2(shares, len(order), self.bins)

    def largest(self, order: Places) -> tuple[float, float]:
        """Largest of each in the table."""
        spearman, phi_k = self.measures(order)
        return float(np.abs(spearman).max()), float(np.nan_to_num(phi_k).max())


def _ranked(values: Floats) -> NDArray[np.float32]:
    """Ranks of each column, of mean 0 and length 1, so that products are correlations; constant: zeros."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=0)
    ranks -= ranks.mean(0)
    length = np.sqrt(np.square(ranks).sum(0))
    return np.asarray(ranks / np.where(length > 0, length, 1.0), dtype=np.float32)


def _corrected(seen: Floats, null: Floats) -> Floats:
    """Share of permutations, the seen one among them, whose largest value reaches each one seen."""
    # products in single precision of the same numbers in another order differ in the last digits
    reached = len(null) - np.searchsorted(np.sort(null), seen - 1e-6, side="left")
    return np.asarray(np.where(np.isnan(seen), np.nan, (1.0 + reached) / (len(null) + 1.0)))


def _informed(matrix: Floats, given: Named, units: ArrayLike | None, seed: int) -> Floats:
    """Mutual information of some units with every feature, nats, NaN of the others, shape (Z, F)."""
    found = np.full((matrix.shape[1], len(given.names)), np.nan)
    chosen = np.asarray([] if units is None else units, dtype=np.intp)
    rows = np.arange(len(matrix))
    if len(rows) > INFORMED_ROWS:
        rows = np.sort(generator(seed, 2).choice(rows, INFORMED_ROWS, replace=False))
    for place, words in enumerate(given.words):
        if len(chosen):
            found[chosen, place] = information(
                matrix[rows][:, chosen], given.values[rows, place], words, seed
            )
    return found


def information(codes: Floats, feature: Floats, words: bool, seed: int = 0) -> Floats:
    """Mutual information of each unit (N, Z) with one feature (N,), nats, shape (Z,); at least 0."""
    from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

    classes, inverse = np.unique(feature, return_inverse=True)
    if words or len(classes) <= CLASSES:
        return np.asarray(
            mutual_info_classif(
                codes, inverse, n_neighbors=NEIGHBOURS, random_state=seed, discrete_features=False
            )
        )
    return np.asarray(
        mutual_info_regression(
            codes, feature, n_neighbors=NEIGHBOURS, random_state=seed, discrete_features=False
        )
    )
