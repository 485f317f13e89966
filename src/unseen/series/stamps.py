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
        skipped: True where the wall clock never showed such a time; the stamp is of the hour left out.
        doubled: True where the wall clock showed it twice; `times` is the first of the two.
        bad: Positions of stamps that are neither null nor to be read.

    """

    times: NDArray[np.int64]
    skipped: Bools
    doubled: Bools
    bad: NDArray[np.int64]


def read_stamps(words: Sequence[object], settings: SeriesSettings) -> Stamps:
    """Read stamps in the format and on the clock of the settings.

    An offset written in a stamp ("2024-01-01T00:00Z") rules over the clock; null stands for no stamp.

    Raises:
        ConfigError: Stamps have no offset, and the settings do not say what their clock is.

    >>> rome = SeriesSettings(zone="Europe/Rome", clock="wall")
    >>> stamps = read_stamps(["2024-03-31 01:00", "2024-03-31 02:00", None, "soon"], rome)
    >>> stamps.times.tolist()[0], stamps.skipped.tolist(), stamps.bad.tolist()
    (1711843200, [False, True, False, False], [3])
    """
    if settings.time_format in ("s", "ms"):
        return _of_epoch(words, 1000 if settings.time_format == "ms" else 1)
    parse = _parser(settings.time_format)
    every = {word: _read(word, parse) for word in dict.fromkeys(words)}
    found = [every[word] for word in words]
    bad = np.array([place for place, one in enumerate(found) if one == (None, False)], np.int64)
    seconds = np.array([NOT_A_TIME if one[0] is None else one[0] for one in found], np.int64)
    known, fixed = seconds != NOT_A_TIME, np.array([one[1] for one in found], bool)
    return _on_clock(seconds, known & ~fixed, bad, settings)


def _on_clock(seconds: NDArray[np.int64], open_: Bools, bad: NDArray[np.int64], s: SeriesSettings) -> Stamps:
    """Place stamps without an offset; the others are UTC already."""
    none = np.zeros(len(seconds), bool)
    skipped, doubled = none, none.copy()
    if open_.any():
        if s.clock is None:
            raise ConfigError(
                "stamps have no offset from UTC, and no clock is stated; accepted: clock utc, wall "
                f"(that of {s.zone}) or a fixed offset such as +01:00"
            )
        if s.clock == "wall":
            placed = from_wall(seconds[open_], s.zone)
            seconds[open_] = placed.times
            skipped = np.zeros(len(seconds), bool)
            skipped[open_], doubled[open_] = placed.skipped, placed.doubled
        else:
            seconds[open_] -= s.offset or 0
    return Stamps(seconds, skipped, doubled, bad)


def _parser(pattern: str) -> Callable[[str], dt.datetime]:
    if pattern == "iso":
        return dt.datetime.fromisoformat
    return lambda word: dt.datetime.strptime(word, pattern)


def _read(word: object, parse: Callable[[str], dt.datetime]) -> tuple[int | None, bool]:
    """Seconds and whether they are UTC; (None, True) of a null, (None, False) of what is no stamp."""
    if word is None or word == "":
        return None, True
    try:
        moment = word if isinstance(word, dt.datetime) else parse(str(word).strip())
        fixed = moment.tzinfo is not None
        seconds = moment.timestamp() if fixed else (moment - START).total_seconds()
    except (ValueError, OverflowError):
        return None, False
    if not EARLIEST <= seconds < LATEST:
        return None, False
    return int(seconds), fixed


def _of_epoch(words: Sequence[object], unit: int) -> Stamps:
    """Seconds or milliseconds since 1970, numbers or digits; 0 and null are no stamps."""
    times = np.full(len(words), NOT_A_TIME, np.int64)
    bad = []
    for place, word in enumerate(words):
        if word is None or word == "" or word == 0:
            continue
        try:
            seconds = float(str(word)) / unit
        except ValueError:
            seconds = np.nan
        if EARLIEST < seconds < LATEST:
            times[place] = int(seconds)
        else:
            bad.append(place)
    none = np.zeros(len(words), bool)
    return Stamps(times, none, none, np.array(bad, np.int64))
