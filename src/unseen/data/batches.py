"""A source of rows: named columns, streamed in batches that fit in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

import pyarrow as pa

from unseen.data.columns import column_names, plain
from unseen.errors import ConfigError, DataError, unknown

MOST_BYTES = 1 << 28
"""A batch is handed on at 256 MiB, however few its rows."""


class Source(ABC):
    """Rows with named columns, read in batches: the one interface of every file format.

    A format gives `name`, `columns` and `scan`; everything else follows from these. Numbers are float64,
    words are text, moments are timestamps, images are `pa.fixed_shape_tensor` of shape (C, H, W).
    """

    name: str
    """What a person calls it: the path as given, or 'standard input'."""
    columns: tuple[str, ...]
    """Column names in file order, without surrounding blanks, no two alike."""

    @property
    def units(self) -> Mapping[str, str]:
        """Column -> unit, for the columns whose unit the file states; empty for most formats."""
        return {}

    @property
    def content(self) -> str:
        """What the file holds, in one sentence; empty where the format has nothing to add to the columns."""
        return ""

    @property
    def left_out(self) -> Mapping[str, str]:
        """What the file holds that is not read as a column -> why."""
        return {}

    @property
    def label(self) -> str | None:
        """Column that says what each row is, where the source knows it; None for most formats."""
        return None

    @property
    def weights(self) -> tuple[str, ...]:
        """Columns that say how much a row counts rather than what it is; they are no features."""
        return ()

    @abstractmethod
    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Yield tables with exactly `columns`, of about `rows` rows each, in file order.

        `rows` is a hint that keeps memory constant; `batches` cuts the tables to size.
        """

    def batches(self, rows: int = 65_536) -> Iterator[pa.Table]:
        """Yield tables of `rows` rows each (the last may be shorter, as may those of large images).

        Memory is constant.

        Raises:
            ConfigError: `rows` is below 1.
            DataError: the file is broken further down, or holds no rows.

        """
        if rows < 1:
            raise ConfigError(f"rows={rows} is not a batch size; accepted: 1 or more")
        return _refuse_empty(rechunk(self.scan(self.columns, rows), rows), self.name)

    def read(self) -> pa.Table:
        """Return all rows as one table in memory."""
        return pa.concat_tables(self.batches())

    def select(self, columns: Sequence[str]) -> Source:
        """Return the same rows with only `columns`, in that order; formats by column read only these.

        Raises:
            DataError: a name is not a column (the nearest one is offered) or comes twice.

        """
        wanted = column_names(columns, self.name)
        there = set(self.columns)
        for name in wanted:
            if name not in there:
                raise DataError(f"{self.name}: {unknown('column', name, self.columns)}")
        return _Selection(self, wanted)

    def __repr__(self) -> str:
        """Show the name and the number of columns."""
        return f"{type(self).__name__}({self.name!r}, {len(self.columns)} columns)"


class _Selection(Source):
    def __init__(self, source: Source, columns: tuple[str, ...]) -> None:
        self.name = source.name
        self.columns = columns
        self._source = source

    @property
    def units(self) -> Mapping[str, str]:
        return {name: unit for name, unit in self._source.units.items() if name in self.columns}

    @property
    def content(self) -> str:
        return self._source.content

    @property
    def left_out(self) -> Mapping[str, str]:
        return self._source.left_out

    @property
    def label(self) -> str | None:
        return self._source.label

    @property
    def weights(self) -> tuple[str, ...]:
        return tuple(name for name in self._source.weights if name in self.columns)

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        return self._source.scan(columns, rows)


class TableSource(Source):
    """A table that is in memory already.

    >>> import pyarrow as pa
    >>> source = TableSource(pa.table({" bytes ": [1, 2, 3], "service": ["http", "dns", "dns"]}))
    >>> source.columns
    ('bytes', 'service')
    >>> [batch.num_rows for batch in source.batches(rows=2)]
    [2, 1]
    """

    default_name: ClassVar[str] = "table"

    def __init__(self, table: pa.Table, name: str = default_name) -> None:
        self.name = name
        self.columns = column_names(table.column_names, name)
        self._table = table.rename_columns(list(self.columns))

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Yield slices of the table."""
        chosen = self._table.select(list(columns))
        for start in range(0, chosen.num_rows, rows):
            yield plain(chosen.slice(start, rows))


def rechunk(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Cut and join tables so that each has `rows` rows, fewer where rows are images of many megabytes.

    >>> import pyarrow as pa
    >>> parts = [pa.table({"x": [0.5] * n}) for n in (1, 5, 1)]
    >>> [table.num_rows for table in rechunk(parts, 3)]
    [3, 3, 1]
    """
    held: list[pa.Table] = []
    count = size = 0
    for table in tables:
        held.append(table)
        count += table.num_rows
        size += table.nbytes
        if count < rows and size < MOST_BYTES:
            continue
        whole = pa.concat_tables(held)
        cut = count - count % rows or count
        for start in range(0, cut, rows):
            yield whole.slice(start, rows)
        rest = whole.slice(cut)
        held, count, size = ([rest], rest.num_rows, rest.nbytes) if rest.num_rows else ([], 0, 0)
    if count:
        yield pa.concat_tables(held)


def _refuse_empty(tables: Iterator[pa.Table], name: str) -> Iterator[pa.Table]:
    empty = True
    for table in tables:
        empty = False
        yield table
    if empty:
        raise DataError(f"{name} holds no rows")
