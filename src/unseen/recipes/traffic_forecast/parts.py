"""What of the series is for what, and who forecasts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.forecaster import Forecaster, Ints, slots_ahead
from unseen.forecasting.learning import Schedule
from unseen.forecasting.naive import RULES, Baseline
from unseen.forecasting.networks import Lstm, Stid
from unseen.forecasting.plain_networks import PlainNetwork
from unseen.forecasting.regressed import Regressed, boosting, ridge
from unseen.recipes.series_sets import madrid
from unseen.series.panel import Panel

OURS, STID, LSTM, BOOSTING, RIDGE = "ours", "STID-style MLP", "LSTM + profile", "boosting", "ridge"
BASELINES = (*RULES, RIDGE, LSTM, BOOSTING, STID)


@dataclass(frozen=True)
class Parts:
    """The panel, and what of it is for what.

    Attributes:
        panel: From the first day of training to the last of the test.
        train: Its slots up to the last day of training.
        slots: Shape (N,), slots at whose end a slot of the test is forecast.

    """

    panel: Panel
    train: Panel
    slots: Ints


def parts_of(config: dict[str, Any], data: Path | None) -> Parts:
    """Divide by time: nothing of the test is seen in training."""
    whole = madrid(data)
    whole = whole.select(whole.sensors[: config["sensors"]])
    panel = whole.between(config["train"][0], config["test"][1])
    test, ahead = panel.days(*config["test"]), slots_ahead(config["minutes"], panel.step)
    slots = np.arange(test.start - ahead, test.stop - ahead)
    return Parts(panel, panel.between(*config["train"]), slots)


def ours(seed: int, config: dict[str, Any]) -> ForecastDetector:
    """`ForecastDetector` as it comes, but for the length of training."""
    return ForecastDetector(
        minutes=config["minutes"],
        members=(Stid(dropout=0.1),) * config["members"],
        schedule=Schedule(**config["schedule"]),
        seed=seed,
    )


def baselines(seed: int, config: dict[str, Any]) -> dict[str, Forecaster]:
    """Every forecaster of the table but ours; those that know no seed only with the first."""
    minutes, schedule = config["minutes"], Schedule(**config["schedule"], median=1.0, power=0.0)
    found: dict[str, Forecaster] = {
        STID: PlainNetwork(Stid(each=32), schedule, minutes, seed),
        LSTM: PlainNetwork(Lstm(), schedule, minutes, seed),
    }
    if seed == 0:
        found |= {name: Baseline(rule, minutes) for name, rule in RULES.items()}
        found |= {RIDGE: Regressed(ridge, minutes), BOOSTING: Regressed(boosting, minutes)}
    return found
