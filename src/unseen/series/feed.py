"""One answer of a feed of current values: checked strictly, read into readings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from unseen.errors import DataError
from unseen.series.bodies import PLACE, Place, Row, number, rows_of, short
from unseen.series.settings import SeriesSettings
from unseen.series.stamps import NOT_A_TIME, read_stamps

LARGEST = 1 << 25
"""Bytes of an answer that are read: 32 MiB."""
LONGEST = 200  # characters of an identifier or name


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one sensor.

    Attributes:
        sensor: Identifier.
        time: Second of UTC; None where the feed gives no valid stamp, and the value is then missing too.
        value: In the unit of the feed; NaN where there is none, whatever number stands beside a null stamp.
        place: Longitude and latitude in degrees.
        name: To show.

    """

    sensor: str
    time: int | None
    value: float
    place: Place | None = None
    name: str | None = None


@dataclass(frozen=True)
class Answer:
    """What one body of a feed held.

    Attributes:
        readings: In the order of the feed; a sensor may come more than once.
        cut: The feed says that there is more than it sent (`exceededTransferLimit`): ask for the next page.
        faults: Sentences on rows that were left out, at most `MOST_FAULTS`.
        left_out: Number of these rows.

    """

    readings: tuple[Reading, ...]
    cut: bool = False
    faults: tuple[str, ...] = ()
    left_out: int = 0


MOST_FAULTS = 5


def read_answer(body: bytes, settings: SeriesSettings, *, where: str = "feed") -> Answer:
    r"""Read ArcGIS JSON, GeoJSON, a JSON list of objects, JSON lines or CSV; the content says which.

    A row whose stamp is null has no value: a zero beside it is no zero. A row with a broken value is left out
    and told of; rows of which none can be read, or a body that is no feed, are an error.

    Args:
        body: Bytes as they came, decompressed.
        settings: `sensor`, `time`, `value`, `name` name the fields; `time_format` and `clock` the stamps.
        where: Named in errors.

    Raises:
        DataError: HTML, an error in place of data, an empty list, a body cut short, or without the fields.

    >>> street = SeriesSettings(zone="Europe/Madrid", sensor="idpm", value="ih", time="t", time_format="ms")
    >>> body = b'{"features": [{"attributes": {"idpm": 7, "ih": 120, "t": 1700000000000}}]}'
    >>> read_answer(body, street).readings[0]
    Reading(sensor='7', time=1700000000, value=120.0, place=None, name=None)
    """
    if len(body) > LARGEST:
        raise DataError(f"{where}: {len(body):,} bytes came; accepted: at most {LARGEST:,}. Ask page by page")
    rows, cut = rows_of(body, where)
    return _readings(rows, settings, where, cut)


def _readings(rows: list[Row], settings: SeriesSettings, where: str, cut: bool) -> Answer:
    wanted = (settings.sensor, settings.time, *settings.value)
    for one in wanted:
        if not any(one in row for row in rows):
            there = [name for name in rows[0] if name != PLACE]
            raise DataError(f"{where}: no row has the field {one!r}; there are: {', '.join(there[:30])}")
    stamps = read_stamps([_hashable(row.get(settings.time)) for row in rows], settings)
    broken = dict.fromkeys(stamps.bad.tolist(), settings.time)
    found: list[Reading] = []
    faults: list[str] = []
    for place, (row, time) in enumerate(zip(rows, stamps.times.tolist(), strict=True)):
        sensor = identifier(row.get(settings.sensor))
        field = broken.get(place) or _bad_value(row, settings.value)
        if sensor is None or field is not None:
            field = field or settings.sensor
            faults.append(f"row {place}, field {field!r}: {short(row.get(field))} is not accepted")
            continue
        name = row.get(settings.name) if settings.name else None
        stamp = None if time == NOT_A_TIME else time
        value = math.nan if stamp is None else sum(number(row.get(one)) for one in settings.value)
        shown = None if name is None else str(name)[:LONGEST]
        found.append(Reading(sensor, stamp, value, row.get(PLACE), shown))
    if not found:
        raise DataError(f"{where}: none of {len(rows)} rows can be read: {faults[0]}")
    return Answer(tuple(found), cut, tuple(faults[:MOST_FAULTS]), len(faults))


def identifier(value: object) -> str | None:
    """Write what names a sensor as text; numbers that are whole without a point. None where it is no name.

    >>> identifier(7.0), identifier(" A-7 "), identifier(None), identifier(True)
    ('7', 'A-7', None, None)
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float):
        return str(int(value)) if math.isfinite(value) and value == int(value) else None
    word = str(value).strip() if isinstance(value, str | int) else ""
    return word if 0 < len(word) <= LONGEST else None


def _bad_value(row: Row, fields: Iterable[str]) -> str | None:
    """Name the field whose value is there and no finite number of a size that can be."""
    for field in fields:
        value = row.get(field)
        if value is not None and value != "" and not abs(number(value)) < 1e12:
            return field
    return None


def _hashable(value: object) -> object:
    return value if value is None or isinstance(value, str | int | float) else repr(value)
