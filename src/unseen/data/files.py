"""Where bytes come from: a file on disk, or a stream that may be readable once only."""

from __future__ import annotations

import io
import shutil
import tempfile
import weakref
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from unseen.errors import DataError

HEAD = 1024
"""Bytes looked at to tell the format, inside gzip too."""


class File(ABC):
    """Bytes with a name; `head` shows the first of them without using them up.

    `part` names one table of a file that holds several, such as a tree of a ROOT file; empty for the
    only one. `layout` says where the channels of its images are; empty where that can be seen.
    """

    name: str
    head: bytes
    part: str = ""
    layout: str = ""

    @property
    @abstractmethod
    def suffixes(self) -> tuple[str, ...]:
        """Lower-case suffixes, such as ('.csv', '.gz'); none for a stream."""

    @property
    @abstractmethod
    def reopens(self) -> bool:
        """Whether `open` works more than once."""

    @abstractmethod
    def open(self) -> io.BufferedReader:
        """Return the bytes from the start, to be closed by the caller.

        Raises:
            DataError: a stream is asked for a second time.

        """

    @abstractmethod
    def seekable(self) -> AbstractContextManager[BinaryIO]:
        """Lend the bytes from the start to a reader that jumps about, any number of times."""

    @abstractmethod
    def arrow(self) -> pa.NativeFile:
        """Return the bytes as an Arrow file that jumps about, any number of times."""

    @abstractmethod
    def arrow_stream(self) -> pa.NativeFile:
        """Return the bytes as an Arrow file that is read in order."""


class DiskFile(File):
    """A file with a path; it can be read any number of times."""

    def __init__(self, path: Path, part: str = "", layout: str = "") -> None:
        self.path = path
        self.part = part
        self.layout = layout
        self.name = str(path)
        with self.open() as stream:
            self.head = stream.read(HEAD)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of the path."""
        return tuple(suffix.lower() for suffix in self.path.suffixes)

    @property
    def reopens(self) -> bool:
        """A path can be opened again."""
        return True

    def open(self) -> io.BufferedReader:
        """Open the path for reading."""
        try:
            return self.path.open("rb")
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}") from error

    def seekable(self) -> AbstractContextManager[BinaryIO]:
        """Open the path for reading; closed with the context."""
        return self.open()

    def arrow(self) -> pa.NativeFile:
        """Open the path with Arrow's own reader."""
        return pa.OSFile(self.name)

    def arrow_stream(self) -> pa.NativeFile:
        """Open the path with Arrow's own reader."""
        return self.arrow()


class StreamFile(File):
    """An open binary stream; it is read once, and need not be able to seek."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        if isinstance(cast("object", stream), io.TextIOBase):
            raise DataError(f"{name} is open in text mode; open it in binary mode ('rb')")
        self.name = name
        self.head = _read_up_to(stream, HEAD)
        self._stream: BinaryIO | None = stream
        self._aside: BinaryIO | None = None

    @property
    def suffixes(self) -> tuple[str, ...]:
        """A stream has none."""
        return ()

    @property
    def reopens(self) -> bool:
        """A stream flows once."""
        return False

    def open(self) -> io.BufferedReader:
        """Give the stream away, from its first byte on."""
        if self._stream is None:
            raise DataError(f"{self.name} can be read once only; save it to a file to read it again")
        stream, self._stream = self._stream, None
        return io.BufferedReader(_Joined(self.head, stream))

    def seekable(self) -> AbstractContextManager[BinaryIO]:
        """Lend a nameless copy on disk, which is gone when this object is."""
        return nullcontext(self._copy())

    def arrow(self) -> pa.NativeFile:
        """Read the copy on disk."""
        return pa.PythonFile(_Unclosed(self._copy()), mode="r")

    def arrow_stream(self) -> pa.NativeFile:
        """Read the stream as it comes."""
        return pa.PythonFile(self.open(), mode="r")

    def _copy(self) -> BinaryIO:
        if self._aside is None:
            self._aside = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed with self
            weakref.finalize(self, self._aside.close)
            with self.open() as stream:
                shutil.copyfileobj(stream, self._aside, 1 << 20)
        self._aside.seek(0)
        return self._aside


class _Joined(io.RawIOBase):
    """The bytes already taken for a look, then the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        wanted = len(buffer)
        if self._head:
            data, self._head = self._head[:wanted], self._head[wanted:]
        else:
            data = self._rest.read(wanted) or b""
        buffer[: len(data)] = data
        return len(data)


def _read_up_to(stream: BinaryIO, count: int) -> bytes:
    """Read `count` bytes even where a pipe hands them over in pieces."""
    parts: list[bytes] = []
    while count and (part := stream.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


class _Unclosed(io.RawIOBase):
    """A view of a file whose closing leaves the file open for the next reader."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
