"""A feed of lines: standard input, or a file that grows."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from unseen.errors import ConfigError, DataError
from unseen.live.clock import Clock
from unseen.live.delivery import Deliveries, Delivery
from unseen.live.payload import Payload

MOST_LINES = 20_000
LONGEST = 1 << 20
"""Bytes of one line; more without an end is no line."""
GATHER = 0.5
"""Seconds for which lines are gathered before they are handed over."""
LOOK = 0.5


@dataclass
class Lines:
    """Lines of JSON objects, or of CSV whose first line names the columns.

    Args:
        path: A file, or - for standard input.
        payload: Turns bytes of whole lines into readings or rows.
        clock: Clock of the watch.
        place: Where to go on in the file.
        by_stamps: Every line is there at once, and the clock is that of the stamps.

    """

    path: str
    payload: Payload
    clock: Clock
    place: int = 0
    by_stamps: bool = False
    header: bytes | None = field(default=None, init=False)

    def run(self, out: Deliveries, stop: threading.Event) -> None:
        """Hand over lines as they come; standard input has an end, a file is followed."""
        if self.path == "-":
            self._stream(sys.stdin.buffer, out, stop)
        else:
            self._file(Path(self.path), out, stop)
        out.put(Delivery(self.clock.now(), end=True))

    def _stream(self, stream: BinaryIO, out: Deliveries, stop: threading.Event) -> None:
        lines: queue.Queue[bytes | None] = queue.Queue(maxsize=2 * MOST_LINES)

        def read() -> None:
            for line in iter(lambda: stream.readline(LONGEST), b""):
                lines.put(line)
            lines.put(None)

        threading.Thread(target=read, name="stdin", daemon=True).start()
        for part, ended in _gathered(lines, stop):
            if part:
                out.put(self._delivery(part, None))
            if ended:
                return

    def _file(self, path: Path, out: Deliveries, stop: threading.Event) -> None:
        try:
            stream = path.open("rb")
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
        with stream:
            if self.place and self.payload.of_csv(stream.readline(LONGEST)):
                stream.seek(0)
                self.header = stream.readline(LONGEST)
            stream.seek(self.place)
            while not stop.is_set():
                part = self._whole_lines(stream)
                if part:
                    out.put(self._delivery(part, stream.tell()))
                elif self.by_stamps:
                    return
                else:
                    stop.wait(LOOK)

    def _whole_lines(self, stream: BinaryIO) -> list[bytes]:
        """Lines that have an end; half a line is left for later."""
        found: list[bytes] = []
        for _ in range(MOST_LINES):
            start = stream.tell()
            line = stream.readline(LONGEST)
            if not line.endswith(b"\n") and len(line) < LONGEST:
                if self.by_stamps and line:
                    found.append(line + b"\n")
                else:
                    stream.seek(start)
                break
            found.append(line)
        return found

    def _delivery(self, lines: list[bytes], place: int | None) -> Delivery:
        if self.header is None and self.payload.of_csv(lines[0]):
            self.header, lines = lines[0], lines[1:]
        body = (self.header or b"") + b"".join(lines)
        if not lines:
            return Delivery(self.clock.now(), kind="unchanged", place=place)
        try:
            return self.payload.read(body, self.clock.now(), place)
        except DataError as error:
            return Delivery(self.clock.now(), fault=str(error), kind="content", place=place)


def _gathered(lines: queue.Queue[bytes | None], stop: threading.Event) -> Iterator[tuple[list[bytes], bool]]:
    """Lines that came within a short time, and whether they were the last."""
    while not stop.is_set():
        part: list[bytes] = []
        ends = time.monotonic() + GATHER
        while len(part) < MOST_LINES and (left := ends - time.monotonic()) > 0:
            try:
                line = lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                yield part, True
                return
            part.append(line)
        yield part, False
