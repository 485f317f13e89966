"""What a score is worth to a search: significance improvement, and Asimov significance at a luminosity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from unseen.errors import ConfigError, DataError
from unseen.evaluation.intervals import Estimate, percentile_interval
from unseen.evaluation.ranking import LEAST_FALSE_ALARMS, caught_at, cut_at, roc_curve
from unseen.evaluation.tally import Floats, tail_sum, tally
from unseen.evaluation.weights import event_weights
from unseen.seeds import generator

# Below these ratios of signal to background the logarithms cancel, and their series is exact to double.
_SMALL, _SMALL_UNSURE = 1e-3, 1e-6


def asimov(s: ArrayLike, b: ArrayLike, sigma_b: ArrayLike = 0.0) -> Floats:
    """Median significance of a counting experiment, in standard deviations.

    `Z = sqrt(2 ((s + b) ln(1 + s / b) - s))`, which is close to s / sqrt(b) for s << b; with a background
    known to sigma_b only,

        Z^2 / 2 = (s + b) ln[(s + b)(b + v) / (b^2 + (s + b) v)] - (b^2 / v) ln[1 + v s / (b (b + v))],

    v = sigma_b^2, close to s / sqrt(b + v).

    Args:
        s, b: expected signal and background events, of one shape or one number; several bins are combined
            by `combined`.
        sigma_b: standard deviation of b, in events.

    Raises:
        DataError: not finite or negative, or no background where there is signal.

    Reference: Cowan, Cranmer, Gross and Vitells, arXiv 1007.1727, equation 97; with an uncertain background:
    Cowan, "Discovery sensitivity for a counting experiment with background uncertainty" (2012), equation 20.

    >>> round(float(asimov(10.0, 100.0)), 4), round(float(asimov(10.0, 100.0, sigma_b=10.0)), 4)
    (0.984, 0.6902)

    """
    signal, background, spread = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (s, b, sigma_b))
    )
    for name, values in (("s", signal), ("b", background), ("sigma_b", spread)):
        if not np.isfinite(values).all() or (values < 0).any():
            raise DataError(f"{name} has values that are negative or not finite; accepted: expected events")
    if ((background == 0) & (signal > 0)).any():
        raise DataError(
            "signal is expected where no background is; the formula has no limit there: merge bins until "
            "each has background"
        )
    found = np.zeros(signal.shape)
    some = signal > 0
    sure = some & (spread == 0)
    unsure = some & (spread > 0)
    found[sure] = _certain(signal[sure], background[sure])
    found[unsure] = _uncertain(signal[unsure], background[unsure], np.square(spread[unsure]))
    return found


def _certain(s: Floats, b: Floats) -> Floats:
    x = s / b
    series = x * x * (0.5 - x * (1 / 6 - x * (1 / 12 - x / 20)))
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = np.where(x > -1, (1 + x) * np.log1p(x) - x, 1.0)  # a bin that loses all: b ln 1 + b
    return np.asarray(np.sqrt(2 * b * np.where(np.abs(x) < _SMALL, series, exact)))


def _uncertain(s: Floats, b: Floats, v: Floats) -> Floats:
    first = (s + b) * np.log1p(s * b / (b * b + (s + b) * v))
    second = b * b / v * np.log1p(v * s / (b * (b + v)))
    exact = np.sqrt(2 * np.maximum(first - second, 0.0))
    # a spread of almost nothing divides 0 by 0, and a signal of almost nothing cancels
    plain = np.where(v < 1e-9 * b, _certain(s, b), s / np.sqrt(b + v))
    return np.asarray(np.where((s < _SMALL_UNSURE * b) | (v < 1e-9 * b), plain, exact))


def combined(significances: ArrayLike) -> float:
    """Significance of independent bins together: their root of the sum of squares.

    >>> combined([3.0, 4.0])
    5.0
    """
    return float(np.sqrt(np.square(np.asarray(significances, dtype=np.float64)).sum()))


def asimov_deviation(changed: ArrayLike, expected: ArrayLike) -> float:
    """Median significance of rejecting `expected` events a bin where the truth is `changed`, over all bins.

    `Z = sqrt(2 sum_i (a_i ln(a_i / e_i) - a_i + e_i))`: as `asimov`, but a bin may lose events as well, as
    it does where an effect interferes with the background.

    Args:
        changed, expected: (k,) events of each bin.

    Raises:
        DataError: lengths differ, values are negative or not finite, or events appear where none is expected.

    >>> round(asimov_deviation([110.0, 90.0], [100.0, 100.0]), 3)
    1.415

    """
    a, e = (np.asarray(value, dtype=np.float64) for value in (changed, expected))
    if a.shape != e.shape or a.ndim != 1:
        raise DataError(f"{a.shape} changed and {e.shape} expected bins came; accepted: as many of each")
    if not (np.isfinite(a).all() and np.isfinite(e).all() and (a >= 0).all() and (e >= 0).all()):
        raise DataError("events have values that are negative or not finite")
    if ((e == 0) & (a > 0)).any():
        raise DataError("events appear in a bin where none is expected: merge bins until each has some")
    some = e > 0
    return combined(_certain(a[some] - e[some], e[some]))


@dataclass(frozen=True)
class Significance:
    """Expected events and what they amount to.

    Attributes:
        z: Asimov significance, standard deviations, all bins together.
        edges: (k + 1,) score edges of the bins, rising; the last bin is open above.
        signal, background: (k,) expected events of each bin.
        luminosity: what they are expected at.

    """

    z: float
    edges: Floats
    signal: Floats
    background: Floats
    luminosity: float


def significance_at(
    normal: ArrayLike,
    anomaly: ArrayLike,
    *,
    luminosity: float,
    normal_cross_section: float,
    anomaly_cross_section: float,
    fpr: float | None = None,
    bins: int = 20,
    relative_uncertainty: float = 0.0,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
) -> Significance:
    """Asimov significance of a score at a stated luminosity.

    Expected events are luminosity x cross-section x efficiency, the efficiencies those of the given rows.

    With `fpr` one bin is counted, above the cut of that false-alarm rate. Without, the score histogram is
    used: bins that halve the background again and again from all of it on, none with fewer than ten
    (effective) normal rows, so that the expected background of each is known to a third or better.

    Args:
        normal, anomaly: (n,) and (m,) scores of simulated background and signal, higher is stranger.
        luminosity: in the inverse unit of the cross-sections, such as fb^-1.
        normal_cross_section, anomaly_cross_section: of the rows as they are given, after their preselection.
        fpr: false-alarm rate of a single cut; None uses the histogram.
        bins: at most so many.
        relative_uncertainty: of the background in each bin, such as 0.05; not correlated between bins.
        normal_weights, anomaly_weights: event weights.

    Raises:
        ConfigError: a luminosity or cross-section that is not above 0, or a rate out of range.
        DataError: as in `roc_auc`, or too few normal rows for the rate.

    >>> found = significance_at(range(1000), range(990, 1000), luminosity=10.0, normal_cross_section=100.0,
    ...     anomaly_cross_section=1.0, fpr=0.01)
    >>> found.background.tolist(), found.signal.tolist(), round(found.z, 2)
    ([10.0], [10.0], 2.78)

    """
    numbers = {
        "luminosity": luminosity,
        "normal_cross_section": normal_cross_section,
        "anomaly_cross_section": anomaly_cross_section,
    }
    for name, value in numbers.items():
        if not (math.isfinite(value) and value > 0):
            raise ConfigError(f"{name} is {value!r}; accepted: a finite number above 0.")
    if relative_uncertainty < 0 or bins < 1 or not (fpr is None or 0 < fpr < 1):
        raise ConfigError(
            f"fpr={fpr!r}, bins={bins!r}, relative_uncertainty={relative_uncertainty!r}; accepted: a rate "
            "between 0 and 1 or None, at least 1 bin, an uncertainty of 0 or more."
        )
    counts = tally(normal, anomaly, normal_weights, anomaly_weights)
    if (fpr or 1.0) * counts.normal_rows < LEAST_FALSE_ALARMS * (1 - 1e-9):
        raise DataError(
            f"{counts.normal_rows:.0f} effective normal rows came; a cut at {fpr or 1.0:g} needs "
            f"{LEAST_FALSE_ALARMS / (fpr or 1.0):,.0f}, ten false alarms."
        )
    if fpr is not None:
        cuts = np.array([cut_at(counts, fpr)])
    else:
        least = LEAST_FALSE_ALARMS / counts.normal_rows
        shares = np.array([2.0**-k for k in range(bins) if 2.0 ** -(k + 1) >= least or k == 0])
        cuts = np.unique([-math.inf, *(cut_at(counts, share) for share in shares[1:])])
    hits = tail_sum(counts.hits[::-1])
    above = [
        tails[np.searchsorted(scores, cuts, side="right")] / tails[0]
        for scores, tails in (
            (counts.normal_scores, counts.tail),
            (counts.anomaly_scores[::-1], hits),
        )
    ]
    expected = [
        luminosity * size * -np.diff(np.append(share, 0.0))
        for size, share in zip((normal_cross_section, anomaly_cross_section), above, strict=True)
    ]
    z = asimov(expected[1], expected[0], relative_uncertainty * expected[0])
    return Significance(combined(z), np.append(cuts, math.inf), expected[1], expected[0], luminosity)


@dataclass(frozen=True)
class SicCurve:
    """Significance improvement TPR / sqrt(FPR) against TPR, (k,) each, TPR rising.

    Points with fewer than ten (effective) normal rows above the cut are left out.
    """

    tpr: Floats
    fpr: Floats
    sic: Floats

    def thin(self, points: int = 240) -> SicCurve:
        """Keep about `points` points, even in TPR, and the maximum."""
        if self.tpr.size <= points:
            return self
        keep = np.searchsorted(self.tpr, np.linspace(0, self.tpr[-1], points), side="left")
        keep = np.unique([0, *np.clip(keep, 0, self.tpr.size - 1), int(self.sic.argmax()), self.tpr.size - 1])
        return SicCurve(self.tpr[keep], self.fpr[keep], self.sic[keep])


def sic_curve(
    normal: ArrayLike,
    anomaly: ArrayLike,
    *,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
) -> SicCurve:
    """Trace the significance improvement of every cut.

    Raises:
        DataError: as in `roc_auc`.

    Reference: Gallicchio and Schwartz, JHEP 10 (2011) 103.

    >>> round(float(sic_curve(range(400), [399.5] * 5).sic.max()), 3)
    6.325

    """
    curve = roc_curve(normal, anomaly, normal_weights=normal_weights, anomaly_weights=anomaly_weights)
    rows = tally(normal, anomaly, normal_weights, anomaly_weights).normal_rows
    enough = curve.fpr * rows >= LEAST_FALSE_ALARMS * (1 - 1e-9)
    tpr, fpr = curve.tpr[enough], curve.fpr[enough]
    return SicCurve(tpr, fpr, tpr / np.sqrt(fpr))


def significance_improvement(
    normal: ArrayLike,
    anomaly: ArrayLike,
    fpr: float,
    *,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
    seed: int = 0,
    resamples: int = 300,
    level: float = 0.95,
) -> Estimate:
    """TPR / sqrt(FPR) at a stated false-alarm rate, with a bootstrap interval over the rows of both sides.

    By how much a cut there multiplies s / sqrt(b). Not known below ten expected (effective) false alarms.

    Raises:
        DataError: as in `roc_auc`.
        ConfigError: `fpr` outside (0, 1].

    >>> significance_improvement(range(1000), [985, 995], 0.01).value
    5.0

    """
    if not 0 < fpr <= 1:
        raise ConfigError(f"fpr {fpr!r} is not a rate; accepted: above 0 and at most 1, such as 0.01.")
    sides = (np.asarray(normal, dtype=np.float64), np.asarray(anomaly, dtype=np.float64))
    counts = tally(*sides, normal_weights, anomaly_weights)
    value = caught_at(counts, fpr) / math.sqrt(fpr)
    if math.isnan(value):
        return Estimate(value)
    weights = [
        np.ones(side.size) if w is None else w
        for side, given in zip(sides, (normal_weights, anomaly_weights), strict=True)
        for w in [event_weights(given, side.size)]
    ]
    low, high = counts.normal_scores, counts.anomaly_scores
    cells = (np.searchsorted(low, sides[0]), np.searchsorted(-high, -sides[1]))
    rng, draws = generator(seed), np.full(resamples, math.nan)
    for turn in range(resamples):
        drawn = [
            np.bincount(cell[rows], weights=w[rows], minlength=size).astype(np.float64)
            for cell, w, size in zip(cells, weights, (low.size, high.size), strict=True)
            for rows in [rng.integers(cell.size, size=cell.size)]
        ]
        if drawn[0].any() and drawn[1].any():
            draws[turn] = caught_at(counts.reweighted(tail_sum(drawn[0]), drawn[1]), fpr) / math.sqrt(fpr)
    return percentile_interval(value, draws, level=level)
