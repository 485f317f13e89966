"""Bytes of a feed as readings of sensors, or as rows for a detector."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from unseen.errors import DataError
from unseen.live.delivery import Delivery
from unseen.series.feed import read_answer
from unseen.series.settings import SeriesSettings

MOST_ROWS = 50_000


@dataclass(frozen=True)
class Payload:
    """How bytes are read.

    Args:
        series: Fields of readings.
        as_rows: Every field is kept, for a detector.

    """

    series: SeriesSettings
    as_rows: bool = False

    def read(self, body: bytes, received: float, place: int | None = None) -> Delivery:
        """Read JSON, JSON lines or CSV.

        Raises:
            DataError: It is none of these.

        """
        if not self.as_rows:
            return Delivery(received, read_answer(body, self.series), place=place)
        rows, faults = table_rows(body)
        word = f"{len(faults)} lines were left out; the first: {faults[0]}" if faults else None
        return Delivery(
            received, rows=tuple(rows), fault=word, kind="content" if faults else "ok", place=place
        )

    def of_csv(self, line: bytes) -> bool:
        """Whether a first line names the columns of a CSV."""
        return not line.lstrip().startswith((b"{", b"["))


def table_rows(body: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    r"""Return rows as mappings of columns, numbers as numbers, and what was wrong with others.

    Raises:
        DataError: The bytes are not UTF-8.

    >>> table_rows(b'{"a": 1}\n{"a": \n')[0]
    [{'a': 1}]
    >>> table_rows(b"a,b\n1,x\n2.5,y\n1\n")[0]
    [{'a': 1, 'b': 'x'}, {'a': 2.5, 'b': 'y'}]
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"byte {error.start} of the rows is not UTF-8") from error
    lines = [line for line in text.splitlines() if line.strip()][: MOST_ROWS + 1]
    if lines and lines[0].lstrip()[:1] in ("{", "["):
        return _of_json(lines)
    rows: list[dict[str, Any]] = []
    faults = []
    reader = csv.reader(io.StringIO("\n".join(lines)))
    header = next(reader, [])
    for number, cells in enumerate(reader, 1):
        if len(cells) != len(header):
            faults.append(f"row {number} has {len(cells)} values for {len(header)} columns")
        else:
            rows.append({name.strip(): _cell(cell) for name, cell in zip(header, cells, strict=True)})
    return rows, faults


def _of_json(lines: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    rows: list[dict[str, Any]] = []
    faults = []
    for number, line in enumerate(lines):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            faults.append(f"line {number} is no JSON, or cut short")
            continue
        every = found if isinstance(found, list) else [found]
        rows += [one for one in every if isinstance(one, dict)]
        if not all(isinstance(one, dict) for one in every):
            faults.append(f"line {number} is no object with named fields")
    return rows, faults


def _cell(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()
