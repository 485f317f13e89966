"""A table cut into blocks for workers: named where a worker can read it alone, else sent along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from unseen.data import Source, open_source
from unseen.data.folder import FolderSource
from unseen.data.table import ParquetSource


@dataclass(frozen=True)
class Span:
    """Row groups [begin, end) of a Parquet file that workers can read: `first` counts rows of the table."""

    path: str
    first: int
    begin: int
    end: int
    columns: tuple[str, ...]

    def tables(self, rows: int) -> Iterator[pa.Table]:
        """Read it, `rows` at a time."""
        source = open_source(self.path)
        if not isinstance(source, ParquetSource):
            raise TypeError(f"{self.path} is no Parquet file any more")
        yield from source.groups(self.begin, self.end).select(self.columns).batches(rows)


@dataclass(frozen=True)
class Sent:
    """Rows that were read here, from number `first` on, as an Arrow stream."""

    first: int
    stream: bytes

    def tables(self, rows: int) -> Iterator[pa.Table]:
        """Give them as they are."""
        yield table_of(self.stream)


Block = Span | Sent


def blocks(source: Source, columns: tuple[str, ...], rows: int) -> Iterator[Block]:
    """Cut a source into blocks of about `rows` rows or more, in the order of its rows.

    Row groups of Parquet files are only named, so that workers read them side by side. Any other format is
    read here, once, and sent.
    """
    files = _parquet_files(source)
    if files is None:
        first = 0
        for table in source.select(columns).batches(rows):
            yield Sent(first, stream_of(table))
            first += table.num_rows
        return
    start = 0
    for file in files:
        held = begin = 0
        counts = file.rows_of_groups
        for place, count in enumerate(counts, start=1):
            held += count
            if held >= rows or place == len(counts):
                if held:
                    yield Span(str(Path(file.name).resolve()), start, begin, place, columns)
                start, held, begin = start + held, 0, place


def _parquet_files(source: Source) -> tuple[ParquetSource, ...] | None:
    files = source.parts if isinstance(source, FolderSource) else (source,)
    whole = tuple(file for file in files if isinstance(file, ParquetSource) and file.on_disk)
    return whole if len(whole) == len(files) else None


def stream_of(table: pa.Table) -> bytes:
    """Write a table as an Arrow stream, bit for bit."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def table_of(stream: bytes) -> pa.Table:
    """Read it back."""
    return pa.ipc.open_stream(stream).read_all()
