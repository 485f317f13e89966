"""Four-vectors as NumPy arrays of (px, py, pz, E) in GeV, float64; the last axis has length 4.

Conventions are those of FastJet and of the package `vector`: the beam is along z, phi is in [-pi, pi), and
the mass of a space-like vector is negative, `m = sign(m2) sqrt(|m2|)`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError

Floats = NDArray[np.float64]


def four_vectors(values: ArrayLike) -> Floats:
    """Return `values` as float64 four-vectors of shape (..., 4); an empty list becomes (0, 4).

    Raises:
        DataError: the last axis is not 4 long, or a component is NaN or infinite.

    >>> four_vectors([[3, 4, 0, 5]]).shape
    (1, 4)
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0 and array.ndim < 2:
        return np.zeros((0, 4))
    if array.ndim == 0 or array.shape[-1] != 4:
        raise DataError(f"four-vectors of shape {array.shape}; accepted: (..., 4) as px, py, pz, E")
    if not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise DataError(f"four-vector {row} is not finite: {array[row]}; leave such rows out")
    return array


def from_pt_eta_phi_mass(pt: ArrayLike, eta: ArrayLike, phi: ArrayLike, mass: ArrayLike = 0.0) -> Floats:
    """Make four-vectors from transverse momentum (GeV), pseudorapidity, azimuth (rad) and mass (GeV).

    >>> from_pt_eta_phi_mass(5.0, 0.0, 0.0, 12.0).tolist()
    [5.0, 0.0, 0.0, 13.0]
    """
    t, h, f, m = np.broadcast_arrays(*(np.asarray(one, dtype=np.float64) for one in (pt, eta, phi, mass)))
    x, y, z = t * np.cos(f), t * np.sin(f), t * np.sinh(h)
    return np.stack([x, y, z, np.sqrt(x * x + y * y + z * z + m * m)], axis=-1)


def pt(p: Floats) -> Floats:
    """Transverse momentum in GeV.

    >>> float(pt(np.array([3.0, 4.0, 1.0, 9.0])))
    5.0
    """
    return np.hypot(p[..., 0], p[..., 1])


def phi(p: Floats) -> Floats:
    """Azimuth in [-pi, pi); 0 for a vector along the beam."""
    return wrapped(np.arctan2(p[..., 1], p[..., 0]))


def eta(p: Floats) -> Floats:
    """Pseudorapidity `asinh(pz / pt)`; infinite along the beam, 0 for a vector at rest."""
    t, z = pt(p), p[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(z == 0, 0.0, np.arcsinh(z / t))


def mass(p: Floats) -> Floats:
    """Invariant mass in GeV, negative for space-like vectors; rounding leaves about 1e-8 of the energy.

    >>> float(mass(np.array([0.0, 0.0, 12.0, 13.0])))
    5.0
    """
    momentum = np.sqrt(np.sum(p[..., :3] ** 2, axis=-1))
    square = (p[..., 3] - momentum) * (p[..., 3] + momentum)
    return np.asarray(np.sign(square) * np.sqrt(np.abs(square)))


def rapidity(p: Floats) -> Floats:
    """Rapidity `ln((E + |pz|) / mT)` with the sign of pz, where `mT^2 = pt^2 + m^2`.

    The transverse mass keeps the digits that `E - pz` loses for forward particles. A light-like vector along
    the beam has infinite rapidity.
    """
    z = np.abs(p[..., 2])
    transverse = np.sqrt(np.maximum(pt(p) ** 2 + np.maximum(mass(p), 0.0) ** 2, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.log((np.maximum(p[..., 3], z) + z) / transverse)
    return np.where(z == 0, 0.0, np.sign(p[..., 2]) * size)


def wrapped(angle: ArrayLike) -> Floats:
    """Bring angles into [-pi, pi).

    >>> bool(abs(wrapped(3 * np.pi / 2) + np.pi / 2) < 1e-12)
    True
    """
    values = np.asarray(angle, dtype=np.float64)
    turned = np.mod(values + np.pi, 2 * np.pi) - np.pi
    return np.where((values >= -np.pi) & (values < np.pi), values, turned)


def delta_phi(a: Floats, b: Floats) -> Floats:
    """Azimuth of `a` as seen from `b`, in [-pi, pi)."""
    return wrapped(phi(a) - phi(b))


def delta_r(a: Floats, b: Floats) -> Floats:
    """Distance `sqrt(dy^2 + dphi^2)` with the rapidity y, as FastJet measures it.

    Rapidity differences do not change in a boost along the beam; those of pseudorapidity do, with mass.
    """
    return np.hypot(rapidity(a) - rapidity(b), delta_phi(a, b))


def invariant_mass(p: Floats) -> Floats:
    """Mass in GeV of the sum over the second-last axis: (..., n, 4) to (...).

    >>> float(invariant_mass(np.array([[0.0, 0.0, 5.0, 5.0], [0.0, 0.0, -5.0, 5.0]])))
    10.0
    """
    return mass(p.sum(axis=-2))


def rotated(p: Floats, angle: ArrayLike) -> Floats:
    """Turn about the beam by `angle` (rad)."""
    c, s = np.cos(angle), np.sin(angle)
    x, y = p[..., 0], p[..., 1]
    return np.stack(np.broadcast_arrays(c * x - s * y, s * x + c * y, p[..., 2], p[..., 3]), axis=-1)


def boosted_along_beam(p: Floats, shift: ArrayLike) -> Floats:
    """Boost along z so that every rapidity grows by `shift`.

    >>> p = from_pt_eta_phi_mass(40.0, 0.3, 1.0, 5.0)
    >>> bool(abs(rapidity(boosted_along_beam(p, 1.5)) - rapidity(p) - 1.5) < 1e-12)
    True
    """
    c, s = np.cosh(shift), np.sinh(shift)
    z, e = p[..., 2], p[..., 3]
    return np.stack(np.broadcast_arrays(p[..., 0], p[..., 1], c * z + s * e, s * z + c * e), axis=-1)


def from_rest_frame(p: Floats, frame: Floats) -> Floats:
    """Take vectors given in the rest frame of `frame` to the frame in which `frame` is given.

    `p' = p + P (p.P / (M (E_P + M)) + E / M)`, `E' = (E E_P + p.P) / M` for a frame (P, E_P) of mass M.

    Raises:
        DataError: a frame has no positive mass, so there is no rest frame.

    >>> frame = from_pt_eta_phi_mass(30.0, 1.0, 2.0, 50.0)
    >>> bool(np.allclose(from_rest_frame(np.array([0.0, 0.0, 0.0, 50.0]), frame), frame))
    True
    """
    m = mass(frame)
    if np.any(m <= 0):
        raise DataError("a light-like or space-like frame has no rest frame; accepted: mass > 0")
    dot = np.sum(p[..., :3] * frame[..., :3], axis=-1)
    along = dot / (m * (frame[..., 3] + m)) + p[..., 3] / m
    space = p[..., :3] + along[..., None] * frame[..., :3]
    energy = (p[..., 3] * frame[..., 3] + dot) / m
    return np.concatenate([space, energy[..., None]], axis=-1)
