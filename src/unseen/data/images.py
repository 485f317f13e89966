"""A folder of images; the name of the sub-folder is the kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from unseen.data.batches import Source
from unseen.data.columns import image_column
from unseen.errors import DataError
from unseen.pictures.framing import Framing, framed
from unseen.pictures.reading import read_picture

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm")
CHUNK = 1 << 26


class ImageSource(Source):
    """Images of one folder as rows: `image` (C, H, W) uint8, `kind`, `file`.

    Grey images have one channel and colour images three, as the first image has; the others are
    converted to that. Images stand upright (EXIF), are resized by area averaging and rounded to whole grey
    levels: `unseen.pictures` reads them. `kind` is the name of the sub-folder an image is in (none at the
    top), `file` the path below the folder, in the order of which rows come.

    Args:
        folder: the folder.
        size: (H, W) to resize every image to, stretched where its shape is another; without it all must have
            one size.

    Raises:
        DataError: no images, or one of another size.
        RefusedError: a file is broken, animated, no picture, or of more than 50 million pixels.
        MissingExtraError: pillow is not installed.

    """

    columns = ("image", "kind", "file")

    def __init__(self, folder: Path, *, size: tuple[int, int] | None = None) -> None:
        self.name = str(folder)
        self._folder = folder
        self._size = size
        self._files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        if not self._files:
            raise DataError(f"{folder} holds no images; accepted: {', '.join(SUFFIXES)}")
        first = self._pixels(self._files[0], None)
        self._shape = first.shape

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Decode the images, unless only `kind` and `file` are asked for."""
        step = max(1, min(rows, CHUNK // int(np.prod(self._shape))))
        for start in range(0, len(self._files), step):
            files = self._files[start : start + step]
            yield pa.table({name: self._column(name, files) for name in columns})

    def _column(self, name: str, files: list[Path]) -> pa.Array:
        inside = [path.relative_to(self._folder) for path in files]
        if name == "file":
            return pa.array([path.as_posix() for path in inside])
        if name == "kind":
            return pa.array([path.parts[0] if len(path.parts) > 1 else None for path in inside], pa.string())
        stack = np.stack([self._pixels(path, self._shape) for path in files])
        return image_column(stack)

    def _pixels(self, path: Path, shape: tuple[int, ...] | None) -> np.ndarray:
        """Decode one image to uint8 (C, H, W), with the channels of `shape` where it is given."""
        picture = read_picture(path, colour=shape is None or shape[0] == 3)
        channels = shape[0] if shape is not None else 1 if picture.colour is None else 3
        height, width = self._size or picture.grey.shape
        framing = Framing(channels, height, width, trim=False, crop=False, unit=255.0)
        pixels = np.rint(framed(picture, framing)).astype(np.uint8)
        if shape is not None and pixels.shape != shape:
            raise DataError(
                f"{path} is {pixels.shape[1]} x {pixels.shape[2]} pixels (height x width), but"
                f" {self._files[0]} is {shape[1]} x {shape[2]}. Pass size=(H, W) to resize all."
            )
        return pixels


def open_images(folder: Path, *, size: tuple[int, int] | None = None) -> Source:
    """Open a folder of images, resized to `size` (H, W) where given."""
    return ImageSource(folder, size=size)
