"""NumPy files: NPY, and NPZ with the keys X and y or any arrays of equal length."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import IO

import numpy as np
import pyarrow as pa

from unseen.data.batches import Source
from unseen.data.columns import column_names, plain
from unseen.data.files import File
from unseen.data.members import (
    LIMIT,
    Member,
    check,
    check_layout,
    check_size,
    column,
    names_of,
    natural,
    rows_at_once,
)
from unseen.errors import DataError, unknown

ZIP = b"PK"
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
        check_layout(file.layout)
        with self._opened() as archive:
            members = [self._member(archive, key) for key in _keys(archive)]
        self._members = self._choose({member.key: member for member in members}, keys)
        for member in self._members:
            where = f"{self.name}: array {member.key!r}"
            check(member, where)
            check_size(member, where, limit)
        every = [
            (name, (member.key, index))
            for member in self._members
            for index, name in enumerate(names_of(member, self._members, names, self.name))
        ]
        self.columns = column_names([name for name, _ in every], self.name)
        self._places = dict(zip(self.columns, (place for _, place in every), strict=True))

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Read the arrays behind `columns` side by side."""
        needed = [m for m in self._members if any(self._places[name][0] == m.key for name in columns)]
        step = rows_at_once(needed, rows)
        length = needed[0].shape[0]
        with ExitStack() as stack:
            archive = stack.enter_context(self._opened())
            streams = {m: stack.enter_context(archive.open(f"{m.key}.npy")) for m in needed}
            readers = {m.key: _rows(stream, m, step) for m, stream in streams.items()}
            for _ in range(0, length, step):
                chunks = {key: next(reader) for key, reader in readers.items()}
                places = [self._places[name] for name in columns]
                arrays = [column(chunks[key], index, self._file.layout) for key, index in places]
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
        chosen = [members[key] for key in keys] if keys else natural(members)
        lengths = {member.shape[:1] for member in chosen}
        if len(lengths) > 1:
            shapes = ", ".join(f"{member.key} {member.shape}" for member in chosen)
            raise DataError(
                f"{self.name} holds arrays of different lengths ({shapes}). Choose with keys=[...]"
            )
        return chosen


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
        shape, fortran, dtype = HEADERS[version](stream)
        return Member(key, shape, dtype, fortran)
    except Exception as error:  # numpy parses a literal here: foreign bytes may raise nearly anything
        raise ValueError(f"the header of array {key!r} cannot be read") from error


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
