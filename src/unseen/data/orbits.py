"""One orbit each of seven systems, seen at random times, with the number of quantities it conserves.

An orbit that fills d dimensions of a phase space of D conserves D - d quantities that the point determines.
Idea: Liu and Tegmark, Phys. Rev. Lett. 126, 180604 (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import ellipj, ellipk

from unseen.data.kepler import in_plane, on_ray, polar
from unseen.data.known_sets import refuse_rows
from unseen.errors import ConfigError, unknown
from unseen.seeds import generator

Floats = NDArray[np.float64]

# Long enough for orbits that never close to have been everywhere they go.
LONG = 1e4
ECCENTRICITY, CUBIC = 0.5, 0.05
# Energy of Henon and Heiles: just below 1/6, where orbits begin to escape and nearly all are chaotic.
ENERGY, STEP = 0.16, 0.05


@dataclass(frozen=True)
class Orbit:
    """Points of phase space on one orbit.

    Attributes:
        name: Of the system.
        columns: Of the phase space.
        values: Shape (N, D).
        conserved: Quantities that are constant along the orbit and functions of the point.

    """

    name: str
    columns: tuple[str, ...]
    values: Floats
    conserved: int


def orbit(name: str, rows: int = 4000, seed: int = 0) -> Orbit:
    """Look at one orbit at `rows` random times.

    Raises:
        ConfigError: The system is not known, or there are no rows.

    >>> one = orbit("spring", 100)
    >>> one.columns, one.conserved
    (('x', 'vx'), 1)

    """
    if name not in SYSTEMS:
        raise ConfigError(unknown("system", name, SYSTEMS))
    refuse_rows(rows)
    draw, conserved = SYSTEMS[name]
    values = draw(generator(seed, 72, list(SYSTEMS).index(name)), rows)
    columns = ("x", "vx") if values.shape[1] == 2 else ("x", "y", "vx", "vy")
    return Orbit(name, columns, values, conserved)


def _spring(random: np.random.Generator, rows: int) -> Floats:
    """Mass 1, k = 4, amplitude 1."""
    t = random.uniform(0.0, LONG, rows)
    return np.column_stack([np.cos(2.0 * t), -2.0 * np.sin(2.0 * t)])


def _pendulum(random: np.random.Generator, rows: int) -> Floats:
    """Angle and velocity of a swing of +-2 rad: sin(angle / 2) = k sn(t | k^2) with k = sin(1)."""
    k = np.sin(1.0)
    sn, cn, _, _ = ellipj(random.uniform(0.0, 4.0 * ellipk(k**2), rows), k**2)
    return np.column_stack([2.0 * np.arcsin(k * sn), 2.0 * k * cn])


def _kepler(random: np.random.Generator, rows: int) -> Floats:
    return in_plane(1.0, ECCENTRICITY, random.uniform(0.0, LONG, rows))


def _turning_ellipse(random: np.random.Generator, rows: int) -> Floats:
    """Kepler's force and 0.05 / r^3 beside it: Newton's theorem of revolving orbits.

    The radius moves as without it at L'^2 = L^2 - 0.05, and the angle is L / L' times as fast.
    """
    radius, speed, anomaly = polar(1.0, ECCENTRICITY, random.uniform(0.0, LONG, rows))
    inner = 1.0 - ECCENTRICITY**2
    momentum = np.sqrt(inner + CUBIC)
    return on_ray(radius, speed, momentum / radius, anomaly * momentum / np.sqrt(inner))


def _oscillator(ratio: float) -> Callable[[np.random.Generator, int], Floats]:
    """Mass 1 on springs 1 along x and `ratio` along y: closed at 1, never closed where sqrt(ratio) is odd."""

    def draw(random: np.random.Generator, rows: int) -> Floats:
        t, w = random.uniform(0.0, LONG, rows), np.sqrt(ratio)
        y, vy = 0.7 * np.cos(w * t + 0.9), -0.7 * w * np.sin(w * t + 0.9)
        return np.column_stack([np.cos(t), y, -np.sin(t), vy])

    return draw


def _henon_heiles(random: np.random.Generator, rows: int) -> Floats:
    """Potential (x^2 + y^2) / 2 + x^2 y - y^3 / 3, from x = 0 in the chaotic sea, by fourth-order leapfrog.

    Orbits that begin at y in (-0.25, -0.15), vy in (0.1, 0.2) part with a Lyapunov exponent of 0.11; around
    y > 0, vy = 0 lies an island of regular ones, which conserve two quantities.

    Reference of the integrator: Yoshida, Phys. Lett. A 150, 262 (1990).
    """
    y, vy = random.uniform(-0.25, -0.15), random.uniform(0.1, 0.2)
    x, vx = 0.0, float(np.sqrt(2.0 * ENERGY - vy**2 - y**2 + 2.0 * y**3 / 3.0))
    root = 2.0 ** (1.0 / 3.0)
    kicks = [STEP / (2.0 - root), -root * STEP / (2.0 - root), STEP / (2.0 - root)]
    steps = max(20 * rows, 80_000)
    path = np.empty((steps, 4))
    for step in range(steps):
        for h in kicks:
            x, y = x + h / 2.0 * vx, y + h / 2.0 * vy
            vx, vy = vx - h * (x + 2.0 * x * y), vy - h * (y + x * x - y * y)
            x, y = x + h / 2.0 * vx, y + h / 2.0 * vy
        path[step] = x, y, vx, vy
    return path[random.choice(steps, rows, replace=False)]


SYSTEMS: Mapping[str, tuple[Callable[[np.random.Generator, int], Floats], int]] = MappingProxyType(
    {
        "spring": (_spring, 1),
        "pendulum": (_pendulum, 1),
        "kepler": (_kepler, 3),
        "isotropic oscillator": (_oscillator(1.0), 3),
        "oscillator of ratio 2": (_oscillator(2.0), 2),
        "kepler and cubic": (_turning_ellipse, 2),
        "henon-heiles": (_henon_heiles, 1),
    }
)
"""Name -> how the orbit is drawn, and how many quantities it conserves."""
