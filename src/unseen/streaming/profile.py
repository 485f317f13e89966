"""What a stream usually does at this hour of the day, learned as the days go by."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

HOUR = 3600.0
HOURS = 24
SLOWEST = 0.1
"""Least weight of a new day: the profile is a plain mean of ten days, then forgets."""


class DayProfile:
    """Mean by hour of the day, over the days before this one, drawn as a line from hour to hour.

    Each stay in an hour counts once, whatever the number of its readings: the mean of the hour moves by 1/n
    of the way to the mean of its n-th stay, and by a tenth from the tenth stay on. Between the middles of two
    hours the profile is a straight line. Hours are those of the stamps as they come; where people follow a
    clock that changes in summer, give its local time.

    >>> profile = DayProfile()
    >>> [profile.residual(3600.0 * hour + 1800.0, float(hour % 24)) for hour in (0, 1, 24, 25)]
    [nan, nan, 0.0, 0.0]
    """

    def __init__(self) -> None:
        self._means: NDArray[np.float64] = np.full(HOURS, np.nan)
        self._stays: NDArray[np.int64] = np.zeros(HOURS, dtype=np.int64)
        self._slot = -math.inf
        self._sum = 0.0
        self._count = 0

    def residual(self, time: float, value: float) -> float:
        """Return the value minus its hour's profile, NaN where no earlier day had this hour; then learn.

        Args:
            time: Seconds; midnight is where the remainder by a day is 0.
            value: A finite number.

        """
        slot = time // HOUR
        if slot != self._slot:
            self._leave()
            self._slot, self._sum, self._count = slot, 0.0, 0
        self._sum += value
        self._count += 1
        return value - self._expected(int(slot % HOURS), time % HOUR / HOUR - 0.5)

    def _expected(self, hour: int, off_middle: float) -> float:
        here = float(self._means[hour])
        beside = float(self._means[(hour + (1 if off_middle > 0 else -1)) % HOURS])
        return here if math.isnan(beside) else here + abs(off_middle) * (beside - here)

    def _leave(self) -> None:
        if not self._count:
            return
        hour = int(self._slot % HOURS)
        stay = self._sum / self._count
        self._stays[hour] += 1
        if self._stays[hour] == 1:
            self._means[hour] = stay
        else:
            self._means[hour] += max(1.0 / float(self._stays[hour]), SLOWEST) * (stay - self._means[hour])

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return everything learned, as arrays."""
        return {
            "profile.means": self._means.copy(),
            "profile.stays": self._stays.copy(),
            "profile.stay": np.array([self._slot, self._sum, float(self._count)]),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.generic]]) -> DayProfile:
        """Return the profile that gave a state."""
        found = cls()
        found._means[:] = state["profile.means"]
        found._stays[:] = state["profile.stays"]
        slot, total, count = (float(number) for number in np.asarray(state["profile.stay"], dtype=float))
        found._slot, found._sum, found._count = slot, total, int(count)
        return found
