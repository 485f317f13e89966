"""Made-up photographs: a film on a screen or a light box, as a telephone held by hand sees it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from unseen.errors import need
from unseen.pictures.area import area_averaged
from unseen.pictures.decode import Floats
from unseen.pictures.perspective import Corners, homography, sampled
from unseen.seeds import generator

Doubles = NDArray[np.float64]
DISPLAY = 2.2


@dataclass(frozen=True)
class Scene:
    """How a film is photographed; ranges are drawn from uniformly.

    Attributes:
        height, width: Of the photograph in pixels.
        fill: Height of the film in heights of the photograph, from and to.
        tilt: Rotation in degrees, at most, either way.
        skew: How far each corner moves, in sides of the film, at most.
        tone: Gamma of display and camera together, from and to.
        moire: Most amplitude of the beat of screen and sensor pixels.
        glare: Most brightness of a reflection, 1 being white.
        reach: Radius of a reflection in heights of the photograph, from and to.
        blur: Standard deviation of the lens in pixels, from and to.
        noise: Standard deviation of the sensor.
        light_box: Share of scenes on a light box (bright around the film) rather than a screen (dark).

    """

    height: int = 960
    width: int = 1280
    fill: tuple[float, float] = (0.62, 0.85)
    tilt: float = 6.0
    skew: float = 0.05
    tone: tuple[float, float] = (0.8, 1.25)
    moire: float = 0.04
    glare: float = 0.5
    reach: tuple[float, float] = (0.06, 0.2)
    blur: tuple[float, float] = (0.5, 1.2)
    noise: float = 0.012
    light_box: float = 0.5


@dataclass(frozen=True, eq=False)
class Photograph:
    """A made-up photograph.

    Attributes:
        pixels: uint8 (H, W, 3).
        corners: Where the film is, (4, 2), see `perspective.Corners`.
        scene: How it was taken.

    """

    pixels: NDArray[np.uint8]
    corners: Corners
    scene: Scene

    def jpeg(self, quality: int = 40) -> bytes:
        """Return the photograph as a JPEG file, with a camera in its EXIF.

        Raises:
            MissingExtraError: Pillow is not installed.

        """
        pillow: Any = need("PIL.Image", extra="images", purpose="writing a photograph")
        exif, target = pillow.Exif(), io.BytesIO()
        exif[0x0110] = "made up"
        pillow.fromarray(self.pixels).save(target, "JPEG", quality=quality, exif=exif)
        return target.getvalue()


def photographed(film: Floats, seed: int, scene: Scene = Scene()) -> Photograph:
    """Photograph a film (h, w) in [0, 1].

    The light of the scene is film^2.2 inside the corners (times 1 + moire sin) and that of the surround and
    the room outside; a reflection adds to it; the lens blurs; the camera stores light^(tone / 2.2) plus
    noise, with a cast of colour below 3 %.

    >>> photo = photographed(np.full((20, 20), 0.5, np.float32), 1, Scene(height=96, width=128))
    >>> photo.pixels.shape, photo.corners.shape
    ((96, 128, 3), (4, 2))
    """
    rng = generator(seed)
    corners = _placed(film, scene, rng)
    u, v = _film_places(corners, scene)
    inside = (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)
    light = np.where(inside, _shown(film, corners, u, v, scene, rng), _around(u, v, scene, rng))
    light = light + _reflection(scene, rng)
    light = gaussian_filter(light, rng.uniform(*scene.blur))
    seen = np.clip(light, 0.0, None) ** (rng.uniform(*scene.tone) / DISPLAY)
    cast = rng.uniform(0.97, 1.0, 3)
    seen = seen[..., None] * cast + rng.normal(0.0, scene.noise, (*seen.shape, 1))
    return Photograph(np.round(np.clip(seen, 0.0, 1.0) * 255).astype(np.uint8), corners, scene)


def _placed(film: Floats, scene: Scene, rng: np.random.Generator) -> Corners:
    """Draw where the corners are."""
    down = rng.uniform(*scene.fill) * scene.height
    across = min(down * film.shape[1] / film.shape[0], 0.9 * scene.width)
    square = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * (across, down)
    square += rng.uniform(-scene.skew, scene.skew, (4, 2)) * (across, down)
    angle = np.deg2rad(rng.uniform(-scene.tilt, scene.tilt))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    size = np.array([scene.width, scene.height])
    corners = square @ turn
    free = np.maximum(size / 2 - np.abs(corners).max(axis=0) - 4.0, 0.0)
    return np.asarray(corners + size / 2 + rng.uniform(-0.6, 0.6, 2) * free)


def _film_places(corners: Corners, scene: Scene) -> tuple[Doubles, Doubles]:
    """Return u and v of every pixel: the inverse of the homography."""
    a, b, c, d, e, f, g, h = homography(corners)
    back = np.linalg.inv(np.array([[a, b, c], [d, e, f], [g, h, 1.0]]))
    y, x = np.mgrid[0 : scene.height, 0 : scene.width] + 0.5
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in back)
    return u / w, v / w


def _shown(
    film: Floats, corners: Corners, u: Doubles, v: Doubles, scene: Scene, rng: np.random.Generator
) -> Doubles:
    """Return the light of the film; it is averaged to about the pixels of the photograph first."""
    height = min(film.shape[0], round(float(np.ptp(corners[:, 1]))))
    width = min(film.shape[1], round(float(np.ptp(corners[:, 0]))))
    small = area_averaged(film, height, width).astype(np.float64) ** DISPLAY
    light = sampled(small, u * width, v * height)
    beats = rng.uniform(20, 90, 2) * rng.choice([-1, 1], 2)
    waves = np.sin(2 * np.pi * (beats[0] * u + beats[1] * v))
    return np.asarray(light * (1.0 + rng.uniform(0, scene.moire) * waves))


def _around(u: Doubles, v: Doubles, scene: Scene, rng: np.random.Generator) -> Doubles:
    """Return the light outside the film: a frame of screen or light box, then the room."""
    bright = rng.random() < scene.light_box
    frame = rng.uniform(0.75, 0.95) if bright else rng.uniform(0.10, 0.25)
    room = rng.uniform(0.02, 0.25) + 0.05 * rng.normal() * u + 0.05 * rng.normal() * v
    room = room + 0.05 * gaussian_filter(rng.normal(size=u.shape), 20.0) * 20.0
    wide = rng.uniform(0.04, 0.3, 4)
    near = (u > -wide[0]) & (u < 1 + wide[1]) & (v > -wide[2]) & (v < 1 + wide[3])
    return np.where(near, frame, np.clip(room, 0.005, 1.0))


def _reflection(scene: Scene, rng: np.random.Generator) -> Doubles:
    y, x = np.mgrid[0 : scene.height, 0 : scene.width] / scene.height
    at = rng.uniform(0.2, 0.8, 2) * (scene.width / scene.height, 1.0)
    reach = rng.uniform(*scene.reach, 2)
    lobe = np.exp(-(((x - at[0]) / reach[0]) ** 2) - ((y - at[1]) / reach[1]) ** 2)
    return np.asarray(rng.uniform(0.0, scene.glare) * lobe)
