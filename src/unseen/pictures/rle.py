"""Run-length decoding as DICOM does it, that never writes more than the header declares."""

from __future__ import annotations

import numpy as np

from unseen.pictures.refusals import RefusedError


def unpacked(stream: bytes, pixels: int, planes: int, name: str) -> bytes:
    r"""Decode one RLE frame to little-endian pixels.

    The stream starts with 16 numbers of 32 bits: how many segments, and where each starts. There is one
    segment for each byte of a pixel, the highest first, packed as PackBits: after a count byte n, n < 128 is
    followed by n + 1 bytes as they are, n > 128 by one byte that comes 257 - n times, 128 is nothing.
    DICOM PS3.5, annex G.

    Args:
        stream: The frame.
        pixels: How many pixels there must be.
        planes: Bytes of a pixel, 1 or 2.
        name: What messages call the file.

    Raises:
        RefusedError: `dicom-pixels`: the segments do not fit.

    >>> head = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56)
    >>> unpacked(head + bytes([254, 7, 1, 8, 9]), 5, 1, "film.dcm")
    b'\x07\x07\x07\x08\t'
    """
    starts = [int.from_bytes(stream[4 * k : 4 * k + 4], "little") for k in range(1, planes + 1)]
    fits = len(stream) > 64 and int.from_bytes(stream[:4], "little") == planes
    if not fits or starts != sorted(starts) or starts[0] < 64:
        raise _unfit(name)
    out = np.empty((pixels, planes), np.uint8)
    for place, (start, stop) in enumerate(zip(starts, [*starts[1:], len(stream)], strict=True)):
        out[:, planes - 1 - place] = np.frombuffer(_segment(stream[start:stop], pixels, name), np.uint8)
    return out.tobytes()


def _segment(packed: bytes, pixels: int, name: str) -> bytes:
    out = bytearray()
    place, end = 0, len(packed)
    while len(out) < pixels and place < end:
        count = packed[place]
        if count < 128:
            out += packed[place + 1 : place + 2 + count]
            place += 2 + count
        else:
            if count > 128:
                out += packed[place + 1 : place + 2] * (257 - count)
            place += 1 + (count > 128)
    if len(out) != pixels:
        raise _unfit(name)
    return bytes(out)


def _unfit(name: str) -> RefusedError:
    return RefusedError(
        "dicom-pixels", f"{name} has run-length encoded pixels that do not fit its header; send it anew"
    )
