"""Readings of many sensors at any moments, gathered into slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, DataError
from unseen.series.feed import Reading
from unseen.series.panel import HOUR, Panel
from unseen.series.settings import SeriesSettings
from unseen.series.stamps import NOT_A_TIME, Stamps
from unseen.series.taken import Taken
from unseen.series.wall import Skipped, skipped_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
REGULAR = 0.9  # share of equal distances from which on they are taken for the slot


@dataclass(frozen=True, eq=False)
class Loose:
    """N readings in the order of their file.

    Attributes:
        sensors: S identifiers.
        sensor: Which of them each reading is of, shape (N,).
        stamps: When, shape (N,).
        values: Shape (N,), NaN where there is none.
        part: Which part of the value, such as a direction, shape (N,); None where values are whole.
        height: Rows of a wide table, whose columns follow each other; None where each reading has a row.

    """

    sensors: tuple[str, ...]
    sensor: Ints
    stamps: Stamps
    values: Floats
    part: Ints | None = None
    height: int | None = None


def gather(loose: Loose, settings: SeriesSettings, where: str) -> Taken:
    """Bring readings into slots: the mean of the distinct readings in a slot.

    Parts that belong together are added up; where one of a sensor's parts is not there, the sum is missing.

    Args:
        loose: The readings.
        settings: `slot`, `duplicates`, `doubled` and the calendar are used.
        where: Named in errors.

    Raises:
        DataError: No reading has a stamp, or a sensor has two values at one stamp.
        ConfigError: The slot is not stated, and stamps are not regular.

    """
    times, order = _unfolded(loose), np.flatnonzero(loose.stamps.times != NOT_A_TIME)
    real = order[~loose.stamps.skipped[order]]
    if not len(real):
        raise DataError(f"{where}: no reading has a stamp that can be used")
    twice = loose.stamps.doubled[real]
    added = real[twice] if settings.doubled == "added" else real[:0]
    values = loose.values.copy()
    values[added] = np.nan
    known = real[np.isfinite(values[real])]
    flat, repeated = _distinct(replace(loose, values=values), times, known, settings, where)
    whole, incomplete = _summed(flat, loose)
    step = settings.step or _usual_step(loose, times, real, where)
    panel = _panel(whole, times[real], step, loose.sensors, settings)
    return Taken(
        panel,
        _set_aside(loose, order[loose.stamps.skipped[order]], step),
        repeated=repeated,
        incomplete=incomplete,
        added=int(np.isfinite(loose.values[added]).sum()),
    )


def panel_of(readings: Sequence[Reading], settings: SeriesSettings, *, where: str = "readings") -> Panel:
    """Bring readings of a feed into slots.

    A reading without a stamp names a sensor, and adds no value.

    Raises:
        DataError: No reading has a stamp, or a sensor has two values at one stamp.
        ConfigError: The slot is not stated, and stamps are not regular.

    >>> settings = SeriesSettings(zone="UTC", slot=15)
    >>> readings = [Reading("a", 900, 4.0), Reading("a", 1000, 6.0), Reading("b", None, 0.0)]
    >>> panel_of(readings, settings).values.tolist()
    [[5.0], [nan]]
    """
    sensors = tuple(dict.fromkeys(one.sensor for one in readings))
    place = {name: row for row, name in enumerate(sensors)}
    codes = np.array([place[one.sensor] for one in readings], np.int64)
    times = np.array([NOT_A_TIME if one.time is None else one.time for one in readings], np.int64)
    values = np.array([one.value for one in readings], np.float64)
    none = np.zeros(len(times), bool)
    stamps = Stamps(times, times, none, np.zeros(0, np.int64))
    panel = gather(Loose(sensors, codes, stamps, values), settings, where).panel
    return with_places(panel, readings)


def with_places(panel: Panel, readings: Sequence[Reading]) -> Panel:
    """Give a panel the last place and name that readings state of each sensor."""
    places = {one.sensor: one.place for one in readings if one.place is not None}
    names = {one.sensor: one.name for one in readings if one.name}
    found = np.array([places.get(name, (np.nan, np.nan)) for name in panel.sensors], np.float64)
    return replace(
        panel,
        places=found if places else panel.places,
        names=tuple(names.get(name, name) for name in panel.sensors) if names else panel.names,
    )


def _unfolded(loose: Loose) -> Ints:
    """Put the second coming of a doubled stamp an hour after the first."""
    times = loose.stamps.times.copy()
    rows = np.flatnonzero(loose.stamps.doubled)
    if len(rows):
        keys = np.stack([loose.sensor[rows], _parts(loose)[rows], times[rows]])
        order = np.lexsort(keys[::-1])
        new = np.r_[True, (np.diff(keys[:, order]) != 0).any(axis=0)]
        later = rows[order[~new]]
        times[later] = loose.stamps.again[later]
    return times


def _parts(loose: Loose) -> Ints:
    return np.zeros(len(loose.sensor), np.int64) if loose.part is None else loose.part


Flat = tuple[Ints, Ints, Ints, Floats]
"""Sensor, part, time and value of readings, in rising order of the first three."""


def _distinct(
    loose: Loose, times: Ints, rows: Ints, settings: SeriesSettings, where: str
) -> tuple[Flat, int]:
    """Join readings of one sensor, part and moment; say how many were joined."""
    keys = np.stack([loose.sensor[rows], _parts(loose)[rows], times[rows]])
    order = np.lexsort(keys[::-1])
    rows, keys = rows[order], keys[:, order]
    new = np.r_[True, (np.diff(keys) != 0).any(axis=0)][: len(rows)]
    values = loose.values[rows]
    group = np.cumsum(new) - 1
    differs = ~new & (values != values[np.flatnonzero(new)[group]]) if len(rows) else new
    if differs.any() and settings.duplicates == "error":
        first = int(rows[differs].min())
        row = first % (loose.height or len(loose.sensor))
        name = loose.sensors[loose.sensor[first]]
        raise DataError(
            f"{where}: row {row}, column {settings.time!r}: sensor {name!r} has another value "
            f"at this stamp; pass duplicates mean or last"
        )
    if settings.duplicates == "last":
        last = np.r_[new[1:], True][: len(rows)]
        joined = values[last]
    else:  # repeats of one value count once
        counted = new | differs
        sums = np.bincount(group, np.where(counted, values, 0.0))
        joined = sums / np.maximum(np.bincount(group, counted), 1)
    sensor, part, time = keys[:, new]
    return (sensor, part, time, joined), int((~new).sum())


def _summed(flat: Flat, loose: Loose) -> tuple[Flat, int]:
    """Add up the parts of each reading; leave out those that lack one, and count them."""
    sensor, part, time, values = flat
    if loose.part is None or not len(sensor):
        return flat, 0
    pairs = np.unique(np.stack([sensor, part]), axis=1)
    expected = np.bincount(pairs[0], minlength=len(loose.sensors))
    order = np.lexsort((time, sensor))
    sensor, time, values = sensor[order], time[order], values[order]
    first = np.r_[True, (np.diff(sensor) != 0) | (np.diff(time) != 0)]
    group = np.cumsum(first) - 1
    whole = np.bincount(group) == expected[sensor[first]]
    sums = np.bincount(group, values)[whole]
    sensor, time = sensor[first][whole], time[first][whole]
    return (sensor, np.zeros_like(sensor), time, sums), int((~whole).sum())


def _usual_step(loose: Loose, times: Ints, rows: Ints, where: str) -> int:
    """Take the distance between stamps of a sensor that nearly all have, if it divides an hour."""
    order = rows[np.lexsort((times[rows], loose.sensor[rows]))]
    gaps = np.diff(times[order])[np.diff(loose.sensor[order]) == 0]
    gaps = gaps[gaps > 0]
    found, counts = np.unique(gaps, return_counts=True)
    if not len(found):
        raise ConfigError(f"{where}: one stamp does not say how long a slot is; state slot, in minutes")
    usual = int(found[np.argmax(counts)])
    if counts.max() < REGULAR * len(gaps) or HOUR % usual or usual % 60:
        raise ConfigError(
            f"{where}: stamps come {usual} s apart in {counts.max() / len(gaps):.0%} of all cases, which is "
            "no slot; state slot, in minutes"
        )
    return usual


def _panel(flat: Flat, times: Ints, step: int, sensors: tuple[str, ...], settings: SeriesSettings) -> Panel:
    sensor, _, time, values = flat
    calendar = settings.calendar()
    first = int(times.min())
    start = first - int(calendar.local(first).second) % step
    slots = int((times.max() - start) // step) + 1
    if len(sensors) * slots > MOST_VALUES:
        raise DataError(
            f"stamps from {first} to {int(times.max())} make {slots:,} slots of {len(sensors):,} sensors; "
            "is one of them of another year? Read the file in parts"
        )
    place = sensor * slots + (time - start) // step
    sums = np.bincount(place, values, minlength=len(sensors) * slots)
    counts = np.bincount(place, minlength=len(sensors) * slots)
    with np.errstate(invalid="ignore"):
        means = (sums / counts).astype(np.float32).reshape(len(sensors), slots)
    return Panel(means, start=start, step=step, sensors=sensors, calendar=calendar)


MOST_VALUES = 1 << 29
"""Of one panel made in memory: 2 GiB of float32."""


def _set_aside(loose: Loose, rows: Ints, step: int) -> tuple[Skipped, ...]:
    """Gather readings of skipped hours by moment."""
    if not len(rows):
        return ()
    times, column = np.unique(loose.stamps.times[rows], return_inverse=True)
    values = np.full((len(loose.sensors), len(times)), np.nan, np.float32)
    values[loose.sensor[rows], column] = loose.values[rows]
    return skipped_of(times, values, step)
