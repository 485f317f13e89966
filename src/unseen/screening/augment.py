"""Films as another machine, another hand and another child would have given them: one draw a film."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# Share of films that are blurred, made noisy, seen at an angle, or lit by a reflection.
SOME = 0.5
# Standard deviation of a reflection, share of the side, from and to.
REACH = (0.06, 0.25)


@dataclass(frozen=True)
class FilmChanges:
    """How far films are changed in training; each film gets its own draw, uniform between the bounds.

    Args:
        rotation: Degrees, both ways.
        zoom: Most relative change of size; the two directions differ by up to half of it.
        shift: Most shift, share of the side.
        tilt: Most share by which one border looks nearer than the middle, as in a photograph at an angle.
        mirror: Whether half of the films are mirrored left for right; a chest is not symmetrical.
        toned: Share of films whose grey values are changed, by the next four.
        gamma: Least and most exponent of the grey values, log-uniform.
        contrast: Least and most factor about the mean grey of the film.
        brightness: Most grey added or taken away.
        gradient: Most grey added from one border to the other, in any direction.
        glare: Most grey that a reflection adds where it is brightest.
        blur: Most standard deviation of the Gaussian, in pixels of a film of side 28.
        noise: Most standard deviation of the noise.

    """

    rotation: float = 10.0
    zoom: float = 0.2
    shift: float = 2.0 / 28.0
    tilt: float = 0.1
    mirror: bool = False
    toned: float = 0.5
    gamma: tuple[float, float] = (0.6, 1.6)
    contrast: tuple[float, float] = (0.6, 1.2)
    brightness: float = 0.15
    gradient: float = 0.4
    glare: float = 0.5
    blur: float = 0.8
    noise: float = 0.05

    def change(self, films: Tensor, generator: torch.Generator) -> Tensor:
        """Return films (N, 1, S, S), grey in [0, 1], each changed by its own draw."""
        moved = self._moved(films, generator)
        lit = self._lit(self._toned(moved, generator), generator)
        return self._degraded(lit, generator).clamp_(0.0, 1.0)

    def _moved(self, films: Tensor, generator: torch.Generator) -> Tensor:
        """Turn, zoom, shift, tilt and mirror; what comes in from outside repeats the border."""
        count = len(films)
        turn = _between(count, -self.rotation, self.rotation, generator) * (math.pi / 180.0)
        whole = _between(count, -self.zoom, self.zoom, generator)
        uneven = _between(count, -self.zoom / 2, self.zoom / 2, generator)
        side = torch.ones(count)
        if self.mirror:
            side = side - 2.0 * (torch.rand(count, generator=generator) < 0.5).float()
        wide, high = torch.exp(whole + uneven) * side, torch.exp(whole - uneven)
        cos, sin = torch.cos(turn), torch.sin(turn)
        # in the units of affine_grid a film goes from -1 to 1
        across = _between(count, -2 * self.shift, 2 * self.shift, generator)
        down = _between(count, -2 * self.shift, 2 * self.shift, generator)
        rows = [
            torch.stack([wide * cos, -wide * sin, across], 1),
            torch.stack([high * sin, high * cos, down], 1),
        ]
        grid = functional.affine_grid(torch.stack(rows, 1), list(films.shape), align_corners=False)
        grid = grid / self._depth(count, films.shape[-1], generator)
        return functional.grid_sample(
            films, grid, mode="bilinear", padding_mode="border", align_corners=False
        )

    def _depth(self, count: int, side: int, generator: torch.Generator) -> Tensor:
        """Distance of each place of a tilted film from the eye, (N, S, S, 1), that of the middle being 1."""
        across, down = (
            (_between(count, -self.tilt, self.tilt, generator) * _some(count, generator)).view(-1, 1, 1)
            for _ in range(2)
        )
        line = _line(side)
        return (1.0 + across * line + down * line[:, None]).unsqueeze(3)

    def _toned(self, films: Tensor, generator: torch.Generator) -> Tensor:
        """Bend grey values, scale them about their mean, and add a slope and a constant."""
        count, side = len(films), films.shape[-1]
        low, high = (math.log(bound) for bound in self.gamma)
        gamma = torch.exp(_between(count, low, high, generator)).view(-1, 1, 1, 1)
        contrast = _between(count, *self.contrast, generator).view(-1, 1, 1, 1)
        offset = _between(count, -self.brightness, self.brightness, generator).view(-1, 1, 1, 1)
        steepness = _between(count, -self.gradient, self.gradient, generator).view(-1, 1, 1, 1)
        towards = _between(count, 0.0, math.pi, generator).view(-1, 1, 1, 1)
        line = torch.linspace(-0.5, 0.5, side)
        slope = torch.cos(towards) * line + torch.sin(towards) * line[:, None]
        bent = films.clamp(1e-6, 1.0).pow(gamma)
        mean = bent.mean((1, 2, 3), keepdim=True)
        toned = ((bent - mean) * contrast + mean + offset + steepness * slope).clamp_(0.0, 1.0)
        chosen = torch.rand(count, generator=generator) < self.toned
        return torch.where(chosen.view(-1, 1, 1, 1), toned, films)

    def _lit(self, films: Tensor, generator: torch.Generator) -> Tensor:
        """Add the reflection of a lamp to some films: a Gaussian of any width, anywhere."""
        count, line = len(films), _line(films.shape[-1])
        bright = _between(count, 0.0, self.glare, generator) * _some(count, generator)
        wide = 2.0 * _between(count, *REACH, generator).view(-1, 1)
        across, down = (
            torch.exp(-0.5 * ((line - _between(count, -1.0, 1.0, generator).view(-1, 1)) / wide) ** 2)
            for _ in range(2)
        )
        return films + bright.view(-1, 1, 1, 1) * (down[:, None, :, None] * across[:, None, None, :])

    def _degraded(self, films: Tensor, generator: torch.Generator) -> Tensor:
        """Blur some films, and add noise to some."""
        count, side = len(films), films.shape[-1]
        share = _between(count, 0.0, 1.0, generator) * _some(count, generator)
        blurred = blur(films, self.blur * side / 28.0)
        # a mixture of a film and its blurred self stands for every lesser blur at the cost of one
        mixed = torch.lerp(films, blurred, share.view(-1, 1, 1, 1))
        deviation = _between(count, 0.0, self.noise, generator) * _some(count, generator)
        return mixed + deviation.view(-1, 1, 1, 1) * torch.randn(films.shape, generator=generator)


def blur(films: Tensor, deviation: float) -> Tensor:
    """Return films (N, 1, S, S) after a Gaussian of so many pixels; borders are repeated.

    >>> float(blur(torch.ones(1, 1, 8, 8), 0.7).min().round(decimals=6))
    1.0
    """
    if deviation <= 0:
        return films
    reach = max(1, math.ceil(3 * deviation))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / deviation) ** 2)
    kernel = kernel / kernel.sum()
    padded = functional.pad(films, (reach,) * 4, mode="replicate")
    across = functional.conv2d(padded, kernel.view(1, 1, 1, -1))
    return functional.conv2d(across, kernel.view(1, 1, -1, 1))


def _line(side: int) -> Tensor:
    """Middles of the pixels of a line, (S,), in units of affine_grid: a film goes from -1 to 1."""
    return (torch.arange(side) + 0.5) * (2.0 / side) - 1.0


def _between(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=generator)


def _some(count: int, generator: torch.Generator) -> Tensor:
    return (torch.rand(count, generator=generator) < SOME).float()
