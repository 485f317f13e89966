"""Picture files and arrays in, pictures and rows out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError, nearest
from unseen.pictures.checks import Limits, check
from unseen.pictures.decode import BLUE, GREEN, RED, Floats, Picture, decode
from unseen.pictures.framing import Framing, framed
from unseen.pictures.header import MOST_BYTES, check_size
from unseen.pictures.refusals import RefusedError


def read_picture(source: str | Path | bytes, *, name: str | None = None, colour: bool = False) -> Picture:
    """Read a picture from a file or from its bytes; see `decode`.

    Args:
        source: Path, or the bytes of a file.
        name: What messages call it; its path without one, "picture" for bytes.
        colour: Whether to keep the colours of a colour file.

    Raises:
        RefusedError: The file is no picture that is read here, broken, or too large.
        DataError: There is no such file.
        MissingExtraError: Pillow or pydicom is not installed.

    """
    if isinstance(source, bytes):
        return decode(source, name or "picture", colour=colour)
    path = Path(source)
    return decode(_content(path, name or str(source)), name or str(source), colour=colour)


def _content(path: Path, name: str) -> bytes:
    if not path.is_file():
        raise DataError(_absent(path))
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise RefusedError(
                "too-many-pixels",
                f"{name} has {size >> 20:,} MiB; accepted: at most {MOST_BYTES >> 20}. Make it smaller",
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from error


def _absent(path: Path) -> str:
    if path.is_dir():
        return f"{path} is a folder; name the pictures in it, such as {path}/*.png"
    others = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    return f"{path} does not exist.{nearest(path.name, others)}"


def from_array(array: NDArray[Any], *, name: str = "array") -> Picture:
    """Take an array as a picture.

    Args:
        array: (H, W) grey or (H, W, 3) colours: uint8, uint16, or floats from 0 to 1.
        name: What messages call it.

    Raises:
        RefusedError: `values`: another shape, type or range, or not-a-number.

    >>> from_array(np.array([[0, 65535]], dtype=np.uint16)).grey.tolist()
    [[0.0, 1.0]]
    """
    values = np.asarray(array)
    if values.ndim not in (2, 3) or values.shape[2:] not in ((), (3,)) or not values.size:
        raise RefusedError(
            "values", f"{name} is an array of shape {values.shape}; accepted: (H, W) and (H, W, 3)"
        )
    check_size(values.shape[1], values.shape[0], name)
    white = {"uint8": 255.0, "uint16": 65535.0}.get(values.dtype.name, 1.0)
    if white == 1.0:
        if values.dtype.kind != "f":
            raise RefusedError(
                "values", f"{name} is an array of {values.dtype}; accepted: uint8, uint16, floats from 0 to 1"
            )
        if not (values.min() >= 0.0 and values.max() <= 1.0):  # also where they are not numbers
            raise RefusedError(
                "values",
                f"{name} has values from {values.min():.4g} to {values.max():.4g}; accepted: 0 to 1",
            )
    if values.ndim == 2:
        return Picture((values / white).astype(np.float32), name=name)
    colour = values / white
    grey = RED * colour[..., 0] + GREEN * colour[..., 1] + BLUE * colour[..., 2]
    chroma = float((colour.max(axis=-1) - colour.min(axis=-1)).mean())
    return Picture(grey.astype(np.float32), colour.astype(np.float32), chroma, name=name)


def read_row(
    source: str | Path | bytes, framing: Framing, limits: Limits, *, photograph: bool = False
) -> Floats:
    """Read, check and frame one picture: float32 (C, H, W).

    Raises:
        RefusedError: The picture gets no row; `reason` says why.
        DataError: There is no such file.

    """
    picture = read_picture(source, colour=framing.channels == 3)
    check(picture, framing, limits, photograph=photograph)
    return framed(picture, framing)


def read_rows(
    sources: Sequence[str | Path | bytes], framing: Framing, limits: Limits, *, photograph: bool = False
) -> Floats:
    """Read, check and frame pictures: float32 (N, C, H, W).

    Raises:
        RefusedError: The first picture that gets no row.
        DataError: A file is not there.

    """
    rows = np.empty((len(sources), framing.channels, framing.height, framing.width), np.float32)
    for place, source in enumerate(sources):
        rows[place] = read_row(source, framing, limits, photograph=photograph)
    return rows
