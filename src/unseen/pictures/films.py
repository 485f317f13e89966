"""Made-up chest films: drawn from a seed, like a film in layout, range and detail, of nobody."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from unseen.seeds import generator

Floats = NDArray[np.float32]


def made_up_film(seed: int, height: int = 512, width: int | None = None) -> Floats:
    """Draw a film: float32 (H, W) in [0, 1].

    Dark background, bright soft tissue, two dark lungs with ribs and vessels, spine, heart, collar bones, and
    grain. It serves tests of the way from a file to a tensor; it carries no finding and trains nothing.

    Args:
        seed: Anatomy and grain.
        height, width: Pixels; as wide as high without a width.

    >>> film = made_up_film(3, 64)
    >>> film.shape, bool(film.min() >= 0), bool(film.max() <= 1)
    ((64, 64), True, True)
    """
    width = height if width is None else width
    rng = generator(seed)
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    x = x + rng.uniform(-0.05, 0.05)
    y = y + rng.uniform(-0.05, 0.05)
    film = 0.62 * _soft(1.0 - (x / rng.uniform(0.9, 1.05)) ** 4 - (y / 1.6) ** 4, 0.15)
    lungs = np.zeros_like(x)
    for side in (-1.0, 1.0):
        across = (x - side * rng.uniform(0.40, 0.46)) / rng.uniform(0.29, 0.36)
        down = (y + 0.08 + 0.1 * side * x) / rng.uniform(0.62, 0.74)
        lungs = np.maximum(lungs, _soft(1.0 - across**2 - down**2, 0.25))
    film -= 0.42 * lungs
    film += lungs * (_ribs(x, y, rng) + _vessels(height, width, rng))
    film += 0.2 * _soft(1.0 - (x / 0.13) ** 2, 0.3)
    heart = 1.0 - ((x - 0.13) / rng.uniform(0.26, 0.36)) ** 2 - ((y - 0.3) / 0.36) ** 2
    film += 0.3 * _soft(heart, 0.2) * lungs
    film += 0.16 * _soft(1.0 - ((y + 0.66 - 0.22 * np.abs(x)) / 0.035) ** 2, 0.6) * (np.abs(x) < 0.75)
    film += rng.normal(0.0, 0.012, film.shape)
    return np.clip(film * rng.uniform(0.95, 1.1) + 0.04, 0.0, 1.0).astype(np.float32)


def _soft(inside: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Turn a level set into a soft mask: 0 outside, 1 inside, half on its line."""
    return 1.0 / (1.0 + np.exp(-np.clip(inside / (0.25 * width), -50.0, 50.0)))


def _ribs(x: NDArray[np.float64], y: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    back = np.sin((y + 0.35 * np.abs(x) - rng.uniform(0, 0.2)) * 2 * np.pi / 0.21)
    front = np.sin((y - 0.45 * np.abs(x) - rng.uniform(0, 0.2)) * 2 * np.pi / 0.24)
    return np.asarray(0.1 * np.maximum(back, 0.0) ** 0.5 + 0.05 * np.maximum(front, 0.0))


def _vessels(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw thin bright lines: where smoothed noise is near zero."""
    fine = np.zeros((height, width))
    for share in (1 / 24, 1 / 48, 1 / 96):
        noise = gaussian_filter(rng.normal(size=(height, width)), max(0.5, share * height))
        fine += np.exp(-((noise / (0.12 * noise.std())) ** 2))
    return 0.06 * fine
