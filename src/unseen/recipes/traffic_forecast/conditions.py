"""Ours under conditions: intervals that follow the outcomes, sensors never trained on, and gaps."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np

from unseen.evaluation import Record
from unseen.forecasting.conformal import Adaptive, Conformal, follow
from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.forecaster import Floats
from unseen.forecasting.judging import absolute_errors, came, judge
from unseen.forecasting.naive import Baseline, persistence, usual_and_residual
from unseen.recipes.traffic_forecast.measures import covered, one
from unseen.recipes.traffic_forecast.parts import OURS, Parts
from unseen.seeds import generator
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel

NETWORK, HELD_BACK, ROLLING, ACI = "of the network", "held-back CQR", "rolling CQR", "ACI"
INTERVALS = (NETWORK, HELD_BACK, ROLLING, ACI)
SHOWN_DAYS = 7


def intervals(mine: ForecastDetector, parts: Parts, seed: int) -> list[Record]:
    """Cover with what the network says, with margins of the days held back, and with margins that follow."""
    panel, values = parts.panel, came(parts.panel, mine.forecast(parts.panel, parts.slots))
    forecasts = mine.forecast(panel, parts.slots)
    bare, adaptive = copy.copy(mine), copy.copy(mine)
    bare.known_ = replace(mine.known_, margins=np.zeros_like(mine.known_.margins))
    adaptive.conformal = Conformal(alphas=Adaptive())
    made = {
        NETWORK: bare.forecast(panel, parts.slots),
        HELD_BACK: forecasts,
        ROLLING: follow(mine.rolling(panel), forecasts, values),
        ACI: follow(adaptive.rolling(panel), forecasts, values),
    }
    found = [
        record for name, these in made.items() for record in covered(these, panel, parts.train, name, seed)
    ]
    return found + (_week(made[ROLLING], values, parts.panel) if seed == 0 else [])


def _week(forecasts: Forecasts, values: Floats, panel: Panel) -> list[Record]:
    """Record the second week of the test on the busiest street, for a figure."""
    row = int(np.nanargmax(np.nanmean(values, axis=1)))
    days = SHOWN_DAYS * panel.a_day
    found = []
    for slot in range(days, min(2 * days, values.shape[1])):
        shown = {"value": values[row, slot]} | {
            str(level): forecasts.quantile(level)[row, slot] for level in (0.05, 0.25, 0.5, 0.75, 0.95)
        }
        kind = f"sensor {panel.sensors[row]} at {int(forecasts.target[slot])}"
        found += [one(ROLLING, 0, kind, name, float(value)) for name, value in shown.items()]
    return [record for record in found if not np.isnan(record.value)]


def cold_start(unfitted: ForecastDetector, parts: Parts, config: dict[str, Any], seed: int) -> list[Record]:
    """Train without some sensors, others for each seed; forecast them from their own last few days."""
    names = parts.panel.sensors
    count = config["left_out"]
    cold = [names[(seed * count + place) % len(names)] for place in range(count)]
    warm = [name for name in names if name not in cold]
    trained = unfitted.fit(parts.train.select(warm))
    found = []
    for days in config["cold_days"]:
        history = parts.train.slice(parts.train.slots - days * parts.train.a_day, parts.train.slots)
        few = history.select(cold)
        made = {
            OURS: trained.adopt(history).forecast(parts.panel, parts.slots),
            "profile + .7 residual": Baseline(usual_and_residual).fit(few).forecast(parts.panel, parts.slots),
            "persistence": Baseline(persistence).fit(few).forecast(parts.panel, parts.slots),
        }
        for name, forecasts in made.items():
            errors = absolute_errors(forecasts, came(parts.panel, forecasts))
            for sensor in cold:
                error = float(np.nanmean(errors[names.index(sensor)]))
                found.append(one(name, seed, f"sensor {sensor}, {days} days", "cold mae", error))
    return found


def gap_rule(mine: ForecastDetector, parts: Parts, config: dict[str, Any], seed: int) -> list[Record]:
    """Punch gaps into the test (null stamps are gaps too), and compare on what is left."""
    panel, first = parts.panel, int(parts.slots[0])
    rng, values = generator(seed, 95), parts.panel.values.copy()
    lost = rng.random(values[:, first:].shape) < config["gaps"]
    values[:, first:][lost] = np.nan
    middle = (first + panel.slots) // 2
    values[0, middle : middle + config["gap_days"] * panel.a_day] = np.nan
    values[-1, first:] = np.nan
    gappy = replace(panel, values=values, states=None)
    made = {"gaps": mine.forecast(gappy, parts.slots), "whole": mine.forecast(panel, parts.slots)}
    came_through = came(gappy, made["gaps"])
    found = [
        one(OURS, seed, name, "mae where known", judge(forecasts, came_through).mae)
        for name, forecasts in made.items()
    ]
    finite = float(np.isfinite(made["gaps"].quantiles).all())
    return [*found, one(OURS, seed, "gaps", "all forecasts finite", finite)]
