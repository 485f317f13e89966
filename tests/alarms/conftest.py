"""Made streets and real ones, for the tests of alarms."""

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import FittedTier, tier
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel
from unseen.series.profile import Profile
from unseen.series.wall import wall_panel

AHEAD = 2
SHARED = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data"))


@dataclass(frozen=True)
class Street:
    """A panel, its tier A, what came from its second day on, and P(red) by one who knows the curve."""

    panel: Panel
    tier: FittedTier
    outcomes: Outcomes
    chance: np.ndarray


def made(seed=0, sensors=3, days=60, step=1800):
    rng = np.random.default_rng(seed)
    a_day = 86400 // step
    slots = np.arange(days * a_day)
    noise = rng.normal(0, 1, (sensors, len(slots)))
    for place in range(1, len(slots)):
        noise[:, place] = 0.9 * noise[:, place - 1] + 0.4 * noise[:, place]
    curve = 100 + 60 * np.sin(2 * np.pi * slots / a_day - 2)
    values = np.maximum(curve + 12 * noise, 0).astype(np.float32)
    names = tuple(f"s{place}" for place in range(sensors))
    panel = Panel(values, 1_499_990_400, step, names, Calendar("UTC"))
    fitted = tier("A").fit(panel, Profile.fit(panel))
    outcomes = Outcomes.of(panel, fitted, range(a_day, len(slots)), AHEAD)
    guess = curve[a_day:] + 12 * 0.9**AHEAD * noise[:, a_day - AHEAD : len(slots) - AHEAD]
    chance = 1 / (1 + np.exp((fitted.at(outcomes.target).red - guess) / 5))
    return Street(panel, fitted, outcomes, chance)


@pytest.fixture(scope="session")
def street():
    return made()


@pytest.fixture(scope="session")
def streets():
    """Make others: `streets(seed, sensors=...)`."""
    return made


@pytest.fixture(scope="session")
def madrid():
    path = SHARED / "traffic/madrid_15min_2017_10sensors.npz"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    with np.load(path) as file:
        values, names = file["values"], [str(name) for name in file["sensor_ids"]]
    calendar = Calendar.of_country("Europe/Madrid", "ES", "MD")
    return wall_panel(values, first=dt.datetime(2017, 1, 1), step=900, sensors=names, calendar=calendar)
