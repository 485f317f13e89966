"""The bytes of a picture file become grey numbers, and colours where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unseen.pictures.header import known_format, read_header
from unseen.pictures.orientation import read_exif, upright
from unseen.pictures.refusals import RefusedError
from unseen.pictures.stored import Stored, Values, open_stored

Floats = NDArray[np.float32]
RED, GREEN, BLUE = 0.299, 0.587, 0.114
"""How much red, green and blue add to grey (ITU-R BT.601)."""
BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, upright.

    Attributes:
        grey: float32 (H, W), 0 black to 1 white.
        colour: float32 (H, W, 3), red, green, blue; None for grey files, and where it was not asked for.
        chroma: Mean over pixels of max(R, G, B) - min(R, G, B); 0 for grey files.
        format: What the first bytes say: PNG, JPEG, TIFF, BMP, PNM, DICOM, or "array".
        photograph: Whether EXIF names a camera.
        orientation: The EXIF orientation that was applied, 1 to 8.
        name: What the caller calls it.

    """

    grey: Floats
    colour: Floats | None = None
    chroma: float = 0.0
    format: str = "array"
    photograph: bool = False
    orientation: int = 1
    name: str = "picture"


def decode(data: bytes, name: str, *, colour: bool = False) -> Picture:
    """Decode a PNG, JPEG, TIFF, BMP, PGM/PPM or DICOM file.

    With white w (255, or 65535 at 16 bits, all of which count) and alpha a in [0, 1] over black,

        grey = (0.299 R + 0.587 G + 0.114 B) / w * a,   or v / w * a of grey files,

    in doubles, stored as float32. Colour profiles and gamma are ignored. EXIF turns the picture once.

    Args:
        data: The whole file.
        name: What messages call it.
        colour: Whether to keep the colours of a colour file.

    Raises:
        RefusedError: Whatever is wrong with the file.
        MissingExtraError: Pillow or pydicom is not installed.

    """
    kind = known_format(data, name)
    if kind == "DICOM":
        from unseen.pictures.dicom import decode_dicom

        return Picture(decode_dicom(data, name), format=kind, name=name)
    header = read_header(data, kind, name)
    exif = read_exif(data, kind, name)
    with ExitStack() as files:
        stored = open_stored(data, header, name, files)
        picture = _gathered(stored, name, colour)
    turn = 1 if stored.turned else exif.orientation
    return replace(
        picture,
        grey=upright(picture.grey, turn),
        colour=None if picture.colour is None else upright(picture.colour, turn),
        format=kind,
        photograph=exif.camera,
        orientation=exif.orientation,
    )


def _gathered(stored: Stored, name: str, colour: bool) -> Picture:
    """Collect blocks of rows: doubles of the whole picture are never there at once."""
    height, width = stored.height, stored.width
    grey = np.empty((height, width), np.float32)
    colours = np.empty((height, width, 3), np.float32) if colour and stored.coloured else None
    spread = 0.0
    for top, bottom in _row_blocks(height, width):
        values = stored.rows(top, bottom)
        _check_values(values, name)
        grey[top:bottom] = _grey(values)
        spread += _spread(values) if stored.coloured else 0.0
        if colours is not None:
            colours[top:bottom] = _colours(values)
    return Picture(grey, colours, spread / (height * width), name=name)


def _row_blocks(height: int, width: int) -> Iterator[tuple[int, int]]:
    step = max(1, BLOCK // width)
    for top in range(0, height, step):
        yield top, min(top + step, height)


def _grey(values: Values) -> NDArray[np.float64]:
    numbers = values.numbers
    if numbers.ndim == 3:
        grey = RED * numbers[..., 0] + GREEN * numbers[..., 1] + BLUE * numbers[..., 2]
    else:
        grey = numbers.astype(np.float64)
    grey /= values.white
    return grey if values.alpha is None else grey * values.alpha


def _colours(values: Values) -> NDArray[np.float64]:
    colours = values.numbers / values.white
    return colours if values.alpha is None else colours * values.alpha[..., None]


def _spread(values: Values) -> float:
    """Sum max - min of the three channels over pixels, white being 1."""
    red, green, blue = (values.numbers[..., channel] for channel in range(3))
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    apart = most - least
    if values.alpha is None:
        return float(apart.sum(dtype=np.float64)) / values.white
    return float((apart * values.alpha).sum()) / values.white


def _check_values(values: Values, name: str) -> None:
    """Refuse numbers that no white belongs to: floating-point and 32-bit files hold anything."""
    if values.numbers.dtype.kind == "u":
        return
    least, most = values.numbers.min(), values.numbers.max()
    if not (least >= 0 and most <= values.white):  # also where they are not numbers
        accepted = "0 to 1" if values.white == 1 else f"0 to {values.white:.0f}"
        raise RefusedError(
            "values", f"{name} has values that are no grey ({least:.4g} to {most:.4g}); accepted: {accepted}"
        )
