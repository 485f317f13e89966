"""One answer of a feed of current values: checked strictly, read into readings."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from unseen.errors import DataError
from unseen.series.settings import SeriesSettings
from unseen.series.stamps import NOT_A_TIME, read_stamps

LARGEST = 1 << 25
"""Bytes of an answer that are read: 32 MiB."""
MOST_DIGITS = 30  # of a number; int() of a million digits takes minutes
LONGEST = 200  # characters of an identifier or name
Place = tuple[float, float]
Row = Mapping[str, Any]


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
    text = _text(body, where)
    rows, cut = _rows(text, where)
    return _readings(rows, settings, where, cut)


def _text(body: bytes, where: str) -> str:
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where}: byte {error.start} is not UTF-8; accepted: JSON or CSV in UTF-8"
        ) from error
    if not text:
        raise DataError(f"{where}: an empty body came; accepted: JSON or CSV with rows")
    if text[0] == "<":
        raise DataError(
            f"{where}: HTML or XML came ({text[:40]!r}); accepted: JSON or CSV. Look at the address"
        )
    return text


def _rows(text: str, where: str) -> tuple[list[Row], bool]:
    """Rows as mappings of fields, and whether there are more."""
    if text[0] not in "{[":
        return _of_csv(text, where), False
    try:
        content = json.loads(text, parse_int=_integer, parse_constant=float)
    except RecursionError as error:
        raise DataError(f"{where}: JSON is nested too deeply to be a feed") from error
    except ValueError as error:
        if text[0] == "{" and "\n" in text:
            return _of_lines(text, where), False
        raise DataError(f"{where}: JSON is broken or cut short: {error}") from error
    if isinstance(content, list):
        return _objects(content, where), False
    return _of_object(content, where)


def _integer(digits: str) -> float:
    return float("nan") if len(digits) > MOST_DIGITS else int(digits)


def _of_object(content: dict[str, Any], where: str) -> tuple[list[Row], bool]:
    if "error" in content and "features" not in content:
        raise DataError(f"{where}: an error came in place of data: {_short(content['error'])}")
    if "features" not in content:
        return _objects([content], where), False
    features = content["features"]
    if not isinstance(features, list):
        raise DataError(f"{where}: 'features' is {_short(features)}; accepted: a list")
    inner = content.get("properties")
    cut = content.get("exceededTransferLimit") is True or (
        isinstance(inner, dict) and inner.get("exceededTransferLimit") is True
    )
    return [_of_feature(one, where) for one in _objects(features, where)], cut


def _of_feature(feature: Row, where: str) -> Row:
    fields = feature.get("attributes", feature.get("properties"))
    if not isinstance(fields, dict):
        raise DataError(f"{where}: a feature has neither attributes nor properties: {_short(feature)}")
    return {**fields, _PLACE: _place(feature.get("geometry"))}


def _objects(rows: list[Any], where: str) -> list[Row]:
    if not rows:
        raise DataError(f"{where}: an empty list came; accepted: at least one row")
    for row in rows:
        if not isinstance(row, dict):
            raise DataError(f"{where}: {_short(row)} came as a row; accepted: objects with named fields")
    return rows


def _of_lines(text: str, where: str) -> list[Row]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                rows.append(json.loads(line, parse_int=_integer, parse_constant=float))
            except (ValueError, RecursionError) as error:
                raise DataError(f"{where}: line {number} is no JSON, or cut short: {error}") from error
    return _objects(rows, where)


def _of_csv(text: str, where: str) -> list[Row]:
    try:
        delimiter = max(",;\t|", key=text.split("\n", 1)[0].count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DataError(f"{where}: CSV is broken: {error}") from error
    if len(rows) < 2:
        raise DataError(f"{where}: {_short(text)} came; accepted: JSON or CSV with rows")
    header = [word.strip() for word in rows[0]]
    for number, row in enumerate(rows[1:]):
        if row and len(row) != len(header):
            raise DataError(f"{where}: row {number} has {len(row)} values for {len(header)} columns")
    return _objects([dict(zip(header, row, strict=True)) for row in rows[1:] if row], where)


_PLACE = "\0place"


def _place(geometry: Any) -> Place | None:
    """Take longitude and latitude of a point; of a line its middle point."""
    if not isinstance(geometry, dict):
        return None
    found = geometry.get("coordinates", (geometry.get("x"), geometry.get("y")))
    if found == (None, None):
        paths = geometry.get("paths")
        found = paths[0] if isinstance(paths, list) and paths else None
    while isinstance(found, list) and found and isinstance(found[0], list):
        found = found[len(found) // 2]
    if not isinstance(found, list | tuple) or len(found) < 2:
        return None
    east, north = _number(found[0]), _number(found[1])
    return (east, north) if abs(east) <= 180 and abs(north) <= 90 else None


def _readings(rows: list[Row], settings: SeriesSettings, where: str, cut: bool) -> Answer:
    wanted = (settings.sensor, settings.time, *settings.value)
    for one in wanted:
        if not any(one in row for row in rows):
            there = [name for name in rows[0] if name != _PLACE]
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
            faults.append(f"row {place}, field {field!r}: {_short(row.get(field))} is not accepted")
            continue
        name = row.get(settings.name) if settings.name else None
        stamp = None if time == NOT_A_TIME else time
        value = math.nan if stamp is None else sum(_number(row.get(one)) for one in settings.value)
        shown = None if name is None else str(name)[:LONGEST]
        found.append(Reading(sensor, stamp, value, row.get(_PLACE), shown))
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
        if value is not None and value != "" and not abs(_number(value)) < 1e12:
            return field
    return None


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value) if not isinstance(value, str) or len(value) <= MOST_DIGITS else math.nan
    except (ValueError, OverflowError):
        return math.nan


def _hashable(value: object) -> object:
    return value if value is None or isinstance(value, str | int | float) else repr(value)


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."
