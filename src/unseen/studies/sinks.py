"""Where scored rows go: text, Parquet or JSON; a file is whole or not there."""

from __future__ import annotations

import json
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from unseen.errors import DataError, unknown


class Sink(ABC):
    """Takes tables one after the other, then closing words."""

    @abstractmethod
    def write(self, table: pa.Table) -> None:
        """Take the next rows."""

    @abstractmethod
    def close(self, summary: Mapping[str, object]) -> None:
        """End; formats with room for it add the summary."""


class CsvSink(Sink):
    """A header, then one line a row."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._begun = False

    def write(self, table: pa.Table) -> None:
        """Write the lines."""
        if not self._begun:
            self._stream.write((",".join(_quoted(name) for name in table.column_names) + "\n").encode())
            self._begun = True
        options = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
        buffer = pa.BufferOutputStream()
        pa_csv.write_csv(_writable(table), buffer, options)
        self._stream.write(buffer.getvalue())

    def close(self, summary: Mapping[str, object]) -> None:
        """Flush."""
        self._stream.flush()


class ParquetSink(Sink):
    """A Parquet file, compressed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Write a row group."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._stream, table.schema, compression="zstd")
        self._writer.write_table(table)

    def close(self, summary: Mapping[str, object]) -> None:
        """Write the footer."""
        if self._writer is not None:
            self._writer.close()


class JsonSink(Sink):
    """One object: the rows under `scores`, then the summary."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._join = '{"scores": ['

    def write(self, table: pa.Table) -> None:
        """Write one object a row."""
        for record in _writable(table).to_pylist():
            plain = {name: _finite(value) for name, value in record.items()}
            self._stream.write((self._join + json.dumps(plain, default=str)).encode())
            self._join = ",\n"

    def close(self, summary: Mapping[str, object]) -> None:
        """End the list, add the summary."""
        if self._join.startswith("{"):
            self._stream.write(self._join.encode())
        rest = json.dumps(dict(summary))[1:-1]
        self._stream.write(f"]{', ' if rest else ''}{rest}}}\n".encode())
        self._stream.flush()


FORMATS: Mapping[str, type[Any]] = {".csv": CsvSink, ".parquet": ParquetSink, ".json": JsonSink}


@contextmanager
def sink_to(path: Path) -> Iterator[Sink]:
    """Open a sink by suffix; the file appears under its name when the block ends well, and else not at all.

    Raises:
        DataError: A suffix without a format, or a place that cannot be written.

    """
    if path.suffix.lower() not in FORMATS:
        raise DataError(f"{path}: {unknown('suffix', path.suffix, FORMATS)}")
    aside = path.with_name(path.name + ".tmp")
    try:
        stream = aside.open("wb")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with stream:
            yield FORMATS[path.suffix.lower()](stream)
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _finite(value: object) -> object:
    """Return a value JSON can say: what is not finite becomes null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(sign in name for sign in ',"\n\r') else name


def _writable(table: pa.Table) -> pa.Table:
    """Write images as their shape: a table of text has no place for pixels."""
    for place, field in enumerate(table.schema):
        if isinstance(field.type, pa.FixedShapeTensorType):
            words = pa.array([f"image {tuple(field.type.shape)}"] * table.num_rows)
            table = table.set_column(place, field.name, words)
    return table
