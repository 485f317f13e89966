"""What happens to films on their way: turned a little, brighter, flatter, blurred, noisy; from a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, rotate

from unseen.errors import ConfigError, unknown
from unseen.pictures.decode import Floats
from unseen.seeds import generator

Disturbance = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]

REFERENCE = 28
"""A blur of 0.7 is that of pixels of 1/28 of the picture's height, whatever its size."""


def turned(degrees: float) -> Disturbance:
    """Rotate about the centre (bilinear; beyond the border, its values)."""
    return lambda grey, rng: np.asarray(rotate(grey, degrees, reshape=False, order=1, mode="nearest"))


def gamma(power: float) -> Disturbance:
    """Return x^power."""
    return lambda grey, rng: np.asarray(grey**power)


def contrast(factor: float) -> Disturbance:
    """Return m + factor (x - m) with the mean m of the picture."""
    return lambda grey, rng: np.asarray(grey.mean() + factor * (grey - grey.mean()))


def brightness(shift: float) -> Disturbance:
    """Return x + shift."""
    return lambda grey, rng: np.asarray(grey + shift)


def gradient(depth: float) -> Disturbance:
    """Return x (1 - depth t), with t rising from 0 to 1 across the picture in a direction that is drawn."""

    def darkened(grey: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        angle = rng.uniform(0.0, 2.0 * np.pi)
        y, x = np.mgrid[-1 : 1 : grey.shape[0] * 1j, -1 : 1 : grey.shape[1] * 1j]
        ramp = np.cos(angle) * x + np.sin(angle) * y
        return np.asarray(grey * (1.0 - depth * (ramp - ramp.min()) / max(float(np.ptp(ramp)), 1e-12)))

    return darkened


def blur(width: float) -> Disturbance:
    """Convolve with a Gaussian of standard deviation width H / 28 pixels, H being the height."""
    return lambda grey, rng: np.asarray(
        gaussian_filter(grey, width * grey.shape[0] / REFERENCE, mode="nearest")
    )


def noise(width: float) -> Disturbance:
    """Add independent normal noise of standard deviation `width` to each pixel."""
    return lambda grey, rng: np.asarray(grey + rng.normal(0.0, width, grey.shape))


DISTURBANCES: dict[str, Disturbance] = {
    "turned +10": turned(10.0),
    "turned -10": turned(-10.0),
    "gamma 0.6": gamma(0.6),
    "gamma 1.6": gamma(1.6),
    "contrast 0.6": contrast(0.6),
    "gradient 0.4": gradient(0.4),
    "brightness +0.15": brightness(0.15),
    "blur 0.7": blur(0.7),
    "noise 0.05": noise(0.05),
}
"""The disturbances that are reported, by name."""


def disturbed(rows: Floats, name: str, seed: int = 0) -> Floats:
    """Disturb pictures: float32 of the same shape, held to [0, 1].

    Args:
        rows: (..., H, W) in [0, 1], of any size; each is disturbed by itself, from the seed and its place.
        name: One of `DISTURBANCES`.
        seed: What is drawn.

    Raises:
        ConfigError: The name is not known.

    >>> disturbed(np.full((2, 1, 4, 4), 0.5, np.float32), "brightness +0.15")[1, 0, 0, 0].item()
    0.6499999761581421
    """
    if name not in DISTURBANCES:
        raise ConfigError(unknown("disturbance", name, DISTURBANCES))
    flat = np.asarray(rows, dtype=np.float64).reshape(-1, *rows.shape[-2:])
    out = np.empty(flat.shape, np.float32)
    for place, grey in enumerate(flat):
        out[place] = np.clip(DISTURBANCES[name](grey, generator(seed, place)), 0.0, 1.0)
    return out.reshape(rows.shape)
