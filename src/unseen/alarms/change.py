"""Slow drift: when the level of a street has changed, found with a stated number of false alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from unseen.alarms.replay import LEAST_KNOWN
from unseen.errors import ConfigError, DataError
from unseen.series.panel import Panel
from unseen.series.profile import Profile

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

LEAST_DAYS = 28
"""Days of a sensor without which its usual drift is not known, and nothing is said of it."""
OVERSHOOT = 1.166
"""Mean excess of a sum of normal numbers over a bound, twice; Siegmund 1985, equation 10.17."""


@dataclass(frozen=True, eq=False)
class DailyLevels:
    """How far each day of each sensor was from its profile.

    Attributes:
        days: Shape (D,), local days since 1970-01-01.
        level: Shape (S, D), mean over the day of (x - m) / d of the profile; NaN with less than 80 % known.

    """

    days: Ints
    level: Floats


def daily_levels(panel: Panel, profile: Profile) -> DailyLevels:
    """Average the residuals of a panel by local days."""
    usual, spread = profile.at(panel.times)
    with np.errstate(invalid="ignore", divide="ignore"):
        residual = np.where(spread > 0, (panel.values - usual) / spread, np.nan).astype(np.float64)
    days, which = np.unique(panel.calendar.local(panel.times).day, return_inverse=True)
    starts = np.searchsorted(which, np.arange(len(days)))
    known = np.isfinite(residual)
    count = np.add.reduceat(known, starts, axis=1, dtype=np.int64)
    total = np.add.reduceat(np.where(known, residual, 0), starts, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        level = np.where(count >= LEAST_KNOWN * panel.a_day, total / count, np.nan)
    return DailyLevels(days, level)


@dataclass(frozen=True, eq=False)
class Sums:
    """What the next day needs to know; every array has one entry a sensor, sums have one a direction too.

    Attributes:
        sum: Shape (2, S), how much evidence there is for a rise and for a fall.
        length: Shape (2, S), days since each sum was last 0: the change is dated to them.
        last: Shape (S,), level of the last known day, NaN before any.

    """

    sum: Floats
    length: Ints
    last: Floats

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON or a database."""
        last = [None if np.isnan(one) else one for one in self.last.tolist()]
        return {"sum": self.sum.tolist(), "length": self.length.tolist(), "last": last}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Take up what `to_dict` gave.

        Raises:
            DataError: A part is missing, is no number, or lengths differ.

        """
        try:
            last = np.array([np.nan if one is None else one for one in stored["last"]], np.float64)
            total = np.array(stored["sum"], np.float64)
            length = np.array(stored["length"], np.int64)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"stored sums of change points are not whole: {error!r}") from error
        if not total.shape == length.shape == (2, len(last)):
            raise DataError("stored sums of change points have parts of other lengths")
        return cls(total, length, last)


@dataclass(frozen=True, eq=False)
class Changed:
    """What one day did.

    Attributes:
        after: Sums to go on with; those of sensors that have changed begin anew.
        direction: Shape (S,), 1 where a rise was found, -1 a fall, 0 nothing.
        since: Shape (S,), days back to the first of the new level; 0 where nothing was found.

    """

    after: Sums
    direction: NDArray[np.int8]
    since: Ints


@dataclass(frozen=True)
class Drift:
    """Two-sided CUSUM on days, with a stated average run length for all sensors together.

    Days of a sensor are turned to normal scores z by their ranks among its training days, after what one day
    tells of the next (a first-order autoregression) is taken away; a day beyond all of them counts as the
    outermost. Then, for a rise, C <- max(0, C + z - k), found where C > h; likewise for a fall. h is such
    that, were nothing to change, one of the S sensors would be reported every `run_length` days on the mean:
    each sensor has its share, 1 / S (Bonferroni).

    Args:
        run_length: Mean days between false reports of all sensors together, 2 or more.
        allowance: k, half the shift looked for, in standard deviations of a day; over 0, at most 2.

    Raises:
        ConfigError: A setting is out of its bounds.

    Reference: Page, Biometrika 41 (1954) 100; run length: Siegmund, Sequential Analysis (1985).
    """

    run_length: float = 365.0
    allowance: float = 0.5

    def __post_init__(self) -> None:
        if not (2 <= self.run_length < np.inf and 0 < self.allowance <= 2):
            raise ConfigError(
                f"run_length {self.run_length} and allowance {self.allowance} came; "
                "accepted: 2 days or more, and over 0 to 2"
            )

    def fit(self, levels: DailyLevels) -> FittedDrift:
        """Learn what days of training are like.

        Raises:
            DataError: No sensor has four weeks of known days.

        """
        known = np.isfinite(levels.level)
        enough = known.sum(axis=1) >= LEAST_DAYS
        if not enough.any():
            raise DataError(
                f"no sensor has {LEAST_DAYS} known days; change points need four weeks to learn from"
            )
        memory = np.array([_memory(row) for row in levels.level])
        center = np.array([np.median(row[np.isfinite(row)]) if some else np.nan
                           for row, some in zip(levels.level, enough, strict=True)])  # fmt: skip
        fresh = _fresh(levels.level[:, 1:], levels.level[:, :-1], memory, center)
        ranked = np.sort(np.where(enough[:, None], fresh, np.nan), axis=1)
        bound = least_bound(self.run_length * max(int(enough.sum()), 1), self.allowance)
        return FittedDrift(self.allowance, bound, memory, center, ranked)


@dataclass(frozen=True, eq=False)
class FittedDrift:
    """Bounds and training days of a `Drift`.

    Attributes:
        allowance: k.
        bound: h.
        memory: Shape (S,), what share of a day's level is that of the day before.
        center: Shape (S,), median level of training; NaN for sensors with too few days.
        ranked: Shape (S, R), training days by size, NaN last.

    """

    allowance: float
    bound: float
    memory: Floats
    center: Floats
    ranked: Floats

    def start(self) -> Sums:
        """Stand before the first day."""
        sensors = len(self.center)
        return Sums(np.zeros((2, sensors)), np.zeros((2, sensors), np.int64), np.full(sensors, np.nan))

    def step(self, before: Sums, level: ArrayLike) -> Changed:
        """Take up one day.

        Args:
            before: Where sums stand.
            level: Shape (S,), levels of the day; a NaN changes nothing, and is no day.

        """
        day = np.asarray(level, np.float64)
        score = self._scores(_fresh(day, before.last, self.memory, self.center))
        known = np.isfinite(score)
        moved = before.sum + np.stack([score, -score]) - self.allowance
        total = np.where(known, np.maximum(moved, 0), before.sum)
        length = np.where(known, np.where(total > 0, before.length + 1, 0), before.length)
        over = total > self.bound
        direction = np.where(over[0], 1, np.where(over[1], -1, 0)).astype(np.int8)
        since = np.where(over[0], length[0], np.where(over[1], length[1], 0))
        found = direction != 0
        after = Sums(
            np.where(found, 0, total), np.where(found, 0, length), np.where(np.isfinite(day), day, np.nan)
        )
        return Changed(after, direction, since)

    def run(self, levels: DailyLevels, before: Sums | None = None) -> tuple[Changes, Sums]:
        """Take up many days; the same as one after the other."""
        now = self.start() if before is None else before
        shape = levels.level.shape
        direction, since = np.zeros(shape, np.int8), np.zeros(shape, np.int64)
        for place in range(shape[1]):
            changed = self.step(now, levels.level[:, place])
            now = changed.after
            direction[:, place], since[:, place] = changed.direction, changed.since
        sensor, found = np.nonzero(direction)
        return Changes(sensor, levels.days[found], since[sensor, found], direction[sensor, found]), now

    def select(self, rows: Ints) -> FittedDrift:
        """Keep sensors by their places."""
        return replace(self, memory=self.memory[rows], center=self.center[rows], ranked=self.ranked[rows])

    def _scores(self, fresh: Floats) -> Floats:
        """Turn a day to a normal score by its rank among those of training, ties in the middle."""
        count = np.isfinite(self.ranked).sum(axis=1)
        below = (self.ranked < fresh[:, None]).sum(axis=1)
        equal = (self.ranked == fresh[:, None]).sum(axis=1)
        share = (below + 0.5 * equal + 0.5) / (count + 1)
        known = np.isfinite(fresh) & np.isfinite(self.center)
        return np.where(known, special.ndtri(share), np.nan)


@dataclass(frozen=True, eq=False)
class Changes:
    """Changes that were found, in the order of sensors and days.

    Attributes:
        sensor: Row of each.
        day: Local day on which it was found, days since 1970-01-01.
        since: Known days back to the first of the new level.
        direction: 1 for a rise, -1 for a fall.

    """

    sensor: Ints
    day: Ints
    since: Ints
    direction: NDArray[np.int8]


def run_length(bound: float, allowance: float) -> float:
    """Average run length of the two-sided CUSUM of normal numbers: half of (e^a - a - 1) / (2 k^2).

    a = 2 k (h + 1.166). Reference: Siegmund, Sequential Analysis (1985), equation 2.56.

    >>> round(run_length(4.0, 0.5)), round(run_length(5.0, 0.5))  # exact: 168 and 465
    (169, 469)
    """
    a = 2 * allowance * (bound + OVERSHOOT)
    return float((np.exp(a) - a - 1) / (4 * allowance**2))


def least_bound(length: float, allowance: float) -> float:
    """Bound h whose average run length is `length` days, 0 where none is needed."""
    if run_length(0.0, allowance) >= length:
        return 0.0
    most = (np.log(8 * allowance**2 * length + 1) + 2) / (
        2 * allowance
    )  # e^a - a - 1 > e^a / 2 from a = 2 on
    return float(optimize.brentq(lambda bound: run_length(bound, allowance) - length, 0.0, most))


def _fresh(level: Floats, last: Floats, memory: Floats, center: Floats) -> Floats:
    """Take away what the day before told; of a day after one that is not known, nothing."""
    shape = (-1,) + (1,) * (level.ndim - 1)
    share, middle = memory.reshape(shape), center.reshape(shape)
    told = np.where(np.isfinite(last), share * (last - middle), 0)
    return np.asarray(level - middle - told)


def _memory(row: Floats) -> float:
    """Correlation of one known day with the next, between 0 and 0.9."""
    today, before = row[1:], row[:-1]
    both = np.isfinite(today) & np.isfinite(before)
    if both.sum() < LEAST_DAYS or np.ptp(today[both]) == 0 or np.ptp(before[both]) == 0:
        return 0.0
    return float(np.clip(np.corrcoef(before[both], today[both])[0, 1], 0, 0.9))
