"""A folder of images; the name of the sub-folder is the kind."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from unseen.data.batches import Source
from unseen.data.columns import image_column
from unseen.errors import DataError, need

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm")
CHUNK = 1 << 26


class ImageSource(Source):
    """Images of one folder as rows: `image` (C, H, W) uint8, `kind`, `file`.

    Grey images have one channel and colour images three, as the first image has; the others are
    converted to that. `kind` is the name of the sub-folder an image is in (none at the top), `file` the
    path below the folder, in the order of which rows come.

    Args:
        folder: the folder.
        size: (H, W) to resize every image to; without it all must have one size.

    Raises:
        DataError: no images, a broken one, one of another size, or one too large to be honest.
        MissingExtraError: pillow is not installed.

    """

    columns = ("image", "kind", "file")

    def __init__(self, folder: Path, *, size: tuple[int, int] | None = None) -> None:
        self.name = str(folder)
        self._pil: Any = need("PIL.Image", extra="images", purpose=f"reading the images of {folder}")
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
        try:
            with warnings.catch_warnings():
                # A picture of more than 89 million pixels is a decompression bomb: fault, not warning.
                warnings.simplefilter("error", self._pil.DecompressionBombWarning)
                with self._pil.open(path) as image:
                    grey = image.mode in ("1", "L", "I", "I;16", "F") if shape is None else shape[0] == 1
                    pixels = self._array(image, grey)
        except (self._pil.DecompressionBombWarning, self._pil.DecompressionBombError) as error:
            raise DataError(f"{path} is too large to be decoded: {error}") from error
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise DataError(f"{path} is a broken image: {error}") from error
        if shape is not None and pixels.shape != shape:
            raise DataError(
                f"{path} is {pixels.shape[1]} x {pixels.shape[2]} pixels (height x width), but"
                f" {self._files[0]} is {shape[1]} x {shape[2]}. Pass size=(H, W) to resize all."
            )
        return pixels

    def _array(self, image: Any, grey: bool) -> np.ndarray:
        if image.mode.startswith("I"):
            # 16-bit films keep their upper 8 bits; pillow's own conversion would clip at 255.
            image = self._pil.fromarray(
                (np.asarray(image, dtype=np.uint32) >> 8).clip(0, 255).astype(np.uint8)
            )
        image = image.convert("L" if grey else "RGB")
        if self._size is not None:
            image = image.resize(self._size[::-1], self._pil.Resampling.BILINEAR)
        pixels = np.asarray(image, dtype=np.uint8)
        return np.ascontiguousarray(pixels[None] if grey else pixels.transpose(2, 0, 1))


def open_images(folder: Path, *, size: tuple[int, int] | None = None) -> Source:
    """Open a folder of images, resized to `size` (H, W) where given."""
    return ImageSource(folder, size=size)
