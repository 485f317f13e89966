"""Tables of series in files: text, in a zip too, Parquet, and what else holds columns."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from unseen.data.batches import Source
from unseen.data.columns import is_number
from unseen.data.files import DiskFile, StreamFile
from unseen.data.source import open_source
from unseen.data.text import MISSING, TextSource
from unseen.errors import DataError

ZIP = b"PK\x03\x04"
TABLES = (b"PAR1", b"ARROW1", b"\xff" * 4)
LARGEST = 1 << 33
"""Bytes of a table inside a zip: 8 GiB."""


def open_rows(path: Path, words: Sequence[str]) -> Source:
    """Open a table; the columns `words` stay text where the file is text.

    Raises:
        DataError: The file is broken, or no table.

    """
    file = DiskFile(path)
    if not file.head:
        raise DataError(f"{path} is empty")
    if file.head.startswith(ZIP):
        return _zipped(path, words)
    if file.head.startswith(TABLES):
        return open_source(path)
    return TextSource(file, words=words)


def _zipped(path: Path, words: Sequence[str]) -> Source:
    """Open the one table inside a zip."""
    try:
        archive = zipfile.ZipFile(path)
        members = [one for one in archive.infolist() if not one.is_dir()]
        if len(members) != 1:
            names = ", ".join(one.filename for one in members[:5])
            raise DataError(f"{path} holds {len(members)} files ({names}); accepted: a zip of one table")
        (member,) = members
        if member.file_size > LARGEST:
            raise DataError(
                f"{path}: {member.filename} has {member.file_size:,} bytes; accepted: at most {LARGEST:,}"
            )
        stream = StreamFile(archive.open(member), f"{path}:{member.filename}")  # type: ignore[arg-type]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read as a zip: {error}") from error
    if not stream.head:
        raise DataError(f"{stream.name} is empty")
    return TextSource(stream, words=words)


def numbers(values: pa.ChunkedArray, column: str, where: str) -> pa.ChunkedArray:
    """Turn a column into float64, null where there is no value.

    Raises:
        DataError: A value is no number; with its row, counted from 0 after the header.

    >>> numbers(pa.chunked_array([["1", " 2.5", "", "NA"]]), "value", "a.csv").to_pylist()
    [1.0, 2.5, None, None]
    >>> numbers(pa.chunked_array([["1", "many"]]), "value", "a.csv")
    Traceback (most recent call last):
    ...
    unseen.errors.DataError: a.csv: row 1, column 'value': 'many' is not a number
    """
    if pt.is_floating(values.type):
        return values.cast(pa.float64())
    if not pt.is_string(values.type):
        raise DataError(f"{where}: column {column!r} holds {values.type}; accepted: numbers")
    words = pc.utf8_trim_whitespace(values)
    words = pc.if_else(pc.is_in(words, pa.array(MISSING)), None, words)
    try:
        return words.cast(pa.float64())
    except pa.ArrowInvalid:
        row, word = next(
            (row, word) for row, word in enumerate(words.to_pylist()) if word and not is_number(word)
        )
        raise DataError(f"{where}: row {row}, column {column!r}: {word[:80]!r} is not a number") from None
