"""Made-up kinds of pictures that are no film, drawn from a seed alone: what a gate can be told of anywhere.

Every kind is a function of a generator, a count and a side S, and gives pictures (N, 1, S, S), float32 in
[0, 1]. Sizes are shares of the side, so that a kind looks alike at any S. `alterations` has kinds made from
the films themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, unknown
from unseen.seeds import generator

Pictures = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]
Kind = Callable[[np.random.Generator, int, int], Floats]


def uniform_noise(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Every pixel uniform between two greys that differ by .3 or more."""
    return _spread(rng, rng.random((count, side, side)))


def gaussian_noise(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Draw a grey with normal noise of deviation .03 to .4, cut at black and white."""
    grey, size = rng.uniform(0.1, 0.9, (count, 1, 1)), rng.uniform(0.03, 0.4, (count, 1, 1))
    return grey + size * rng.normal(size=(count, side, side))


def salt_and_pepper(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Draw a grey with 2 to 60 % of the pixels black or white."""
    hit = rng.random((count, side, side)) < rng.uniform(0.02, 0.6, (count, 1, 1))
    return np.where(hit, rng.integers(0, 2, (count, side, side)), rng.random((count, 1, 1)))


def smooth_noise(rng: np.random.Generator, count: int, side: int) -> Floats:
    """White noise blurred by 2 to 30 % of the side."""
    width = np.exp(rng.uniform(np.log(0.02), np.log(0.3), (count, 1, 1)))
    return _spread(rng, _filtered(rng, count, side, lambda f: np.exp(-2.0 * (np.pi * width * side * f) ** 2)))


def clouds(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Noise whose amplitude falls as a power of the frequency, 1/f^a with a from .6 to 2.5.

    Photographs have a near 1 (Field, J. Opt. Soc. Am. A 4 (1987) 2379).
    """
    power = rng.uniform(0.6, 2.5, (count, 1, 1))
    return _spread(rng, _filtered(rng, count, side, lambda f: np.maximum(f, 0.5 / side) ** -power))


def blank(rng: np.random.Generator, count: int, side: int) -> Floats:
    """One grey, with noise of a deviation below .01."""
    noise = rng.uniform(0.0, 0.01, (count, 1, 1)) * rng.normal(size=(count, side, side))
    return rng.random((count, 1, 1)) + noise


def gradients(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Grey that rises along a straight line, or with the distance from a point."""
    x, y = _grid(side)
    angle = rng.uniform(0.0, 2.0 * np.pi, (count, 1, 1))
    column, row = rng.uniform(-1.0, 1.0, (2, count, 1, 1))
    straight = np.cos(angle) * x + np.sin(angle) * y
    round_ = rng.choice([-1.0, 1.0], (count, 1, 1)) * np.hypot(x - column, y - row)
    return _spread(rng, np.where(rng.random((count, 1, 1)) < 0.5, straight, round_))


def stripes(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Bars of any direction, one and a half to ten of them, hard or soft."""
    return _spread(rng, _bars(rng, count, side))


def checkers(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Two sets of bars multiplied: fields, at any angle."""
    return _spread(rng, _bars(rng, count, side) * _bars(rng, count, side))


def text(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Lines of small marks with gaps between words, dark on light or light on dark."""
    pictures = np.zeros((count, side, side))
    for picture in pictures:
        height = int(rng.integers(2, max(3, side // 5) + 1))
        for top in range(int(rng.integers(0, height + 1)), side, height + max(1, height // 2)):
            line = _marks(rng, side, height)[: side - top]
            end = int(rng.integers(side // 3, side + 1))
            picture[top : top + len(line), :end] = line[:, :end]
    return _on_ground(rng, pictures)


def strokes(rng: np.random.Generator, count: int, side: int) -> Floats:
    """One to four bent lines of any width, as in writing and drawings, light on dark or dark on light."""
    x, y = _grid(side)
    pictures = np.zeros((count, side, side))
    for picture in pictures:
        width = rng.uniform(0.03, 0.16)
        for _ in range(int(rng.integers(1, 5))):
            across, down = _curve(rng)
            away = np.min((x[..., None] - across) ** 2 + (y[..., None] - down) ** 2, axis=-1)
            np.maximum(picture, np.clip(1.5 - np.sqrt(away) / width, 0.0, 1.0), out=picture)
    return _on_ground(rng, pictures)


def shapes(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Discs, boxes and bars of all sizes that cover one another, each with its own light and dark.

    Edges and areas are then spread as in photographs (dead leaves; Lee, Mumford and Huang, IJCV 41, 2001).
    """
    return np.stack([_leaves(rng, side) for _ in range(count)])


def mirrored_shapes(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Shapes or clouds with a mirror axis down the middle, which most films nearly have."""
    some = np.where(rng.random((count, 1, 1)) < 0.6, shapes(rng, count, side), clouds(rng, count, side))
    return 0.5 * (some + some[:, :, ::-1])


def object_on_ground(rng: np.random.Generator, count: int, side: int) -> Floats:
    """One smooth-edged outline of shades in front of an even ground, as in pictures of goods."""
    x, y = _grid(side)
    inside = _outlines(rng, count, x, y)
    texture = _spread(rng, clouds(rng, count, side))
    ground = rng.choice([0.0, 1.0], (count, 1, 1)) * rng.uniform(0.7, 1.0, (count, 1, 1))
    return inside * texture + (1.0 - inside) * ground


MADE_UP: Mapping[str, Kind] = MappingProxyType(
    {
        "uniform noise": uniform_noise,
        "gaussian noise": gaussian_noise,
        "salt and pepper": salt_and_pepper,
        "smooth noise": smooth_noise,
        "clouds": clouds,
        "blank": blank,
        "gradients": gradients,
        "stripes": stripes,
        "checkers": checkers,
        "text": text,
        "strokes": strokes,
        "shapes": shapes,
        "mirrored shapes": mirrored_shapes,
        "object on ground": object_on_ground,
    }
)
"""Name -> kind."""


def made_up(name: str, count: int, side: int, *, seed: int) -> Pictures:
    """Draw pictures of one kind, (count, 1, side, side), float32 in [0, 1]; same seed, same bits.

    Raises:
        ConfigError: There is no kind of this name.

    >>> pictures = made_up("blank", 2, 28, seed=0)
    >>> pictures.shape, bool(pictures.std((2, 3)).max() < 0.02)
    ((2, 1, 28, 28), True)

    """
    if name not in MADE_UP:
        raise ConfigError(unknown("kind", name, MADE_UP))
    rng = generator(seed, 60, list(MADE_UP).index(name))
    return as_pictures(MADE_UP[name](rng, count, side))


def as_pictures(values: Floats) -> Pictures:
    """Cut (N, S, S) at black and white; one channel, single precision."""
    return np.clip(values, 0.0, 1.0).astype(np.float32)[:, None]


def _grid(side: int) -> tuple[Floats, Floats]:
    """Return x and y of the pixel centres in [-1, 1], each (side, side)."""
    line = (2.0 * np.arange(side) + 1.0) / side - 1.0
    x, y = np.meshgrid(line, line)
    return x, y


def _spread(rng: np.random.Generator, values: Floats) -> Floats:
    """Stretch each picture (N, S, S) from its least to its largest value over a random range of greys."""
    low = values.min((1, 2), keepdims=True)
    unit = (values - low) / np.maximum(values.max((1, 2), keepdims=True) - low, 1e-12)
    size = rng.uniform(0.3, 1.0, (len(values), 1, 1))
    return np.asarray(rng.random((len(values), 1, 1)) * (1.0 - size) + size * unit)


def _filtered(rng: np.random.Generator, count: int, side: int, gain: Callable[[Floats], Floats]) -> Floats:
    """White noise (count, side, side) with its frequencies, in cycles a pixel, multiplied by a gain.

    It is drawn twice as large as needed, so that the picture does not go on at its opposite border.
    """
    size = 2 * side
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    spectrum = np.fft.rfft2(rng.normal(size=(count, size, size))) * gain(frequency[None])
    return np.fft.irfft2(spectrum, s=(size, size))[:, :side, :side]


def _bars(rng: np.random.Generator, count: int, side: int) -> Floats:
    """Waves of any direction, half of them hard, (count, side, side), -1 to 1."""
    x, y = _grid(side)
    angle, phase = rng.uniform(0.0, 2.0 * np.pi, (2, count, 1, 1))
    turns = np.exp(rng.uniform(np.log(1.5), np.log(10.0), (count, 1, 1)))
    wave = np.sin(np.pi * turns * (np.cos(angle) * x + np.sin(angle) * y) + phase)
    return np.asarray(np.where(rng.random((count, 1, 1)) < 0.5, np.sign(wave), wave))


def _marks(rng: np.random.Generator, side: int, height: int) -> Floats:
    """One line of marks (height, side): columns of ink, a gap after each word."""
    ink = (rng.random((height, side)) < 0.6).astype(np.float64)
    gaps = rng.random(side) < 0.3
    ink[:, gaps] = 0.0
    return ink


def _on_ground(rng: np.random.Generator, ink: Floats) -> Floats:
    """Ink (N, S, S) from 0 to 1, light on dark or dark on light, each of its own grey."""
    count = (len(ink), 1, 1)
    light, dark = rng.uniform(0.6, 1.0, count), rng.uniform(0.0, 0.3, count)
    swap = rng.random(count) < 0.5
    return np.where(swap, light, dark) + np.where(swap, dark - light, light - dark) * ink


def _curve(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points of a cubic Bezier curve inside the square, x and y (48,) each."""
    t = np.linspace(0.0, 1.0, 48)
    weights = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    across, down = rng.uniform(-0.8, 0.8, (2, 4)) @ weights
    return across, down


def _leaves(rng: np.random.Generator, side: int) -> Floats:
    """One picture of 20 to 120 shapes that cover one another, (side, side)."""
    x, y = _grid(side)
    picture = np.full((side, side), rng.random())
    for _ in range(int(rng.integers(20, 120))):
        # radii spread as r^-3, between 4 and 100 % of half the side
        radius = min(0.04 / np.sqrt(rng.random()), 1.0)
        column, row = rng.uniform(-1.2, 1.2, 2)
        angle, longer = rng.uniform(0.0, np.pi), rng.uniform(1.0, 3.0)
        u = (np.cos(angle) * (x - column) + np.sin(angle) * (y - row)) / longer
        v = np.cos(angle) * (y - row) - np.sin(angle) * (x - column)
        inside = np.maximum(abs(u), abs(v)) < radius if rng.random() < 0.4 else u**2 + v**2 < radius**2
        shade = rng.random() + rng.normal(scale=0.3) * (u if rng.random() < 0.5 else v)
        picture = np.where(inside, shade, picture)
    return picture


def _outlines(rng: np.random.Generator, count: int, x: Floats, y: Floats) -> Floats:
    """Share of each pixel inside a wavy closed outline about the middle, (count, S, S)."""
    angle, away = np.arctan2(y, x), np.hypot(x, y)
    radius = rng.uniform(0.4, 0.8, (count, 1, 1)) * np.ones_like(x)
    for turns in range(1, 6):
        size, phase = (
            rng.normal(scale=0.25 / turns, size=(count, 1, 1)),
            rng.uniform(0, 2 * np.pi, (count, 1, 1)),
        )
        radius = radius + size * np.cos(turns * angle + phase)
    squeeze = rng.uniform(0.5, 1.0, (count, 1, 1))
    return np.clip((radius * squeeze - away) * 8.0 + 0.5, 0.0, 1.0)
