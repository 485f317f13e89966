"""What a picture must be before it is worth a score."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from unseen.errors import ConfigError
from unseen.pictures.area import area_averaged
from unseen.pictures.decode import Floats, Picture
from unseen.pictures.framing import Framing, trimmed, window
from unseen.pictures.refusals import RefusedError

SHARP_SIDE, RIM = 56, 7
"""Where sharpness is measured; the rim is left out: what is around a film shines into it."""


@dataclass(frozen=True)
class Limits:
    """Bounds of a picture; None: not checked.

    Attributes:
        side: Least short side of a file in pixels; None: the larger side of the framing.
        photo_side: Least short side of a photograph in pixels.
        aspect: Longest side over the shorter, at most.
        chroma: Mean of max(R, G, B) - min(R, G, B), below this.
        spread: Range of grey after trimming, at least.
        sharpness: `sharpness` of a photograph, at least. Chosen on made-up photographs: sharp ones have 0.29
            and more, ones blurred by a standard deviation of 1/28 of the film up to 0.284.
        white, glare: A share of `glare` of a photograph at or above grey `white` is overexposed.

    >>> Limits.from_dict(Limits(chroma=None).to_dict()).chroma is None
    True
    """

    side: int | None = None
    photo_side: int | None = 256
    aspect: float | None = 2.0
    chroma: float | None = 0.08
    spread: float | None = 0.2
    sharpness: float | None = 0.285
    white: float = 0.98
    glare: float | None = 0.25

    def to_dict(self) -> dict[str, Any]:
        """Return the limits as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Limits:
        """Restore the limits of `to_dict`.

        Raises:
            ConfigError: A name is not known.

        """
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"these are no limits of pictures: {error}") from error


def check(picture: Picture, framing: Framing, limits: Limits, *, photograph: bool = False) -> None:
    """Refuse a picture for the first of these that is not met, in this order.

    too-small: short side of the picture; aspect: long over short side; colour: `chroma`; flat: range of grey
    inside the trimmed borders (if the framing trims). For photographs also blurred: `sharpness`; glare: share
    of pixels of the framed window at or above `white`.

    Args:
        picture: The picture.
        framing: How it will be framed.
        limits: The bounds.
        photograph: Whether the user says so; EXIF that names a camera says so too.

    Raises:
        RefusedError: With the reason.

    """
    photograph = photograph or picture.photograph
    _check_shape(picture, framing, limits, photograph)
    if limits.chroma is not None and picture.chroma >= limits.chroma:
        raise RefusedError(
            "colour",
            f"{picture.name} is colourful ({picture.chroma:.2f}); accepted: grey, below {limits.chroma:g}",
        )
    spread = _spread(picture, framing)
    if limits.spread is not None and spread < limits.spread:
        raise RefusedError(
            "flat", f"{picture.name} has a grey range of {spread:.2f}; accepted: at least {limits.spread:g}"
        )
    if photograph:
        _check_photograph(picture, framing, limits)


def _spread(picture: Picture, framing: Framing) -> float:
    """Return the range of grey inside uniform borders; 0 where nothing is."""
    inside = picture.grey
    if framing.trim:
        top, bottom, left, right = trimmed(inside)
        inside = inside[top:bottom, left:right]
    return float(inside.max()) - float(inside.min()) if inside.size else 0.0


def _check_shape(picture: Picture, framing: Framing, limits: Limits, photograph: bool) -> None:
    height, width = picture.grey.shape
    short, long = min(height, width), max(height, width)
    least = limits.photo_side if photograph else limits.side or max(framing.height, framing.width)
    if least is not None and short < least:
        kind = " for a photograph" if photograph else ""
        raise RefusedError(
            "too-small",
            f"{picture.name} is {width} x {height} pixels; accepted{kind}: a short side of at least {least}",
        )
    if limits.aspect is not None and long > limits.aspect * short:
        raise RefusedError(
            "aspect",
            f"{picture.name} is {width} x {height} pixels; accepted: at most {limits.aspect:g} times as long"
            " as wide. Crop it to the film",
        )


def _check_photograph(picture: Picture, framing: Framing, limits: Limits) -> None:
    top, bottom, left, right = window(picture, framing)
    shown = picture.grey[top:bottom, left:right]
    if limits.sharpness is not None:
        sharp = sharpness(shown)
        if sharp < limits.sharpness:
            raise RefusedError(
                "blurred",
                f"{picture.name} is blurred (sharpness {sharp:.3f}); accepted: at least {limits.sharpness:g}."
                " Hold still, closer",
            )
    share = float(np.count_nonzero(shown >= np.float32(limits.white))) / shown.size
    if limits.glare is not None and share >= limits.glare:
        raise RefusedError(
            "glare",
            f"{picture.name} is overexposed over {share:.0%}; accepted: less than {limits.glare:.0%}."
            " Avoid reflections",
        )


def sharpness(grey: Floats) -> float:
    """Measure how much of the contrast of pixels four apart is there two apart, at a size of 56 x 56.

    With y = `area_averaged(grey, 56, 56)` without 7 rows and columns on each side, (42, 42), and D_d the mean
    of (y[r, c+d] - y[r, c])^2 over all pairs in rows plus that of (y[r+d, c] - y[r, c])^2 over all pairs in
    columns, in doubles,

        sharpness = D_2 / D_4   (0 where D_4 is 0).

    1/4 for a ramp, as blur leaves it; 1 for noise. It does not depend on contrast, and it sees blur of about
    1/28 of the picture, whatever the size a network reads.

    >>> sharpness(np.tile(np.arange(56, dtype=np.float32) / 64, (56, 1)))
    0.25
    """
    y = area_averaged(grey, SHARP_SIDE, SHARP_SIDE).astype(np.float64)[RIM:-RIM, RIM:-RIM]
    near, far = (
        float(np.mean((y[:, d:] - y[:, :-d]) ** 2)) + float(np.mean((y[d:] - y[:-d]) ** 2)) for d in (2, 4)
    )
    return near / far if far > 0.0 else 0.0
