"""The numbers of a file as they are stored, block by block of rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.pictures.header import Header, opened

_GREY_MODES = ("1", "L", "LA", "La")


@dataclass(frozen=True, eq=False)
class Values:
    """Stored numbers (h, w) or (h, w, 3), which number is white, and alpha in [0, 1] where there is one."""

    numbers: NDArray[Any]
    white: float
    alpha: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Stored:
    """An open picture.

    Attributes:
        rows: The values from one row to before another.
        height, width: Of the picture.
        coloured: Whether values have three channels.
        turned: Whether its orientation was applied already: Pillow does so for TIFF.

    """

    rows: Callable[[int, int], Values]
    height: int
    width: int
    coloured: bool
    turned: bool = False


def open_stored(data: bytes, header: Header, name: str, files: ExitStack) -> Stored:
    """Open a picture that is not DICOM; it stays open as long as `files`.

    Raises:
        RefusedError: It is broken.

    """
    if header.format == "PNG" and header.bits == 16:
        return _deep_png(data, name, files)
    image = files.enter_context(opened(data, header.format, name))
    image.load()
    coloured = image.mode[:1] not in "IF" and image.mode not in _GREY_MODES
    read = _numbers if image.mode[:1] in "IF" else _bytes_reader(image, header, coloured)
    width, height = image.size

    def rows(top: int, bottom: int) -> Values:
        return read(image.crop((0, top, width, bottom)))

    return Stored(rows, height, width, coloured, turned=header.format == "TIFF")


def _numbers(block: Any) -> Values:
    """Read 16-bit, 32-bit or floating-point grey."""
    numbers = np.asarray(block)
    return Values(numbers, 1.0 if block.mode == "F" else 65535.0)


def _bytes_reader(image: Any, header: Header, coloured: bool) -> Callable[[Any], Values]:
    """Choose how blocks of an 8-bit picture are read: with alpha, with one transparent colour, or plain."""
    channels = slice(0, 3) if coloured else 0
    key = image.info.get("transparency")
    if key is not None and image.mode in ("1", "L", "RGB"):
        if header.bits in (2, 4) and not coloured:
            key *= 255 // (2**header.bits - 1)  # Pillow spreads the pixels over a byte, not this
        plain = "RGB" if coloured else "L"
        return lambda block: keyed(np.asarray(block.convert(plain)), key, 255.0)
    if image.has_transparency_data:

        def blended(block: Any) -> Values:
            four = np.asarray(block.convert("RGBA"))
            return Values(four[..., channels], 255.0, four[..., 3] / 255.0)

        return blended
    return lambda block: Values(np.asarray(block.convert("RGB" if coloured else "L")), 255.0)


def keyed(numbers: NDArray[Any], key: Any, white: float) -> Values:
    """Make the pixels of one colour transparent (tRNS of PNG)."""
    same = numbers == np.asarray(key)
    seen = ~same.all(axis=-1) if numbers.ndim == 3 else ~same
    return Values(numbers, white, seen.astype(np.float64))


def _deep_png(data: bytes, name: str, files: ExitStack) -> Stored:
    """Open a 16-bit PNG with all its bits.

    Pillow keeps the upper byte of 16-bit colours only. Read as if the bytes were swapped, it keeps the lower
    one; and grey with alpha has the layout of four bytes.
    """
    kind = data[25]
    if kind == 0:
        high = files.enter_context(opened(data, "PNG", name))
        high.load()
        key = high.info.get("transparency")

        def grey(block: Any) -> Values:
            numbers = np.asarray(block)
            return Values(numbers, 65535.0) if key is None else keyed(numbers, key, 65535.0)

        width, height = high.size
        return Stored(lambda a, b: grey(high.crop((0, a, width, b))), height, width, coloured=False)
    raw = {2: ("RGB;16B", "RGB;16L"), 4: ("RGBA",), 6: ("RGBA;16B", "RGBA;16L")}[kind]
    parts = [_opened_as(data, name, mode, files) for mode in raw]
    width, height = parts[0].size
    key = parts[0].info.get("transparency")

    def rows(top: int, bottom: int) -> Values:
        blocks = [np.asarray(part.crop((0, top, width, bottom))).astype(np.uint16) for part in parts]
        if kind == 4:
            four = blocks[0]
            return Values(
                four[..., 0] << 8 | four[..., 1], 65535.0, (four[..., 2] << 8 | four[..., 3]) / 65535.0
            )
        deep = blocks[0] << 8 | blocks[1]
        if kind == 6:
            return Values(deep[..., :3], 65535.0, deep[..., 3] / 65535.0)
        return Values(deep, 65535.0) if key is None else keyed(deep, key, 65535.0)

    return Stored(rows, height, width, coloured=kind != 4)


def _opened_as(data: bytes, name: str, raw: str, files: ExitStack) -> Any:
    """Open a PNG whose bytes are taken for `raw` of Pillow's layouts."""
    image = files.enter_context(opened(data, "PNG", name))
    image.tile = [tile._replace(args=raw) for tile in image.tile]
    image.load()
    return image
