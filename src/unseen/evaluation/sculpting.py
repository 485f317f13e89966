"""Does a cut on the score shape a variable it should not know? Divergence, rates by decile, dependence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError, DataError
from unseen.evaluation.intervals import Estimate, share_interval
from unseen.evaluation.tally import Floats, score_column
from unseen.evaluation.weights import effective_number, event_weights, weighted_quantile
from unseen.seeds import generator

Bools = NDArray[np.bool_]


def jensen_shannon(p: ArrayLike, q: ArrayLike) -> float:
    """Jensen-Shannon divergence of two histograms over the same bins, in bits, 0 to 1.

    `JS = (KL(p | m) + KL(q | m)) / 2`, m = (p + q) / 2, logarithms to base 2; both are normalised first.

    Raises:
        DataError: other shapes, negative, or nothing in one of them.

    Reference: Lin, IEEE Transactions on Information Theory 37 (1991) 145.

    >>> jensen_shannon([1, 1], [2, 2]), jensen_shannon([1, 0], [0, 3])
    (0.0, 1.0)

    """
    one, two = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    bad = one.shape != two.shape or one.ndim != 1 or (one < 0).any() or (two < 0).any()
    if bad or one.sum() <= 0 or two.sum() <= 0:
        raise DataError(
            "two histograms over the same bins are needed, with entries of 0 or more, none empty."
        )
    return float(_divergence(one / one.sum(), (two / two.sum())[None, :])[0])


def _divergence(p: Floats, q: Floats) -> Floats:
    """JS of p (b,) and each of q (t, b), shape (t,), bits."""
    middle = 0.5 * (p + q)

    def relative(share: Floats) -> Floats:
        ratio = np.divide(share, middle, out=np.ones_like(middle), where=share > 0)
        return np.asarray((share * np.log2(ratio)).sum(1))

    return np.asarray(np.clip(0.5 * (relative(np.broadcast_to(p, q.shape)) + relative(q)), 0.0, 1.0))


def most_anomalous(scores: ArrayLike, share: float = 0.01, weights: ArrayLike | None = None) -> Bools:
    """Mask (n,) of the strangest rows that hold about the share of the weight, one row at least.

    Rows tied at the cut are all in or, where the cut would otherwise be passed by more than the share, out.

    Raises:
        ConfigError: a share outside (0, 1).
        DataError: scores with NaN or none, or weights that are refused.

    >>> most_anomalous([3.0, 1.0, 2.0, 0.0], share=0.5).tolist()
    [True, False, True, False]

    """
    if not 0 < share < 1:
        raise ConfigError(f"share {share!r} came; accepted: between 0 and 1, such as 0.01.")
    column = score_column(scores, "all")
    given = event_weights(weights, column.size)
    events = np.ones(column.size) if given is None else given
    values, group = np.unique(column, return_inverse=True)
    tail = np.cumsum(np.bincount(group, weights=events)[::-1])[::-1]
    allowed = np.flatnonzero(tail <= share * tail[0] * (1 + 1e-12))
    return np.asarray(column >= values[int(allowed[0]) if allowed.size else -1])


@dataclass(frozen=True)
class Sculpting:
    """The protected variable of all normal rows against that of the selected ones.

    Attributes:
        js: Jensen-Shannon divergence in bits, 0 to 1.
        by_chance: mean of the same over random selections as large; JS is biased upwards for few rows.
        p_value: share of random selections that diverge as much or more.
        edges: (b + 1,) bins, equally filled by all normal rows.
        before, after: (b,) shares of all normal rows and of the selected ones.
        selected: number of selected rows.
        effective: the equal rows these are worth.

    """

    js: float
    by_chance: float
    p_value: float
    edges: Floats
    before: Floats
    after: Floats
    selected: int
    effective: float


def sculpting(
    mass: ArrayLike,
    selected: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    bins: int = 20,
    draws: int = 500,
    seed: int = 0,
) -> Sculpting:
    """Measure what a selection among normal rows does to a variable that it should leave alone.

    Args:
        mass: (n,) the variable, in all normal rows.
        selected: (n,) True for the selected ones, usually `most_anomalous(scores)`.
        weights: (n,) event weights or None.
        bins: bins, fewer where the variable takes few values.
        draws: random selections of as many rows, for what chance alone gives.
        seed: of these.

    Raises:
        DataError: not one finite number a row, no row selected or all, a variable without spread, or weights
            that are refused.

    >>> rng = np.random.default_rng(0)
    >>> m = rng.normal(size=4000)
    >>> blind, sculpted = sculpting(m, rng.random(4000) < 0.05), sculpting(m, m > 1.7)
    >>> blind.p_value > 0.01, sculpted.p_value < 0.01, sculpted.js > 0.5
    (True, True, True)

    """
    column, mask, events = _columns(mass, selected, weights)
    edges = np.unique(weighted_quantile(column, np.linspace(0, 1, bins + 1), events))
    if edges.size < 3:
        raise DataError("the variable takes too few values to be divided into bins.")
    place = np.clip(np.searchsorted(edges, column, side="right") - 1, 0, edges.size - 2)
    own = np.ones(column.size) if events is None else events
    before = _filled(place, own, edges.size - 1)
    after = _filled(place[mask], own[mask], edges.size - 1)
    js = float(_divergence(before, after[None, :])[0])
    rng, size = generator(seed), int(mask.sum())
    chance = np.empty((draws, edges.size - 1))
    for turn in range(draws):
        rows = rng.choice(column.size, size, replace=False, shuffle=False)
        chance[turn] = _filled(place[rows], own[rows], edges.size - 1)
    null = _divergence(before, chance)
    return Sculpting(
        js=js,
        by_chance=float(null.mean()),
        p_value=float((1 + np.count_nonzero(null >= js)) / (draws + 1)),
        edges=edges,
        before=before,
        after=after,
        selected=size,
        effective=effective_number(own[mask]),
    )


def _filled(place: NDArray[np.intp], weights: Floats, bins: int) -> Floats:
    counts = np.bincount(place, weights=weights, minlength=bins)
    return np.asarray(counts / max(counts.sum(), 1e-300))


@dataclass(frozen=True)
class Deciles:
    """Share of normal rows that one cut selects, by the variable: (k + 1,) edges and one estimate a part."""

    edges: Floats
    share: tuple[Estimate, ...]


def selected_by_decile(
    mass: ArrayLike,
    selected: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    parts: int = 10,
    level: float = 0.95,
) -> Deciles:
    """False-alarm rate of a global cut in each tenth of the normal rows by the variable, exact intervals.

    Raises:
        DataError: as in `sculpting`.

    >>> found = selected_by_decile(np.arange(1000.0), np.arange(1000) >= 950)
    >>> [round(part.value, 2) for part in found.share][-2:]
    [0.0, 0.5]

    """
    column, mask, events = _columns(mass, selected, weights)
    edges = np.unique(weighted_quantile(column, np.linspace(0, 1, parts + 1), events))
    if edges.size < 3:
        raise DataError("the variable takes too few values to be divided into parts.")
    place = np.clip(np.searchsorted(edges, column, side="right") - 1, 0, edges.size - 2)
    shares = []
    for part in range(edges.size - 1):
        inside = place == part
        own = None if events is None else events[inside]
        empty = not inside.any() or (own is not None and not own.any())
        shares.append(Estimate(np.nan) if empty else share_interval(mask[inside], own, level=level))
    return Deciles(edges, tuple(shares))


def distance_correlation(
    x: ArrayLike,
    y: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    most: int = 2_000,
    seed: int = 0,
) -> float:
    """Distance correlation of two columns, 0 to 1: 0 only where they are independent, 1 for a line.

    `dCor^2 = dCov^2(x, y) / sqrt(dVar^2(x) dVar^2(y))`, from the doubly centred distances of all pairs of
    rows. Of n independent rows it is not 0 but about n^(-1/4) at worst, usually 2 / sqrt(n).

    Args:
        x, y: (n,) numbers.
        weights: (n,) event weights or None.
        most: rows looked at, a seeded draw, since pairs are quadratic.
        seed: of the draw.

    Raises:
        DataError: not one finite number a row each, fewer than two rows, or weights that are refused.

    Reference: Szekely, Rizzo and Bakirov, Annals of Statistics 35 (2007) 2769.

    >>> x = np.linspace(-1.0, 1.0, 101)
    >>> round(distance_correlation(x, 2 - 3 * x), 6), round(distance_correlation(x, x**2), 3)
    (1.0, 0.492)

    """
    one, two = _finite(x, "x"), _finite(y, "y")
    if one.size != two.size or one.size < 2:
        raise DataError(f"x has {one.size} rows and y {two.size}; need as many in both, 2 or more.")
    events = event_weights(weights, one.size)
    if one.size > most:
        rows = generator(seed).choice(one.size, most, replace=False)
        one, two, events = one[rows], two[rows], None if events is None else events[rows]
    own = np.ones(one.size) if events is None else events
    shares = own / own.sum()
    a, b = _centred(one, shares), _centred(two, shares)
    shared, first, second = (
        float(shares @ (left * right) @ shares) for left, right in ((a, b), (a, a), (b, b))
    )
    return 0.0 if first * second <= 0 else float(np.sqrt(max(shared, 0.0) / np.sqrt(first * second)))


def _centred(column: Floats, shares: Floats) -> Floats:
    spread = float(np.ptp(column)) or 1.0
    distance = np.abs(column[:, None] - column[None, :]) / spread
    mean = distance @ shares
    return np.asarray(distance - mean[:, None] - mean[None, :] + shares @ mean)


def _columns(
    mass: ArrayLike, selected: ArrayLike, weights: ArrayLike | None
) -> tuple[Floats, Bools, Floats | None]:
    column, mask = _finite(mass, "the variable"), np.asarray(selected)
    if mask.shape != column.shape or mask.dtype != np.bool_:
        raise DataError(
            f"selected has shape {mask.shape} and type {mask.dtype}; need ({column.size},) and bool."
        )
    if not mask.any() or mask.all():
        raise DataError(
            f"{int(mask.sum())} of {mask.size} rows are selected; a comparison needs some, not all."
        )
    events = event_weights(weights, column.size)
    if events is not None and not events[mask].any():
        raise DataError("all selected rows have weight 0; there is nothing to compare.")
    return column, mask, events


def _finite(values: ArrayLike, what: str) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or not np.isfinite(column).all():
        raise DataError(
            f"{what} must be one finite number a row; got shape {column.shape} or NaN or inf in it."
        )
    return column
