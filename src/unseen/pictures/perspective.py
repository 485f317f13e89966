"""A film seen at an angle: from its four corners back to an upright picture."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.pictures.decode import Floats, Picture

Corners = NDArray[np.float64]
"""(4, 2): x and y of the top left, top right, bottom right and bottom left corner of a film, in pixels. The
pixel in row r and column c covers [c, c + 1) x [r, r + 1); its centre is at (c + 0.5, r + 0.5)."""
SIDE = 512
"""Short side of what is cut out of a photograph."""
MOST_SAMPLES = 8
BAND = 32


def homography(corners: Corners) -> tuple[float, ...]:
    """Return a..h of the map from the unit square to four corners.

        x = (a u + b v + c) / (g u + h v + 1),   y = (d u + e v + f) / (g u + h v + 1)

    With corners (x0, y0) at u = v = 0, (x1, y1) at u = 1, (x2, y2) at u = v = 1, (x3, y3) at v = 1, and
    dx1 = x1 - x2, dx2 = x3 - x2, sx = x0 - x1 + x2 - x3 (y alike), D = dx1 dy2 - dx2 dy1:

        g = (sx dy2 - dx2 sy) / D,        h = (dx1 sy - sx dy1) / D,
        a = x1 - x0 + g x1,  b = x3 - x0 + h x3,  c = x0   (d, e, f alike with y).

    P. Heckbert, Fundamentals of texture mapping and image warping (1989), section 2.2.3.

    Raises:
        DataError: The corners are not those of a convex quadrilateral, clockwise from the top left.

    >>> homography(np.array([[1, 0], [4, 0], [5, 2], [0, 2]]))
    (3.0, -1.0, 1.0, 0.0, 1.2, 0.0, -0.0, -0.4)
    """
    corners = _checked(corners)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners.tolist()
    dx1, dx2, dy1, dy2 = x1 - x2, x3 - x2, y1 - y2, y3 - y2
    sx, sy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    area = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area
    a, b, d, e = x1 - x0 + g * x1, x3 - x0 + h * x3, y1 - y0 + g * y1, y3 - y0 + h * y3
    return a, b, x0, d, e, y0, g, h


def _checked(corners: Corners) -> Corners:
    corners = np.asarray(corners, dtype=np.float64)
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise DataError("corners are four points (x, y): top left, top right, bottom right, bottom left")
    ahead, behind = np.roll(corners, -1, axis=0) - corners, corners - np.roll(corners, 1, axis=0)
    turns = behind[:, 0] * ahead[:, 1] - behind[:, 1] * ahead[:, 0]
    if turns.min() < 1.0:  # y points down: clockwise corners turn to the right
        raise DataError(
            "these corners are no film: give them clockwise from the top left, none inside of the others"
        )
    return corners


def crop_size(corners: Corners, side: int = SIDE) -> tuple[int, int]:
    """Return height and width of a film: the shorter is `side`, and they are as its edges are on average.

    With across = (top + bottom edge) / 2 and down = (left + right edge) / 2, the longer one is
    min(floor(side * longer / shorter + 0.5), 2 * side).

    >>> crop_size(np.array([[0, 0], [40, 0], [40, 50], [0, 50]]), 512)
    (640, 512)
    """
    edges = _edges(corners)
    across, down = (edges[0] + edges[2]) / 2.0, (edges[1] + edges[3]) / 2.0
    longer = min(math.floor(side * max(across, down) / min(across, down) + 0.5), 2 * side)
    return (longer, side) if down >= across else (side, longer)


def _edges(corners: Corners) -> list[float]:
    """Return the lengths of the top, right, bottom and left edge."""
    corners = _checked(corners)
    return [math.dist(corners[k], corners[(k + 1) % 4]) for k in range(4)]


def cropped(grey: Floats, corners: Corners, height: int, width: int) -> Floats:
    """Cut a film out of a photograph: float32 (height, width).

    k = ceil(longest edge / shorter of height and width), held to 1..8; the value at row i and column j of
    k height x k width samples is that of the photograph at `homography(corners)` of
    u = (j + 0.5) / (k width), v = (i + 0.5) / (k height), bilinear between centres of pixels (beyond the
    outermost, theirs). Then `area_averaged` to height x width.

    Raises:
        DataError: The corners are not those of a convex quadrilateral.

    """
    k = max(1, min(MOST_SAMPLES, math.ceil(max(_edges(corners)) / min(height, width))))
    a, b, c, d, e, f, g, h = homography(corners)
    u = (np.arange(k * width) + 0.5) / (k * width)
    out = np.empty((height, width), np.float32)
    for top in range(0, height, BAND):  # few samples are there at once
        rows = min(BAND, height - top)
        v = ((np.arange(k * top, k * (top + rows)) + 0.5) / (k * height))[:, None]
        below = g * u + h * v + 1.0
        values = sampled(grey, (a * u + b * v + c) / below, (d * u + e * v + f) / below)
        out[top : top + rows] = values.reshape(rows, k, width, k).mean(axis=(1, 3))
    return out


def sampled(grey: NDArray[Any], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return bilinear values at points; beyond the centres of the outermost pixels, those of the border.

    >>> sampled(np.array([[0.0, 1.0]]), np.array([0.0, 1.0, 1.25]), np.array([0.5, 0.5, 0.5])).tolist()
    [0.0, 0.5, 0.75]
    """
    height, width = grey.shape
    x, y = np.clip(x - 0.5, 0.0, width - 1.0), np.clip(y - 0.5, 0.0, height - 1.0)
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    x, y = x - left, y - top
    above = grey[top, left] * (1.0 - x) + grey[top, right] * x
    under = grey[bottom, left] * (1.0 - x) + grey[bottom, right] * x
    return np.asarray(above * (1.0 - y) + under * y)


def film_of(picture: Picture, corners: Corners, side: int = SIDE) -> Picture:
    """Return the film in a photograph, upright, `side` pixels on its shorter side; it stays a photograph.

    Raises:
        DataError: The corners are not those of a convex quadrilateral.

    """
    height, width = crop_size(corners, side)
    return replace(picture, grey=cropped(picture.grey, corners, height, width), colour=None, photograph=True)
