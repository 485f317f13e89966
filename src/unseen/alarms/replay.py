"""Alarms set beside what came: what every measure is computed from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.alarms.tiers import FittedTier, Level, Levels
from unseen.errors import DataError
from unseen.series.panel import Panel

Flags = NDArray[np.bool_]

LEAST_KNOWN = 0.8
"""Sensor-days with a smaller share of known slots enter no measure; the share left out is stated."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What came at N slots that follow each other, and what was to be seen when they were forecast.

    Attributes:
        sensors: S identifiers.
        target: Shape (N,), second of UTC at which slots begin.
        step: Seconds a slot.
        ahead: Slots between the last known slot and the target.
        day: Shape (N,), local day of each slot, days since 1970-01-01.
        issued: Shape (N,), local day on which it was forecast: that of the end of the last known slot.
        level: Shape (S, N), `Level` of each slot.
        now: Shape (S, N), `Level` of the last known slot, by the thresholds of its own time.

    Raises:
        DataError: Slots do not follow each other, or shapes do not fit.

    """

    sensors: tuple[str, ...]
    target: NDArray[np.int64]
    step: int
    ahead: int
    day: NDArray[np.int64]
    issued: NDArray[np.int64]
    level: Levels
    now: Levels

    def __post_init__(self) -> None:
        shape = (len(self.sensors), len(self.target))
        if not self.level.shape == self.now.shape == shape or self.day.shape != self.target.shape:
            raise DataError(f"levels of shapes {self.level.shape} and {self.now.shape}; give {shape}")
        if (np.diff(self.target) != self.step).any():
            raise DataError(f"slots do not follow each other every {self.step} s; give every slot of a span")

    @classmethod
    def of(cls, panel: Panel, tier: FittedTier, slots: range, ahead: int) -> Outcomes:
        """Look up what came at slots of a panel.

        Args:
            panel: Values, with the sensors of the tier.
            tier: Where red begins.
            slots: Slots of the panel that are forecast.
            ahead: Slots between the last known slot and the one that is forecast.

        Raises:
            DataError: A slot has no slot `ahead` before it, or lies outside of the panel.

        """
        if slots.start < ahead or slots.stop > panel.slots or slots.step != 1 or not slots:
            raise DataError(
                f"slots {slots.start} to {slots.stop} of a panel of {panel.slots}, {ahead} ahead; "
                f"give a span between {ahead} and {panel.slots}"
            )
        target = panel.times[slots.start : slots.stop]
        then = slice(slots.start - ahead, slots.stop - ahead)
        return cls(
            panel.sensors,
            target,
            panel.step,
            ahead,
            panel.calendar.local(target).day,
            panel.calendar.local(target - (ahead - 1) * panel.step).day,
            tier.at(target).levels(panel.values[:, slots.start : slots.stop]),
            tier.at(panel.times[then]).levels(panel.values[:, then]),
        )

    @cached_property
    def days(self) -> NDArray[np.int64]:
        """Local days, rising, shape (D,)."""
        return np.unique(self.day)

    @cached_property
    def which_day(self) -> NDArray[np.int64]:
        """Place of each slot's day among `days`, shape (N,)."""
        return np.searchsorted(self.days, self.day)

    @cached_property
    def issued_on(self) -> NDArray[np.int64]:
        """Place among `days` of the day on which each slot was forecast, shape (N,)."""
        return np.searchsorted(self.days, self.issued)

    @cached_property
    def day_counts(self) -> Flags:
        """Whether a sensor-day is known well enough, shape (S, D)."""
        known = by_day(self.level != Level.UNKNOWN, self)
        return np.asarray(known >= LEAST_KNOWN * np.bincount(self.which_day))

    @cached_property
    def counted(self) -> Flags:
        """Slots that enter measures: known, on a day known well enough; shape (S, N)."""
        return np.asarray((self.level != Level.UNKNOWN) & self.day_counts[:, self.which_day])

    @cached_property
    def red(self) -> Flags:
        """Slots that were red, and counted."""
        return np.asarray((self.level == Level.RED) & self.counted)

    @cached_property
    def onset(self) -> Flags:
        """Slots that were red where the last known slot was not."""
        return np.asarray(self.red & (self.now != Level.RED) & (self.now != Level.UNKNOWN))

    @property
    def left_out(self) -> float:
        """Share of sensor-days that enter no measure."""
        return float(1 - self.day_counts.mean())

    def part(self, which: Flags) -> Outcomes:
        """Keep the slots that are flagged, shape (N,); they must still follow each other."""
        return replace(
            self,
            target=self.target[which],
            day=self.day[which],
            issued=self.issued[which],
            level=self.level[:, which],
            now=self.now[:, which],
        )


def by_day(flags: ArrayLike, outcomes: Outcomes) -> NDArray[np.int64]:
    """Count flagged slots of each day: (..., N) -> (..., D)."""
    given = np.asarray(flags)
    starts = np.searchsorted(outcomes.which_day, np.arange(len(outcomes.days)))
    return np.asarray(np.add.reduceat(given, starts, axis=-1, dtype=np.int64))
