"""CSV, TSV and their relatives: typed by the first block, streamed by blocks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.types as pt

from unseen.data.batches import Source
from unseen.data.blocks import BLOCK, Block, blocks
from unseen.data.columns import column_names, is_number, plain_type
from unseen.data.files import File
from unseen.errors import DataError

MISSING = ["", "NA", "N/A", "#N/A", "NaN", "nan", "-nan", "null", "NULL"]
"""Unquoted words read as a missing value, in columns of numbers and of words alike."""
HEAD = 1 << 16
NOTHING = Block(b"", 1)
NO_HEADER = " If the file has no header, pass names=[...]"
DECIMAL_MARKS = (".", ",")
DELIMITERS = (",", ";", "\t", "|")


class TextSource(Source):
    """A table in delimited text, plain or gzipped.

    The delimiter (comma, semicolon, tab or bar) and the column types come from the first block of
    2 MiB: numbers are float64 from the start, so that '3.5' may follow a million integers. Where the
    delimiter is no comma, numbers may be written with a decimal comma. A header is expected unless
    `names` gives the column names. Columns named in `words` stay text, whatever they look like: an
    identifier such as 007 is no number.

    Raises:
        DataError: at opening or, for faults further down, while reading; with line, row and column.
            Rows are counted from 0 after the header, lines from 1.

    """

    def __init__(self, file: File, names: Sequence[str] | None = None, *, words: Sequence[str] = ()) -> None:
        self.name = file.name
        self._file = file
        self._used = False
        self._rest: Iterator[Block] = iter(())
        if file.reopens:
            with file.open() as stream:
                self._first = next(blocks(stream, file.name), NOTHING)
        else:
            self._rest = blocks(file.open(), file.name)
            self._first = next(self._rest, NOTHING)
        head = _head(self._first.data)
        if not head:
            raise DataError(f"{self.name} is empty")
        try:
            self._delimiter = _sniff(head)
            found = next(csv.reader(io.StringIO(head, newline=""), delimiter=self._delimiter))
        except csv.Error as error:
            raise DataError(f"{self.name}: the first lines cannot be parsed: {error}") from error
        self._has_header = names is None
        if names is None:
            _refuse_data_as_header(found, self.name)
        elif len(names) != len(found):
            raise DataError(f"{self.name} has {len(found)} columns, but {len(names)} names were given")
        self.columns = column_names(
            found if names is None else names, self.name, NO_HEADER if names is None else ""
        )
        self._decimal = DECIMAL_MARKS[0]
        self._types = {name: pa.string() for name in words if name in self.columns}
        self._types = self._infer()

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Parse block by block; only `columns` are converted."""
        row = 0
        for block in self._blocks():
            table = self._parse(block, row, columns)
            row += table.num_rows
            yield table

    def _blocks(self) -> Iterator[Block]:
        """Yield the blocks without the header."""
        if not self._file.reopens:
            yield from self._once()
            return
        with self._file.open() as stream:
            rest = blocks(stream, self.name)
            next(rest, NOTHING)
            yield self._body()
            yield from rest

    def _once(self) -> Iterator[Block]:
        if self._used:
            self._file.open()  # says that a stream is read once
        self._used = True
        yield self._body()
        yield from self._rest

    def _body(self) -> Block:
        if not self._has_header:
            return self._first
        reader = csv.reader(io.StringIO(self._first.data.decode(), newline=""), delimiter=self._delimiter)
        while not next(reader):
            pass
        lines = self._first.data.splitlines(keepends=True)
        return Block(b"".join(lines[reader.line_num :]), self._first.line + reader.line_num)

    def _infer(self) -> dict[str, pa.DataType]:
        """Choose the type of each column, and the decimal mark that makes most of them numbers."""
        body = self._body()
        if not body.data.strip():
            raise DataError(f"{self.name} has a header and no rows")
        best: dict[str, pa.DataType] = {}
        for mark in DECIMAL_MARKS if self._delimiter != "," else DECIMAL_MARKS[:1]:
            previous, self._decimal = self._decimal, mark
            types = {
                field.name: _text_type(field.type) for field in self._parse(body, 0, self.columns).schema
            }
            if _numbers(types) <= _numbers(best) and best:
                self._decimal = previous
            else:
                best = types
        return best

    def _parse(self, block: Block, row: int, columns: tuple[str, ...]) -> pa.Table:
        if block.data.count(b'"') % 2:
            self._refuse_open_quote(block)
        try:
            return self._arrow(block.data, self._types, columns)
        except pa.ArrowInvalid as error:
            raise self._fault(block, row, error) from error

    def _arrow(
        self, data: bytes, types: dict[str, pa.DataType], columns: tuple[str, ...] | None = None
    ) -> pa.Table:
        return pa_csv.read_csv(
            pa.BufferReader(data),
            pa_csv.ReadOptions(column_names=list(self.columns), block_size=max(len(data), BLOCK)),
            pa_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=b'"' in data),
            pa_csv.ConvertOptions(
                column_types=types,
                decimal_point=self._decimal,
                include_columns=list(columns or self.columns),
                null_values=MISSING,
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _fault(self, block: Block, row: int, error: Exception) -> DataError:
        """Say where a block that could not be parsed is broken."""
        ragged = self._ragged(block, row)
        if ragged:
            return DataError(ragged)
        words = self._arrow(block.data, dict.fromkeys(self.columns, pa.string()))
        for name, kind in self._types.items():
            column = words.column(name).combine_chunks()
            at = _first_uncastable(pc.replace_substring(column, self._decimal, "."), kind)
            if at is not None:
                value = str(words.column(name)[at])
                return DataError(
                    f"{self.name}: row {row + at} (line {self._line(block, at)}), column {name!r}:"
                    f" {value[:80]!r} is not a {_human(kind)}, which the first rows of the column are"
                )
        return DataError(f"{self.name}: lines from {block.line} on cannot be parsed: {error}")

    def _refuse_open_quote(self, block: Block) -> None:
        """Refuse a quote that is never closed, which would swallow the rows after it as one value."""
        reader = csv.reader(
            io.StringIO(block.data.decode(), newline=""), delimiter=self._delimiter, strict=True
        )
        line = block.line
        try:
            for _ in reader:
                line = block.line + reader.line_num
        except csv.Error as error:
            if "unexpected end" in str(error) or "larger than field limit" in str(error):
                raise DataError(f"{self.name}: a quote opened in line {line} is never closed") from error

    def _ragged(self, block: Block, row: int) -> str:
        for index, (line, record) in enumerate(self._records(block)):
            if len(record) != len(self.columns):
                values = "1 value" if len(record) == 1 else f"{len(record)} values"
                return (
                    f"{self.name}: row {row + index} (line {line}) has {values},"
                    f" but there are {len(self.columns)} columns"
                )
        return ""

    def _line(self, block: Block, row: int) -> int:
        return next(
            (line for index, (line, _) in enumerate(self._records(block)) if index == row), block.line
        )

    def _records(self, block: Block) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(block.data.decode(), newline=""), delimiter=self._delimiter)
        before = block.line
        try:
            for record in reader:
                if record:
                    yield before, record
                before = block.line + reader.line_num
        except csv.Error:  # a field beyond Python's limit: the rows before it have been looked at
            return


