"""Place and velocity on Kepler's ellipses, GM = 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def eccentric_anomaly(mean: ArrayLike, eccentricity: ArrayLike) -> Floats:
    """Solve Kepler's equation M = u - e sin u for u, by Newton's method.

    >>> u = eccentric_anomaly([0.3, 3.0, 12.0], 0.5)
    >>> bool(np.allclose(u - 0.5 * np.sin(u), [0.3, 3.0, 12.0], atol=1e-12))
    True
    """
    m, e = np.broadcast_arrays(np.asarray(mean, dtype=np.float64), np.asarray(eccentricity, dtype=np.float64))
    # this start converges for every e < 1
    u = m + e * np.sin(m) / (1.0 - np.sin(m + e) + np.sin(m))
    u = np.where(np.abs(u - m) > e, m + e * np.sign(np.sin(m)), u)
    for _ in range(12):
        u = u - (u - e * np.sin(u) - m) / (1.0 - e * np.cos(u))
    return np.asarray(u)


def polar(axis: ArrayLike, eccentricity: ArrayLike, mean: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Radius, its speed, and the true anomaly, which goes on growing with the mean anomaly."""
    a, e = np.asarray(axis, dtype=np.float64), np.asarray(eccentricity, dtype=np.float64)
    u = eccentric_anomaly(mean, e)
    radius = a * (1.0 - e * np.cos(u))
    speed = np.sqrt(a) * e * np.sin(u) / radius
    ratio = e / (1.0 + np.sqrt(1.0 - e**2))
    return radius, speed, u + 2.0 * np.arctan(ratio * np.sin(u) / (1.0 - ratio * np.cos(u)))


def in_plane(axis: ArrayLike, eccentricity: ArrayLike, mean: ArrayLike, turn: ArrayLike = 0.0) -> Floats:
    """Return x, y, vx, vy on ellipses whose long axis is turned by `turn`, shape (N, 4).

    >>> x, y, vx, vy = in_plane([1.0], [0.5], [0.0])[0].round(6).tolist()
    >>> x, y, vx, vy
    (0.5, 0.0, 0.0, 1.732051)
    """
    a, e = np.asarray(axis, dtype=np.float64), np.asarray(eccentricity, dtype=np.float64)
    radius, speed, anomaly = polar(a, e, mean)
    across = np.sqrt(a * (1.0 - e**2)) / radius
    return on_ray(radius, speed, across, anomaly + np.asarray(turn))


def on_ray(radius: Floats, speed: Floats, across: Floats, angle: Floats) -> Floats:
    """Return x, y, vx, vy from polar place and velocity: along the ray and across it, shape (N, 4)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.column_stack([radius * c, radius * s, speed * c - across * s, speed * s + across * c])
