"""Stamps of files and feeds, as seconds of UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError
from unseen.series.calendar import from_wall
from unseen.series.settings import SeriesSettings

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
NOT_A_TIME = np.iinfo(np.int64).min
"""Stands for a stamp that is null, empty or not to be read."""
EARLIEST, LATEST = 631_152_000, 4_102_444_800
"""Stamps are of 1990 to 2099; seconds taken for milliseconds would be of 1970."""
START = dt.datetime(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class Stamps:
    """Moments of N readings.

    Attributes:
        times: Seconds of UTC, shape (N,), `NOT_A_TIME` where there is none.
        again: Where the wall clock showed a time twice, second of UTC of its second coming; else `times`.
        skipped: True where the wall clock never showed such a time; the stamp is of the hour left out.
        bad: Positions of stamps that are neither null nor to be read.

    """

    times: Ints
    again: Ints
    skipped: Bools
    bad: Ints

    @property
    def doubled(self) -> Bools:
        """True where the wall clock showed the time twice; `times` is the first of the two."""
        return np.asarray(self.again != self.times)

    def take(self, places: Ints) -> Stamps:
        """Give the stamps at these positions, each as often as it is named."""
        marked = np.isin(places, self.bad)
        return Stamps(self.times[places], self.again[places], self.skipped[places], np.flatnonzero(marked))


def read_stamps(words: Sequence[object], settings: SeriesSettings) -> Stamps:
    """Read stamps in the format and on the clock of the settings.

    An offset written in a stamp ("2024-01-01T00:00Z") rules over the clock; null stands for no stamp.

    Args:
        words: Texts, numbers or moments, shape (N,).
        settings: `time_format`, `clock` and `zone` are used.

    Raises:
        ConfigError: Stamps have no offset, and the settings do not say what their clock is.

    >>> rome = SeriesSettings(zone="Europe/Rome", clock="wall")
    >>> stamps = read_stamps(["2024-03-31 01:00", "2024-03-31 02:00", None, "soon"], rome)
    >>> stamps.times.tolist()[0], stamps.skipped.tolist(), stamps.bad.tolist()
    (1711843200, [False, True, False, False], [3])
    """
    read = _reader(settings.time_format)
    every = {word: read(word) for word in dict.fromkeys(words)}
    found = [every[word] for word in words]
    bad = np.array([place for place, one in enumerate(found) if one == BAD], np.int64)
    seconds = np.array([NOT_A_TIME if one[0] is None else one[0] for one in found], np.int64)
    return _on_clock(seconds, np.array([not one[1] for one in found], bool), bad, settings)


Read = tuple[int | None, bool]
"""Seconds, and whether they count in UTC."""
NULL: Read = (None, True)
BAD: Read = (None, False)


def _on_clock(seconds: Ints, open_: Bools, bad: Ints, settings: SeriesSettings) -> Stamps:
    """Place stamps without an offset; the others are UTC already."""
    again, skipped = seconds.copy(), np.zeros(len(seconds), bool)
    open_ = open_ & (seconds != NOT_A_TIME)
    if open_.any():
        if settings.clock is None:
            raise ConfigError(
                "stamps have no offset from UTC, and no clock is stated; accepted: clock utc, wall "
                f"(that of {settings.zone}) or a fixed offset such as +01:00"
            )
        if settings.clock == "wall":
            placed = from_wall(seconds[open_], settings.zone)
            seconds[open_], again[open_], skipped[open_] = placed.times, placed.again, placed.skipped
        else:
            seconds[open_] -= settings.offset or 0
            again[open_] = seconds[open_]
    return Stamps(seconds, again, skipped, bad)


def _reader(pattern: str) -> Callable[[object], Read]:
    if pattern in ("s", "ms"):
        unit = 1000 if pattern == "ms" else 1
        return lambda word: _epoch(word, unit)
    if pattern == "iso":
        return lambda word: _moment(word, dt.datetime.fromisoformat)
    return lambda word: _moment(word, lambda text: dt.datetime.strptime(text, pattern))


def _moment(word: object, parse: Callable[[str], dt.datetime]) -> Read:
    if word is None or word == "":
        return NULL
    try:
        moment = word if isinstance(word, dt.datetime) else parse(str(word).strip())
        fixed = moment.tzinfo is not None
        seconds = moment.timestamp() if fixed else (moment - START).total_seconds()
    except (ValueError, OverflowError):
        return BAD
    return (int(seconds), fixed) if EARLIEST <= seconds < LATEST else BAD


def _epoch(word: object, unit: int) -> Read:
    """Seconds or milliseconds since 1970, numbers or digits; 0 and null are no stamps."""
    if word is None or word in ("", 0, "0") or word != word:
        return NULL
    try:
        seconds = float(str(word)) / unit
    except ValueError:
        return BAD
    return (int(seconds), True) if EARLIEST <= seconds < LATEST else BAD
