"""An LHE file event by event: pylhe reads, this guards what it is given and what it says."""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, cast

from unseen.data.blocks import GZIP
from unseen.data.files import File
from unseen.errors import DataError, UnseenError, need

LONGEST_EVENT = 1 << 26
"""Bytes without the end of an event, beyond which the file is refused."""
SECTIONS = (b"</event>", b"</header>", b"</init>")
REFUSED = (b"<!DOCTYPE", b"<!ENTITY")
OVERLAP = max(map(len, (*SECTIONS, *REFUSED))) - 1


class Guard(io.RawIOBase):
    """Unpacked bytes of an LHE file on their way into the XML parser.

    Declarations of types and entities are refused: event files have none, and a few lines of them can stand
    for gigabytes, or for other files.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._tail = b""
        self._since = 0
        self.events = 0

    def read(self, size: int = -1) -> bytes:
        """Hand bytes on, once looked at."""
        data = self._stream.read(size)
        text = self._tail + data
        if any(word in text for word in REFUSED):
            raise DataError(
                f"{self._name} declares XML entities or a document type, which are never expanded;"
                " an LHE file has none"
            )
        if b"\0" in data:
            raise DataError(f"{self._name} holds NUL bytes, so it is not LHE text (or it is damaged)")
        ended = max(text.rfind(word) for word in SECTIONS)
        self._since = len(text) - ended if ended >= 0 else self._since + len(data)
        if self._since > LONGEST_EVENT:
            raise DataError(
                f"{self._name}: no event ends within {LONGEST_EVENT >> 20} MiB; is it an LHE file?"
            )
        self.events += text.count(SECTIONS[0]) - self._tail.count(SECTIONS[0])
        self._tail = text[-OVERLAP:]
        return data


class LheFile:
    """Opens an LHE file, and reads it in runs of events.

    Raises:
        DataError: not LHE, truncated or damaged; one line that names the event, counted from 0.
        MissingExtraError: pylhe is not installed.

    """

    def __init__(self, file: File) -> None:
        self._file = file

    @contextmanager
    def bytes(self) -> Iterator[Guard]:
        """Lend the unpacked bytes."""
        name = self._file.name
        try:
            with self._file.seekable() as stream:
                packed = self._file.head.startswith(GZIP)
                yield Guard(cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if packed else stream, name)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{name} is a broken or truncated gzip file: {error}") from error

    @contextmanager
    def opened(self, *, weights: bool = True) -> Iterator[tuple[Any, Iterator[list[Any]]]]:
        """Lend what stands before the events, and the events in runs of 1,000; named weights take time."""
        pylhe = need("pylhe", extra="physics", purpose=f"reading {self._file.name}")
        with self.bytes() as guard:
            with self._one_line("before its first event"):
                whole = pylhe.LHEFile.frombuffer(guard, with_attributes=weights)
            yield whole, self._runs(whole)

    def count(self) -> int:
        """Count the events without taking them apart."""
        with self.bytes() as guard:
            while guard.read(1 << 20):
                pass
            return guard.events

    def _runs(self, whole: Any, size: int = 1000) -> Iterator[list[Any]]:
        events, count = iter(whole.events), 0
        while True:
            run: list[Any] = []
            with self._one_line("at event {}", run, count):
                for event in islice(events, size):
                    _check(event)
                    run.append(event)
            yield run
            count += len(run)
            if len(run) < size:
                return

    @contextmanager
    def _one_line(self, where: str, run: list[Any] | None = None, count: int = 0) -> Iterator[None]:
        """Turn faults of pylhe into one line; it tells of broken XML by a warning and stops."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                yield
        except (UnseenError, EOFError, gzip.BadGzipFile, zlib.error):
            raise
        except Exception as error:  # text that is no number, or lines that are not there, raise many types
            place = where.format(count + len(run or ()))
            reason = " ".join(str(error).split())
            raise DataError(
                f"{self._file.name} is not an LHE file, or is truncated or damaged {place}: {reason[:200]}"
            ) from error


def _check(event: Any) -> None:
    declared, there = event.eventinfo.nparticles, len(event.particles)
    if declared != there:
        raise ValueError(f"it declares {declared} particles and has {there}")
