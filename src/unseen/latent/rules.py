"""Rules that say which units of a code count, and how far their measures agree.

Each rule takes a `Relevance` and marks units, shape (Z,). None is the truth: a mark depends on beta, the seed
and the length of training, so a count is always given by several rules (docs/howto-latent.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from unseen.latent.relevance import Relevance

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

LEAST_RATIO = 0.05
"""rho below which a unit is taken to say nothing; ratios of such numbers would be gaps of their own."""
GAP_RANKS = 128
LEAST_NATS = 0.1
NOISE_SIGMA, NOISE_DEVIATION = 0.9, 0.1
LEAST_VARIANCE = 0.01
SHARE = 0.99


def above_one(found: Relevance) -> Marks:
    """Mark rho > 1, more signal than noise; for a linear decoder an eigenvalue above twice its variance."""
    return np.nan_to_num(found.ratio) > 1.0


def above_nats(found: Relevance) -> Marks:
    """Mark KL > 0.1 nat: the unit says something about the row."""
    return np.nan_to_num(found.divergence) > LEAST_NATS


def above_gap(found: Relevance) -> Marks:
    """Mark the units above the largest gap of the sorted rho, see `gap`."""
    marks = np.zeros(found.units, dtype=bool)
    order = np.argsort(-np.nan_to_num(found.ratio), kind="stable")
    marks[order[: gap(found).count]] = True
    return marks


def not_noise(found: Relevance) -> Marks:
    """Mark what is not noise; noise has a mean sigma above 0.9 and a std of mu below 0.1."""
    noise = (found.sigma > NOISE_SIGMA) & (found.variance < NOISE_DEVIATION**2)
    return np.asarray(np.isfinite(found.sigma) & ~noise)


def active(found: Relevance) -> Marks:
    """Mark Var mu > 0.01; of a network little trained it marks nearly all (Burda et al. 2015)."""
    return np.asarray(found.variance > LEAST_VARIANCE)


def carries_weight(found: Relevance) -> Marks:
    """Mark the smallest set of units with 99 % of the decoder's weight."""
    weight = np.nan_to_num(found.weight)
    marks = np.zeros(found.units, dtype=bool)
    if weight.sum() > 0:
        order = np.argsort(-weight, kind="stable")
        reached = np.cumsum(weight[order]) / weight.sum()
        marks[order[: int(np.searchsorted(reached, SHARE - 1e-12)) + 1]] = True
    return marks


RULES: dict[str, Callable[[Relevance], Marks]] = {
    "rho > 1": above_one,
    "largest gap of rho": above_gap,
    "KL > 0.1 nat": above_nats,
    "not noise": not_noise,
    "Var mu > 0.01": active,
    "99 % of decoder weight": carries_weight,
}

# What a rule looks at; where it is NaN for every unit, the rule has nothing to say.
_NEEDS = {
    "rho > 1": "ratio",
    "largest gap of rho": "ratio",
    "KL > 0.1 nat": "divergence",
    "not noise": "sigma",
    "Var mu > 0.01": "variance",
    "99 % of decoder weight": "weight",
}


def counts(found: Relevance) -> dict[str, int]:
    """Units that count, by each rule that can be asked of this code.

    >>> from unseen.latent.relevance import measure
    >>> rng = np.random.default_rng(0)
    >>> mu = rng.normal(size=(500, 4)) * [1.0, 0.9, 0.01, 0.0]
    >>> counts(measure(mu, np.broadcast_to([0.1, 0.4, 1.0, 1.0], mu.shape)))["rho > 1"]
    2

    """
    return {name: int(marks.sum()) for name, marks in marked(found).items()}


def marked(found: Relevance) -> dict[str, Marks]:
    """Return the marks of each rule that can be asked of this code, shape (Z,) each."""
    return {
        name: rule(found) for name, rule in RULES.items() if np.isfinite(getattr(found, _NEEDS[name])).any()
    }


@dataclass(frozen=True)
class Gap:
    """Where the sorted rho falls most: units above, and rho of the last above and the first below."""

    count: int
    above: float
    below: float


def gap(found: Relevance) -> Gap:
    """Largest ratio of neighbours in the sorted rho, among ranks 1 to 128.

    Ratios below 0.05 are raised to that: their own gaps are chance. One unit of 0.05 is thought behind the
    last, so that a code without spare units has a gap too: all its units count.

    >>> from unseen.latent.relevance import measure
    >>> rng = np.random.default_rng(0)
    >>> mu = rng.normal(size=(500, 4)) * [1.0, 0.9, 0.01, 0.0]
    >>> gap(measure(mu, np.broadcast_to([0.1, 0.4, 1.0, 1.0], mu.shape))).count
    2

    """
    ratio = np.sort(np.maximum(np.nan_to_num(found.ratio), LEAST_RATIO))[::-1]
    falling = np.append(ratio, LEAST_RATIO)[: GAP_RANKS + 1]
    if falling[0] <= LEAST_RATIO:
        return Gap(0, LEAST_RATIO, LEAST_RATIO)
    last = int(np.argmax(falling[:-1] / falling[1:]))
    return Gap(last + 1, float(falling[last]), float(falling[last + 1]))


def measures(found: Relevance) -> dict[str, Floats]:
    """Measures by which units can be ranked, those that are there, shape (Z,) each."""
    every = {
        "rho": found.ratio,
        "KL": found.divergence,
        "Var mu": found.variance,
        "weight": found.weight,
        "ablation": found.ablation,
    }
    return {name: values for name, values in every.items() if np.isfinite(values).any()}


def agreement(found: Relevance) -> dict[tuple[str, str], float]:
    """Rank correlation (Spearman) of each pair of measures over the units both are defined for.

    NaN where fewer than three units are, or one measure is the same for all.

    >>> from unseen.latent.relevance import measure
    >>> rng = np.random.default_rng(0)
    >>> mu = rng.normal(size=(500, 4)) * [1.0, 0.9, 0.5, 0.1]
    >>> round(agreement(measure(mu, np.broadcast_to([0.1, 0.4, 0.7, 1.0], mu.shape)))["rho", "KL"], 2)
    1.0

    """
    return {(a, b): _ranked(x, y) for (a, x), (b, y) in combinations(measures(found).items(), 2)}


def _ranked(a: Floats, b: Floats) -> float:
    from scipy.stats import rankdata

    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(a[both]), rankdata(b[both]))[0, 1])
