"""Who forecasts: the rows of the table, each with its quantiles."""

from __future__ import annotations

from dataclasses import replace
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


def tested(seed: int, parts: Parts, config: dict[str, Any]) -> dict[str, Forecasts]:
    """Forecast the test by every baseline, learned from all of training."""
    slots = parts.known_before(parts.test)
    made = baselines(seed, config)
    return {name: one.fit(parts.train).forecast(parts.panel, slots) for name, one in made.items()}


def ours(seed: int, parts: Parts, config: dict[str, Any]) -> Forecasts:
    """Forecast the days held back and the test by ours, whose networks have seen neither.

    `ForecastDetector` as it comes, but for the length of training; the days it holds back from training by
    itself are those held back here. Intervals follow the outcomes of the days before, rolling.
    """
    detector = ForecastDetector(
        minutes=config["minutes"],
        schedule=Schedule(epochs=config["epochs"], least_steps=config["least_steps"]),
        held_back_days=round(len(parts.held) / parts.panel.a_day),
        seed=seed,
    ).fit(parts.train)
    raw = detector.forecast(parts.panel, parts.known_before(range(parts.held.start, parts.test.stop)))
    return follow(detector.rolling(parts.panel), raw, came(parts.panel, raw))


def of_test(forecasts: Forecasts, parts: Parts) -> Forecasts:
    """Leave out the days held back."""
    kept = slice(len(parts.held), None)
    return replace(
        forecasts,
        issued=forecasts.issued[kept],
        target=forecasts.target[kept],
        mean=forecasts.mean[:, kept],
        quantiles=forecasts.quantiles[:, kept],
    )
