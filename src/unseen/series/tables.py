"""Long and wide tables as panels."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.data.batches import Source
from unseen.errors import DataError, unknown
from unseen.series.feed import identifier
from unseen.series.gathering import Loose, gather
from unseen.series.panel import Panel
from unseen.series.rows import numbers, open_rows
from unseen.series.settings import SeriesSettings
from unseen.series.stamps import Stamps, read_stamps
from unseen.series.taken import Taken
from unseen.series.wall import skipped_of

Floats = NDArray[np.float64]


def table_panel(path: Path, settings: SeriesSettings) -> Taken:
    """Read a table with one row a reading, or one column a sensor.

    Unless the layout is stated, it is long where the columns of sensor and value are both there.

    Raises:
        DataError: A column is not there, or a value or stamp cannot be read; with row and column.
        ConfigError: The settings do not say enough.

    """
    words = [settings.sensor, settings.time] + ([] if settings.part is None else [settings.part])
    source = open_rows(path, words)
    long = {settings.sensor, *settings.value} <= set(source.columns)
    if settings.layout == "long" or (settings.layout is None and long):
        return _long(source, settings)
    return _wide(source, settings)


def _long(source: Source, settings: SeriesSettings) -> Taken:
    named = [settings.sensor, settings.time, *settings.value]
    table = source.select([*named, settings.part] if settings.part else named).read()
    sensors, codes = _codes(table.column(settings.sensor), settings.sensor, source.name)
    stamps = _stamps(table.column(settings.time), settings, source.name)
    values = np.sum([_values(table, column, source.name) for column in settings.value], axis=0)
    _refuse_low(values, settings, source.name, " + ".join(settings.value))
    part = None
    if settings.part is not None:
        part = _codes(table.column(settings.part), settings.part, source.name)[1]
    return gather(Loose(sensors, codes, stamps, values, part), settings, source.name)


def _wide(source: Source, settings: SeriesSettings) -> Taken:
    if settings.time not in source.columns:
        raise DataError(f"{source.name}: {unknown('column', settings.time, source.columns)}")
    sensors = tuple(
        name
        for name in source.columns
        if name != settings.time and not any(fnmatch(name, pattern) for pattern in settings.drop)
    )
    if not sensors:
        raise DataError(f"{source.name}: no column beside {settings.time!r} is left as a sensor")
    table = source.select([settings.time, *sensors]).read()
    stamps = _stamps(table.column(settings.time), settings, source.name)
    columns = []
    for name in sensors:
        columns.append(_values(table, name, source.name))
        _refuse_low(columns[-1], settings, source.name, name)
    return _in_place(stamps, columns, sensors, settings) or _melted(
        stamps, columns, sensors, settings, source.name
    )


def _melted(
    stamps: Stamps, columns: list[Floats], sensors: tuple[str, ...], settings: SeriesSettings, where: str
) -> Taken:
    """Gather a wide table reading by reading: stamps repeat, or do not lie in slots."""
    rows = np.tile(np.arange(len(stamps.times)), len(sensors))
    codes = np.repeat(np.arange(len(sensors)), len(stamps.times))
    loose = Loose(sensors, codes, stamps.take(rows), np.concatenate(columns), height=len(stamps.times))
    return gather(loose, settings, where)


def _in_place(
    stamps: Stamps, columns: list[Floats], sensors: tuple[str, ...], settings: SeriesSettings
) -> Taken | None:
    """Place the rows of a regular table; None where it is none."""
    real = ~stamps.skipped
    times = stamps.times[real]
    gaps = np.diff(times)
    step = settings.step or (int(gaps.min()) if len(gaps) else 0)
    regular = len(times) > 0 and step > 0 and (gaps > 0).all() and (times - times[0]) % step == 0
    if not np.all(regular) or stamps.doubled.any() or 3600 % step:
        return None
    calendar = settings.calendar()
    start = int(times[0]) - int(calendar.local(times[0]).second) % step
    slots = (times - start) // step
    whole = np.full((len(sensors), int(slots[-1]) + 1), np.nan, np.float32)
    for row, column in enumerate(columns):
        whole[row, slots] = column[real]
    panel = Panel(whole, start=start, step=step, sensors=sensors, calendar=calendar)
    aside = np.array([column[~real] for column in columns], np.float32)
    return Taken(panel, skipped_of(stamps.times[~real], aside, step))


def _codes(column: pa.ChunkedArray, name: str, where: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Give the identifiers, and which of them each row has."""
    if column.null_count:
        row = column.to_pylist().index(None)
        raise DataError(f"{where}: row {row}, column {name!r}: empty; every row needs one")
    coded = column.combine_chunks().dictionary_encode()
    words = [identifier(value) for value in coded.dictionary.to_pylist()]
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    for place, word in enumerate(words):
        if word is None:
            row = int(np.argmax(codes == place))
            shown = repr(coded.dictionary[place].as_py())[:80]
            raise DataError(f"{where}: row {row}, column {name!r}: {shown} names no sensor")
    names = sorted({str(word) for word in words})
    place_of = {word: place for place, word in enumerate(names)}
    return tuple(names), np.array([place_of[str(word)] for word in words], np.int64)[codes]


def _stamps(column: pa.ChunkedArray, settings: SeriesSettings, where: str) -> Stamps:
    coded = column.combine_chunks().dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    places = np.where(np.isnan(codes), len(coded.dictionary), codes).astype(np.int64)
    words = [*coded.dictionary.to_pylist(), None]
    stamps = read_stamps(words, settings).take(places)
    if len(stamps.bad):
        row = int(stamps.bad[0])
        raise DataError(
            f"{where}: row {row}, column {settings.time!r}: {str(words[places[row]])[:80]!r} is no stamp of "
            f"the format {settings.time_format}; state time_format: iso, s, ms, or a pattern such as "
            "%d/%m/%Y %H:%M"
        )
    return stamps


def _values(table: pa.Table, column: str, where: str) -> Floats:
    found = numbers(table.column(column), column, where).to_numpy()
    endless = np.isinf(found)
    if endless.any():
        raise DataError(f"{where}: row {int(np.argmax(endless))}, column {column!r}: infinite")
    return np.asarray(found, np.float64)


def _refuse_low(values: Floats, settings: SeriesSettings, where: str, column: str) -> None:
    if settings.negative == "error":
        low = values < settings.lowest
        if low.any():
            row = int(np.argmax(low))
            raise DataError(
                f"{where}: row {row}, column {column!r}: {values[row]:g} is below {settings.lowest:g}; pass "
                "negative mark to take such values for impossible, or another lowest"
            )