def _head(data: bytes) -> str:
    """Return the first lines, from the first one that is not blank, without one cut in two."""
    start = data.lstrip(b"\r\n")
    end = start.find(b"\n", HEAD) + 1 or len(start)
    return start[:end].decode("utf-8", errors="ignore").rstrip("\r\n")


def _sniff(head: str) -> str:
    """Choose the delimiter that cuts the first lines into equally many, and most, values."""
    lines = "\n".join(head.split("\n")[:50])

    def quality(delimiter: str) -> tuple[float, int]:
        try:
            widths = [
                len(record) for record in csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
            ]
        except csv.Error:  # a wide line without this delimiter is one endless value
            return 0.0, 0
        widths = [width for width in widths if width]
        return (widths.count(widths[0]) / len(widths) if widths[0] > 1 else 0.0), widths[0]

    return max(DELIMITERS, key=quality)


def _refuse_data_as_header(header: Sequence[str], name: str) -> None:
    numbers = [word for word in header if is_number(word)]
    if len(numbers) == len(header) and any(not word.strip().isdigit() for word in numbers):
        raise DataError(
            f"{name}: the first row holds only numbers ({', '.join(header[:3])}, ...).{NO_HEADER}"
        )


def _numbers(types: dict[str, pa.DataType]) -> int:
    return sum(pt.is_floating(kind) for kind in types.values())


def _text_type(kind: pa.DataType) -> pa.DataType:
    """Choose the type a column keeps through the file; a clock time without a date stays a word."""
    return pa.string() if pt.is_time(kind) else _moment(plain_type(kind))


def _moment(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp("ns", kind.tz) if pt.is_timestamp(kind) else kind


def _first_uncastable(words: pa.Array, kind: pa.DataType) -> int | None:
    """Find the first word that is no `kind` by halving."""
    if _castable(words, kind):
        return None
    low, high = 0, len(words)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if not _castable(words[low:middle], kind) else (middle, high)
    return low


def _castable(words: pa.Array, kind: pa.DataType) -> bool:
    try:
        pc.cast(pc.utf8_trim_whitespace(words), kind)
    except pa.ArrowInvalid:
        return False
    return True


def _human(kind: pa.DataType) -> str:
    if pt.is_floating(kind):
        return "number"
    return "date" if pt.is_timestamp(kind) else str(kind)
