"""A first guess of the four corners of a film in a photograph, for a person to correct."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.pictures.area import area_averaged
from unseen.pictures.decode import Floats
from unseen.pictures.perspective import Corners, sampled

Doubles = NDArray[np.float64]

LONG = 192
"""Cells of the longer side while looking."""
STEEP = 0.06
"""A change of grey from cell to cell that counts fully."""
LINES, APART, WEAK = 10, 3, 0.15
_ALONG = 0.04 + 0.92 * (np.arange(48) + 0.5) / 48
"""Where a side is looked at: 48 places between 4 and 96 % of its length."""
_BEYOND = np.arange(2.5, 12.0)
"""And beyond its ends, in cells: there a film has no edge."""
AREA, OPEN = 0.3, 4.0
INSET = 0.1


@dataclass(frozen=True)
class Line:
    """A line near the vertical, x = middle + lean (y / height - 1/2), or the same with x and y exchanged."""

    middle: float
    lean: float


@dataclass(frozen=True, eq=False)
class Slopes:
    """Changes of grey to the right and down, cell by cell: from -1 to 1."""

    right: Doubles
    down: Doubles


def first_guess(grey: Floats) -> Corners:
    """Guess where a film is: (4, 2), clockwise from the top left, see `perspective.Corners`.

    The picture is averaged to 192 cells on its longer side (the other floor(192 short / long + 1/2)). Slopes
    are s = held to -1..1 of (y[r, c+1] - y[r, c-1]) / 2 / 0.06, and down alike; 0 at the border. The ten
    strongest lines of either direction (`strongest_lines`) make quadrilaterals; the best one is that of the
    largest merit (`merits`). Its sides are then fitted (`_fitted`). Without any, the corners are 10 % inside.

    >>> film = np.zeros((120, 160), np.float32)
    >>> film[20:100, 40:130] = 0.8
    >>> np.abs(first_guess(film) - [[40, 20], [130, 20], [130, 100], [40, 100]]).max() < 1.0
    np.True_
    """
    height, width = grey.shape
    scale = LONG / max(height, width)
    h, w = max(4, math.floor(scale * height + 0.5)), max(4, math.floor(scale * width + 0.5))
    cells = area_averaged(grey, h, w).astype(np.float64)
    slopes = _slopes(cells)
    uprights, levels = strongest_lines(slopes.right), strongest_lines(slopes.down.T)
    quads = [
        quad
        for left, right in combinations(uprights, 2)
        for top, bottom in combinations(levels, 2)
        if _plausible(quad := _quad((top, right, bottom, left), h, w), h, w)
    ]
    if not quads:
        near, far = INSET, 1.0 - INSET
        return np.array([[near, near], [far, near], [far, far], [near, far]]) * (width, height)
    best = int(merits(np.stack(quads), slopes).argmax())  # the first, where two are equal
    fitted = _fitted(quads[best], cells) * (width / w, height / h)
    return np.asarray(np.clip(fitted, 0.0, (width, height)))


def _slopes(cells: Doubles) -> Slopes:
    right, down = np.zeros_like(cells), np.zeros_like(cells)
    right[:, 1:-1] = (cells[:, 2:] - cells[:, :-2]) / 2.0
    down[1:-1] = (cells[2:] - cells[:-2]) / 2.0
    return Slopes(np.clip(right / STEEP, -1.0, 1.0), np.clip(down / STEEP, -1.0, 1.0))


def strongest_lines(right: Doubles) -> list[Line]:
    """Find the ten strongest lines near the vertical, from left to right.

    The strength of a line with middle c + 1/2 and a whole lean s (from -h // 4 to h // 4) is the absolute
    mean over rows r from floor(0.3 h) to before floor(0.7 h) of right[r, c + floor(s ((r + 1/2) / h - 1/2) +
    1/2)], 0 outside. The strongest is taken (the first in the order of s, then c, where equal), all with a
    middle up to 3 cells away are dropped, and so on while one is stronger than 0.15.
    """
    h, w = right.shape
    rows = np.arange(math.floor(0.3 * h), math.floor(0.7 * h))
    leans = np.arange(-(h // 4), h // 4 + 1)
    strength = np.zeros((len(leans), w))
    padded = np.pad(right, ((0, 0), (h // 4 + 1, h // 4 + 1)))
    for place, lean in enumerate(leans):
        shifts = np.floor(lean * ((rows + 0.5) / h - 0.5) + 0.5).astype(np.intp) + h // 4 + 1
        columns = shifts[:, None] + np.arange(w)
        strength[place] = np.abs(padded[rows[:, None], columns].mean(axis=0))
    found = []
    for _ in range(LINES):
        place, column = (int(k) for k in np.unravel_index(int(strength.argmax()), strength.shape))
        if strength[place, column] <= WEAK:
            break
        found.append(Line(column + 0.5, float(leans[place])))
        strength[:, max(0, column - APART) : column + APART + 1] = 0.0
    return sorted(found, key=lambda line: line.middle)


def _quad(sides: tuple[Line, Line, Line, Line], h: int, w: int) -> Corners:
    """Return the corners where top, right, bottom and left line cross."""
    top, right, bottom, left = sides
    pairs = ((left, top), (right, top), (right, bottom), (left, bottom))
    return np.array([_crossing(upright, level, h, w) for upright, level in pairs])


def _crossing(upright: Line, level: Line, h: int, w: int) -> tuple[float, float]:
    a, b = upright.lean / h, level.lean / w
    x0, y0 = upright.middle - upright.lean / 2.0, level.middle - level.lean / 2.0
    x = (x0 + a * y0) / (1.0 - a * b)
    return x, y0 + b * x


def _plausible(quad: Corners, h: int, w: int) -> bool:
    """Whether a film could be so: a quarter of the height or more, at most 2.2 times as long as wide."""
    across, down = math.dist(quad[0], quad[1]), math.dist(quad[0], quad[3])
    if min(across, down) < 0.25 * h or max(across, down) > 2.2 * min(across, down):
        return False
    return bool(quad.min() >= -3.0 and quad[:, 0].max() <= w + 3.0 and quad[:, 1].max() <= h + 3.0)


def merits(quads: Doubles, slopes: Slopes) -> Doubles:
    """Say how much each quadrilateral (n, 4, 2) is like the outline of a film: (n,).

        mean_k s_k + min_k s_k + 0.3 (top edge x left edge) / (h w) - 4 mean_j e_j

    s_k is the absolute mean slope across side k at 48 places from 4 to 96 % of its length (the cell a place
    is in, the nearest outside); e_j the same beyond an end of a side, at 2.5, 3.5, ... 11.5 cells (0
    outside), over all eight ends: the edges of a film end at its corners, lines through its inside do not.
    """
    size = slopes.right.shape[::-1]
    sides, ends = [], []
    for k in range(4):
        start, stop = quads[:, k], quads[:, (k + 1) % 4]
        values, along = slopes.right if k % 2 else slopes.down, stop - start
        sides.append(np.abs(_at(values, start[:, None] + _ALONG[:, None] * along[:, None]).mean(axis=1)))
        step = along / _lengths(along)[:, None]
        for end, way in ((start, -1.0), (stop, 1.0)):
            places = end[:, None] + way * _BEYOND[:, None] * step[:, None]
            within = ((places >= 0) & (places < size)).all(axis=-1)
            ends.append(np.abs(np.where(within, _at(values, places), 0.0).mean(axis=1)))
    area = _lengths(quads[:, 1] - quads[:, 0]) * _lengths(quads[:, 3] - quads[:, 0]) / (size[0] * size[1])
    return np.asarray(
        np.mean(sides, axis=0) + np.min(sides, axis=0) + AREA * area - OPEN * np.mean(ends, axis=0)
    )


def _lengths(steps: Doubles) -> Doubles:
    return np.asarray(np.hypot(steps[..., 0], steps[..., 1]))


def _at(values: Doubles, places: Doubles) -> Doubles:
    h, w = values.shape
    columns = np.clip(np.floor(places[..., 0]).astype(np.intp), 0, w - 1)
    return np.asarray(values[np.clip(np.floor(places[..., 1]).astype(np.intp), 0, h - 1), columns])


def _fitted(quad: Corners, cells: Doubles) -> Corners:
    """Move the ends of each side across it, by up to 2 cells in quarters, to where the change is largest.

    The change at (x, y) is that of neighbours in a row, cells[r, c] - cells[r, c-1], taken to lie at x = c
    and y = r + 1/2 and bilinear between (in columns for the top and bottom side); a side has the absolute
    mean at its 48 places. Each side is fitted to the first guess; corners are where fitted sides cross.
    """
    across = np.pad(np.diff(cells, axis=1), ((0, 0), (0, 1)))
    down = np.pad(np.diff(cells, axis=0), ((0, 1), (0, 0)))
    steps = np.arange(-8, 9) / 4.0
    lines: list[Any] = []
    for k in range(4):
        start, stop = quad[k], quad[(k + 1) % 4]
        values, axis = (across, 0) if k % 2 else (down, 1)
        shifts = (1.0 - _ALONG) * steps[:, None, None] + _ALONG * steps[None, :, None]
        places = np.broadcast_to(start + np.outer(_ALONG, stop - start), (*shifts.shape, 2)).copy()
        places[..., axis] += shifts - 0.5  # changes lie half a cell before the centre `sampled` gives them
        strength = np.abs(sampled(values, places[..., 0], places[..., 1]).mean(axis=-1))
        first, second = np.unravel_index(int(strength.argmax()), strength.shape)
        moved = np.array([start, stop])
        moved[:, axis] += steps[[first, second]]
        lines.append(moved)
    return np.array([_meeting(lines[k - 1], lines[k]) for k in range(4)])


def _meeting(one: Doubles, other: Doubles) -> Doubles:
    """Return where two lines, each through two points, meet."""
    along, against, apart = one[1] - one[0], other[1] - other[0], other[0] - one[0]
    area = along[0] * against[1] - along[1] * against[0]
    share = (apart[0] * against[1] - apart[1] * against[0]) / area
    return np.asarray(one[0] + share * along)
