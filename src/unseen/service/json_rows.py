"""Rows from JSON: a list of objects by column name, or an object of columns as lists."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from unseen.data.columns import image_column
from unseen.data.kinds import Image, Input
from unseen.errors import nearest
from unseen.persist.strict_json import quoted
from unseen.service.columns import Sizes, allows_missing
from unseen.service.problems import Problem

Values = Sequence[Any]

# Digits beyond which no float64 is written; a million of them would take long to read.
MOST_DIGITS = 400
# Years whose nanoseconds fit in 64 bits, and the cycle after which weekdays and leap years repeat.
FIRST_YEAR, LAST_YEAR, CYCLE = 1678, 2261, 400


def read_json(body: bytes, columns: Sequence[Input], sizes: Sizes, most: int) -> pa.Table:
    """Return the rows of a body as a table with exactly these columns.

    Raises:
        Problem: 400 where it is no JSON of one meaning, 413 where it is too large, 422 where it holds other
            columns or values than the model was trained on.

    """
    found = _parsed(body)
    if isinstance(found, list):
        values = _by_row(found, columns, sizes, most)
    elif isinstance(found, dict):
        values = _by_column(found, columns, sizes, most)
    else:
        raise Problem(
            422,
            f"the body is {_named(found)}; accepted: a list of objects, one a row, or an object of lists, "
            "one a column",
        )
    return pa.table({column.name: _column(column, values[column.name]) for column in columns})


# -- text to values ----------------------------------------------------------------------------------


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise Problem(400, f"the body is not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise Problem(
            400,
            f"the body is not JSON or is cut short: {error.msg} (line {error.lineno}, column {error.colno})",
        ) from error
    except RecursionError:
        raise Problem(400, "the body nests too deep; accepted: a list of flat objects, or of lists") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Problem(400, f"the key {quoted(twice)} comes twice in one object")
    return made


def _number(digits: str) -> float:
    value = float(digits) if len(digits) <= MOST_DIGITS else math.inf
    if not math.isfinite(value):
        _constant(digits)
    return value


def _constant(name: str) -> NoReturn:
    raise Problem(400, f"the number {quoted(name)} came; JSON numbers are finite, and missing ones are null")


# -- values to columns -------------------------------------------------------------------------------


def _by_row(rows: list[Any], columns: Sequence[Input], sizes: Sizes, most: int) -> dict[str, Values]:
    _count(len(rows), most)
    if set(map(type, rows)) != {dict}:
        place = next(place for place, row in enumerate(rows) if type(row) is not dict)
        raise Problem(
            422, f"row {place} is {_named(rows[place])}; accepted: an object of values by column name"
        )
    _width(max(map(len, rows)), sizes)
    found: dict[str, Values] = {}
    for column in columns:
        try:
            found[column.name] = [row[column.name] for row in rows]
        except KeyError:
            place = next(place for place, row in enumerate(rows) if column.name not in row)
            raise _lost(column.name, rows[place], f"row {place}") from None
    return found


def _by_column(body: dict[str, Any], columns: Sequence[Input], sizes: Sizes, most: int) -> dict[str, Values]:
    _width(len(body), sizes)
    for column in columns:
        if column.name not in body:
            raise _lost(column.name, body, "the body")
        if not isinstance(body[column.name], list):
            raise Problem(
                422,
                f"column {column.name!r} is {_named(body[column.name])}; accepted: a list, one value a row",
            )
    lengths = {column.name: len(body[column.name]) for column in columns}
    rows = max(lengths.values())
    for name, length in lengths.items():
        if length != rows:
            raise Problem(422, f"column {name!r} has {length} values where another has {rows}")
    _count(rows, most)
    return {name: body[name] for name in lengths}


def _count(rows: int, most: int) -> None:
    if not rows:
        raise Problem(422, "no row came; accepted: 1 or more")
    if rows > most:
        raise Problem(422, f"{rows:,} rows came; accepted: at most {most:,} in one request")


def _width(columns: int, sizes: Sizes) -> None:
    if columns > sizes.columns:
        raise Problem(422, f"{columns:,} columns came; accepted: at most {sizes.columns:,}")


def _lost(name: str, there: Iterable[str], where: str) -> Problem:
    names = list(there)
    shown = ", ".join(quoted(other) for other in names[:10]) or "nothing"
    return Problem(422, f"{where} has no column {name!r}; there is: {shown}.{nearest(name, names[:200])}")


def _column(column: Input, values: Values) -> pa.Array:
    accepted, make = _MADE[column.kind]
    types = (*accepted, type(None)) if allows_missing(column) else accepted
    if not set(map(type, values)) <= set(types):
        place = next(place for place, value in enumerate(values) if type(value) not in types)
        raise Problem(422, _foreign(column, place, values[place]))
    try:
        return make(column, values)
    except UnicodeEncodeError:
        raise Problem(
            422, f"column {column.name!r} holds text that is not Unicode (a lone surrogate)"
        ) from None


def _foreign(column: Input, place: int, value: object) -> str:
    wanted = {"number": "numbers", "category": "words", "date": "dates as ISO 8601 text", "image": "images"}
    came = "null (a missing value)" if value is None else _named(value)
    return f"column {column.name!r}, row {place}: {came} came; the model was trained on {wanted[column.kind]}"


def _numbers(column: Input, values: Values) -> pa.Array:
    return pa.array(values, pa.float64())


def _words(column: Input, values: Values) -> pa.Array:
    types = set(map(type, values))
    if types <= {bool, type(None)}:
        return pa.array(values, pa.bool_())
    if bool in types:
        values = [str(value).lower() if isinstance(value, bool) else value for value in values]
    return pa.array(values, pa.string())


def _moments(column: Input, values: Values) -> pa.Array:
    return pa.array([None if v is None else _moment(column.name, v) for v in values], pa.timestamp("us"))


def _moment(name: str, text: str) -> datetime:
    """Read a date as the clock on the wall showed it; the year is moved to one that nanoseconds can say."""
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise Problem(422, f"column {name!r}: {quoted(text)} came; accepted: 2024-03-06T16:32:05") from None
    cycles = max(0, -(-(found.year - LAST_YEAR) // CYCLE)) - max(0, -((found.year - FIRST_YEAR) // CYCLE))
    return found.replace(year=found.year - CYCLE * cycles) if cycles else found


def _images(column: Input, values: Values) -> pa.Array:
    assert isinstance(column, Image)  # noqa: S101 - by its kind
    flat: Iterable[Any] = values
    shape = (len(values), *column.shape)
    for length in column.shape:
        level = list(flat)
        if not all(type(part) is list and len(part) == length for part in level):
            raise Problem(
                422, f"column {column.name!r}: accepted are images of shape {column.shape} as lists"
            )
        flat = chain.from_iterable(level)
    pixels = list(flat)
    if not set(map(type, pixels)) <= {float}:
        raise Problem(422, f"column {column.name!r} has pixels that are no numbers")
    array = np.array(pixels, dtype=np.float64)
    whole = column.pixel != "uint8" or bool(((array == np.rint(array)) & (array >= 0) & (array <= 255)).all())
    if not whole:
        raise Problem(422, f"column {column.name!r} has pixels that are no integers from 0 to 255")
    with np.errstate(over="ignore"):
        return image_column(array.reshape(shape).astype(column.pixel))


_MADE: dict[str, tuple[tuple[type, ...], Callable[[Input, Values], pa.Array]]] = {
    "number": ((float,), _numbers),
    "category": ((str, bool), _words),
    "date": ((str,), _moments),
    "image": ((list,), _images),
}


def _named(value: object) -> str:
    """Say what a JSON value is.

    >>> _named([1]), _named(True), _named(None), _named("x")
    ('a list', 'true or false', 'null', "the text 'x'")
    """
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    names = {list: "a list", dict: "an object", bool: "true or false", float: "a number"}
    return names.get(type(value), "null")
