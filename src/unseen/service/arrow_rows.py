"""Rows from Arrow's stream and file formats, as they may come from a stranger."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from unseen.data.kinds import Input, is_image, is_moment
from unseen.data.table import ARROW_FILE
from unseen.errors import nearest
from unseen.service.columns import Sizes
from unseen.service.problems import Problem

BROKEN = (pa.ArrowException, OSError, EOFError, ValueError, MemoryError)
MOST_MESSAGES = 10_000
MOST_TEXT = 1 << 26
"""Bytes of text a column of words may hold once it is written out: a dictionary may repeat a long word."""


def read_arrow(body: bytes, columns: Sequence[Input], sizes: Sizes, most: int) -> pa.Table:
    """Return the rows of a body as a table with exactly these columns; bytes are checked before use.

    Raises:
        Problem: 400 where it is broken, 413 where it is too large, 415 where it is compressed, 422 where it
            holds other columns than the model was trained on.

    """
    try:
        # a file is a stream between two words and an index, which could point elsewhere: it is not used
        stream = pa.py_buffer(body).slice(8) if body.startswith(ARROW_FILE) else pa.py_buffer(body)
        _refuse_packed(stream)
        reader = pa.ipc.open_stream(stream)
        names = reader.schema.names
        if len(names) > sizes.columns:
            raise Problem(422, f"{len(names):,} columns came; accepted: at most {sizes.columns:,}")
        places = [_place(column.name, names) for column in columns]
        for column, place in zip(columns, places, strict=True):
            _refuse_type(column, reader.schema.field(place).type)
        table = _table(reader, places, most)
    except BROKEN as error:
        raise Problem(400, f"the body is not an Arrow stream or file, or is damaged: {error}") from error
    return table.rename_columns([column.name for column in columns])


def _table(reader: pa.ipc.RecordBatchStreamReader, places: list[int], most: int) -> pa.Table:
    kept, rows = [], 0
    for batch in reader:
        # before anything else is done: a column of nulls may have billions of rows in no bytes at all
        rows += batch.num_rows
        if rows > most:
            raise Problem(422, f"more than {most:,} rows came; accepted: at most {most:,} in one request")
        if batch.num_rows:
            chosen = batch.select(places)
            chosen.validate(full=True)
            kept.append(chosen)
    if not kept:
        raise Problem(422, "no row came; accepted: 1 or more")
    table = pa.Table.from_batches(kept)
    for place, name in enumerate(table.column_names):
        if pt.is_dictionary(table.schema.field(place).type):
            table = table.set_column(place, name, _written_out(table.column(place), name))
    return table


def _place(name: str, names: Sequence[str]) -> int:
    found = [place for place, other in enumerate(names) if other == name]
    if not found:
        shown = ", ".join(ascii(other) for other in names[:10]) or "nothing"
        raise Problem(422, f"there is no column {name!r}; there is: {shown}.{nearest(name, names[:200])}")
    if len(found) > 1:
        raise Problem(422, f"column {name!r} comes {len(found)} times; each must be unique")
    return found[0]


def _refuse_type(column: Input, kind: pa.DataType) -> None:
    """Refuse types beyond those of tables: some repeat values without bytes, others nest."""
    if pt.is_dictionary(kind):
        kind = kind.value_type
    plain = pt.is_integer(kind) or pt.is_floating(kind) or pt.is_boolean(kind) or is_moment(kind)
    if not (plain or pt.is_string(kind) or pt.is_large_string(kind) or is_image(kind)):
        raise Problem(
            422,
            f"column {column.name!r} is of type {kind}; the model was trained on {column.kind}s; accepted: "
            "integers, floats, bool, string, dictionary of string, timestamp, date, fixed-shape tensor",
        )


def _written_out(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Decode a dictionary, once its words are known to fit."""
    size = 0
    for chunk in column.chunks:
        words = chunk.dictionary
        if not (pt.is_string(words.type) or pt.is_large_string(words.type)):
            continue
        lengths = pc.fill_null(pc.take(pc.binary_length(words), chunk.indices), 0)
        size += pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0
    if size > MOST_TEXT:
        raise Problem(413, f"column {name!r} holds {size:,} bytes of text; accepted: at most {MOST_TEXT:,}")
    return column.cast(column.type.value_type)


# -- compressed buffers ------------------------------------------------------------------------------

# Message and RecordBatch of Arrow's Message.fbs: places of fields in their tables.
HEADER_TYPE, HEADER, COMPRESSION, DICTIONARY_DATA = 1, 2, 3, 1
DICTIONARY, RECORD_BATCH = 2, 3


def _refuse_packed(stream: pa.Buffer) -> None:
    """Refuse compressed buffers, of which a few bytes may become gigabytes, before they are undone.

    Arrow says so in the metadata of a message: a RecordBatch there has its field `compression`.
    """
    messages = pa.ipc.MessageReader.open_stream(stream)
    for _ in range(MOST_MESSAGES):
        try:
            message = messages.read_next_message()
        except StopIteration:
            return
        try:
            packed = _is_packed(message.metadata.to_pybytes())
        except struct.error as error:
            raise pa.ArrowInvalid("the metadata of a message points beyond its end") from error
        if packed:
            raise Problem(415, "the Arrow buffers are compressed; accepted: uncompressed ones")
    raise Problem(413, f"more than {MOST_MESSAGES:,} record batches came; join them")


def _is_packed(metadata: bytes) -> bool:
    (root,) = struct.unpack_from("<I", metadata, 0)
    kind_at, header_at = _field(metadata, root, HEADER_TYPE), _field(metadata, root, HEADER)
    if not kind_at or not header_at or metadata[kind_at] not in (DICTIONARY, RECORD_BATCH):
        return False
    batch = _target(metadata, header_at)
    if metadata[kind_at] == DICTIONARY:
        inner = _field(metadata, batch, DICTIONARY_DATA)
        if not inner:
            return False
        batch = _target(metadata, inner)
    return _field(metadata, batch, COMPRESSION) != 0


def _field(data: bytes, table: int, place: int) -> int:
    """Where a field of a FlatBuffers table lies; 0 where it is not set."""
    (back,) = struct.unpack_from("<i", data, table)
    start = table - back
    if start < 0:
        raise struct.error("a table before the beginning")
    (size,) = struct.unpack_from("<H", data, start)
    if size < 4 + 2 * (place + 1):
        return 0
    (offset,) = struct.unpack_from("<H", data, start + 4 + 2 * place)
    return table + offset if offset else 0


def _target(data: bytes, place: int) -> int:
    (offset,) = struct.unpack_from("<I", data, place)
    return place + int(offset)
