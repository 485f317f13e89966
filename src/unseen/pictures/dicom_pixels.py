"""The pixel data of a DICOM file to the numbers that are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.pictures.header import jpeg_header, opened
from unseen.pictures.refusals import RefusedError
from unseen.pictures.rle import unpacked

Codes = NDArray[np.uint16]

_RLE, _JPEG = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"
_ITEM, _SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"


@dataclass(frozen=True)
class Layout:
    """How pixels are stored.

    Attributes:
        height, width: Of the picture.
        allocated: Bits a pixel takes: 8 or 16.
        bits: Bits that count, 8 to 16.
        high: Place of the highest of them.
        signed: Whether they are two's complement.
        syntax: The transfer syntax.
        big: Whether the high byte comes first.
        words: Whether bytes come in swapped pairs (8 bits in big-endian words).

    """

    height: int
    width: int
    allocated: int
    bits: int
    high: int
    signed: bool
    syntax: str
    big: bool = False
    words: bool = False


def stored_codes(content: Any, layout: Layout, name: str) -> Codes:
    """Return the bits that count of each pixel as a number from 0 to 2^bits - 1, (H, W).

    code = (stored >> (high + 1 - bits)) & (2^bits - 1); a signed pixel is code - 2^bits from 2^(bits-1) on.

    Raises:
        RefusedError: `dicom-pixels`: there are none, or of another length than the header says; `broken`: a
            JPEG stream that is.

    """
    if not isinstance(content, bytes) or not content:
        raise RefusedError("dicom-pixels", f"{name} has no readable pixels; export it with pixel data")
    if layout.syntax == _JPEG:
        raw = _jpeg(joined(content, name), layout, name)
    else:
        raw = _plain(content, layout, name)
    shift, most = layout.high + 1 - layout.bits, (1 << layout.bits) - 1
    codes = raw.reshape(layout.height, layout.width)
    if shift or most < np.iinfo(codes.dtype).max:
        codes = (codes >> shift) & most
    return np.asarray(codes, dtype=np.uint16)


def _plain(content: bytes, layout: Layout, name: str) -> NDArray[Any]:
    """Read uncompressed or run-length encoded pixels."""
    size = layout.height * layout.width * layout.allocated // 8
    if layout.syntax == _RLE:
        planes = layout.allocated // 8
        content = unpacked(joined(content, name), size // planes, planes, name)
    if len(content) not in (size, size + size % 2):
        raise RefusedError(
            "dicom-pixels",
            f"{name} has {len(content):,} bytes of pixels for {layout.width} x {layout.height}, which are"
            f" {size:,}; send the whole file anew",
        )
    if layout.allocated == 8:
        flat = np.frombuffer(content, np.uint8)
        flat = flat.reshape(-1, 2)[:, ::-1].ravel() if layout.words else flat
        return flat[:size]
    return np.frombuffer(content, ">u2" if layout.big else "<u2", count=size // 2)


def joined(content: bytes, name: str) -> bytes:
    """Join the fragments of encapsulated pixel data; the first item (the offset table) is skipped.

    Raises:
        RefusedError: `dicom-pixels`, where an item is cut off.

    """
    place, parts = 0, []
    while content[place : place + 4] == _ITEM:
        length = int.from_bytes(content[place + 4 : place + 8], "little")
        place += 8 + length
        if place > len(content):
            break
        parts.append(content[place - length : place])
    whole = place == len(content) or content[place : place + 4] == _SEQUENCE_END
    if len(parts) < 2 or not whole:
        raise RefusedError("dicom-pixels", f"{name} has compressed pixels that are cut off; send it anew")
    return b"".join(parts[1:])


def _jpeg(stream: bytes, layout: Layout, name: str) -> NDArray[Any]:
    """Decode a JPEG baseline stream of 8-bit grey."""
    header = jpeg_header(stream, name)
    with opened(stream, "JPEG", name) as image:
        fits = image.mode == "L" and header.bits == layout.bits == 8
        if not fits or image.size != (layout.width, layout.height):
            raise RefusedError(
                "dicom-pixels",
                f"{name} holds a JPEG of {image.size[0]} x {image.size[1]} that does not fit its header"
                f" ({layout.width} x {layout.height}, 8-bit grey); export it anew",
            )
        return np.asarray(image)
