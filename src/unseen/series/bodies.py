"""Bodies of feeds as rows of named fields: ArcGIS JSON, GeoJSON, JSON, JSON lines, CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from typing import Any

from unseen.errors import DataError

MOST_DIGITS = 30  # of a number; int() of a million digits takes minutes
PLACE = "\0place"
"""Field of a row that holds the longitude and latitude of a feature's geometry."""
Place = tuple[float, float]
Row = Mapping[str, Any]


def rows_of(body: bytes, where: str) -> tuple[list[Row], bool]:
    r"""Read the rows of a body, and whether the feed says that it holds more.

    Raises:
        DataError: HTML, an error in place of data, an empty list, or a body cut short.

    >>> rows_of(b"street,flow\n7,120\n", "feed")
    ([{'street': '7', 'flow': '120'}], False)
    """
    return _rows(_text(body, where), where)


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
        raise DataError(f"{where}: an error came in place of data: {short(content['error'])}")
    if "features" not in content:
        return _objects([content], where), False
    features = content["features"]
    if not isinstance(features, list):
        raise DataError(f"{where}: 'features' is {short(features)}; accepted: a list")
    inner = content.get("properties")
    cut = content.get("exceededTransferLimit") is True or (
        isinstance(inner, dict) and inner.get("exceededTransferLimit") is True
    )
    return [_of_feature(one, where) for one in _objects(features, where)], cut


def _of_feature(feature: Row, where: str) -> Row:
    fields = feature.get("attributes", feature.get("properties"))
    if not isinstance(fields, dict):
        raise DataError(f"{where}: a feature has neither attributes nor properties: {short(feature)}")
    return {**fields, PLACE: point(feature.get("geometry"))}


def _objects(rows: list[Any], where: str) -> list[Row]:
    if not rows:
        raise DataError(f"{where}: an empty list came; accepted: at least one row")
    for row in rows:
        if not isinstance(row, dict):
            raise DataError(f"{where}: {short(row)} came as a row; accepted: objects with named fields")
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
        raise DataError(f"{where}: {short(text)} came; accepted: JSON or CSV with rows")
    header = [word.strip() for word in rows[0]]
    for number, row in enumerate(rows[1:]):
        if row and len(row) != len(header):
            raise DataError(f"{where}: row {number} has {len(row)} values for {len(header)} columns")
    return _objects([dict(zip(header, row, strict=True)) for row in rows[1:] if row], where)


def point(geometry: Any) -> Place | None:
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
    east, north = number(found[0]), number(found[1])
    return (east, north) if abs(east) <= 180 and abs(north) <= 90 else None


def number(value: object) -> float:
    """Read a number or its digits; NaN where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value) if not isinstance(value, str) or len(value) <= MOST_DIGITS else math.nan
    except (ValueError, OverflowError):
        return math.nan


def short(value: object) -> str:
    """Show a value on one line, cut where it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."
