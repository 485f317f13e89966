"""Which symmetries a picture has, and how much: read from the picture, and from networks that learned it.

Each picture is judged twice: as it is, and without its broad light and dark, since a horizon makes left and
right alike in any landscape. What is left out is the mean of each ring around the centre, then of each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from unseen.decoy.elements import agreements, between, by_group, elements
from unseen.decoy.luminance import SQUARE, resized
from unseen.decoy.networks import Schedule, train
from unseen.decoy.readout import VIEWS, read
from unseen.decoy.templates import SIDE, grid, standardised
from unseen.seeds import generator

Floats = NDArray[np.floating[Any]]

FINE = 64
"""Pixels of a side on which a picture itself is judged; its networks see it on 32."""
PATCHES = 3
SOFT = 2.0
"""Pixels of 32 over which a picture is softened for its network, which cannot learn brush strokes in time."""
BANDS = ("shift left-right", "any turn")
"""Symmetries that are broad light and dark themselves: nothing can be said of them once that is removed."""


def detrended(square: Floats) -> Floats:
    """Remove from a square (..., S, S) the mean of each ring around the centre, then of each row.

    >>> x, y = grid(16)
    >>> bool(np.abs(detrended(np.exp(-y))).mean() < 0.15 * np.exp(-y).std())
    True
    """
    side = square.shape[-1]
    ring = np.floor(np.hypot(*grid(side)).ravel() * side / 4).astype(int)
    count = np.maximum(np.bincount(ring), 1)
    flat = square.reshape(-1, side * side)
    means = np.stack([np.bincount(ring, one) / count for one in flat])[:, ring]
    left = (flat - means).reshape(square.shape)
    return np.asarray(left - left.mean(-1, keepdims=True))


def rest(square: Floats) -> float:
    """Return the share of the variance of a square (S, S) that is left without bands and rings."""
    return float(detrended(square).var() / square.var())


def patches(square: Floats) -> Floats:
    """Cut a square (192, 192) into 3 x 3 patches (9, 64, 64), row by row."""
    side = SQUARE // PATCHES
    cut = square.reshape(PATCHES, side, PATCHES, side).swapaxes(1, 2)
    return np.asarray(cut.reshape(PATCHES**2, side, side))


def direct(squares: Floats) -> Floats:
    """Agreement of pictures (N, S, S) with their mirrored, turned and shifted selves: (N, G)."""
    return by_group(np.stack([agreements(square.reshape(-1, 1))[0] for square in squares]))


@dataclass(frozen=True)
class Learned:
    """What networks of N pictures hold.

    Attributes:
        seen: Views of their layers, (N, V, E).
        leading: First component of the used units, turned to go with the brightness, (N, 32, 32).
        right: Share of the pixels whose level each network tells, (N,).

    """

    seen: Floats
    leading: Floats
    right: Floats

    @property
    def agreement(self) -> Floats:
        """Agreement of the first component under each symmetry, (N, G)."""
        return by_group(self.seen[:, VIEWS.index("component 1")])


def learned(squares: Floats, *, seed: int, schedule: Schedule | None = None) -> Learned:
    """Train a network on each picture (N, S, S), seen softly on 32 x 32 pixels; look at its hidden layer."""
    coarse = np.stack([resized(square, SIDE) for square in squares])
    small = standardised(gaussian_filter(coarse, (0.0, SOFT, SOFT), mode="nearest"))
    seen = read(train(small, seed=seed, schedule=schedule), small)
    leading = seen.used
    sign = np.sign((leading * small).mean((-2, -1), keepdims=True))
    return Learned(seen.views, np.asarray(leading * sign), seen.right)


def by_chance(squares: Floats, *, others: int, seed: int) -> Floats:
    """Agreement of each picture with the mirrored, turned and shifted versions of other pictures.

    Args:
        squares: N pictures or maps of one number a pixel, (N, S, S).
        others: How many others each is compared with.
        seed: Which.

    Returns:
        (N, others, G): what agreement comes to where there can be no symmetry.

    """
    rng = generator(seed)
    maps = standardised(squares).reshape(len(squares), -1, 1)
    acting = elements(squares.shape[-1])
    found = np.empty((len(maps), others, len(acting)))
    for n in range(len(maps)):
        for k, other in enumerate(rng.choice(np.delete(np.arange(len(maps)), n), others, replace=False)):
            found[n, k] = [between(maps[n], maps[other], e) for e in acting]
    return by_group(found)
