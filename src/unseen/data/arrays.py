"""NumPy files: NPY, and NPZ with the keys X and y or any arrays of equal length."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from math import prod
from typing import IO, Any

import numpy as np
import pyarrow as pa

from unseen.data.batches import Source
from unseen.data.columns import column_names, image_column, plain
from unseen.data.files import File
from unseen.errors import DataError, unknown

LIMIT = 8 << 30
"""Bytes an array may declare, by default: 8 GiB."""
CHUNK = 1 << 26
ZIP = b"PK"
CHANNELS = (1, 3, 4)
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    MemoryError,
)


@dataclass(frozen=True)
class Member:
    """What the header of one array declares; nothing of it has been read."""

    key: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.dtype.itemsize * prod(self.shape[1:])


class ArraySource(Source):
    """The arrays of an NPY or NPZ file as columns, read a few rows at a time, compressed or not.

    Which arrays: `keys`, or else `X` and what is as long as it (`y`), or else the only array with two
    or more dimensions, or else all, if equally long. An array of shape (N,) is one column named by its
    key; X of shape (N, D) gives x0, x1, ...; (N, H, W), (N, C, H, W) and (N, H, W, C) give one column
    `image` of shape (C, H, W), in uint8 as stored or else float32.

    Pickled objects are never loaded. An array that declares more than `limit` bytes is refused before
    memory is taken for it.

    Raises:
        DataError: broken, hostile, truncated or ambiguous files.

    """

    def __init__(
        self,
        file: File,
        *,
        names: Sequence[str] | None = None,
        keys: Sequence[str] | None = None,
        limit: int = LIMIT,
    ) -> None:
        self.name = file.name
        self._file = file
        with self._opened() as archive:
            members = [self._member(archive, key) for key in _keys(archive)]
        self._members = self._choose({member.key: member for member in members}, keys)
        for member in self._members:
            self._check(member, limit)
        self._layout = {
            column: (member.key, index)
            for member in self._members
            for index, column in enumerate(self._columns_of(member, names))
        }
        every = [column for member in self._members for column in self._columns_of(member, names)]
        self.columns = column_names(every, self.name)

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Read the arrays behind `columns` side by side."""
        needed = [m for m in self._members if any(self._layout[name][0] == m.key for name in columns)]
        step = max(1, min(rows, CHUNK // max(1, *(member.row_bytes for member in needed))))
        length = needed[0].shape[0]
        with ExitStack() as stack:
            archive = stack.enter_context(self._opened())
            streams = {m: stack.enter_context(archive.open(f"{m.key}.npy")) for m in needed}
            readers = {m.key: _rows(stream, m, step) for m, stream in streams.items()}
            for _ in range(0, length, step):
                chunks = {key: next(reader) for key, reader in readers.items()}
                arrays = [_column(chunks[key], index) for key, index in (self._layout[c] for c in columns)]
                yield plain(pa.Table.from_arrays(arrays, list(columns)))

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile | _Single]:
        try:
            with self._file.seekable() as stream:
                yield zipfile.ZipFile(stream) if self._file.head.startswith(ZIP) else _Single(stream)
        except DataError:
            raise
        except BROKEN as error:
            reason = " ".join(str(error).split())
            raise DataError(
                f"{self.name} is not a NumPy file, or is truncated or damaged: {reason[:200]}"
            ) from error

    def _member(self, archive: zipfile.ZipFile | _Single, key: str) -> Member:
        with archive.open(f"{key}.npy") as stream:
            return _header(stream, key)

    def _choose(self, members: dict[str, Member], keys: Sequence[str] | None) -> list[Member]:
        if not members:
            raise DataError(
                f"{self.name} is a zip archive without arrays (an Excel file? save the sheet as CSV)"
            )
        for key in keys or ():
            if key not in members:
                raise DataError(f"{self.name}: {unknown('array', key, members)}")
        chosen = [members[key] for key in keys] if keys else _natural(members)
        lengths = {member.shape[:1] for member in chosen}
        if len(lengths) > 1:
            shapes = ", ".join(f"{member.key} {member.shape}" for member in chosen)
            raise DataError(
                f"{self.name} holds arrays of different lengths ({shapes}). Choose with keys=[...]"
            )
        return chosen

    def _check(self, member: Member, limit: int) -> None:
        where = f"{self.name}: array {member.key!r}"
        if member.dtype.hasobject:
            raise DataError(f"{where} holds Python objects, which are never loaded; save numbers or text")
        if member.dtype.kind not in "biufUSM" or not member.dtype.itemsize:
            raise DataError(f"{where} has type {member.dtype}; accepted: numbers, text, dates")
        if len(member.shape) not in (1, 2, 3, 4) or (
            len(member.shape) > 2 and member.dtype.kind not in "biuf"
        ):
            raise DataError(
                f"{where} has shape {member.shape}; accepted: (N,), (N, D), images (N, H, W), (N, C, H, W)"
            )
        if min(member.shape) < 1:
            raise DataError(f"{where} has shape {member.shape}, so it holds no rows")
        size = member.shape[0] * member.row_bytes
        if size > limit:
            raise DataError(
                f"{where} declares {size / 2**30:.1f} GiB, above the limit of {limit / 2**30:.3g} GiB"
            )

    def _columns_of(self, member: Member, names: Sequence[str] | None) -> list[str]:
        if len(member.shape) == 1:
            return [member.key]
        alone = sum(len(other.shape) > 1 for other in self._members) == 1 or member.key == "X"
        if len(member.shape) > 2:
            return ["image"] if alone else [member.key]
        width = member.shape[1]
        if width == 1 and member.key != "X":
            return [member.key]
        if names is not None and alone:
            if len(names) != width:
                raise DataError(f"{self.name} has {width} columns, but {len(names)} names were given")
            return list(names)
        prefix = "x" if alone else member.key
        return [f"{prefix}{index}" for index in range(width)]


class _Single:
    """An NPY file in the shape of an archive with one member."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def open(self, _: str) -> AbstractContextManager[IO[bytes]]:
        self._stream.seek(0)
        return nullcontext(self._stream)


def open_arrays(file: File, names: Sequence[str] | None = None) -> Source:
    """Open an NPY or NPZ file."""
    return ArraySource(file, names=names)


def _keys(archive: zipfile.ZipFile | _Single) -> list[str]:
    if isinstance(archive, _Single):
        return ["X"]
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def _header(stream: IO[bytes], key: str) -> Member:
    """Read what precedes the values."""
    version = np.lib.format.read_magic(stream)
    if version not in HEADERS:
        raise ValueError(f"array {key!r} has a header of version {version}; accepted: 1.0, 2.0")
    try:
        return Member(key, *HEADERS[version](stream))
    except Exception as error:  # numpy parses a literal here: foreign bytes may raise nearly anything
        raise ValueError(f"the header of array {key!r} cannot be read") from error


def _natural(members: dict[str, Member]) -> list[Member]:
    """Choose the arrays a person would expect: X and its companions, or the only matrix, or all."""
    tall = [member for member in members.values() if len(member.shape) > 1]
    main = members.get("X") or (tall[0] if len(tall) == 1 else None)
    if main is None:
        return list(members.values())
    others = [m for m in members.values() if m is not main and m.shape[:1] == main.shape[:1]]
    return [main, *others]


def _rows(stream: IO[bytes], member: Member, step: int) -> Iterator[np.ndarray]:
    """Read `step` rows at a time; an array in column order has to be read whole."""
    _header(stream, member.key)
    if member.fortran and len(member.shape) > 1:
        whole = _take(stream, member, member.shape[0]).reshape(member.shape[::-1]).T
        yield from (whole[at : at + step] for at in range(0, len(whole), step))
        return
    for at in range(0, member.shape[0], step):
        count = min(step, member.shape[0] - at)
        yield _take(stream, member, count).reshape(count, *member.shape[1:])


def _take(stream: IO[bytes], member: Member, count: int) -> np.ndarray:
    wanted = count * member.row_bytes
    data = stream.read(wanted)
    if len(data) < wanted:
        raise EOFError(f"array {member.key!r} ends {wanted - len(data)} bytes too early")
    return np.frombuffer(data, dtype=member.dtype)


def _column(chunk: np.ndarray, index: int) -> pa.Array:
    """Turn rows of an array into one Arrow column."""
    if chunk.ndim > 2:
        return image_column(_channels_first(chunk))
    values = chunk if chunk.ndim == 1 else chunk[:, index]
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    if values.dtype.kind == "f":
        values = values.astype(np.float64)
    return pa.array(np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("=")))


def _channels_first(images: np.ndarray) -> np.ndarray:
    """Bring images to (N, C, H, W); a last axis of 1, 3 or 4 beside a longer second one is C."""
    if images.ndim == 3:
        images = images[:, None]
    elif images.shape[3] in CHANNELS and images.shape[1] not in CHANNELS:
        images = images.transpose(0, 3, 1, 2)
    kind = np.uint8 if images.dtype in (np.uint8, np.bool_) else np.float32
    return np.ascontiguousarray(images, dtype=kind)
