"""The way into every format: `open_source`."""

from __future__ import annotations

import difflib
import sys
import weakref
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa

from unseen.data.arrays import open_arrays
from unseen.data.batches import Source, TableSource
from unseen.data.blocks import GZIP
from unseen.data.columns import column_names
from unseen.data.files import DiskFile, File, StreamFile
from unseen.data.folder import FolderSource
from unseen.data.hdf5 import open_hdf5
from unseen.data.images import SUFFIXES as IMAGE_SUFFIXES
from unseen.data.images import open_images
from unseen.data.lhe import open_lhe
from unseen.data.root import open_root
from unseen.data.table import open_arrow, open_parquet
from unseen.data.text import TextSource
from unseen.errors import DataError

__all__ = ["FORMATS", "Format", "Source", "TableSource", "open_source"]

Opener = Callable[[File, Sequence[str] | None], Source]


@dataclass(frozen=True)
class Format:
    """How a file format is recognised, and what opens it.

    Attributes:
        name: What a person calls it.
        suffixes: Decide where the content does not.
        magic: First bytes.
        open: Makes the source.
        packed: Whether it may come inside gzip.
        parts: Whether a file may hold several tables, chosen as `FILE:TABLE`.

    """

    name: str
    suffixes: tuple[str, ...]
    magic: tuple[bytes, ...]
    open: Opener
    packed: bool = False
    parts: bool = False


