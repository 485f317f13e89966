"""A small city with a known law, and a detector fitted on it once."""

from collections.abc import Callable

import numpy as np
import pytest

from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.learning import Schedule
from unseen.forecasting.networks import Lstm, Stid
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel

DAYS = 56
STEP = 1800
START = 1_704_067_200  # Monday 1 January 2024
SENSORS = ("north", "east", "south", "west")


def city(days: int = DAYS, step: int = STEP, sensors: tuple[str, ...] = SENSORS, seed: int = 0) -> Panel:
    """Counts with a daily wave, quieter weekends, and a common swing that lasts a few hours."""
    rng = np.random.default_rng(seed)
    slots = days * 86_400 // step
    times = START + np.arange(slots) * step
    day = times // 86_400
    wave = 1 + 0.8 * np.sin(2 * np.pi * (times % 86_400) / 86_400 - 1.5)
    week = np.where((day + 3) % 7 >= 5, 0.6, 1.0)
    swing = np.zeros(slots)
    for slot in range(1, slots):
        swing[slot] = 0.95 * swing[slot - 1] + 0.035 * rng.normal()
    level = np.array([100, 200, 400, 50])[np.arange(len(sensors)) % 4]
    flow = level[:, None] * wave * week * (1 + swing) * (1 + 0.05 * rng.normal(size=(len(sensors), slots)))
    return Panel(
        np.maximum(flow, 0).astype(np.float32),
        start=START,
        step=step,
        sensors=sensors,
        calendar=Calendar("UTC"),
    )


@pytest.fixture(scope="session")
def panel() -> Panel:
    return city()


@pytest.fixture(scope="session")
def detector(panel: Panel) -> ForecastDetector:
    """Fitted on the first six weeks; one small network of each kind."""
    return unfitted().fit(panel.slice(0, 42 * panel.a_day))


@pytest.fixture(scope="session")
def small() -> Callable[..., ForecastDetector]:
    """Makes detectors that train in seconds."""
    return unfitted


def unfitted(**settings) -> ForecastDetector:
    return ForecastDetector(
        **{
            "members": (Stid(width=48, each=4, blocks=1), Lstm(width=16, each=4)),
            "schedule": Schedule(least_steps=200, batch=256),
            "neighbours": 2,
            **settings,
        }
    )
