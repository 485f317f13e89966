"""A bump hunt: smooth background, the most surprising window, and how often chance does as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from unseen.errors import ConfigError, DataError
from unseen.evaluation.tally import Floats
from unseen.evaluation.weights import event_weights, weighted_quantile
from unseen.seeds import generator

Shape = Literal["polynomial", "dijet"]
# Newton steps of a fit; the likelihood is concave, and convergence is quadratic near its top.
STEPS = 30
# Toys fitted at a time, so that their matrices stay in cache.
BLOCK = 250


@dataclass(frozen=True)
class BumpHunt:
    """The window that a smooth background explains least.

    Attributes:
        edges: (b + 1,) bins of the variable.
        observed: (b,) events, or sums of weights.
        expected: (b,) background, fitted without the window.
        low, high: edges of the window.
        in_window, background: observed and expected in it.
        local_p: Poisson probability of as many there or more.
        global_p: share of toys with a window as surprising: corrected for looking elsewhere.
        local_z, global_z: the same in standard deviations, one-sided.
        fit_p: p-value of the deviance of the fit outside of the window; near 0, the background is not smooth
            in the way the shape is, and neither p means what it says.
        left_out: rows outside of the edges.
        unit: what one event is worth, 1 without weights; counts over it scatter like Poisson's.

    """

    edges: Floats
    observed: Floats
    expected: Floats
    low: float
    high: float
    in_window: float
    background: float
    local_p: float
    global_p: float
    local_z: float
    global_z: float
    fit_p: float
    left_out: int
    unit: float = 1.0


def bump_hunt(
    mass: ArrayLike,
    selected: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    bins: int | ArrayLike = 40,
    shape: Shape = "polynomial",
    order: int = 3,
    energy: float | None = None,
    toys: int = 500,
    seed: int = 0,
) -> BumpHunt:
    """Slide windows of 2 bins up to a quarter of them over a histogram and look for an excess.

    The background is fitted to all bins by its Poisson likelihood, the most surprising window found, the fit
    repeated without it, and the windows scanned again. Toys drawn from the background go through the very
    same, so that the global p-value pays for every place, every width and the fit.

    Args:
        mass: (n,) the variable, above 0.
        selected: (n,) True for the rows to look at; None looks at all.
        weights: (n,) event weights; the histogram is then scaled to the events it is worth, a good
            approximation while weights do not follow the variable.
        bins: bins of equal width over the middle 98 % of the rows, or (b + 1,) rising edges.
        shape: "polynomial", ln of the density is a polynomial of `order` in ln m; "dijet", the density is
            p0 (1 - x)^p1 x^-p2 with x = m / energy, for falling spectra only.
        order: of the polynomial.
        energy: collision energy of "dijet", in the unit of the variable.
        toys: histograms drawn for the global p-value, which is never below 1 / (toys + 1).
        seed: of the toys.

    Raises:
        DataError: values that are not finite and above 0, or fewer than 50 rows within the edges.
        ConfigError: too few bins, or a shape that does not fit its arguments.

    Reference: Choudalakis, arXiv 1101.0390 (BumpHunter); dijet function: CDF, arXiv 0812.4036; scaled
    counts: Bohm and Zech, arXiv 1309.1287.

    >>> rng = np.random.default_rng(1)
    >>> m = np.concatenate([rng.exponential(300.0, 4000) + 100.0, rng.normal(500.0, 10.0, 120)])
    >>> found = bump_hunt(m, toys=100)
    >>> bool(found.low < 500 < found.high), found.global_p < 0.02
    (True, True)

    """
    column, events = _rows(mass, selected, weights)
    edges = _edges(column, events, bins)
    observed = np.histogram(column, edges, weights=events)[0].astype(np.float64)
    inside = (column >= edges[0]) & (column <= edges[-1])
    if inside.sum() < 50:
        raise DataError(f"{int(inside.sum())} rows lie within the edges; a bump hunt needs 50 or more.")
    # with weights, one event is worth this much
    unit = 1.0 if events is None else float(np.square(events[inside]).sum() / events[inside].sum())
    form = _form(edges, shape, order, energy)
    counts = observed / unit
    expected, window, t = (part[0] for part in _hunt(counts[None, :], form))
    rng = generator(seed)
    found = [
        _hunt(rng.poisson(expected, (min(BLOCK, toys - start), expected.size)).astype(np.float64), form)[2]
        for start in range(0, toys, BLOCK)
    ]
    more = int(np.count_nonzero(np.concatenate(found) >= t)) if found else 0
    first, last = _windows(expected.size)[:, int(window)]
    local_p, global_p = float(np.exp(-t)), (1 + more) / (toys + 1)
    return BumpHunt(
        edges=edges,
        observed=observed,
        expected=expected * unit,
        low=float(edges[first]),
        high=float(edges[last]),
        in_window=float(observed[first:last].sum()),
        background=float(expected[first:last].sum() * unit),
        local_p=local_p,
        global_p=global_p,
        local_z=_deviations(local_p),
        global_z=_deviations(global_p),
        fit_p=_goodness(counts, expected, (int(first), int(last)), form.columns.shape[1]),
        left_out=int((~inside).sum()),
        unit=unit,
    )


def _deviations(p: float) -> float:
    return float(-special.ndtri(min(p, 1.0 - 1e-16)))


def _hunt(counts: Floats, form: _Form) -> tuple[Floats, NDArray[np.intp], Floats]:
    """Background without its window (t, b), place of the window (t,), and -ln of its p-value (t,)."""
    windows = _windows(counts.shape[1])
    fitted = _fit(counts, form, np.ones_like(counts))
    first = _surprise(counts, fitted, windows).argmax(1)
    bins = np.arange(counts.shape[1])
    outside = (bins < windows[0, first, None]) | (bins >= windows[1, first, None])
    expected = _fit(counts, form, outside.astype(np.float64))
    surprise = _surprise(counts, expected, windows)
    best = surprise.argmax(1)
    return expected, best, surprise[np.arange(len(best)), best]


def _windows(bins: int) -> NDArray[np.intp]:
    """First and last (exclusive) bin of every window, (2, w)."""
    pairs = [
        (low, low + width) for width in range(2, max(3, bins // 4 + 1)) for low in range(bins - width + 1)
    ]
    return np.array(pairs, dtype=np.intp).T


def _surprise(counts: Floats, expected: Floats, windows: NDArray[np.intp]) -> Floats:
    """-ln of the Poisson p-value of each window, (t, w); 0 where there is no excess."""

    def within(values: Floats) -> Floats:
        reached = np.concatenate([np.zeros((len(values), 1)), values.cumsum(1)], axis=1)
        return np.asarray(reached[:, windows[1]] - reached[:, windows[0]])

    seen, background = within(counts), np.maximum(within(expected), 1e-9)
    p = special.gammainc(np.maximum(seen, 1e-9), background)
    return np.asarray(np.where(seen > background, -np.log(np.maximum(p, 1e-300)), 0.0))


def _fit(counts: Floats, form: _Form, mask: Floats) -> Floats:
    """Poisson maximum likelihood for each row of counts (t, b), bins weighted by mask (t, b)."""
    design = form.columns
    coefficients = (np.log(np.maximum(counts, 0.5)) - form.widths) @ design
    ridge = 1e-9 * np.eye(design.shape[1])
    for _ in range(STEPS):
        mu = form.events(coefficients)
        slope = (mask * (counts - mu)) @ design
        curvature = np.einsum("tb,bp,bq->tpq", mask * mu, design, design, optimize=True) + ridge
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        # no bin may change by more than a factor of about e^2 in one step
        largest = np.abs(step @ design.T).max(1, keepdims=True)
        coefficients = coefficients + step * np.minimum(1.0, 2.0 / np.maximum(largest, 1e-12))
        if largest.max() < 1e-8:
            break
    return form.events(coefficients)


@dataclass(frozen=True)
class _Form:
    """ln of the background: orthonormal columns (b, p) and ln of the widths of the bins (b,), mean 0."""

    columns: Floats
    widths: Floats

    def events(self, coefficients: Floats) -> Floats:
        """Return the expected events of each bin, (t, b), of coefficients (t, p)."""
        return np.asarray(np.exp(np.clip(coefficients @ self.columns.T + self.widths, -30.0, 30.0)))


def _form(edges: Floats, shape: Shape, order: int, energy: float | None) -> _Form:
    """Return what a shape can be over these bins."""
    middle = 0.5 * (edges[1:] + edges[:-1])
    width = np.log(np.diff(edges))
    if shape == "polynomial":
        if order < 1 or middle.size < order + 5:
            raise ConfigError(
                f"order {order} on {middle.size} bins came; accepted: 1 or more, and 5 bins beyond."
            )
        t = np.log(middle)
        t = 2 * (t - t[0]) / (t[-1] - t[0]) - 1
        columns = np.polynomial.legendre.legvander(t, order)
    elif shape == "dijet":
        if energy is None or not energy > edges[-1]:
            raise ConfigError(
                f"energy {energy!r} came; the dijet shape needs one above {edges[-1]:g}, the last edge."
            )
        x = middle / energy
        columns = np.stack([np.ones_like(x), np.log1p(-x), np.log(x)], axis=1)
    else:
        raise ConfigError(f"shape {shape!r} came; accepted: polynomial, dijet.")
    # a density times the width of its bins, whatever these are
    return _Form(np.asarray(np.linalg.qr(columns)[0]), np.asarray(width - width.mean()))


def _goodness(counts: Floats, expected: Floats, window: tuple[int, int], parameters: int) -> float:
    outside = np.ones(counts.size, dtype=bool)
    outside[window[0] : window[1]] = False
    n, mu = counts[outside], np.maximum(expected[outside], 1e-9)
    deviance = 2 * float((special.xlogy(n, n / mu) - (n - mu)).sum())
    free = max(int(outside.sum()) - parameters, 1)
    return float(special.gammaincc(free / 2, max(deviance, 0.0) / 2))


def _rows(
    mass: ArrayLike, selected: ArrayLike | None, weights: ArrayLike | None
) -> tuple[Floats, Floats | None]:
    column = np.asarray(mass, dtype=np.float64)
    events = event_weights(weights, len(column))
    if selected is not None:
        mask = np.asarray(selected, dtype=bool)
        if mask.shape != column.shape:
            raise DataError(f"selected has shape {mask.shape}, the variable {column.shape}; give one a row.")
        column, events = column[mask], None if events is None else events[mask]
    if column.ndim != 1 or not (np.isfinite(column) & (column > 0)).all():
        raise DataError("a bump hunt needs one finite number above 0 a row, such as a mass.")
    return column, events


def _edges(column: Floats, events: Floats | None, bins: int | ArrayLike) -> Floats:
    if np.ndim(bins) == 0:
        count = int(np.asarray(bins))
        if count < 8:
            raise ConfigError(f"bins {bins!r} came; accepted: 8 or more, or rising edges.")
        if column.size < 50:
            raise DataError(f"{column.size} rows came; a bump hunt needs 50 or more.")
        low, high = weighted_quantile(column, [0.01, 0.99], events)
        if not high > low:
            raise DataError("the variable has no spread; there is nothing to hunt in.")
        return np.linspace(low, high, count + 1)
    edges = np.asarray(bins, dtype=np.float64)
    if edges.ndim != 1 or edges.size < 9 or not (np.diff(edges) > 0).all() or edges[0] <= 0:
        raise ConfigError("edges must rise from above 0, nine or more of them.")
    return edges
