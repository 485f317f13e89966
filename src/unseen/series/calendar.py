"""From UTC to the clock and the calendar that people live by, and back."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError, nearest, need, unknown

Ints = NDArray[np.int64]

DAY = 86_400
WEEK = 7 * DAY
EPOCH = dt.date(1970, 1, 1)
EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6
YEARS = range(2000, 2061)
"""Years whose public holidays are looked up; a model file keeps them as dates."""


class DayType(IntEnum):
    """What kind of day it is for those who drive to work."""

    WORKDAY = 0
    SATURDAY = 1
    SUNDAY = 2
    HOLIDAY = 3
    BRIDGE = 4


@dataclass(frozen=True)
class Local:
    """Moments by the local clock; every array has the shape of the moments asked for.

    Attributes:
        day: Days since 1970-01-01 by the local date.
        second: Seconds since local midnight, as the clock on the wall shows them.
        weekday: 0 is Monday, 6 Sunday; a public holiday counts as Sunday.
        day_type: Values of `DayType`.

    """

    day: Ints
    second: Ints
    weekday: Ints
    day_type: Ints


@dataclass(frozen=True)
class Calendar:
    """The zone whose clock rules the streets, and its public holidays.

    Args:
        zone: IANA name, such as "Europe/Madrid". It is stated, never guessed.
        holidays: Local dates on which traffic is that of a Sunday.

    Raises:
        ConfigError: The zone is not known.

    >>> calendar = Calendar("Europe/Madrid", holidays=frozenset({dt.date(2017, 12, 6)}))
    >>> wednesday = calendar.local(np.array([1512543600]))  # 2017-12-06 07:00 UTC
    >>> wednesday.second.tolist(), wednesday.weekday.tolist(), wednesday.day_type.tolist()
    ([28800], [6], [3])
    """

    zone: str
    holidays: frozenset[dt.date] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
            meant = nearest(self.zone, available_timezones())
            raise ConfigError(
                f"time zone {self.zone!r} is not known; name one such as Europe/Madrid or UTC.{meant}"
            ) from error

    @classmethod
    def of_country(cls, zone: str, country: str, subdivision: str | None = None) -> Calendar:
        """Take the public holidays of a country, or of one of its parts (ISO 3166 codes: "ES", "MD").

        Raises:
            ConfigError: The country or its part is not known.
            MissingExtraError: The package of holidays is not installed.

        """
        library = need("holidays", extra="traffic", purpose=f"public holidays of {country}")
        countries = library.list_supported_countries()
        if country not in countries:
            raise ConfigError(unknown("country", country, sorted(countries)))
        if subdivision is not None and subdivision not in countries[country]:
            raise ConfigError(unknown(f"part of {country}", subdivision, countries[country]))
        return cls(zone, _public(country, subdivision))

    def local(self, times: ArrayLike) -> Local:
        """Read the local clock at moments of UTC.

        Args:
            times: Seconds since 1970-01-01 00:00 UTC, any shape.

        """
        moments = np.asarray(times, dtype=np.int64)
        wall = moments + self._offsets(moments)
        day, second = np.divmod(wall, DAY)
        kinds, which = np.unique(day, return_inverse=True)
        found = np.array([self._kind(int(one)) for one in kinds], dtype=np.int64).reshape(-1, 2)
        weekday, day_type = found[which].reshape(*day.shape, 2).transpose(-1, *range(day.ndim))
        return Local(day, second, weekday, day_type)

    def week_slots(self, times: ArrayLike, step: int) -> Ints:
        """Say which of the `604800 // step` slots of the local week slots are; 0 is Monday 00:00.

        In spring an hour is skipped, in autumn both hours of that name have the same numbers. A holiday is a
        Sunday.

        Args:
            times: Starts of slots, seconds of UTC.
            step: Length of a slot in seconds.

        """
        local = self.local(times)
        return np.asarray((local.weekday * DAY + local.second) // step)

    def moment(self, day: dt.date) -> int:
        """Second of UTC at which a local date begins."""
        midnight = dt.datetime.combine(day, dt.time(), tzinfo=ZoneInfo(self.zone))
        return round(midnight.timestamp())

    def _offsets(self, moments: Ints) -> Ints:
        if not moments.size:
            return np.zeros_like(moments)
        starts, offsets = turns(self.zone, int(moments.min()), int(moments.max()))
        return offsets[np.searchsorted(starts, moments, side="right")]

    def _kind(self, day: int) -> tuple[int, int]:
        """Weekday for profiles, and type, of a day counted since 1970-01-01."""
        weekday = (day + EPOCH_WEEKDAY) % 7
        if day in self._holidays:
            return SUNDAY, DayType.HOLIDAY
        if weekday >= SATURDAY:
            return weekday, DayType.SATURDAY if weekday == SATURDAY else DayType.SUNDAY
        lone = (weekday == 0 and day + 1 in self._holidays) or (
            weekday == FRIDAY and day - 1 in self._holidays
        )
        return weekday, DayType.BRIDGE if lone else DayType.WORKDAY

    @cached_property
    def _holidays(self) -> frozenset[int]:
        return frozenset((day - EPOCH).days for day in self.holidays)


@lru_cache(maxsize=32)
def _public(country: str, subdivision: str | None) -> frozenset[dt.date]:
    library = need("holidays", extra="traffic", purpose=f"public holidays of {country}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of years for which some holidays are estimates
        return frozenset(library.country_holidays(country, subdiv=subdivision, years=YEARS))


def turns(zone: str, first: int, last: int) -> tuple[Ints, Ints]:
    """Give the seconds of UTC at which the clock of a zone is changed, and its offsets around them.

    Args:
        zone: IANA name.
        first: Second of UTC from which on changes are looked for.
        last: Second up to which, included.

    Returns:
        C moments, rising, and C + 1 offsets in seconds: before the first, between, after the last.

    >>> moments, offsets = turns("Europe/Madrid", 1483225200, 1514761200)
    >>> moments.tolist(), offsets.tolist()
    ([1490490000, 1509238800], [3600, 7200, 3600])
    """
    moments, offsets = _turns(zone, first // DAY, last // DAY + 1)
    low, high = np.searchsorted(moments, [first, last], side="right")
    return moments[low:high], offsets[low : high + 1]


@lru_cache(maxsize=256)
def _turns(zone: str, first: int, last: int) -> tuple[Ints, Ints]:
    """Find the changes between two days since 1970: day by day, then by halving."""
    local = ZoneInfo(zone)

    def offset(moment: int) -> int:
        ahead = dt.datetime.fromtimestamp(moment, local).utcoffset() or dt.timedelta()
        return round(ahead.total_seconds())

    moments, offsets = [], [offset(first * DAY)]
    for day in range(first, last):
        low, high = day * DAY, (day + 1) * DAY
        if offset(high) == offsets[-1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
        moments.append(high)
        offsets.append(offset(high))
    return np.array(moments, np.int64), np.array(offsets, np.int64)


@dataclass(frozen=True)
class Placed:
    """Times by a wall clock, placed in UTC.

    Attributes:
        times: Seconds of UTC; of an hour that comes twice the first is taken.
        again: Seconds of UTC at which the clock showed the time again; `times` where it did not.
        skipped: True where the clock never showed this time (the hour left out in spring).
        doubled: True where it showed it twice.

    """

    times: Ints
    again: Ints
    skipped: NDArray[np.bool_]
    doubled: NDArray[np.bool_]


def from_wall(seconds: Iterable[int] | NDArray[np.int64], zone: str) -> Placed:
    """Place times that a clock on the wall showed: seconds since 1970-01-01 00:00 *local*, shape (N,).

    >>> first, second = 1490493600, 1509242400  # 2017-03-26 02:00 and 2017-10-29 02:00 on the wall
    >>> placed = from_wall([first, second], "Europe/Madrid")
    >>> placed.skipped.tolist(), placed.doubled.tolist()
    ([True, False], [False, True])
    """
    Calendar(zone)
    wall = np.asarray(seconds, dtype=np.int64)
    if not wall.size:
        return Placed(wall, wall, wall.astype(bool), wall.astype(bool))
    moments, offsets = turns(zone, int(wall.min()) - 2 * DAY, int(wall.max()) + 2 * DAY)
    before, after = offsets[:-1], offsets[1:]
    # the first reading of a time keeps to the old offset as long as it can, the second to the new (PEP 495)
    early = offsets[np.searchsorted(moments + np.maximum(before, after), wall, side="right")]
    late = offsets[np.searchsorted(moments + np.minimum(before, after), wall, side="right")]
    doubled = late < early
    return Placed(wall - early, np.where(doubled, wall - late, wall - early), late > early, doubled)
