"""Films changed on their way: disturbed, mirrored, enlarged and read again, photographed from a screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from unseen.pictures.checks import Limits, check
from unseen.pictures.disturb import DISTURBANCES, disturbed
from unseen.pictures.framing import Framing, framed
from unseen.pictures.perspective import film_of
from unseen.pictures.photograph import Scene, photographed
from unseen.pictures.reading import from_array, read_picture
from unseen.pictures.refusals import RefusedError
from unseen.screening.films import Pixels
from unseen.seeds import generator
from unseen.training.progress import tell

Greys = NDArray[np.float32]

MIRRORED = "mirrored"
PHOTOGRAPHED = "photographed"
ENLARGED = "enlarged, averaged back"
OTHER_FILTER = "enlarged, bilinear back"
SIDE = 512
SCENE = Scene(height=480, width=640)
BY_HAND = 0.01
"""Corners set by hand miss by so much of the photograph's height, a standard deviation."""


@dataclass(frozen=True, eq=False)
class Changed:
    """Films (N, 1, S, S) after a change; which of them the file checks refuse, (N,)."""

    pixels: Pixels
    refused: NDArray[np.bool_]


def changed_films(pixels: Pixels, *, photographs: int, seed: int) -> Mapping[str, Changed]:
    """Change films in every way that is reported.

    Args:
        pixels: (N, 1, S, S) in [0, 1].
        photographs: How many are enlarged, read again and photographed, the first ones.
        seed: What is drawn.

    """
    found = {name: _all(disturbed(pixels, name, seed)) for name in DISTURBANCES}
    found[MIRRORED] = _all(np.ascontiguousarray(pixels[..., ::-1]))
    some = pixels[:photographs]
    return {**found, **dict(_read_again(some)), PHOTOGRAPHED: _photographs(some, seed)}


def _all(pixels: Pixels) -> Changed:
    return Changed(pixels, np.zeros(len(pixels), dtype=bool))


def enlarged(film: Greys) -> Greys:
    """Enlarge a film (S, S) to 512 x 512 by cubic splines: it gets pixels, not detail."""
    grown = zoom(film, SIDE / film.shape[0], order=3, mode="nearest", grid_mode=True)
    return np.asarray(np.clip(grown, 0.0, 1.0), dtype=np.float32)


def _read_again(pixels: Pixels) -> Iterator[tuple[str, Changed]]:
    """Enlarge films, and read them again as the product does, and with the filter others would take."""
    large = [enlarged(film[0]) for film in pixels]
    framing = Framing(height=pixels.shape[2], width=pixels.shape[3])
    yield ENLARGED, _all(np.stack([framed(from_array(one), framing) for one in large]))
    small = [zoom(one, pixels.shape[2] / SIDE, order=1, mode="nearest", grid_mode=True) for one in large]
    yield OTHER_FILTER, _all(np.clip(np.stack(small)[:, None], 0.0, 1.0).astype(np.float32))


def _photographs(pixels: Pixels, seed: int) -> Changed:
    """Photograph enlarged films, store them as JPEG of quality 40, cut them out by corners set by hand."""
    framing, limits = Framing(height=pixels.shape[2], width=pixels.shape[3]), Limits()
    rows, refused = np.zeros_like(pixels), np.zeros(len(pixels), dtype=bool)
    for place, film in enumerate(pixels):
        tell("photographs", place, len(pixels))
        photo = photographed(enlarged(film[0]), seed * len(pixels) + place, SCENE)
        aside = generator(seed, 74, place).normal(0.0, BY_HAND * SCENE.height, (4, 2))
        picture = film_of(read_picture(photo.jpeg(quality=40)), photo.corners + aside)
        rows[place] = framed(picture, framing)
        try:
            check(picture, framing, limits, photograph=True)
        except RefusedError:
            refused[place] = True
    tell("photographs", len(pixels), len(pixels))
    return Changed(rows, refused)
