"""What the inside of a jet looks like: N-subjettiness, energy correlators, width, groomed mass.

All distances use rapidity, so every value is the same after a boost along the beam or a turn about it.
References: N-subjettiness, Thaler and Van Tilburg, arXiv:1011.2268; C2, Larkoski, Salam and Thaler,
arXiv:1305.0007; D2, Larkoski, Moult and Neill, arXiv:1409.6298.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from unseen.collider import kinematics
from unseen.collider.cluster import kt_axes, soft_drop
from unseen.collider.kinematics import Floats, four_vectors

MOST = 4
"""Largest N of N-subjettiness."""

UNITS = {
    "mass": "GeV",
    "softdrop_mass": "GeV",
    "pt": "GeV",
    "eta": "1",
    "phi": "rad",
    **{f"tau{n}": "1" for n in range(1, MOST + 1)},
    "tau21": "1",
    "tau32": "1",
    "tau43": "1",
    "c2": "1",
    "d2": "1",
    "n_constituents": "1",
    "ptd": "1",
    "width": "1",
}
"""Feature of a jet -> its unit."""


def jet_features(p4: ArrayLike, *, radius: float = 1.0) -> dict[str, float]:
    """All features of one jet, by the names of `UNITS`; all zero for a jet without particles.

    Args:
        p4: (n, 4) px, py, pz, E of the jet's particles in GeV.
        radius: jet radius, the scale of N-subjettiness and soft drop.

    Raises:
        DataError: a vector is not finite.

    >>> two = kinematics.from_pt_eta_phi_mass([60, 40], [0, 0.5], [0, 0])
    >>> found = jet_features(two)
    >>> round(found["tau1"], 3), found["tau2"], found["n_constituents"], round(found["mass"], 2)
    (0.24, 0.0, 2.0, 24.75)
    """
    parts = four_vectors(p4)
    if not len(parts):
        return dict.fromkeys(UNITS, 0.0)
    total = parts.sum(axis=0)
    taus = n_subjettiness(parts, MOST, radius=radius)
    e2, e3 = energy_correlators(parts)
    pts = kinematics.pt(parts)
    away = kinematics.delta_r(parts, total)
    values = (
        float(kinematics.mass(total)),
        float(kinematics.mass(soft_drop(parts, radius=radius))),
        float(kinematics.pt(total)),
        float(kinematics.eta(total)),
        float(kinematics.phi(total)),
        *taus.tolist(),
        *(_ratio(upper, lower) for upper, lower in zip(taus[1:], taus[:-1], strict=True)),
        _ratio(e3, e2**2),
        _ratio(e3, e2**3),
        float(len(parts)),
        _ratio(float(np.sqrt(np.sum(pts**2))), float(pts.sum())),
        _ratio(float(np.sum(pts * away)), float(pts.sum())),
    )
    return dict(zip(UNITS, values, strict=True))


def n_subjettiness(p4: ArrayLike, most: int = MOST, *, radius: float = 1.0, beta: float = 1.0) -> Floats:
    """How far the particles are from N axes, for N = 1..most.

    `tau_N = sum_i pt_i min_k dR(i, k)^beta / (sum_i pt_i radius^beta)`, axes from exclusive kT. It is 0 where
    a jet has no more particles than axes.

    Returns:
        (most,) values, 0 for particles on the axes, about 1 for particles at the edge.

    >>> n_subjettiness([[50, 0, 0, 50], [0, 40, 0, 40]], 2, radius=2.0).round(2).tolist()
    [0.39, 0.0]

    """
    parts = four_vectors(p4)
    scale = float(kinematics.pt(parts).sum()) * radius**beta
    if not len(parts) or scale == 0:
        return np.zeros(most)
    taus = np.zeros(most)
    for place, axes in enumerate(kt_axes(parts, most, radius=radius)):
        if len(parts) > place + 1:
            distance = kinematics.delta_r(parts[:, None, :], axes[None, :, :]).min(axis=1)
            taus[place] = np.sum(kinematics.pt(parts) * distance**beta) / scale
    return taus


def energy_correlators(p4: ArrayLike, *, beta: float = 1.0) -> tuple[float, float]:
    """Two- and three-point energy correlators of one jet, with `z_i = pt_i / sum pt`.

    `e2 = sum_(i<j) z_i z_j R_ij^beta` and `e3 = sum_(i<j<k) z_i z_j z_k (R_ij R_jk R_ik)^beta`. The triple
    sum is a sixth of the trace of a cubed matrix, `M_ij = sqrt(z_i z_j) R_ij^beta`. Then `C2 = e3 / e2^2` and
    `D2 = e3 / e2^3`.

    >>> round(energy_correlators([[50, 0, 0, 50], [0, 50, 0, 50]])[0], 4)  # pi / 2 / 4
    0.3927
    """
    parts = four_vectors(p4)
    total = float(kinematics.pt(parts).sum())
    if len(parts) < 2 or total == 0:
        return 0.0, 0.0
    z = kinematics.pt(parts) / total
    distance = kinematics.delta_r(parts[:, None, :], parts[None, :, :]) ** beta
    weighted = np.sqrt(z[:, None] * z[None, :]) * distance
    pairs = 0.5 * float(z @ distance @ z)
    triples = float(np.sum((weighted @ weighted) * weighted)) / 6.0
    return pairs, triples


def _ratio(above: float, below: float) -> float:
    """Return 0 where there is nothing to divide by: a jet with too few particles for the question."""
    return float(above) / float(below) if below > 0 else 0.0
