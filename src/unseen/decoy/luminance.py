"""A picture file becomes the brightness of its centre square; what cannot be judged is refused, and why.

Nothing is kept of a picture and nothing is sent anywhere.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError, nearest, need

Floats = NDArray[np.floating[Any]]

SQUARE = 192
"""Pixels of a side of the centre square as it is looked at: 3 x 3 patches of 64."""
LEAST_SIDE = 64
MOST_PIXELS = 64_000_000
LONGEST = 3.0
ACCEPTED = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM")
# Rec. 709: how much red, green and blue add to what is seen as bright.
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
# A spread below one grey level of 256: nothing to see.
FLAT = 1.0 / 256.0


@dataclass(frozen=True)
class Seen:
    """The brightness of a picture.

    Attributes:
        name: Path as it was given.
        size: Width and height of the picture, upright.
        square: Brightness of the centre square, (192, 192), from 0 to 1.
        notes: What a reader must know, one sentence each.

    """

    name: str
    size: tuple[int, int]
    square: Floats
    notes: tuple[str, ...] = ()


def look(path: str | Path) -> Seen:
    """Read a picture: turned upright, in linear shares of red, green and blue, cut to its centre square.

    Transparent parts are laid on white. Of a picture more than three times as long as it is wide a note says
    how much of it the square leaves out.

    Raises:
        DataError: The file is not there, is no picture, is broken, has several frames, more than 64 million
            pixels or a side below 64, or its square is of one brightness.
        MissingExtraError: Pillow is not installed.

    """
    pillow = need("PIL.Image", extra="images", purpose=f"reading {path}")
    place = Path(path)
    if not place.is_file():
        raise DataError(_absent(place))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of half-broken metadata, and of sizes that are checked here
            with pillow.open(place, formats=ACCEPTED) as image:
                _check(str(path), image)
                pixels, notes = _upright(str(path), image)
    except pillow.UnidentifiedImageError as error:
        raise DataError(f"{path} is no picture; accepted: {', '.join(ACCEPTED)}") from error
    except pillow.DecompressionBombError as error:
        raise DataError(f"{path} has more than {MOST_PIXELS:,} pixels; make it smaller") from error
    except DataError:
        raise
    except Exception as error:  # decoders of hostile files raise whatever they meet
        raise DataError(f"{path} is a broken picture ({_reason(error)}); save it anew") from error
    return _cut(str(path), pixels, notes)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _absent(place: Path) -> str:
    if place.is_dir():
        return f"{place} is a folder; name the pictures in it, such as {place}/*.jpg"
    others = [other.name for other in place.parent.iterdir()] if place.parent.is_dir() else []
    return f"{place} does not exist.{nearest(place.name, others)}"


def _check(name: str, image: Any) -> None:
    """Refuse by what the head of the file says, before a pixel is decoded."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise DataError(
            f"{name} has {width:,} x {height:,} pixels; accepted: at most {MOST_PIXELS:,} in all."
            " Make it smaller"
        )
    if min(width, height) < LEAST_SIDE:
        raise DataError(
            f"{name} has {width} x {height} pixels; accepted: at least {LEAST_SIDE} on either side"
        )
    # phones write a second view or a preview behind a JPEG (MPO); the first frame is the picture
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frames > 1:
        raise DataError(f"{name} has {frames} frames; accepted: still pictures. Save one frame by itself")


def _upright(name: str, image: Any) -> tuple[Floats, list[str]]:
    """Decode to (H, W, 3) between 0 and 1, as the camera was held."""
    ops = need("PIL.ImageOps", extra="images", purpose="turning a picture upright")
    notes: list[str] = []
    image.draft("RGB", (3 * SQUARE, 3 * SQUARE))  # a large JPEG is decoded at a fraction of its size
    image.load()
    image = ops.exif_transpose(image)
    if image.mode[:1] in "IF":
        return _deep(name, image), notes
    if image.has_transparency_data:
        notes.append("transparent parts were laid on white")
        image = image.convert("RGBA")
        white = image.copy()
        white.paste((255, 255, 255, 255), (0, 0, *image.size))
        white.alpha_composite(image)
        image = white
    return np.asarray(image.convert("RGB"), dtype=np.float32) / 255.0, notes


def _deep(name: str, image: Any) -> Floats:
    """Scale 16-bit and floating-point grey by its own range; Pillow's own conversion clips it at 255."""
    values = np.asarray(image, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataError(f"{name} has pixels that are not finite; accepted: finite brightness")
    low, high = float(values.min()), float(values.max())
    whole = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return np.repeat(whole[..., None], 3, axis=-1)


def _cut(name: str, pixels: Floats, notes: list[str]) -> Seen:
    height, width = pixels.shape[:2]
    side = min(height, width)
    if max(height, width) > LONGEST * side:
        share = side / max(height, width)
        notes.append(f"more than {LONGEST:g} times as long as wide: only the middle {share:.0%} is looked at")
    top, left = (height - side) // 2, (width - side) // 2
    square = resized((pixels @ WEIGHTS)[top : top + side, left : left + side], SQUARE)
    if float(square.std()) < FLAT:
        raise DataError(f"{name} is of one brightness in its centre square; accepted: a picture of something")
    return Seen(name, (width, height), square, tuple(notes))


def resized(square: Floats, side: int) -> Floats:
    """Resize a square (S, S) to side x side by area where it shrinks, linearly where it grows.

    >>> resized(np.arange(16.0).reshape(4, 4), 2).tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    across = _areas(len(square), side)
    return np.asarray(across @ square @ across.T)


def _areas(old: int, new: int) -> Floats:
    """Weights (new, old) of old pixels in new ones: shares of area, or of the two nearest centres."""
    if new > old:
        at = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        low = np.minimum(at.astype(int), old - 2)
        weights = np.zeros((new, old))
        weights[np.arange(new), low], weights[np.arange(new), low + 1] = 1.0 - (at - low), at - low
        return weights
    edges = np.arange(new + 1) * old / new
    start, stop = np.arange(old), np.arange(old) + 1
    overlap = np.minimum(edges[1:, None], stop) - np.maximum(edges[:-1, None], start)
    return np.asarray(np.clip(overlap, 0.0, None) * new / old)
