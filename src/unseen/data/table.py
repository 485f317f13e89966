"""Parquet and Arrow files."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from unseen.data.batches import Source
from unseen.data.columns import column_names, plain, refuse_names
from unseen.data.files import DiskFile, File
from unseen.data.members import check_layout
from unseen.data.nested import rows_at_once, with_images
from unseen.data.packed import packings, unpacked
from unseen.errors import DataError, UnseenError

ARROW_FILE = b"ARROW1"
BROKEN = (pa.ArrowException, OSError, EOFError, ValueError, KeyError, TypeError, MemoryError)


class ParquetSource(Source):
    """One Parquet file, read a few pages at a time.

    Pages are decoded as they are needed and row groups are not read ahead, so that memory depends on
    the batch and not on the file.

    Raises:
        DataError: not Parquet, truncated, or damaged further down.

    """

    def __init__(self, file: File) -> None:
        self.name = file.name
        self._file = file
        with _one_line(self.name, "a Parquet file"):
            opened = self._open()
            self.columns = column_names(opened.schema_arrow.names, self.name)
            self._packed = packings(opened.schema_arrow, self.name)
            check_layout(file.layout)
            self._originals = dict(zip(self.columns, opened.schema_arrow.names, strict=True))
            if opened.metadata.num_rows == 0:
                raise DataError(f"{self.name} holds no rows")
            groups = range(opened.metadata.num_row_groups)
            self.rows_of_groups = tuple(opened.metadata.row_group(place).num_rows for place in groups)
            self._groups = groups

    @property
    def on_disk(self) -> bool:
        """Whether another process can open it by its name."""
        return isinstance(self._file, DiskFile)

    def groups(self, begin: int, end: int) -> ParquetSource:
        """Only the row groups [begin, end)."""
        part = copy.copy(self)
        part._groups = self._groups[begin:end]
        return part

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Read only `columns`; bytes are validated before use."""
        originals = [self._originals[name] for name in columns]
        first = 0
        with _one_line(self.name, "a Parquet file"):
            opened = self._open()
            step = rows_at_once(opened.schema_arrow, rows)
            for batch in opened.iter_batches(
                batch_size=step, row_groups=list(self._groups), columns=originals, use_threads=False
            ):
                batch.validate(full=True)
                table = pa.Table.from_batches([batch]).select(originals)
                for part in unpacked(table.rename_columns(list(columns)), self._packed, self.name, first):
                    yield plain(with_images(part, self._file.layout))
                first += table.num_rows

    def _open(self) -> pq.ParquetFile:
        return pq.ParquetFile(self._file.arrow(), buffer_size=1 << 20, pre_buffer=False)


class ArrowSource(Source):
    """An Arrow file (Feather version 2) or an Arrow stream, read record batch by record batch.

    Raises:
        DataError: not Arrow, truncated, or damaged further down.

    """

    def __init__(self, file: File) -> None:
        self.name = file.name
        self._file = file
        with _one_line(self.name, "an Arrow file"):
            self._reader: pa.ipc.RecordBatchStreamReader | None = self._open()
            schema = self._reader.schema
            self.columns = column_names(schema.names, self.name)
            self._packed = packings(schema, self.name)
            check_layout(file.layout)

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Read every record batch and keep `columns`; bytes are validated before use."""
        positions = [self.columns.index(name) for name in columns]
        first = 0
        with _one_line(self.name, "an Arrow file"):
            reader, self._reader = self._reader or self._open(), None
            for batch in _record_batches(reader):
                batch.validate(full=True)
                table = pa.Table.from_batches([batch]).select(positions).rename_columns(list(columns))
                for part in unpacked(table, self._packed, self.name, first):
                    part = with_images(part, self._file.layout)
                    yield from (plain(part.slice(at, rows)) for at in range(0, part.num_rows, rows))
                first += table.num_rows

    def _open(self) -> pa.ipc.RecordBatchStreamReader:
        if self._file.head.startswith(ARROW_FILE):
            return pa.ipc.open_file(self._file.arrow())
        return pa.ipc.open_stream(self._file.arrow_stream())


def open_parquet(file: File, names: Sequence[str] | None = None) -> Source:
    """Open a Parquet file."""
    if names is not None:
        refuse_names(file.name)
    return ParquetSource(file)


def open_arrow(file: File, names: Sequence[str] | None = None) -> Source:
    """Open an Arrow file or stream."""
    if names is not None:
        refuse_names(file.name)
    return ArrowSource(file)


def _record_batches(reader: pa.ipc.RecordBatchStreamReader) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        return (reader.get_batch(index) for index in range(reader.num_record_batches))
    return iter(reader)


@contextmanager
def _one_line(name: str, kind: str) -> Iterator[None]:
    """Turn Arrow's faults into one line that names the file."""
    try:
        yield
    except UnseenError:
        raise
    except BROKEN as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{name} is not {kind}, or is truncated or damaged: {reason[:200]}") from error
