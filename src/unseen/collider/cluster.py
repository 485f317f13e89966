"""Jets with FastJet: anti-kT jets of an event, kT axes and soft drop within a jet.

References: anti-kT, Cacciari, Salam and Soyez, arXiv:0802.1189; FastJet, arXiv:1111.6097; soft drop,
Larkoski, Marzani, Soyez and Thaler, arXiv:1402.2657.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.collider.kinematics import Floats, four_vectors
from unseen.collider.muting import muted
from unseen.errors import ConfigError, DataError, need


@dataclass(frozen=True)
class Jets:
    """Jets of one event, hardest first.

    Attributes:
        p4: (k, 4) four-vectors in GeV, the sums of their members.
        members: k integer arrays, the places of a jet's particles in the event.

    """

    p4: Floats
    members: tuple[NDArray[np.int64], ...]

    def __len__(self) -> int:
        return len(self.members)


def anti_kt(p4: ArrayLike, *, radius: float = 1.0, pt_min: float = 0.0) -> Jets:
    """Cluster one event with the anti-kT algorithm (four-vectors add up).

    Args:
        p4: (n, 4) px, py, pz, E of the particles in GeV; n = 0 gives no jets.
        radius: jet radius R in rapidity and azimuth.
        pt_min: least transverse momentum of a jet in GeV.

    Raises:
        DataError: a vector is not finite, or p4 is not (n, 4).
        ConfigError: `radius` is not positive or `pt_min` negative.
        MissingExtraError: fastjet is not installed.

    >>> jets = anti_kt([[50, 1, 0, 50.1], [40, -1, 0, 40.1], [-80, 0, 5, 80.2]], pt_min=10)
    >>> jets.p4[:, 0].round(1).tolist(), [one.tolist() for one in jets.members]
    ([90.0, -80.0], [[0, 1], [2]])
    """
    particles = _event(p4)
    if not (radius > 0 and np.isfinite(radius)):
        raise ConfigError(f"radius {radius}: accepted is a number above 0, such as 1.0")
    if not pt_min >= 0:
        raise ConfigError(f"pt_min {pt_min}: accepted is 0 GeV or more")
    if not len(particles):
        return Jets(np.zeros((0, 4)), ())
    fastjet = _fastjet()
    sequence = _clustered(particles, fastjet.antikt_algorithm, radius)
    found = fastjet.sorted_by_pt(sequence.inclusive_jets(pt_min))
    members = tuple(
        np.sort(np.array([part.user_index() for part in jet.constituents()], dtype=np.int64)) for jet in found
    )
    return Jets(_vectors(found), members)


def anti_kt_events(
    p4: ArrayLike, offsets: Sequence[int] | NDArray[np.int64], *, radius: float = 1.0, pt_min: float = 0.0
) -> Iterator[Jets]:
    """Cluster many events: event i has the rows `offsets[i]:offsets[i + 1]` of `p4`.

    Raises:
        DataError: the offsets do not start at 0, fall, or do not end at the number of rows; as in `anti_kt`.

    >>> [len(jets) for jets in anti_kt_events([[50, 0, 0, 50], [0, 30, 0, 30]], [0, 1, 1, 2])]
    [1, 0, 1]
    """
    particles, ends = _event(p4), np.asarray(offsets, dtype=np.int64)
    count = len(particles)
    if ends.ndim != 1 or not len(ends) or (ends[0], ends[-1]) != (0, count) or np.any(np.diff(ends) < 0):
        raise DataError(f"offsets of {count} particles must rise from 0 to {count}, one more than events")
    for start, stop in itertools.pairwise(ends):
        yield anti_kt(particles[start:stop], radius=radius, pt_min=pt_min)


def kt_axes(p4: ArrayLike, most: int, *, radius: float = 1.0) -> list[Floats]:
    """Axes of the 1, 2, ..., `most` exclusive kT subjets of a jet.

    Args:
        p4: (n, 4) particles of one jet.
        most: largest number of axes; with fewer particles there are as many axes as particles.
        radius: R of the kT distance.

    Returns:
        `most` arrays (min(k, n), 4), k = 1..most, the subjets' four-vectors.

    >>> [len(axes) for axes in kt_axes([[50, 1, 0, 50.1], [40, -1, 0, 40.1]], 3)]
    [1, 2, 2]

    """
    particles = _event(p4)
    if not len(particles):
        return [np.zeros((0, 4)) for _ in range(most)]
    sequence = _clustered(particles, _fastjet().kt_algorithm, radius)
    return [_vectors(sequence.exclusive_jets_up_to(count)) for count in range(1, most + 1)]


def soft_drop(p4: ArrayLike, *, z_cut: float = 0.1, beta: float = 0.0, radius: float = 1.0) -> Floats:
    """Groom one jet: the four-vector left after soft drop.

    The jet is clustered again with Cambridge/Aachen; branches are undone, the softer one dropped, until
    `min(pt1, pt2) / (pt1 + pt2) > z_cut (dR / radius)^beta`. A single particle is left as it is.

    Args:
        p4: (n, 4) particles of one jet; none gives the zero vector.
        z_cut: least share of the softer branch.
        beta: power of the angle; 0 is the modified mass-drop tagger.
        radius: R0, the jet's own radius.

    Returns:
        (4,) four-vector in GeV.

    >>> soft_drop([[50, 0, 0, 50], [40, 8, 0, 41], [0.1, 0, 0.1, 0.2]]).round(1).tolist()
    [90.0, 8.0, 0.0, 91.0]

    """
    particles = _event(p4)
    if not len(particles):
        return np.zeros(4)
    fastjet = _fastjet()
    # a radius without end joins everything into the one jet it came from
    sequence = _clustered(particles, fastjet.cambridge_algorithm, fastjet.JetDefinition.max_allowable_R)
    jet = sequence.exclusive_jets_up_to(1)[0]
    first, second = fastjet.PseudoJet(), fastjet.PseudoJet()
    while jet.has_parents(first, second):
        hard, soft = (first, second) if first.pt2() >= second.pt2() else (second, first)
        share = soft.pt() / (soft.pt() + hard.pt()) if hard.pt() > 0 else 0.0
        if share > z_cut * (first.delta_R(second) / radius) ** beta:
            break
        jet = fastjet.PseudoJet(hard)
    return np.asarray(_vectors([jet])[0])


@cache
def _fastjet() -> ModuleType:
    module = need("fastjet", extra="physics", purpose="clustering jets (FastJet, GPL)")
    with muted():  # the first clustering prints a banner
        definition = module.JetDefinition(module.antikt_algorithm, 1.0)
        module.ClusterSequence([module.PseudoJet(1.0, 0.0, 0.0, 1.0)], definition).inclusive_jets(0.0)
    return module


def _event(p4: ArrayLike) -> Floats:
    particles = four_vectors(p4)
    if particles.ndim != 2:
        raise DataError(f"particles of shape {particles.shape}; accepted: (n, 4) as px, py, pz, E")
    return particles


def _clustered(particles: Floats, algorithm: Any, radius: float) -> Any:
    fastjet = _fastjet()
    parts = [fastjet.PseudoJet(*row) for row in particles.tolist()]
    for place, part in enumerate(parts):
        part.set_user_index(place)
    return fastjet.ClusterSequence(parts, fastjet.JetDefinition(algorithm, radius))


def _vectors(jets: Any) -> Floats:
    return np.array([(jet.px(), jet.py(), jet.pz(), jet.e()) for jet in jets], dtype=np.float64).reshape(
        -1, 4
    )
