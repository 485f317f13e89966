"""Results on disk: a CSV file that grows by whole rows and is read back as it stands."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from unseen.errors import DataError

Row = dict[str, str]


@dataclass
class Sheet:
    """Rows of one bench, in memory and, where a path is given, in a file.

    Attributes:
        columns: Names, in order.
        key: Columns that say which job a row is of.
        path: The file; None keeps the rows in memory.
        rows: Those there are.

    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    path: Path | None = None
    rows: list[Row] = field(default_factory=list)

    @classmethod
    def opened(cls, columns: tuple[str, ...], key: tuple[str, ...], path: Path | None) -> Sheet:
        """Open a file to go on with, or begin one; a last line that was cut short is dropped.

        Raises:
            DataError: The file has other columns.

        """
        sheet = cls(columns, key, path)
        if path is None:
            return sheet
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size:
            sheet.rows = read(path, columns)
            text = path.read_bytes()
            if not text.endswith(b"\n"):
                _replace(path, text[: text.rfind(b"\n") + 1])
        else:
            _replace(path, (",".join(columns) + "\n").encode())
        return sheet

    def done(self) -> set[tuple[str, ...]]:
        """Return the keys of the rows there are."""
        return {self.key_of(row) for row in self.rows}

    def key_of(self, row: Mapping[str, str]) -> tuple[str, ...]:
        """Return the values of the key columns."""
        return tuple(row[name] for name in self.key)

    def append(self, rows: Iterable[Row]) -> None:
        """Add rows, in the file by one write."""
        new = [{name: row[name] for name in self.columns} for row in rows]
        if self.path is not None:
            with self.path.open("ab") as file:
                file.write(_lines(self.columns, new))
                file.flush()
                os.fsync(file.fileno())
        self.rows += new

    def drop(self, keys: set[tuple[str, ...]]) -> None:
        """Forget the rows of some keys."""
        self.rows = [row for row in self.rows if self.key_of(row) not in keys]
        if self.path is not None:
            head = (",".join(self.columns) + "\n").encode()
            _replace(self.path, head + _lines(self.columns, self.rows))


def read(path: Path, columns: tuple[str, ...]) -> list[Row]:
    """Read the whole rows of a file, plain or `.gz`; a last line without an end is left out.

    Raises:
        DataError: The file is absent, broken, has other columns, or a row is not as long as the header.

    """
    if not path.exists():
        raise DataError(f"{path.name} is not there: no results of this bench have been written")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = content.decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a table of results: {error}") from error
    lines = list(csv.reader(io.StringIO(text[: text.rfind("\n") + 1])))
    if not lines or tuple(lines[0]) != columns:
        came = ",".join(lines[0]) if lines else "nothing"
        raise DataError(f"{path} has the columns {came}; accepted: {','.join(columns)}. Name another folder.")
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(columns):
            raise DataError(
                f"{path}: line {number} has {len(line)} values, but there are {len(columns)} columns"
            )
    return [dict(zip(columns, line, strict=True)) for line in lines[1:]]


def _lines(columns: tuple[str, ...], rows: list[Row]) -> bytes:
    text = io.StringIO()
    csv.DictWriter(text, columns, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_name(path.name + ".tmp")
    aside.write_bytes(content)
    os.replace(aside, path)
