"""The way from a picture of any size to the pixels a network reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError
from unseen.pictures.area import area_averaged
from unseen.pictures.decode import Picture
from unseen.pictures.refusals import RefusedError

UNIFORM = 4.0 / 255.0 - 1e-6
"""A border line of a smaller range is dropped: up to three grey levels of 256 (float32 rounding aside)."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Framing:
    """How pictures become rows.

    Attributes:
        channels: 1 (grey) or 3 (red, green, blue).
        height, width: Of the result, in pixels.
        trim: Whether uniform borders are dropped.
        crop: Whether the centre square is taken; otherwise the whole picture is stretched.
        unit: What white becomes: 1.0, or 255.0 for detectors that learned from bytes.

    >>> Framing.from_dict(Framing(height=64, width=64).to_dict())
    Framing(channels=1, height=64, width=64, trim=True, crop=True, unit=1.0)
    """

    channels: int = 1
    height: int = 28
    width: int = 28
    trim: bool = True
    crop: bool = True
    unit: float = 1.0

    def __post_init__(self) -> None:
        if self.channels not in (1, 3) or min(self.height, self.width) < 1:
            raise ConfigError(
                f"pictures are framed to 1 or 3 channels and at least 1 x 1 pixels, not to"
                f" {self.channels} x {self.height} x {self.width}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Framing:
        """Restore the settings of `to_dict`.

        Raises:
            ConfigError: A name or value is not accepted.

        """
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"this is no framing: {error}") from error


def framed(picture: Picture, framing: Framing) -> Floats:
    """Frame a picture: float32 (channels, height, width).

    1. A picture of height x width is taken as it is. Else:
    2. `trim`: see `trimmed`.
    3. `crop`: the centre square of the short side s: top = (h - s) // 2, left = (w - s) // 2.
    4. Area averaging to height x width (`area_averaged`), each channel by itself.
    5. Times `unit`, in float32.

    A grey picture fills all channels; of a colour picture one channel takes the grey.

    Raises:
        RefusedError: `flat`, if nothing is left after trimming.

    """
    planes = _planes(picture, framing.channels)
    if picture.grey.shape != (framing.height, framing.width):
        top, bottom, left, right = window(picture, framing)
        planes = [
            area_averaged(plane[top:bottom, left:right], framing.height, framing.width) for plane in planes
        ]
    stack = np.stack(planes) if len(planes) == framing.channels else np.repeat(planes[0][None], 3, axis=0)
    return np.ascontiguousarray(stack * np.float32(framing.unit))


def window(picture: Picture, framing: Framing) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of what is averaged: trimmed and cropped as the framing says.

    Raises:
        RefusedError: `flat`, if nothing is left after trimming.

    """
    height, width = picture.grey.shape
    top, bottom, left, right = (0, height, 0, width)
    if framing.trim:
        top, bottom, left, right = trimmed(picture.grey)
        if top >= bottom:
            raise RefusedError(
                "flat", f"{picture.name} is of one brightness; accepted: a film with something on it"
            )
    if framing.crop:
        side = min(bottom - top, right - left)
        top, left = top + (bottom - top - side) // 2, left + (right - left - side) // 2
        bottom, right = top + side, left + side
    return top, bottom, left, right


def trimmed(grey: Floats) -> tuple[int, int, int, int]:
    """Find what lies inside uniform borders: top, bottom, left, right (slices; all 0 where nothing is left).

    A line is uniform when (max - min) < 4/255 - 1e-6 over the area that is left. Lines are dropped from the
    top, then the bottom, then the left, then the right, each until one is not uniform; and that again until
    nothing changes. Each line is looked at as often as lines go, so the work is that of the area.

    >>> film = np.zeros((6, 8), np.float32)
    >>> film[2:4, 3:7] = [[0.1, 0.9, 0.3, 0.4], [0.5, 0.2, 0.8, 0.1]]
    >>> trimmed(film)
    (2, 4, 3, 7)
    """
    top, left = 0, 0
    bottom, right = grey.shape
    before = None
    while before != (top, bottom, left, right):
        before = (top, bottom, left, right)
        while top < bottom and _uniform(grey[top, left:right]):
            top += 1
        while top < bottom and _uniform(grey[bottom - 1, left:right]):
            bottom -= 1
        while top < bottom and left < right and _uniform(grey[top:bottom, left]):
            left += 1
        while top < bottom and left < right and _uniform(grey[top:bottom, right - 1]):
            right -= 1
        if top >= bottom or left >= right:
            return 0, 0, 0, 0
    return top, bottom, left, right


def _uniform(line: Floats) -> bool:
    return float(line.max()) - float(line.min()) < UNIFORM


def _planes(picture: Picture, channels: int) -> list[Floats]:
    if channels == 1 or picture.colour is None:
        return [picture.grey]
    return [picture.colour[..., channel] for channel in range(3)]
