"""A stream of text bytes, cut into blocks of whole records."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from unseen.errors import DataError

GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
BLOCK = 1 << 21
LONGEST_RECORD = 1 << 26


@dataclass(frozen=True)
class Block:
    """Whole records of a text file: `data`, and `line`, the number of its first line (from 1)."""

    data: bytes
    line: int


def blocks(stream: io.BufferedReader, name: str, size: int = BLOCK) -> Iterator[Block]:
    """Yield the stream in blocks of about `size` bytes that end where a record ends.

    The first block holds two lines at least, where there are two. gzip is undone, a byte order mark
    is dropped, and every byte is checked to be UTF-8.

    Raises:
        DataError: other encodings, binary bytes, a truncated gzip file, an endless line.

    """
    carry, line, first = b"", 1, True
    check = _TextCheck(name)
    for piece, last in _pieces(stream, name, size):
        carry += check(piece, last=last)
        cut = len(carry) if last else _record_end(carry, size)
        if cut and (last or not first or carry.count(b"\n", 0, cut) > 1):
            yield Block(carry[:cut], line)
            line += carry.count(b"\n", 0, cut)
            carry, first = carry[cut:], False
        elif len(carry) > LONGEST_RECORD:
            raise DataError(
                f"{name}: line {line} is longer than {LONGEST_RECORD >> 20} MiB; is it a text table?"
            )


def _pieces(stream: io.BufferedReader, name: str, size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield pieces, each with whether it is the last."""
    packed = stream.peek(2)[:2] == GZIP
    buffered = gzip.GzipFile(fileobj=stream) if packed else stream
    try:
        piece = buffered.read(size)
        while piece:
            following = buffered.read(size)
            yield piece, not following
            piece = following
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{name} is a broken or truncated gzip file: {error}") from error


class _TextCheck:
    """Pass UTF-8 bytes on, piece by piece; name the first byte that is not."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def __call__(self, piece: bytes, *, last: bool = False) -> bytes:
        start = self._offset
        self._offset += len(piece)
        if start == 0 and piece[:2] in UTF16:
            raise DataError(f"{self._name} is UTF-16 text; save it as UTF-8")
        zero = piece.find(b"\0")
        if zero >= 0:
            raise DataError(
                f"{self._name}: byte {start + zero} is NUL, so this is not a text table (or it is damaged)"
            )
        pending = self._decoder.getstate()[0]
        if pending or last or not piece.isascii():
            self._decode(piece, start - len(pending), last)
        return piece.removeprefix(BOM) if start == 0 else piece

    def _decode(self, piece: bytes, start: int, last: bool) -> None:
        try:
            self._decoder.decode(piece, last)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{self._name}: byte {start + error.start} (0x{error.object[error.start]:02x}) is not UTF-8."
                " Save the file as UTF-8, for example: iconv -f latin1 -t utf-8"
            ) from error


def _record_end(text: bytes, size: int) -> int:
    """Return the place after the last line break that is outside quotes, 0 where there is none.

    A break is outside quotes where an even number of quotes precedes it. A lone quote inside a word
    (5" disk) breaks this count; where it leaves no break at all, the last one is taken.
    """
    last = text.rfind(b"\n") + 1
    if not last or text.count(b'"', 0, last) % 2 == 0:
        return last
    letters = np.frombuffer(text, dtype=np.uint8, count=last)
    outside = np.cumsum(letters == ord('"')) % 2 == 0
    ends = np.flatnonzero((letters == ord("\n")) & outside)
    if ends.size:
        return int(ends[-1]) + 1
    return last if last > 4 * size else 0
