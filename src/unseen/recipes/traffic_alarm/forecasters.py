"""Who forecasts: the rows of the table, each with its quantiles."""

from __future__ import annotations

from typing import Any

from unseen.forecasting.conformal import follow
from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.forecaster import Forecaster
from unseen.forecasting.judging import came
from unseen.forecasting.learning import Schedule
from unseen.forecasting.naive import RULES, Baseline
from unseen.forecasting.networks import Lstm, Stid
from unseen.forecasting.plain_networks import PlainNetwork
from unseen.forecasting.regressed import Regressed, boosting, ridge
from unseen.recipes.traffic_alarm.parts import Parts
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel

OURS, STID, LSTM, BOOSTING, RIDGE = "ours", "STID-style MLP", "LSTM + profile", "boosting", "ridge"
HIGHER = (BOOSTING, LSTM, STID, OURS)
"""Forecasters whose .7 quantile stands in the table too."""


def baselines(seed: int, config: dict[str, Any]) -> dict[str, Forecaster]:
    """Name every forecaster of the table but ours, once: over seeds they are compared in traffic-forecast."""
    minutes = config["minutes"]
    schedule = Schedule(epochs=config["epochs"], least_steps=config["least_steps"], median=1.0, power=0.0)
    if seed:
        return {}
    rules: dict[str, Forecaster] = {name: Baseline(rule, minutes) for name, rule in RULES.items()}
    return rules | {
        RIDGE: Regressed(ridge, minutes),
        BOOSTING: Regressed(boosting, minutes),
        LSTM: PlainNetwork(Lstm(), schedule, minutes, seed),
        STID: PlainNetwork(Stid(each=32), schedule, minutes, seed),
    }


def ours(panel: Panel, seed: int, config: dict[str, Any]) -> ForecastDetector:
    """Fit `ForecastDetector` as it comes, but for the length of training."""
    schedule = Schedule(epochs=config["epochs"], least_steps=config["least_steps"])
    return ForecastDetector(minutes=config["minutes"], schedule=schedule, seed=seed).fit(panel)


def tested(seed: int, parts: Parts, config: dict[str, Any]) -> dict[str, Forecasts]:
    """Forecast the test by every baseline, learned from all of training."""
    slots = parts.known_before(parts.test)
    made = baselines(seed, config)
    return {name: one.fit(parts.train).forecast(parts.panel, slots) for name, one in made.items()}


def ours_throughout(seed: int, parts: Parts, config: dict[str, Any]) -> tuple[Forecasts, Forecasts]:
    """Forecast by ours the days held back, learned before them, and of the test, learned from both.

    Intervals follow the outcomes of the days before, rolling.
    """
    found = []
    for learned_from, wanted in ((parts.early, parts.held), (parts.train, parts.test)):
        detector = ours(learned_from, seed, config)
        seen = parts.panel.slice(0, wanted.stop)
        raw = detector.forecast(seen, parts.known_before(wanted))
        found.append(follow(detector.rolling(seen), raw, came(seen, raw)))
    return found[0], found[1]
