"""Where sensors stand: GeoJSON, CSV or XLSX with one row a place."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from unseen.errors import DataError, need
from unseen.series.bodies import Place, point
from unseen.series.feed import identifier
from unseen.series.panel import Panel
from unseen.series.rows import open_rows

LONGITUDE, LATITUDE = ("longitude", "lon", "long", "lng", "x"), ("latitude", "lat", "y")
BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, RecursionError)


def placed(panel: Panel, path: Path) -> Panel:
    """Give a panel the places of a file; sensors that are not in it have NaN.

    The column whose values name most of the sensors is taken for the identifier; longitude and latitude are
    a point of GeoJSON, or columns of such names, those of WGS84 first.

    Raises:
        DataError: The file cannot be read, or names none of the sensors.

    """
    rows, points = _geojson(path) if _is_json(path) else _sheet(path)
    wanted = set(panel.sensors)
    keys = {name for row in rows for name in row}
    named = {key: [identifier(row.get(key)) for row in rows] for key in sorted(keys)}
    if not named:
        raise DataError(f"{path} has no row with a place")
    best = max(named, key=lambda key: len(wanted & set(named[key])))
    places = {name: point for name, point in zip(named[best], points, strict=True) if point is not None}
    if not wanted & set(places):
        shown = ", ".join(str(one) for one in named[best][:3])
        raise DataError(
            f"{path} places none of the {len(wanted)} sensors, such as {panel.sensors[0]!r}; it has {shown}"
        )
    found = [places.get(name, (np.nan, np.nan)) for name in panel.sensors]
    return replace(panel, places=np.array(found, np.float64))


def _is_json(path: Path) -> bool:
    return path.suffix.lower() in (".json", ".geojson")


Rows = tuple[list[dict[str, Any]], list[Place | None]]


def _geojson(path: Path) -> Rows:
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        rows = [dict(one.get("properties") or one["attributes"]) for one in features]
        return rows, [point(one.get("geometry")) for one in features]
    except BROKEN as error:
        raise DataError(f"{path} cannot be read as GeoJSON: {type(error).__name__} {error}") from error


def _sheet(path: Path) -> Rows:
    if path.suffix.lower() == ".xlsx":
        header, *body = _xlsx(path)
        rows = [dict(zip(map(str, header), one, strict=False)) for one in body]
    else:
        if not path.exists():
            raise DataError(f"{path} does not exist.")
        rows = open_rows(path, ()).read().to_pylist()
    columns = list(rows[0]) if rows else []
    east, north = _column(columns, LONGITUDE, path), _column(columns, LATITUDE, path)
    return rows, [point({"x": row.get(east), "y": row.get(north)}) for row in rows]


def _xlsx(path: Path) -> list[tuple[Any, ...]]:
    openpyxl = need("openpyxl", extra="traffic", purpose=f"reading {path}")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = [row for row in book.worksheets[0].iter_rows(values_only=True) if any(row)]
    except (*BROKEN, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as XLSX: {type(error).__name__} {error}") from error
    if not rows:
        raise DataError(f"{path} is empty")
    return rows


def _column(columns: Iterable[str], words: tuple[str, ...], path: Path) -> str:
    """Choose the column of a coordinate: by its name, or by its first word where it ends in WGS84."""
    for column in sorted(columns, key=lambda name: "wgs" not in name.lower()):
        name = column.lower()
        if name in words or ("wgs" in name and name.split("_")[0] in words):
            return column
    raise DataError(f"{path} has no column {words[0]}; accepted: {', '.join(words)}; it has {list(columns)}")
