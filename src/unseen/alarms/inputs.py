"""What is known of a street when a slot is forecast, as distances to the threshold of that slot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.tiers import FittedTier, Level
from unseen.errors import DataError
from unseen.series.calendar import DAY, WEEK
from unseen.series.forecasts import Forecasts
from unseen.series.panel import HOUR, Panel

Floats = NDArray[np.float32]

LAGS = 12
LEAST = 0.05
"""Share of a sensor's spread below which a deviation of its profile is not divided by."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Where to look, and from where.

    Attributes:
        panel: Values; none later than `ahead` slots before a slot is looked at for it.
        tier: Where yellow and red begin, with the profile.
        slots: Slots to be forecast; the last may lie up to `ahead` slots beyond the panel.
        ahead: Slots between the last known slot and the target.
        level: RED or YELLOW, what is to be reached.
        own: Whether the panel is the one the profile was fitted on: each slot then sees its profile without
            its own value.

    Raises:
        DataError: Slots have no week before them or lie beyond the panel, or sensors differ.

    """

    panel: Panel
    tier: FittedTier
    slots: range
    ahead: int
    level: Level
    own: bool

    def __post_init__(self) -> None:
        first, most = WEEK // self.panel.step + self.ahead, self.panel.slots + self.ahead * (not self.own)
        if self.slots.step != 1 or self.slots.start < first or self.slots.stop > most or not self.slots:
            raise DataError(
                f"slots {self.slots.start} to {self.slots.stop} of a panel of {self.panel.slots}; "
                f"each needs a week before it: give a span between {first} and {most}"
            )
        if self.panel.sensors != self.tier.sensors:
            raise DataError("panel and tier have other sensors; select the same of both")

    def rows(self, forecasts: Forecasts | None = None) -> Floats:
        """Lay out the inputs of each sensor and slot, shape (S, N, F); NaN where a value is not known."""
        panel, target = self.panel, np.arange(self.slots.start, self.slots.stop)
        now, times = target - self.ahead, panel.start + panel.step * target
        day, week = DAY // panel.step, WEEK // panel.step
        thresholds = self.tier.at(times)
        bound = thresholds.red if self.level == Level.RED else thresholds.yellow
        scale = _spread(self.tier)

        mean, sd = self.tier.profile.at(panel.start + panel.step * np.arange(panel.slots + self.ahead))
        if self.own:
            mean[:, : panel.slots] = self.tier.profile.without_own(panel)
        back = [*range(LAGS), *(day - self.ahead + shift for shift in (-1, 0, 1)), week - self.ahead, week]
        levels = [panel.values[:, now - lag] for lag in back]
        levels += [mean[:, now], mean[:, now + 1], mean[:, target]]
        if forecasts is not None:
            levels += list(np.moveaxis(forecasts.quantiles, -1, 0))
        columns = [(one - bound) / scale for one in levels] + [sd[:, target] / scale]
        residuals = (panel.values - mean[:, : panel.slots]) / np.maximum(sd[:, : panel.slots], LEAST * scale)
        columns += _recent(residuals, now, HOUR // panel.step, day)
        columns += _calendar(panel, times)
        return np.stack([np.broadcast_to(one, bound.shape) for one in columns], axis=-1, dtype=np.float32)


def _spread(tier: FittedTier) -> Floats:
    """Take the standard deviation of each sensor over the week of its profile, shape (S, 1); never 0."""
    own = tier.profile
    with np.errstate(invalid="ignore"):
        square = np.nanmean(own.sd**2 + own.mean**2, axis=1) - np.nanmean(own.mean, axis=1) ** 2
    found = np.sqrt(np.maximum(square, 0))
    return np.where(found > 0, found, 1).astype(np.float32)[:, None]


def _recent(residuals: Floats, now: NDArray[np.int64], hour: int, day: int) -> list[Floats]:
    """Residuals now, a slot ago, over an hour, over a day: of the sensor, and the mean of the others."""
    known = np.isfinite(residuals)
    filled = np.where(known, residuals, 0)
    count = known.sum(axis=0) - known
    others = (filled.sum(axis=0) - filled) / np.maximum(count, 1)
    found = []
    for values in (residuals, np.where(count > 0, others, np.nan)):
        found += [values[:, now], values[:, now - 1]]
        found += [_mean_before(values, now, slots) for slots in (hour, day)]
    return found


def _mean_before(values: Floats, now: NDArray[np.int64], slots: int) -> Floats:
    """Mean of the known among the last `slots` values, NaN where there is none."""
    known = np.isfinite(values)
    totals = []
    for part in (np.where(known, values, 0), known):
        total = np.pad(np.cumsum(part, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
        totals.append(total[:, now + 1] - total[:, np.maximum(now + 1 - slots, 0)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(totals[0] / np.where(totals[1] > 0, totals[1], np.nan), np.float32)


def _calendar(panel: Panel, times: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """Time of day, weekday, and types of this day, the one before and the one after; and which sensor."""
    local = panel.calendar.local(times)
    beside = [panel.calendar.local(times + shift * DAY).day_type for shift in (-1, 1)]
    parts = [local.second / DAY, (local.day + 3) % 7, local.day_type, *beside]
    return [np.asarray(part, np.float64)[None] for part in parts] + [
        np.arange(len(panel.sensors), dtype=np.float64)[:, None]
    ]
