"""Fit the law of streets to a few real ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.series.calendar import DAY, WEEK, DayType
from unseen.series.panel import HOUR, Panel
from unseen.series.profile import Profile
from unseen.series.rhythms import BASIS, weigh
from unseen.series.streets import SCORES, PowerLaw, StreetLaw, week_of_year

Floats = NDArray[np.float64]

LEAST_WEEKS = 8
MOST_SENSORS = 256
"""Streets a law is fitted to; of more, evenly spaced ones are taken."""
BINS = 12  # levels of flow between which spreads are compared
HOURS = (0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21)
DAYS = (1, 2, 3, 4, 6, 7, 8, 13, 14, 15, 21, 28)
NEAR = 0.9  # neighbours are as alike as the upper tenth of all pairs
FAR = 0.002  # deviations beyond these shares are cut before covariances are taken
LEAST_SHARE, LEAST_FLOW = 0.01, 1.0  # levels below are as these: of the mean flow, vehicles an hour
SHRINK = 4.0  # slots of as many sensor-days pull the factor of a day towards 1


def fit_streets(panel: Panel, origin: str) -> StreetLaw:
    """Fit the law of the streets of a panel.

    Args:
        panel: Two sensors or more with a mean flow above 0, over eight weeks or more.
        origin: Words for what it was fitted to.

    Raises:
        DataError: Too few sensors or weeks.

    """
    panel = _fit_for_it(panel)
    profile = Profile.fit(panel)
    mean = profile.mean.astype(np.float64)
    usual = mean[:, panel.week_slots]
    season, holiday, bridge = _courses(panel, usual)
    sizes = np.log(mean.mean(axis=1))
    law = StreetLaw(
        origin=origin,
        step=panel.step,
        shapes=mean / mean.mean(axis=1, keepdims=True),
        log_size=(float(sizes.mean()), float(sizes.std(ddof=1))),
        spread=PowerLaw(0.0, 1.0, 0.0, LEAST_SHARE),
        noise=PowerLaw(0.0, 1.0, 0.0, LEAST_FLOW),
        tails=SCORES,
        city=np.zeros(len(BASIS)),
        near=np.zeros(len(BASIS)),
        own=np.zeros(len(BASIS)),
        season=season,
        holiday=holiday,
        bridge=bridge,
    )
    usual *= law.factors(panel.times, panel.calendar)
    return _deviating(law, panel.values - usual, usual)


def _fit_for_it(panel: Panel) -> Panel:
    if panel.slots * panel.step < LEAST_WEEKS * WEEK:
        raise DataError(f"streets are learnt from {LEAST_WEEKS} weeks or more; the panel has {panel.span()}")
    panel = panel.select(panel.sensors[:: -(-len(panel.sensors) // MOST_SENSORS)])
    there = np.isfinite(panel.values)
    alive = (there.mean(axis=1) > 0.5) & (np.where(there, panel.values, 0).sum(axis=1) > 0)
    if alive.sum() < 2:
        raise DataError(
            f"{int(alive.sum())} of {len(alive)} sensors have flows in more than half of their slots; "
            "streets are learnt from two or more"
        )
    return panel.select([name for name, lives in zip(panel.sensors, alive, strict=True) if lives])


def _courses(panel: Panel, usual: Floats) -> tuple[Floats, Floats, Floats]:
    """Season by week of the year, holidays and bridge days by hour: factors over the weekly course."""
    local = panel.calendar.local(panel.times)
    share = np.nanmean(panel.values / usual.mean(axis=1, keepdims=True), axis=0)  # of streets of equal weight
    expected = (usual / usual.mean(axis=1, keepdims=True)).mean(axis=0)
    plain = np.isin(local.day_type, (DayType.HOLIDAY, DayType.BRIDGE), invert=True) & np.isfinite(share)
    season = _ratio(share, expected, week_of_year(local.day), plain, 53, floor=DAY / panel.step)
    expected = expected * season[week_of_year(local.day)]
    factors = []
    for kind in (DayType.HOLIDAY, DayType.BRIDGE):
        there = (local.day_type == kind) & np.isfinite(share)
        factors.append(
            _ratio(share, expected, local.second // HOUR, there, 24, floor=SHRINK * HOUR / panel.step)
        )
    return season, factors[0], factors[1]


def _ratio(
    found: Floats,
    expected: Floats,
    group: NDArray[np.int64],
    there: NDArray[np.bool_],
    groups: int,
    floor: float,
) -> Floats:
    """Sum of what was found over that of what was expected, by group, drawn towards 1 by `floor` slots."""
    sums = [np.bincount(group[there], weights=one[there], minlength=groups) for one in (found, expected)]
    level = floor * float(expected.mean())
    return np.asarray((sums[0] + level) / (sums[1] + level))


def _deviating(law: StreetLaw, rest: Floats, usual: Floats) -> StreetLaw:
    """Add what is left of the values beside the usual flow: noise, spread, tails and rhythms."""
    size = usual.mean(axis=1, keepdims=True)
    kink = rest[:, 1:-1] - (rest[:, :-2] + rest[:, 2:]) / 2
    jumps = (
        _winsorised(kink) ** 2 / 1.5
    )  # a smooth course has no kinks, white noise has 1.5 times its variance
    noise = _power_law(jumps, usual[:, 1:-1], LEAST_FLOW)
    whole = _power_law(_winsorised(rest / size) ** 2, usual / size, LEAST_SHARE)
    lags = np.unique(np.round(np.array([*HOURS, *(24 * day for day in DAYS)]) * HOUR / law.step)).astype(int)
    plain = _winsorised(rest)
    unit = np.nanstd(plain, axis=1, keepdims=True)  # every street counts alike
    alike, crossed, near = _covariances(plain / unit, _own_spread(whole, usual / size, plain / unit), lags)
    total = weigh(alike[1:], law.step * lags[1:])
    lasting = float(total.sum() / alike[0])  # what is left at lag 0 does not last
    slow = PowerLaw(
        (whole.log_factor + float(np.log(lasting))) / 2, whole.power / 2, whole.sd / 2, LEAST_SHARE
    )
    # kinks of what lasts count as noise too: the share of noise that the covariances show sets the factor
    share = float(np.nanmean(jumps / unit**2))
    fleeting = float(np.log((1 - lasting) / share))
    common = weigh(crossed, law.step * lags, most=0.9 * total)
    both = np.minimum(common * max(near / max(crossed[0], 1e-9), 1.0), 0.95 * total)
    return replace(
        law,
        spread=slow,
        noise=replace(noise, log_factor=noise.log_factor + fleeting),
        tails=_tails(rest, slow.at(usual / size) * size),
        city=common / total.sum(),
        near=(both - common) / total.sum(),
        own=(total - both) / total.sum(),
    )


def _own_spread(whole: PowerLaw, level: Floats, rest: Floats) -> Floats:
    """Spread by level of flow, such that its mean square is that of each street's own deviations."""
    spread = np.sqrt(whole.at(level).astype(np.float64))
    own = np.nanmean(rest**2, axis=1, keepdims=True) / (spread**2).mean(axis=1, keepdims=True)
    return np.asarray(spread * np.sqrt(own))


