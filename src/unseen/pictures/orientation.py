"""EXIF, as far as a picture needs it: which way is up, and whether a camera made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.pictures.header import jpeg_segments, png_chunks

_MAKE, _MODEL, _ORIENTATION = 0x010F, 0x0110, 0x0112
_ASCII, _SHORT = 2, 3
_APP1 = 0xE1


@dataclass(frozen=True)
class Exif:
    """What EXIF says of a picture.

    Attributes:
        orientation: 1 to 8; 1 where nothing, or nothing sensible, is said.
        camera: Whether Make or Model is there; their text is not kept.

    """

    orientation: int = 1
    camera: bool = False


def read_exif(data: bytes, kind: str, name: str = "picture") -> Exif:
    """Read EXIF from the APP1 segment of a JPEG, the eXIf chunk of a PNG, or the first directory of a TIFF.

    Broken EXIF says nothing: the picture is taken as it is stored.
    """
    if kind == "JPEG":
        blocks = [
            content[6:]
            for marker, content, _ in jpeg_segments(data)
            if marker == _APP1 and content.startswith(b"Exif\x00\x00")
        ]
    elif kind == "PNG":
        blocks = [content for chunk, content in png_chunks(data, name) if chunk == b"eXIf"]
    else:
        blocks = [data] if kind == "TIFF" else []
    return parsed(blocks[0]) if blocks else Exif()


def parsed(block: bytes) -> Exif:
    r"""Parse the first directory (IFD0) of a TIFF block.

    The orientation counts if it is one SHORT from 1 to 8, Make and Model if they are ASCII and not blank.
    The first entry of a tag counts.

    >>> entry = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
    >>> parsed(b"MM\x00*\x00\x00\x00\x08\x00\x01" + entry)
    Exif(orientation=6, camera=False)
    """
    order = {b"II*\x00": "little", b"MM\x00*": "big"}.get(block[:4])
    if order is None:
        return Exif()

    def number(start: int, size: int) -> int:
        return int.from_bytes(block[start : start + size], "little" if order == "little" else "big")

    found: dict[int, int] = {}
    start = number(4, 4)
    for entry in range(start + 2, start + 2 + 12 * number(start, 2), 12):
        if entry + 12 > len(block):
            break
        tag, kind, count = number(entry, 2), number(entry + 2, 2), number(entry + 4, 4)
        if tag == _ORIENTATION and kind == _SHORT and count == 1:
            found.setdefault(tag, number(entry + 8, 2))
        elif tag in (_MAKE, _MODEL) and kind == _ASCII:
            text = entry + 8 if count <= 4 else number(entry + 8, 4)
            found.setdefault(tag, int(bool(block[text : text + count].strip(b"\x00 "))))
    value = found.get(_ORIENTATION, 1)
    camera = bool(found.get(_MAKE) or found.get(_MODEL))
    return Exif(value if 1 <= value <= 8 else 1, camera)


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn stored pixels (h, w, ...) the way they were meant to be seen.

    With the result `u` and the stored `p` of h rows and w columns, u[r, c] is

        1: p[r, c]   2: p[r, w-1-c]   3: p[h-1-r, w-1-c]   4: p[h-1-r, c]
        5: p[c, r]   6: p[h-1-c, r]   7: p[h-1-c, w-1-r]   8: p[c, w-1-r]

    >>> [upright(np.array([[1, 2], [3, 4]]), value).ravel().tolist() for value in (2, 6, 8)]
    [[2, 1, 4, 3], [3, 1, 4, 2], [2, 4, 1, 3]]
    """
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
