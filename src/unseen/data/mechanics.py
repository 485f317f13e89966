"""Mechanical systems and collisions whose relations are known, drawn at random.

Units: masses, lengths and constants of the toy systems are 1 where nothing else is said; the projectile is in
metres and seconds, collisions of particles in GeV.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from unseen.data.kepler import in_plane
from unseen.data.known_sets import Floats, KnownSet, refuse_rows, stacked
from unseen.errors import ConfigError
from unseen.seeds import generator

GRAVITY = 9.81
BEAM = 45.6
Z_MASS = 91.1876


def spring(rows: int, seed: int) -> KnownSet:
    """Mass 1 on a spring k = 4, many amplitudes and phases: x, v and E = v^2 / 2 + 2 x^2."""
    random = _random(rows, seed, 1)
    amplitude, phase = random.uniform(0.5, 1.5, rows), random.uniform(0.0, 2.0 * np.pi, rows)
    x, v = amplitude * np.cos(phase), -2.0 * amplitude * np.sin(phase)
    return stacked("spring", {"x": x, "v": v, "E": v**2 / 2.0 + 2.0 * x**2}, (3, 1, 2))


def pendulum(rows: int, seed: int) -> KnownSet:
    """Sine and cosine of the angle, angular velocity w, and E = w^2 / 2 - cos; s^2 + c^2 = 1 too."""
    random = _random(rows, seed, 2)
    angle, w = random.uniform(-2.0, 2.0, rows), random.uniform(-2.5, 2.5, rows)
    s, c = np.sin(angle), np.cos(angle)
    return stacked("pendulum", {"sin": s, "cos": c, "w": w, "E": w**2 / 2.0 - c}, (4, 2, 2))


def projectile(rows: int, seed: int) -> KnownSet:
    """Launch velocity vx, vy, time t and place x, y of a body thrown: x = vx t, y = vy t - g t^2 / 2.

    From these two follows a third, vx y - vy x + g t x / 2 = 0, of second order as well.
    """
    random = _random(rows, seed, 3)
    speed, angle = random.uniform(5.0, 15.0, rows), random.uniform(0.2, 1.4, rows)
    t = random.uniform(0.1, 1.5, rows)
    vx, vy = speed * np.cos(angle), speed * np.sin(angle)
    parts = {"vx": vx, "vy": vy, "t": t, "x": vx * t, "y": vy * t - GRAVITY * t**2 / 2.0}
    return stacked("projectile", parts, (5, 3, 3))


def kepler(rows: int, seed: int) -> KnownSet:
    """Bound orbits with GM = 1: place, velocity, 1/r, E = v^2 / 2 - 1/r and L = x vy - y vx."""
    random = _random(rows, seed, 4)
    axis, eccentricity = random.uniform(0.8, 1.2, rows), random.uniform(0.0, 0.6, rows)
    phase, turn = random.uniform(0.0, 2.0 * np.pi, (2, rows))
    x, y, vx, vy = in_plane(axis, eccentricity, phase, turn).T
    inverse = 1.0 / np.hypot(x, y)
    energy = (vx**2 + vy**2) / 2.0 - inverse
    parts = {"x": x, "y": y, "vx": vx, "vy": vy, "1/r": inverse, "E": energy, "L": x * vy - y * vx}
    return stacked("kepler", parts, (7, 2, 4))


def collision(rows: int, seed: int) -> KnownSet:
    """Elastic collision of equal masses in a plane: four velocities, v1 + v2 and v1^2 + v2^2 kept."""
    random = _random(rows, seed, 5)
    first, second = random.normal(size=(2, rows, 2))
    angle = random.uniform(0.0, 2.0 * np.pi, rows)
    middle, half = (first + second) / 2.0, np.linalg.norm(first - second, axis=1, keepdims=True) / 2.0
    out = half * np.column_stack([np.cos(angle), np.sin(angle)])
    velocities = {"a": first, "b": second, "a'": middle + out, "b'": middle - out}
    parts = {
        f"v{axis}_{name}": v[:, place] for name, v in velocities.items() for place, axis in enumerate("xy")
    }
    return stacked("collision", parts, (6, 1, 5))


def two_body(rows: int, seed: int, *, forward: float = 1.0) -> KnownSet:
    """Momenta of e+ e- -> two light particles, 45.6 GeV each: p1 + p2 = 0 and p1^2 = 45.6^2.

    The cosine of the polar angle is drawn from 1 + forward cos^2: `forward` 0 is flat and has symmetry
    O(3), 1 is the pair production of fermions, symmetric about the beam alone.

    Raises:
        ConfigError: `forward` is below 0.

    """
    if forward < 0:
        raise ConfigError(f"forward={forward} came; accepted: 0 (flat) or more")
    random = _random(rows, seed, 6)
    flat, bent = random.uniform(-1.0, 1.0, rows), np.cbrt(random.uniform(-1.0, 1.0, rows))
    # of the density 1 + f c^2 a share f / (3 + f) is due to the second term, whose c is a cube root
    cosine = np.where(random.uniform(size=rows) < forward / (3.0 + forward), bent, flat)
    first = BEAM * _directions(cosine, random.uniform(0.0, 2.0 * np.pi, rows))
    return stacked("two body", _momenta(first, -first), (3, 1, 2))


def z_without_pt(rows: int, seed: int) -> KnownSet:
    """Momenta of p p -> Z -> two light particles where the Z has no transverse momentum and a sharp mass.

    The Z moves along the beam with normal rapidity y, spread 1: pz -> cosh(y) pz + sinh(y) E. Only the
    transverse sum is a relation of second order or less.
    """
    random = _random(rows, seed, 7)
    rest = Z_MASS / 2.0 * _directions(*random.uniform((-1.0, 0.0), (1.0, 2.0 * np.pi), (rows, 2)).T)
    rapidity = random.normal(size=rows)
    pair = []
    for momentum in (rest, -rest):
        pz = np.cosh(rapidity) * momentum[:, 2] + np.sinh(rapidity) * Z_MASS / 2.0
        pair.append(np.column_stack([momentum[:, :2], pz]))
    return stacked("z without pt", _momenta(*pair), (4, 0, 3))


MECHANICS: Mapping[str, Callable[[int, int], KnownSet]] = MappingProxyType(
    {
        "spring": spring,
        "pendulum": pendulum,
        "projectile": projectile,
        "kepler": kepler,
        "collision": collision,
        "two body": two_body,
        "z without pt": z_without_pt,
    }
)
"""Name -> what draws `rows` of the set by `seed`."""


def _random(rows: int, seed: int, purpose: int) -> np.random.Generator:
    refuse_rows(rows)
    return generator(seed, 71, purpose)


def _directions(cosine: Floats, azimuth: Floats) -> Floats:
    sine = np.sqrt(1.0 - cosine**2)
    return np.column_stack([sine * np.cos(azimuth), sine * np.sin(azimuth), cosine])


def _momenta(first: Floats, second: Floats) -> dict[str, Floats]:
    both = {"1": first, "2": second}
    return {f"p{axis}{one}": p[:, place] for one, p in both.items() for place, axis in enumerate("xyz")}
