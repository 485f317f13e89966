"""The chance above which an alarm is raised: what false alarms are allowed, or what must be caught."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.machine import Machine
from unseen.alarms.replay import Outcomes, by_day
from unseen.errors import ConfigError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

GRID: Floats = 1 / (1 + np.exp(-np.linspace(-4.6, 4.6, 120)))
"""Thresholds that are tried, even in log odds, from 0.01 to 0.99."""
AT_ONCE = 64  # sensors whose alarms are replayed together: bounds the memory of thousands


@dataclass(frozen=True)
class Budget:
    """At most so many false red slots a sensor-day, counted on the finished alarm of the last known days.

    The whole alarm, hysteresis included, is replayed at every threshold of `GRID`. A day's threshold is the
    lowest one from which on no higher one has broken the budget over the `days` days before it; where even
    the highest has, that one. Outcomes of the day itself, and of later ones, are never used.

    Args:
        false_a_day: F, false red slots a sensor-day, over 0.
        days: How many days back are counted, 1 or more.
        pooled: One threshold for all sensors, the budget held on their mean, in place of one each.
        machine: States of the alarm.

    Raises:
        ConfigError: A setting is out of its bounds.

    """

    false_a_day: float = 2.0
    days: int = 30
    pooled: bool = False
    machine: Machine = field(default_factory=Machine)

    def __post_init__(self) -> None:
        if not self.false_a_day > 0:
            raise ConfigError(
                f"{self.false_a_day} false red slots a day came; accepted: over 0, mostly 1 to 4"
            )
        if self.days < 1:
            raise ConfigError(f"a budget over {self.days} days came; accepted: 1 or more, mostly 30")

    def replay(self, outcomes: Outcomes, chance: NDArray[np.floating]) -> Tally:
        """Count the false red slots of each day at each threshold; budgets of other F can share it.

        Args:
            outcomes: What came.
            chance: Shape (S, N), P(red) of each slot.

        """
        parts = []
        for first in range(0, len(chance), AT_ONCE):
            rows = slice(first, first + AT_ONCE)
            on = self.machine.run(chance[rows, None], GRID[:, None]).on
            wrong = on & (outcomes.counted & ~outcomes.red)[rows, None]
            parts.append(by_day(wrong, outcomes))
        return Tally(np.concatenate(parts), outcomes.day_counts, outcomes.days)

    def thetas(self, tally: Tally) -> Floats:
        """Threshold of each sensor on each day of the tally and the one after it, shape (S, D + 1).

        Days before which nothing is known have NaN: no threshold, no alarm.
        """
        false = np.where(tally.counts[:, None], tally.false, 0)
        count = tally.counts
        if self.pooled:
            false, count = false.sum(axis=0, keepdims=True), count.sum(axis=0, keepdims=True)
        rate = _last(false, self.days) / np.maximum(_last(count[:, None], self.days), 1e-9)
        known = _last(count, self.days) > 0
        broken = rate > self.false_a_day
        place = np.where(broken, np.arange(len(GRID))[:, None] + 1, 0).max(axis=1)
        found = np.where(known, GRID[np.minimum(place, len(GRID) - 1)], np.nan)
        return np.broadcast_to(found, (len(tally.false), found.shape[1])).copy()

    def renewed(self, outcomes: Outcomes, chance: NDArray[np.floating]) -> Floats:
        """Threshold for each slot, of the day on which it was forecast, shape (S, N)."""
        return self.thetas(self.replay(outcomes, chance))[:, outcomes.issued_on]


@dataclass(frozen=True, eq=False)
class Tally:
    """False red slots of a replay at each threshold of `GRID`.

    Attributes:
        false: Shape (S, G, D).
        counts: Shape (S, D), days known well enough to count.
        days: Shape (D,), local days since 1970-01-01.

    """

    false: NDArray[np.int64]
    counts: Flags
    days: NDArray[np.int64]


@dataclass(frozen=True)
class Catch:
    """The threshold that catches a share of what is to be caught, over the last known days.

    A day's threshold is the quantile 1 - share of the chances that were given to slots to be caught on the
    `days` days before it: so that share of them lay above it.

    Args:
        share: To be caught, between 0 and 1.
        days: How many days back, 1 or more.
        pooled: One threshold for all sensors.

    Raises:
        ConfigError: A setting is out of its bounds.

    """

    share: float
    days: int = 30
    pooled: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ConfigError(f"a share of {self.share} to be caught came; accepted: between 0 and 1")
        if self.days < 1:
            raise ConfigError(f"a choice over {self.days} days came; accepted: 1 or more, mostly 30")

    def renewed(self, outcomes: Outcomes, chance: NDArray[np.floating], wanted: Flags) -> Floats:
        """Threshold for each slot, of the day on which it was forecast, shape (S, N); NaN before any.

        Args:
            outcomes: What came.
            chance: Shape (S, N).
            wanted: Shape (S, N), slots to be caught, of those that are counted.

        """
        used = wanted & outcomes.counted & np.isfinite(chance)
        rows = [np.arange(len(chance))] if self.pooled else [np.array([row]) for row in range(len(chance))]
        found = np.full((len(chance), len(outcomes.days)), np.nan)
        for place, day in enumerate(outcomes.days):
            window = (outcomes.day < day) & (outcomes.day >= day - self.days)
            for group in rows:
                values = chance[group][:, window][used[group][:, window]]
                if values.size:
                    found[group, place] = np.quantile(values, 1 - self.share)
        return found[:, outcomes.issued_on]


def _last(amounts: NDArray[np.generic], days: int) -> Floats:
    """Sum of the `days` entries before each place, and after the last: (..., D) -> (..., D + 1)."""
    total = np.cumsum(np.pad(amounts.astype(np.float64), [(0, 0)] * (amounts.ndim - 1) + [(1, 0)]), axis=-1)
    start = np.maximum(np.arange(total.shape[-1]) - days, 0)
    return np.asarray(total - total[..., start])
