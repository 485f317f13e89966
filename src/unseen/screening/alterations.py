"""Films altered until they are no frontal film any more: anomalies that need no picture but the films.

Every alteration takes films (N, 1, S, S) in [0, 1] and a generator, and gives as many pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, unknown
from unseen.seeds import generator

Pictures = NDArray[np.float32]
Alteration = Callable[[Pictures, np.random.Generator], Pictures]


def inverted(films: Pictures, rng: np.random.Generator | None = None) -> Pictures:
    """Swap black and white, 1 - x."""
    return np.float32(1.0) - films


def turned(quarters: int) -> Alteration:
    """Turn by quarters, against the clock."""

    def turn(films: Pictures, rng: np.random.Generator | None = None) -> Pictures:
        return np.ascontiguousarray(np.rot90(films, quarters, axes=(2, 3)))

    return turn


def upside_down(films: Pictures, rng: np.random.Generator | None = None) -> Pictures:
    """Take rows from the last to the first; left stays left."""
    return np.ascontiguousarray(films[:, :, ::-1])


def mirrored(films: Pictures, rng: np.random.Generator | None = None) -> Pictures:
    """Swap left and right."""
    return np.ascontiguousarray(films[..., ::-1])


def shuffled(pieces: int) -> Alteration:
    """Cut into pieces x pieces tiles, in another order."""

    def shuffle(films: Pictures, rng: np.random.Generator) -> Pictures:
        size = films.shape[-1] // pieces
        side, count = size * pieces, len(films)
        tiles = films[:, 0, :side, :side].reshape(count, pieces, size, pieces, size).swapaxes(2, 3)
        tiles = tiles.reshape(count, pieces**2, size, size)
        order = rng.permuted(np.tile(np.arange(pieces**2), (count, 1)), axis=1)
        order = _moved(order)
        mixed = np.take_along_axis(tiles, order[:, :, None, None], axis=1)
        whole = mixed.reshape(count, pieces, pieces, size, size).swapaxes(2, 3).reshape(count, side, side)
        out = films.copy()
        out[:, 0, :side, :side] = whole
        return out

    return shuffle


def halves_swapped(films: Pictures, rng: np.random.Generator) -> Pictures:
    """Roll by a quarter to three quarters of the side, along rows, columns or both."""
    side = films.shape[-1]
    steps = rng.integers(side // 4, 3 * side // 4 + 1, (len(films), 2))
    which = rng.integers(0, 3, len(films))
    steps[which == 0, 0] = 0
    steps[which == 1, 1] = 0
    return np.stack([np.roll(film, step, axis=(1, 2)) for film, step in zip(films, steps, strict=True)])


def close_up(films: Pictures, rng: np.random.Generator) -> Pictures:
    """Enlarge a part of 25 to 45 % of the side: what a film of something else may look like."""
    side = films.shape[-1]
    share = rng.uniform(0.25, 0.45, (len(films), 1))
    start = rng.random((len(films), 2)) * (1.0 - share)
    line = (np.arange(side) + 0.5) / side
    rows, columns = (side * (start[:, k : k + 1] + share * line) - 0.5 for k in (0, 1))
    return sampled(films, rows[:, :, None], columns[:, None, :])


def tilted(films: Pictures, rng: np.random.Generator) -> Pictures:
    """Turn by 35 to 55 degrees to either side; what comes in from outside repeats the border."""
    degrees = rng.uniform(35.0, 55.0, len(films)) * rng.choice([-1.0, 1.0], len(films))
    return turned_by(films, degrees)


def scrambled(films: Pictures, rng: np.random.Generator) -> Pictures:
    """Keep how strong each frequency is, with the phases of noise: its texture without its parts."""
    noise = np.fft.rfft2(rng.normal(size=films.shape))
    strength = np.abs(np.fft.rfft2(films - films.mean((2, 3), keepdims=True)))
    mixed = np.fft.irfft2(strength * noise / np.maximum(np.abs(noise), 1e-12), s=films.shape[2:])
    return np.asarray(np.clip(mixed + films.mean((2, 3), keepdims=True), 0.0, 1.0), dtype=np.float32)


def pixels_shuffled(films: Pictures, rng: np.random.Generator) -> Pictures:
    """Keep the very greys of the film, at other places."""
    return rng.permuted(films.reshape(len(films), -1), axis=1).reshape(films.shape)


ALTERED: Mapping[str, Alteration] = MappingProxyType(
    {
        "inverted": inverted,
        "turned 90": turned(1),
        "turned 180": turned(2),
        "turned 270": turned(3),
        "upside down": upside_down,
        "tiles 2": shuffled(2),
        "tiles 4": shuffled(4),
        "halves swapped": halves_swapped,
        "close-up": close_up,
        "tilted": tilted,
        "scrambled": scrambled,
        "pixels shuffled": pixels_shuffled,
        "mirrored": mirrored,
    }
)
"""Name -> alteration."""


def altered(name: str, films: Pictures, *, seed: int) -> Pictures:
    """Alter films (N, 1, S, S) in [0, 1]; same seed, same bits.

    Raises:
        ConfigError: There is no alteration of this name.

    >>> films = np.linspace(0, 1, 16, dtype=np.float32).reshape(1, 1, 4, 4)
    >>> bool((altered("turned 180", films, seed=0) == altered("inverted", films, seed=0)).all())
    False
    >>> float(altered("inverted", films, seed=0)[0, 0, 0, 0])
    1.0

    """
    if name not in ALTERED:
        raise ConfigError(unknown("alteration", name, ALTERED))
    return ALTERED[name](films, generator(seed, 61, list(ALTERED).index(name)))


def turned_by(films: Pictures, degrees: NDArray[np.float64]) -> Pictures:
    """Turn each film clockwise about its middle by its own angle (N,), linear between pixels."""
    side = films.shape[-1]
    line = np.arange(side) - (side - 1) / 2.0
    angle = np.deg2rad(degrees)[:, None, None]
    rows = np.cos(angle) * line[:, None] - np.sin(angle) * line + (side - 1) / 2.0
    columns = np.sin(angle) * line[:, None] + np.cos(angle) * line + (side - 1) / 2.0
    return sampled(films, rows, columns)


def sampled(films: Pictures, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Pictures:
    """Read films at places between pixels, rows and columns broadcast to (N, S, S); borders repeat."""
    side = films.shape[-1]
    rows, columns = np.broadcast_arrays(np.clip(rows, 0, side - 1), np.clip(columns, 0, side - 1))
    top, left = (np.minimum(place.astype(np.intp), side - 2) for place in (rows, columns))
    down, across = rows - top, columns - left
    film = np.arange(len(films))[:, None, None]
    grey = films[:, 0]
    upper = grey[film, top, left] * (1 - across) + grey[film, top, left + 1] * across
    lower = grey[film, top + 1, left] * (1 - across) + grey[film, top + 1, left + 1] * across
    return np.asarray(upper * (1 - down) + lower * down, dtype=np.float32)[:, None]


def _moved(order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Orders (N, K), those that leave every tile where it was turned by one."""
    still = (order == np.arange(order.shape[1])).all(1)
    order[still] = np.roll(order[still], 1, axis=1)
    return order
