"""Test of a proposed symmetry: whether trees tell rows from their transformed copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from unseen.errors import DataError
from unseen.seeds import generator
from unseen.symmetry.transformations import Flags, Transformation

Floats = NDArray[np.float64]

# A symmetry is rejected beyond this many standard errors, after Bonferroni's correction.
FAR = 3.0
LEAST_ROWS = 500
# Rows beyond these sharpen a test that is sharp enough, and cost time.
MOST_ROWS = 40_000


@dataclass(frozen=True)
class Tested:
    """What the held-out half says of one transformation.

    Attributes:
        name: Of the transformation.
        quality: Q, mean log-likelihood gained over guessing which of x and gx is real, nats; at most ln 2.
        error: Its standard error.
        z: Q / error.
        p_value: Of Q <= 0, one-sided, times the number of tests (Bonferroni), at most 1.
        tests: How many transformations were tested with it.
        rows: Held-out rows.

    """

    name: str
    quality: float
    error: float
    z: float
    p_value: float
    tests: int
    rows: int

    @property
    def broken(self) -> bool:
        """Whether the symmetry is rejected: p-value below that of z > 3."""
        return bool(self.p_value < norm.sf(FAR))

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return {**vars(self), "broken": self.broken}


def judge(
    rows: Floats,
    names: Sequence[str],
    transformations: Sequence[Transformation],
    *,
    seed: int = 0,
    settle: Callable[[Floats], Floats] | None = None,
    keep: Callable[[Floats], Flags] | None = None,
    features: Callable[[Floats], Floats] | None = None,
) -> list[Tested]:
    """Test whether the density of `rows` is symmetric under each of the transformations.

    On one half, boosted trees learn a score f of x against gx. On the other,
    Q = mean of ln 2 + ln sigmoid(f(x) - f(gx)): if the density is symmetric, nothing can tell the two apart,
    and Q <= 0 up to noise. A rejection is proof; no rejection says that these trees saw nothing.

    Args:
        rows: Shape (N, D).
        names: Of the columns.
        transformations: What is proposed.
        seed: Of the halves, the amounts drawn and the trees.
        settle: What the rows went through when they were made, e.g. an ordering; done again after g.
        keep: Cuts: rows (N, D) -> which are kept. Rows whose copy is cut are left out with it.
        features: Rows -> what the trees look at; None shows them the rows.

    Raises:
        DataError: Fewer than `LEAST_ROWS` rows, or a transformation that moves none.

    Reference: Tombs and Lester, "Which is real", arXiv 2111.05442.

    >>> from unseen.symmetry import rotation, shift
    >>> rows = np.random.default_rng(0).normal(size=(4000, 2))
    >>> [one.broken for one in judge(rows, ["x", "y"], [rotation(("x", "y")), shift("x", by=0.5)])]
    [False, True]

    """
    if len(rows) < LEAST_ROWS:
        raise DataError(f"{len(rows)} rows came; a test of a symmetry needs {LEAST_ROWS} or more")
    order = generator(seed, 81).permutation(len(rows))[:MOST_ROWS]
    drawn = rows[order]
    found = []
    for place, one in enumerate(transformations):
        moved = one(drawn, names, generator(seed, 82, place))
        pair = _pair(drawn, moved, one.name, settle, keep)
        shown = pair if features is None else (features(pair[0]), features(pair[1]))
        found.append(_tested(one.name, *shown, seed=seed, tests=len(transformations)))
    return found


def _pair(
    rows: Floats,
    moved: Floats,
    name: str,
    settle: Callable[[Floats], Floats] | None,
    keep: Callable[[Floats], Flags] | None,
) -> tuple[Floats, Floats]:
    if settle is not None:
        moved = settle(moved)
    if keep is not None:
        passed = keep(moved)
        rows, moved = rows[passed], moved[passed]
        if len(rows) < LEAST_ROWS:
            raise DataError(
                f"{name}: the cuts leave {len(rows)} transformed rows; accepted: {LEAST_ROWS} or more"
            )
    if np.allclose(rows, moved, rtol=1e-12, atol=0.0):
        raise DataError(f"{name} leaves every row as it is, so there is nothing to test")
    return rows, moved


def _tested(name: str, rows: Floats, moved: Floats, *, seed: int, tests: int) -> Tested:
    half = len(rows) // 2
    trees = HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=50, l2_regularization=50.0,
        early_stopping=False, random_state=seed,
    )  # fmt: skip
    # small trees gain little from threads, and lose much where cores are busy
    with threadpool_limits(limits=1):
        trees.fit(np.concatenate([rows[:half], moved[:half]]), np.repeat([1, 0], half))
        margin = trees.decision_function(rows[half:]) - trees.decision_function(moved[half:])
    # ln 2 + ln sigmoid(m), without overflow
    gained = np.log(2.0) - np.logaddexp(0.0, -margin)
    quality, error = float(gained.mean()), float(gained.std(ddof=1) / np.sqrt(len(gained)))
    z = quality / error if error > 0.0 else 0.0
    return Tested(name, quality, error, z, min(1.0, tests * float(norm.sf(z))), tests, len(gained))
