"""What of the series is for what, and where red begins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import FittedTier, tier
from unseen.forecasting.forecaster import slots_ahead
from unseen.recipes.series_sets import madrid
from unseen.series.panel import Panel
from unseen.series.profile import Profile

TIERS = ("A", "B")


@dataclass(frozen=True, eq=False)
class Parts:
    """The panel, and what of it is for what; slots are those that are forecast.

    Attributes:
        panel: From the first day of training to the last of the test.
        train: Its slots up to the last day of training.
        held: Slots of the days held back.
        test: Slots of the test.
        ahead: Slots between the last known slot and the one that is forecast.

    """

    panel: Panel
    train: Panel
    held: range
    test: range
    ahead: int

    @cached_property
    def tiers(self) -> dict[str, FittedTier]:
        """Thresholds and profiles of all of training."""
        profile = Profile.fit(self.train)
        return {name: tier(name).fit(self.train, profile) for name in TIERS}

    @cached_property
    def outcomes(self) -> dict[str, Outcomes]:
        """What came on the days held back and in the test, one after the other."""
        both = range(self.held.start, self.test.stop)
        return {name: Outcomes.of(self.panel, one, both, self.ahead) for name, one in self.tiers.items()}

    @cached_property
    def tested(self) -> NDArray[np.bool_]:
        """Which of the slots of `outcomes` are of the test."""
        return np.arange(self.held.start, self.test.stop) >= self.test.start

    def known_before(self, slots: range) -> range:
        """Return the last slots known when these were forecast."""
        return range(slots.start - self.ahead, slots.stop - self.ahead)


def parts_of(config: dict[str, Any], data: Path | None) -> Parts:
    """Divide by time: nothing of the test is seen in training, nothing of the days held back before them."""
    whole = madrid(data)
    whole = whole.select(whole.sensors[: config["sensors"]])
    panel = whole.between(config["train"][0], config["test"][1])
    train = panel.between(*config["train"])
    held = panel.days(*config["held_back"])
    test = panel.days(*config["test"])
    ahead = slots_ahead(config["minutes"], panel.step)
    return Parts(panel, train, held, test, ahead)
