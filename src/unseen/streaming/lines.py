"""Readings of a stream from lines of text, as they come: CSV with a header, or one JSON object a line."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from unseen.errors import DataError, unknown

TIMES = ("time", "timestamp", "stamp", "datetime", "date", "ts", "t")
VALUES = ("value", "y", "x")
"""Column names that are taken where none is given, the first of them that is there."""
MISSING = frozenset(("", "nan", "na", "n/a", "null", "none", "-"))
LONGEST = 1_000_000


@dataclass(frozen=True)
class Reading:
    """One reading.

    Attributes:
        stamp: As it came.
        time: Seconds of the clock that the stamp shows; an offset from UTC that it may carry is left aside.
        value: NaN where missing.

    """

    stamp: str
    time: float
    value: float


def readings(
    lines: Iterable[bytes], *, time: str | None = None, value: str | None = None
) -> Iterator[Reading]:
    """Yield a reading a line, each before the next line is asked for; empty lines are passed over.

    A stamp is seconds (a number) or a date and time of ISO 8601. A value that is empty, `NaN` or `null` is
    missing.

    Args:
        lines: Of a file or a pipe.
        time: Column or key of the stamp.
        value: Column or key of the value.

    Raises:
        DataError: A line is not as it should be; its number is named.

    >>> [reading.value for reading in readings([b"time,value", b"0,1.5", b"60,"])]
    [1.5, nan]
    >>> list(readings([b'{"t": "2024-01-01T00:00:10", "x": 3}']))[0].time
    1704067210.0
    """
    numbered = ((number, _text(line, number)) for number, line in enumerate(lines, 1))
    filled = ((number, text) for number, text in numbered if text.strip())
    number, first = next(filled, (0, ""))
    if not number:
        raise DataError("nothing came; accepted: CSV with a header, or one JSON object a line")
    if first.lstrip().startswith("{"):
        fields = _json_fields(number, first)
        names = _names(list(fields), time, value)
        yield _reading(number, fields, names)
        parse: Callable[[int, str], Mapping[str, object]] = _json_fields
    else:
        header = [word.strip() for word in _cells(number, first)]
        names = _names(header, time, value)
        parse = _csv_fields(header)
    for number, text in filled:
        yield _reading(number, parse(number, text), names)


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines as they come; one that is too long comes in part, so that `readings` can refuse it."""
    return iter(lambda: file.readline(LONGEST + 1), b"")


def seconds(stamp: str) -> float | None:
    """Return the seconds of a stamp, None where it is neither a number nor a date of ISO 8601.

    >>> seconds("60"), seconds("1970-01-02T00:00+09:00"), seconds("noon")
    (60.0, 86400.0, None)
    """
    try:
        return float(stamp)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _text(line: bytes, number: int) -> str:
    if len(line) > LONGEST:
        raise DataError(f"line {number} has more than {LONGEST:,} bytes; accepted: one reading a line")
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"line {number} is not UTF-8 text; convert it first") from error


def _cells(number: int, text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise DataError(f"line {number} is not CSV: {error}") from error


def _csv_fields(header: list[str]) -> Callable[[int, str], Mapping[str, object]]:
    def fields(number: int, text: str) -> Mapping[str, object]:
        cells = _cells(number, text)
        if len(cells) != len(header):
            raise DataError(f"line {number} has {len(cells)} values, the header {len(header)} columns")
        return dict(zip(header, cells, strict=True))

    return fields


def _json_fields(number: int, text: str) -> Mapping[str, object]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"line {number} is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise DataError(f"line {number} is a {type(fields).__name__} in JSON; accepted: one object a line")
    return fields


def _names(columns: list[str], time: str | None, value: str | None) -> tuple[str, str]:
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"column {twice!r} came twice; rename one")
    stamp = _named("time", time, TIMES, columns)
    others = [name for name in columns if name != stamp]
    if value is None and len(others) == 1:
        return stamp, others[0]
    return stamp, _named("value", value, VALUES, others)


def _named(what: str, asked: str | None, usual: tuple[str, ...], columns: list[str]) -> str:
    if asked is not None:
        if asked not in columns:
            raise DataError(unknown("column", asked, columns))
        return asked
    lower = {name.lower(): name for name in reversed(columns)}
    found = next((lower[name] for name in usual if name in lower), None)
    if found is None:
        raise DataError(
            f"no column is called {' or '.join(usual)}; name one of {', '.join(columns)} by --{what}"
        )
    return found


def _reading(number: int, fields: Mapping[str, object], names: tuple[str, str]) -> Reading:
    for name in names:
        if name not in fields:
            raise DataError(f"line {number} has no {name!r}; it has {', '.join(fields) or 'nothing'}")
    stamp = str(fields[names[0]]).strip()
    time = seconds(stamp)
    if time is None or not math.isfinite(time):
        raise DataError(
            f"line {number}: {names[0]} {stamp[:40]!r} came; accepted: seconds, or date and time of ISO 8601"
        )
    return Reading(stamp, time, _number(number, names[1], fields[names[1]]))


def _number(number: int, name: str, came: object) -> float:
    word = "" if came is None else str(came).strip()
    if word.lower() in MISSING:
        return math.nan
    try:
        if isinstance(came, bool):
            raise ValueError
        found = float(word)
    except ValueError:
        found = math.inf
    if not math.isfinite(found):
        raise DataError(
            f"line {number}: {name} {word[:40]!r} came; accepted: a number, or nothing where missing"
        )
    return found