FORMATS = (
    Format("Parquet", (".parquet", ".pq"), (b"PAR1\x15",), open_parquet),
    Format("Arrow", (".arrow", ".feather", ".ipc", ".arrows"), (b"ARROW1\0\0", b"\xff" * 4), open_arrow),
    Format("NumPy", (".npz", ".npy"), (b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY"), open_arrays),
    Format("ROOT", (".root",), (b"root\0",), open_root, parts=True),
    Format("HDF5", (".h5", ".hdf5", ".hdf"), (b"\x89HDF\r\n\x1a\n",), open_hdf5, parts=True),
    Format("LHE", (".lhe",), (b"<LesHouchesEvents", b"<?xml"), open_lhe, packed=True),
    Format("text table", (".csv", ".tsv", ".txt", ".tab", ".data"), (), TextSource, packed=True),
)
"""Every format: content decides first, then the suffix. A new one is a line here and a file beside."""

IN_FOLDERS = ((".parquet",), (".feather", ".arrow"), (".npz",))
"""Suffixes of the tables that are read together from a folder; the first that is there."""

PICKLES = (b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5")
FOREIGN = (
    *((magic, "a pickle, which is never loaded; save the table as Parquet or NPZ") for magic in PICKLES),
    (b"\xd0\xcf\x11\xe0", "an old Excel file; save the sheet as CSV"),
    (b"FEA1", "Feather version 1; write it again as version 2 or Parquet"),
    (b"BZh", "bzip2; unpack it, or pack it with gzip"),
    (b"\xfd7zXZ", "xz; unpack it, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd; unpack it, or pack it with gzip"),
    (b"\x89PNG", "a single image; give the folder of images"),
    (b"\xff\xd8\xff", "a single image; give the folder of images"),
)


def open_source(path: object, *, names: Sequence[str] | None = None, layout: str = "") -> Source:
    r"""Open rows from wherever they are; the format is told by content first, then by suffix.

    Args:
        path: a file or folder; `-` or an open binary file for a stream (CSV and Arrow streams need no
            seeking); a `pa.Table`, a pandas or polars frame, or an array of shape (N, D). Of a ROOT or HDF5
            file with several tables one is named after a colon: `events.root:Events`, `run.h5:jets/large`.
        names: column names of a text table without a header, or of the columns of an array.
        layout: where the images of a NumPy, HDF5 or ROOT file have their channels: `channels-first` is
            (N, C, H, W), `channels-last` (N, H, W, C). Without it a last axis of 1, 3 or 4 beside a longer
            second one is taken for the channels.

    Raises:
        DataError: nothing there, an unknown format, or a broken file; on one line, naming the file.
        ConfigError: the layout is not known.

    >>> import io
    >>> source = open_source(io.BytesIO(b"bytes;service\n12;http\n3.5;dns\n"))
    >>> source.columns
    ('bytes', 'service')
    >>> source.read().column("bytes").to_pylist()
    [12.0, 3.5]

    """
    if isinstance(path, str | Path):
        return (
            _open_stream(sys.stdin.buffer, names)
            if str(path) == "-"
            else _open_path(Path(path), names, layout)
        )
    if hasattr(path, "read"):
        return _open_stream(cast("BinaryIO", path), names)
    return TableSource(_as_table(path, names))


def _open_path(path: Path, names: Sequence[str] | None, layout: str) -> Source:
    if path.is_dir():
        return _open_folder(path, layout)
    if path.exists() and not path.is_file():  # a named pipe, or what the shell makes of <(...)
        stream = path.open("rb")
        file = StreamFile(stream, str(path))
        weakref.finalize(file, stream.close)
        return _open_file(file, names)
    return _open_file(disk_file(path, layout), names)


def disk_file(path: Path, layout: str = "") -> DiskFile:
    """Return a file on disk, and of `FILE:TABLE` the table.

    Raises:
        DataError: it does not exist, or cannot be read.

    """
    return DiskFile(path, layout=layout) if path.exists() else DiskFile(*_parted(path), layout)


def _open_stream(stream: BinaryIO, names: Sequence[str] | None) -> Source:
    name = "standard input" if stream is sys.stdin.buffer else str(getattr(stream, "name", "stream"))
    return _open_file(StreamFile(stream, name), names)


def _open_file(file: File, names: Sequence[str] | None) -> Source:
    if not file.head:
        raise DataError(f"{file.name} is empty")
    for magic, what in FOREIGN:
        if file.head.startswith(magic):
            raise DataError(f"{file.name} is {what}")
    form = _format_of(file)
    if file.part and not form.parts:
        several = ", ".join(form.name for form in FORMATS if form.parts)
        raise DataError(
            f"{file.name} holds one table, so {file.part!r} after the colon names nothing"
            f" (formats with several: {several})"
        )
    return form.open(file, names)


def _format_of(file: File) -> Format:
    """Tell the format by its first bytes, else by suffix, else take text."""
    packed = file.head.startswith(GZIP)
    head = _unpacked(file.head) if packed else file.head
    able = [form for form in FORMATS if form.packed or not packed]
    suffix = next((part for part in reversed(file.suffixes) if part != ".gz"), "")
    by_content = [form for form in able if head.startswith(form.magic)]
    by_suffix = [form for form in able if suffix in form.suffixes]
    # Without a telling suffix (a pipe, a log) text is tried: its reader names the first odd byte.
    return (by_content or by_suffix or [FORMATS[-1]])[0]


def _unpacked(head: bytes) -> bytes:
    """Return what the first bytes of a gzip file hold; nothing where they are broken."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head)
    except zlib.error:
        return b""


def _parted(path: Path) -> tuple[Path, str]:
    """Cut `FILE:TABLE` at the first colon that ends the name of a file."""
    whole = str(path)
    for place, letter in enumerate(whole):
        if letter == ":" and Path(whole[:place]).is_file():
            return Path(whole[:place]), whole[place + 1 :]
    raise DataError(f"{path} does not exist.{_nearest_file(path)}")


def _open_folder(folder: Path, layout: str) -> Source:
    tables = tables_in(folder)
    if tables:
        return FolderSource(folder, [_open_file(DiskFile(path, layout=layout), None) for path in tables])
    files = [path.suffix.lower() for path in folder.rglob("*") if path.is_file()]
    if any(suffix in IMAGE_SUFFIXES for suffix in files):
        return open_images(folder)
    raise DataError(
        f"{folder} is a folder without data ({len(files)} files); accepted: folders of"
        f" {', '.join(' or '.join(kind) for kind in IN_FOLDERS)} files, or of images"
        f" ({', '.join(IMAGE_SUFFIXES)}), in sub-folders by kind"
    )


def tables_in(folder: Path) -> list[Path]:
    """Return the tables of a folder and its sub-folders, of the first of `IN_FOLDERS` that is there."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for suffixes in IN_FOLDERS:
        found = [path for path in paths if path.suffix.lower() in suffixes]
        if found:
            return found
    return []


def _nearest_file(path: Path) -> str:
    if not path.parent.is_dir():
        return f" Nor does the folder {path.parent}."
    close = difflib.get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _as_table(data: Any, names: Sequence[str] | None) -> pa.Table:
    """Turn what is in memory into an Arrow table."""
    if isinstance(data, np.ndarray):
        return _array_table(data, names)
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if not isinstance(data, pa.Table):
        data = _frame_table(data)
    if names is not None:
        raise DataError("a table names its own columns; names=[...] is for text without a header and arrays")
    return data


def _frame_table(frame: Any) -> pa.Table:
    import narwhals as nw

    try:
        table: pa.Table = nw.from_native(frame, eager_only=True).to_arrow()
    except TypeError as error:
        raise DataError(
            f"{type(frame).__name__} is not a source of rows; accepted: a path, '-', a binary file,"
            " a pyarrow table, a pandas or polars frame, an array of shape (N, D)"
        ) from error
    except pa.ArrowException as error:
        raise DataError(f"the frame has a column of mixed types: {' '.join(str(error).split())}") from error
    return table


def _array_table(array: np.ndarray, names: Sequence[str] | None) -> pa.Table:
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise DataError(
            f"array of shape {array.shape} and type {array.dtype} given; accepted: numbers of shape (N, D)"
        )
    names = [f"x{index}" for index in range(array.shape[1])] if names is None else list(names)
    if len(names) != array.shape[1]:
        raise DataError(f"array has {array.shape[1]} columns, but {len(names)} names were given")
    columns = np.ascontiguousarray(array.T)
    return pa.Table.from_arrays([pa.array(column) for column in columns], list(column_names(names, "array")))