def _power_law(squares: Floats, usual: Floats, least: float) -> PowerLaw:
    """Fit mean squares by level of flow, on logarithms: one slope, a factor for each street."""
    levels, means = [], []
    for flow, square in zip(usual, squares, strict=True):
        there = np.isfinite(square)
        edges = np.quantile(flow[there], np.linspace(0, 1, BINS + 1)[1:-1])
        place = np.searchsorted(edges, flow[there])
        count = np.maximum(np.bincount(place, minlength=BINS), 1)
        levels.append(np.bincount(place, weights=flow[there], minlength=BINS) / count)
        means.append(np.bincount(place, weights=square[there], minlength=BINS) / count)
    x, y = np.log(np.maximum(levels, least)), np.log(np.maximum(means, 1e-3 * least))
    within = x - x.mean(axis=1, keepdims=True)
    power = float((within * y).sum() / max((within**2).sum(), 1e-9))
    factors = (y - power * x).mean(axis=1)
    return PowerLaw(float(factors.mean()), power, float(factors.std(ddof=1)), least)


def _winsorised(values: Floats) -> Floats:
    low, high = np.nanquantile(values, [FAR, 1 - FAR], axis=1, keepdims=True)
    return np.asarray(np.clip(values, low, high))


def _covariances(rest: Floats, spread: Floats, lags: NDArray[Any]) -> tuple[Floats, Floats, float]:
    """Mean covariance of a street with itself, and of two streets, by lag; at lag 0 that of neighbours.

    In units of the spread, and weighed by it: sum r(t) r(t + lag) / sum s(t) s(t + lag).
    """
    there = np.isfinite(rest)
    filled = np.where(there, rest - np.nanmean(rest, axis=1, keepdims=True), 0.0)
    known = np.where(there, spread, 0.0)
    slots = filled.shape[1]
    alike, crossed = [], []
    for lag in lags:
        early, late = slice(0, slots - lag), slice(lag, slots)
        own = [(part[:, early] * part[:, late]).sum() for part in (filled, known)]
        sums = [part[:, side].sum(axis=0) for part in (filled, known) for side in (early, late)]
        alike.append(own[0] / own[1])
        crossed.append(((sums[0] * sums[1]).sum() - own[0]) / ((sums[2] * sums[3]).sum() - own[1]))
    matrix = (filled @ filled.T) / (known @ known.T)
    upper = matrix[np.triu_indices(len(matrix), 1)]
    return np.array(alike), np.array(crossed), float(np.quantile(upper, NEAR))


def _tails(rest: Floats, spread: Floats) -> Floats:
    """Quantiles of deviations averaged over three slots; mean 0 and, without the far ones, variance 1."""
    from scipy.stats import norm

    smooth = (rest[:, :-2] + rest[:, 1:-1] + rest[:, 2:]) / 3 / spread[:, 1:-1]
    smooth /= np.nanstd(smooth, axis=1, keepdims=True)
    found = np.nanquantile(smooth, norm.cdf(SCORES))
    fine = np.linspace(SCORES[0], SCORES[-1], 2001)
    mass = norm.pdf(fine) / norm.pdf(fine).sum()
    values = np.interp(fine, SCORES, found)
    mean = float(mass @ values)
    cut = np.clip(values, *np.nanquantile(smooth, [FAR, 1 - FAR]))  # as where the spread was measured
    return np.asarray((found - mean) / np.sqrt(float(mass @ (cut - mean) ** 2)))
