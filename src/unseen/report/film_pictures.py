"""Films with the map of their score laid over them, for a page that is not committed or published."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from unseen.errors import need
from unseen.report.document import Picture
from unseen.screening.judging import Seen

Floats = NDArray[np.floating[Any]]

SIDE = 224
ORANGE = np.array([230, 97, 0], dtype=np.float64)
"""Readable on grey for every kind of colour vision."""
OPAQUE = 0.75


def gallery(
    films: Floats,
    maps: Floats,
    seen: Seen,
    chance: Floats,
    *,
    most: float,
    finding: str,
    errors: int = 6,
    right: int = 3,
) -> tuple[Picture, ...]:
    """Show the worst errors of each class, then films called rightly and surely.

    Args:
        films: (N, 1, S, S) in [0, 1].
        maps: Where logits come from, (N, h, w).
        seen: Labels and logits of these films.
        chance: Probability that is shown, (N,).
        most: Value of a map shown in full colour, the same for all films.
        finding: Its name.
        errors, right: How many of each class at most.

    """
    return tuple(
        Picture(
            overlay(films[place, 0], maps[place], most),
            f"{finding if seen.findings[place] else 'normal'}, {said}",
            (f"probability {chance[place]:.0%}".replace("%", " %"),),
        )
        for place, said in _chosen(seen, chance, errors, right)
    )


def _chosen(seen: Seen, chance: Floats, errors: int, right: int) -> Iterator[tuple[int, str]]:
    own = np.where(seen.findings == 1, chance, 1 - chance)
    for label, words in ((1, "missed"), (0, "called for nothing")):
        places = np.flatnonzero(seen.findings == label)
        ordered = places[np.argsort(own[places], kind="stable")]
        yield from ((int(place), words) for place in ordered[:errors] if own[place] < 0.5)
    for label in (1, 0):
        places = np.flatnonzero(seen.findings == label)
        ordered = places[np.argsort(-own[places], kind="stable")]
        yield from ((int(place), "called rightly") for place in ordered[:right] if own[place] >= 0.5)


def overlay(film: Floats, cam: Floats, most: float) -> str:
    """Return a film (S, S) with its map (h, w) in orange over it, as a PNG in a data URI."""
    pillow: Any = need("PIL.Image", extra="images", purpose="showing a film")
    grey = np.clip(_enlarged(film), 0.0, 1.0)[..., None] * 255
    depth = OPAQUE * np.clip(_enlarged(cam) / most, 0.0, 1.0)[..., None]
    mixed = np.round(grey * (1 - depth) + ORANGE * depth).astype(np.uint8)
    stream = io.BytesIO()
    pillow.fromarray(mixed).save(stream, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def _enlarged(values: Floats) -> NDArray[np.float64]:
    sides = (SIDE / values.shape[0], SIDE / values.shape[1])
    return np.asarray(zoom(values.astype(np.float64), sides, order=1, mode="nearest", grid_mode=True))
