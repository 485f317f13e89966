"""What a detector sees of a Higgs event: ten numbers, none of them the flavour of a parton."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unseen.collider.kinematics import delta_phi, eta, mass, pt

Floats = NDArray[np.float64]

NAMES = (
    "log pt H", "log pt j1", "log pt j2", "log pt jj", "eta H", "eta j1", "eta j2", "log m jj",
    "abs delta eta jj", "abs delta phi jj",
)  # fmt: skip


def features(particles: Floats) -> Floats:
    """Return `NAMES` of events (N, 5, 5) of [pdg id, px, py, pz, E] in GeV, shape (N, 10).

    Particles are two incoming partons, the Higgs boson and two outgoing partons, which are taken in the
    order of their transverse momenta.
    """
    higgs, pair = particles[:, 2, 1:], particles[:, 3:, 1:]
    order = np.argsort(-pt(pair), axis=1)
    first, second = np.moveaxis(np.take_along_axis(pair, order[:, :, None], axis=1), 1, 0)
    both = first + second
    return np.column_stack(
        [
            *(np.log(pt(vector)) for vector in (higgs, first, second, both)),
            *(eta(vector) for vector in (higgs, first, second)),
            np.log(mass(both)),
            np.abs(eta(first) - eta(second)),
            np.abs(delta_phi(first, second)),
        ]
    )
