"""What the figures show: levels, curves of the day, and the usual mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.recipes.traffic_pollution.sets import Bologna
from unseen.series.aligned import together
from unseen.series.association import LAGS, REMOVALS, Clock, spearman
from unseen.series.calendar import EPOCH_WEEKDAY
from unseen.series.levels import fixed, sum_of_present
from unseen.studies.air import DAYS, Related

Floats = NDArray[np.float64]
SUMMER = (4, 10)
"""Whole months in which the wall clock is an hour ahead of the clock of the air: April to September."""
STATIONS = ("raw", "day", "day, hour x month")
AT = 1
"""Hours after traffic at which stations are compared."""


def level_of(known: Bologna, config: Mapping[str, Any]) -> tuple[Floats, Floats, Clock]:
    """Level of the fixed panel, mean NO2 of the stations present, and their clock."""
    traffic, air = together([known.counts.panel, known.air["NO2"]])
    values = air.values.astype(np.float64)
    there = np.isfinite(values)
    mean = np.where(there.any(axis=0), np.nansum(values, axis=0) / np.maximum(there.sum(axis=0), 1), np.nan)
    return fixed(traffic.select(config["panel"])).values, mean, Clock(traffic.times, known.offset)


def curves(known: Bologna, config: Mapping[str, Any]) -> dict[str, dict[str, Floats]]:
    """Means by hour of the local day and kind of day: vehicles an hour a station, and NO2."""
    traffic, _ = together([known.counts.panel, known.air["NO2"]])
    mean = level_of(known, config)[1]
    flow = traffic.select(config["panel"]).values.astype(np.float64).mean(axis=0)
    local = traffic.calendar.local(traffic.times)
    weekday, hour = (local.day + EPOCH_WEEKDAY) % 7, local.second // 3600
    found: dict[str, dict[str, Floats]] = {}
    for words, values in (("vehicles an hour\nat a station", flow), ("NO₂, µg/m³", mean)):
        found[words] = {
            day: np.array([np.nanmean(values[np.isin(weekday, list(days)) & (hour == h)]) for h in range(24)])
            for day, days in DAYS.items()
        }
    return found


def pairs(known: Bologna, config: Mapping[str, Any]) -> dict[str, tuple[Floats, Floats]]:
    """Traffic and NO2 an hour later, as measured and with the day taken out (its mean put back)."""
    level, mean, clock = level_of(known, config)
    without = REMOVALS["day"]
    apart = {"as measured": (level, mean), "day taken out": (without(level, clock), without(mean, clock))}
    return {words: (x[:-AT], y[AT:]) for words, (x, y) in apart.items()}


def stations(related: Related) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Correlation of each station an hour after traffic, with its interval, by what is taken out."""
    found: dict[str, dict[str, tuple[float, float, float]]] = {}
    for row in related.rows:
        if row.removed in STATIONS:
            (one,) = [one for one in row.found if one.lag == AT]
            found.setdefault(row.station, {})[row.removed] = (one.value, one.low, one.high)
    return found


Curves = dict[str, dict[int, float]]


def mistakes(known: Bologna, config: Mapping[str, Any]) -> dict[str, Curves]:
    """Lag curves beside those of two mistakes: clocks joined as stamped, and a panel that comes and goes."""
    level, mean, clock = level_of(known, config)
    stamped, air = together([known.stamped, known.air["NO2"]])
    month = clock.month % 12 + 1
    summer = (month >= SUMMER[0]) & (month < SUMMER[1])
    inside = _day_out(mean, summer, clock)
    late = fixed(stamped.select(config["panel"])).values
    one = air.values[air.sensors.index(config["quoted"]["station"])].astype(np.float64)
    return {
        "April to September, day taken out": {
            "clocks brought to one": _curve(_day_out(level, summer, clock), inside, clock),
            "joined as stamped": _curve(_day_out(late, summer, clock), inside, clock),
        },
        f"all year, {str(config['quoted']['station']).title()}": {
            "fixed panel": _curve(level, one, clock),
            "sum of whatever reports": _curve(sum_of_present(stamped).values, one, clock),
        },
    }


def _curve(traffic: Floats, air: Floats, clock: Clock) -> dict[int, float]:
    return {one.lag: one.value for one in spearman(traffic, air, clock, lags=LAGS, resamples=2)}


def _day_out(values: Floats, kept: NDArray[np.bool_], clock: Clock) -> Floats:
    return REMOVALS["day"](np.where(kept, values, np.nan), clock)
