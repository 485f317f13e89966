"""How near made-up streets are to real ones: flows, memory, what they share, how well they are foreseen."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.series.calendar import DAY, WEEK
from unseen.series.panel import HOUR, Panel
from unseen.series.profile import Profile

Floats = NDArray[np.float64]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
DISTANCE = HOUR // 2  # seconds from the last known slot to the one foreseen
KEPT = 0.7  # share of the present deviation that is expected to be there after half an hour
PARTS = 4  # of the time, each foreseen by the profile of the others
MOST_PAIRS = 40  # sensors whose pairs are compared


def describe(panel: Panel) -> dict[str, float]:
    """Describe the streets of a panel in numbers that do not depend on their sizes, each a mean over streets.

    Quantiles are shares of a street's mean flow; `rest` is what is left beside the weekly profile. Errors are
    mean absolute ones half an hour ahead as shares of the mean flow, profiles being those of other months.

    Raises:
        DataError: Fewer than eight weeks, or than two sensors.

    """
    if panel.slots * panel.step < 8 * WEEK or len(panel.sensors) < 2:
        raise DataError(
            f"{len(panel.sensors)} sensors, {panel.span()}; streets are described from two of eight weeks"
        )
    flow = panel.values.astype(np.float64)
    size = np.nanmean(flow, axis=1, keepdims=True)
    rest = flow - Profile.fit(panel).mean[:, panel.week_slots]
    found: dict[str, float] = {"share of zeros": float((flow == 0).mean())}
    for name, values in (("flow", flow / size), ("rest", rest / size)):
        for level, one in zip(QUANTILES, np.nanquantile(values, QUANTILES, axis=1), strict=True):
            found[f"{name} quantile {level}"] = float(one.mean())
        for words, lag in (("one slot", 1), ("an hour", HOUR), ("a day", DAY), ("a week", WEEK)):
            slots = max(lag // panel.step, 1)
            found[f"{name} correlation after {words}"] = _after(values, slots)
    pairs = _pairs(rest[:MOST_PAIRS])
    found |= {"rest correlation of two streets": float(pairs.mean())}
    found |= {"rest correlation of two streets, upper tenth": float(np.quantile(pairs, 0.9))}
    return found | _foreseen(panel)


def _after(values: Floats, lag: int) -> float:
    return float(np.mean([_correlation(one[:-lag], one[lag:]) for one in values]))


def _pairs(values: Floats) -> Floats:
    count = len(values)
    return np.array([_correlation(values[a], values[b]) for a in range(count) for b in range(a)])


def _correlation(left: Floats, right: Floats) -> float:
    there = np.isfinite(left) & np.isfinite(right)
    return float(np.corrcoef(left[there], right[there])[0, 1])


def _foreseen(panel: Panel) -> dict[str, float]:
    """Errors of persistence, last week, the profile, and the profile with a part of the present deviation."""
    flow, usual = panel.values, _profile_of_the_rest(panel)
    first, ahead, week = WEEK // panel.step, DISTANCE // panel.step, WEEK // panel.step
    truth, before = flow[:, first:], flow[:, first - ahead : -ahead]
    kept = usual[:, first:] + KEPT * (before - usual[:, first - ahead : -ahead])
    ways = {
        "persistence": before,
        "last week": flow[:, first - week : -week],
        "profile": usual[:, first:],
        "profile and residual": np.maximum(kept, 0),
    }
    size = np.nanmean(truth, axis=1)
    return {
        f"error of {name}": float((np.nanmean(np.abs(way - truth), axis=1) / size).mean())
        for name, way in ways.items()
    }


def _profile_of_the_rest(panel: Panel) -> NDArray[np.float32]:
    """Give every quarter of the time its profile of the three others, shape (S, T)."""
    edges = np.linspace(0, panel.slots, PARTS + 1).astype(int)
    usual = np.empty(panel.shape, np.float32)
    for first, last in pairwise(edges):
        values = panel.values.copy()
        values[:, first:last] = np.nan
        others = Profile.fit(replace(panel, values=values, states=None))
        usual[:, first:last] = others.mean[:, panel.week_slots[first:last]]
    return usual
