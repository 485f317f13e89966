"""What a file says of itself before a pixel is decoded: format, size, frames, bits."""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from unseen.errors import need
from unseen.pictures.refusals import RefusedError

MOST_PIXELS = 50_000_000
"""A picture of more is not decoded: a header of a few bytes can ask for any amount of memory."""
MOST_BYTES = 512 << 20
ACCEPTED = "PNG, JPEG, BMP, TIFF, PGM/PPM and DICOM"

_STARTS = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"BM": "BMP",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}
_LAZY = {"TIFF": "TIFF", "BMP": "BMP", "PNM": "PPM", "GIF": "GIF", "WEBP": "WEBP"}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _END = 0xDA, 0xD9


@dataclass(frozen=True)
class Header:
    """The size a file declares.

    Attributes:
        format: PNG, JPEG, TIFF, BMP, PNM (portable grey or pixel maps), GIF or WEBP.
        width, height: In pixels, as stored (not yet upright).
        frames: Pictures that play one after the other; 1 for a still.
        bits: Bits of one channel.

    """

    format: str
    width: int
    height: int
    frames: int = 1
    bits: int = 8


def known_format(data: bytes, name: str) -> str:
    r"""Name the format by the first bytes, whatever the file is called.

    Raises:
        RefusedError: The file is empty or of no format that is read here.

    >>> known_format(b"\x89PNG\r\n\x1a\n", "film.jpg")
    'PNG'
    """
    if not data:
        raise RefusedError("empty-file", f"{name} is empty (0 bytes); save or send it anew")
    for start, kind in _STARTS.items():
        if data.startswith(start):
            return kind
    if data[128:132] == b"DICM":
        return "DICOM"
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3] in b" \t\r\n#":
        return "PNM"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        raise RefusedError(
            "not-a-picture", f"{name} is a HEIC, AVIF or film file; accepted: {ACCEPTED}. Save it as JPEG"
        )
    raise RefusedError("not-a-picture", f"{name} is no picture; accepted: {ACCEPTED}")


def read_header(data: bytes, kind: str, name: str) -> Header:
    """Read size, frames and bits; the pixels stay as they are.

    PNG and JPEG are read here, byte by byte; the others by Pillow, which opens without decoding.

    Raises:
        RefusedError: The header is broken, or the picture is animated, too large, or of a format that is only
            recognised (GIF, WEBP).
        MissingExtraError: Pillow is not installed.

    """
    readers = {"PNG": png_header, "JPEG": jpeg_header}
    header = readers[kind](data, name) if kind in readers else _lazy_header(data, kind, name)
    if header.frames > 1:
        raise RefusedError(
            "animated", f"{name} has {header.frames} frames; accepted: one still picture. Save one frame"
        )
    if kind in ("GIF", "WEBP"):
        raise RefusedError("not-a-picture", f"{name} is a {kind} file; accepted: {ACCEPTED}")
    check_size(header.width, header.height, name)
    return header


def check_size(width: int, height: int, name: str) -> None:
    """Refuse sizes that are nothing or more than `MOST_PIXELS`.

    Raises:
        RefusedError: `broken` for a side of zero, `too-many-pixels` above the cap.

    """
    if min(width, height) < 1:
        raise RefusedError("broken", f"{name} declares {width} x {height} pixels; save it anew")
    if width * height > MOST_PIXELS:
        raise RefusedError(
            "too-many-pixels",
            f"{name} has {width:,} x {height:,} pixels; accepted: at most {MOST_PIXELS:,} in all."
            " Make it smaller",
        )


def broken(name: str, what: str) -> RefusedError:
    """Make the refusal of a file that stops or contradicts itself."""
    return RefusedError("broken", f"{name} is {what}; save or send it anew")


def png_chunks(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk up to IEND; those a decoder needs have a checked CRC.

    Raises:
        RefusedError: The file ends before IEND, or a critical chunk does not fit its CRC.

    """
    place = 8
    while True:
        length = int.from_bytes(data[place : place + 4], "big")
        kind, end = data[place + 4 : place + 8], place + 8 + length
        if end + 4 > len(data):
            raise broken(name, "a PNG that is cut off")
        # upper case first: no decoder can do without it
        if kind[:1].isupper() and zlib.crc32(data[place + 4 : end]) != int.from_bytes(
            data[end : end + 4], "big"
        ):
            raise broken(name, "a broken PNG (a checksum does not fit)")
        yield kind, data[place + 8 : end]
        if kind == b"IEND":
            return
        place = end + 4


def png_header(data: bytes, name: str) -> Header:
    """Read IHDR, and the number of frames an acTL chunk announces.

    Raises:
        RefusedError: `broken`.

    """
    head, frames = b"", 1
    for kind, content in png_chunks(data, name):
        if kind == b"IHDR":
            head = content
        elif kind == b"acTL" and len(content) >= 4:
            frames = max(frames, int.from_bytes(content[:4], "big"))
    if len(head) != 13:
        raise broken(name, "a PNG without a header")
    width, height = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big")
    return Header("PNG", width, height, frames, head[8])


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield marker, content and end of each segment of a JPEG up to the start of the scan."""
    place = 2
    while place + 1 < len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF or marker in _STANDALONE:
            place += 1 if marker == 0xFF else 2
            continue
        if marker == _END:
            return
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        if length < 2 or place + 2 + length > len(data):
            return
        place += 2 + length
        yield marker, data[place - length + 2 : place], place
        if marker == _START_OF_SCAN:
            return


def jpeg_header(data: bytes, name: str) -> Header:
    """Read the frame header (SOF) of a JPEG, and see that the scan has an end (EOI).

    Raises:
        RefusedError: `broken`: no frame header, no scan, or the end is missing.

    """
    header, scan = None, 0
    for marker, content, end in jpeg_segments(data):
        if marker in _FRAMES and len(content) >= 6 and header is None:
            height, width = int.from_bytes(content[1:3], "big"), int.from_bytes(content[3:5], "big")
            header = Header("JPEG", width, height, 1, content[0])
        elif marker == _START_OF_SCAN:
            scan = end
    if header is None or not scan or data.find(b"\xff\xd9", scan) < 0:
        raise broken(name, "a JPEG that is broken or cut off")
    return header


def _lazy_header(data: bytes, kind: str, name: str) -> Header:
    with opened(data, kind, name) as image:
        bits = 16 if image.mode[:1] in "IF" else 8
        width, height = image.size
        check_size(width, height, name)  # before frames are counted
        return Header(kind, width, height, int(getattr(image, "n_frames", 1)), bits)


@contextmanager
def opened(data: bytes, kind: str, name: str) -> Iterator[Any]:
    """Open a picture with Pillow: one format only, no warnings, every fault a refusal.

    Raises:
        RefusedError: Whatever a decoder meets in a broken or hostile file, as `broken`; its bomb limit, as
            `too-many-pixels`.
        MissingExtraError: Pillow is not installed.

    """
    pillow: Any = need("PIL.Image", extra="images", purpose=f"reading {name}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of half-broken metadata, and of sizes that are checked here
            with pillow.open(io.BytesIO(data), formats=[_LAZY.get(kind, kind)]) as image:
                yield image
    except RefusedError:
        raise
    except pillow.DecompressionBombError as error:
        raise RefusedError(
            "too-many-pixels",
            f"{name} has too many pixels; accepted: at most {MOST_PIXELS:,}. Make it smaller",
        ) from error
    except Exception as error:  # decoders of hostile files raise whatever they meet
        raise broken(name, f"a {kind} that is broken or cut off") from error
