"""Soft unclustered energy patterns: a scalar mediator that boils off dark mesons.

In the mediator's rest frame meson momenta follow `dN/dp ~ p^2 exp(-E / T)`, isotropically. Mesons are added
until their energies reach the mediator's mass M; the mean momentum is taken away; momenta are scaled so that
the energies add up to M. A meson decays to two dark photons, a dark photon to e e, mu mu or pi pi.

References: Knapen, Pagan Griso, Papucci and Robinson, arXiv:1612.00850.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from unseen.collider.generator import Event
from unseen.collider.kinematics import Floats, from_rest_frame
from unseen.errors import ConfigError

MEDIATOR = 25
_MASSES = {11: 0.000511, 13: 0.10566, 211: 0.13957}
_MOST_DRAWS = 1000


@dataclass(frozen=True)
class Shower:
    """Settings of the shower; GeV.

    Attributes:
        temperature: T of the meson spectrum.
        meson_mass: of the dark mesons.
        photon_mass: of the dark photons.
        shares: of decays of a dark photon to electrons, muons and charged pions (CMS cards, 0.7 GeV).

    """

    temperature: float = 2.0
    meson_mass: float = 2.0
    photon_mass: float = 0.7
    shares: tuple[float, float, float] = (0.15, 0.15, 0.70)


def thermal_momenta(count: int, mass: float, temperature: float, rng: np.random.Generator) -> Floats:
    """Draw |p| in GeV from `p^2 exp(-E / T) dp`, exactly.

    With `E = m + T x` the density is `p E exp(-x)`, at most `E^2 exp(-x)`, a mixture of three gamma
    distributions, from which draws are kept with probability p / E.

    >>> p = thermal_momenta(20000, 2.0, 2.0, np.random.default_rng(0))
    >>> bool(abs(np.sqrt(p**2 + 4).mean() - 6.74) < 0.1)
    True
    """
    weights = np.array([mass**2, 2 * mass * temperature, 2 * temperature**2])
    kept: list[Floats] = []
    missing = count
    while missing > 0:
        tries = 2 * missing + 16
        shape = rng.choice(3, size=tries, p=weights / weights.sum()) + 1.0
        energy = mass + temperature * rng.gamma(shape)
        momentum = np.sqrt(np.maximum(energy**2 - mass**2, 0.0))
        good = momentum[rng.random(tries) * energy < momentum]
        kept.append(good[:missing])
        missing -= len(kept[-1])
    return np.concatenate(kept) if kept else np.zeros(0)


def mesons(mediator_mass: float, shower: Shower, rng: np.random.Generator) -> Floats:
    """Return the mesons of one mediator in its rest frame, (n, 4) in GeV; momenta add up to 0, energies to M.

    Raises:
        ConfigError: the mediator is too light for its mesons.

    >>> p = mesons(125.0, Shower(), np.random.default_rng(0))
    >>> bool(np.abs(p.sum(axis=0) - [0, 0, 0, 125]).max() < 1e-6)
    True
    """
    m = shower.meson_mass
    for _ in range(_MOST_DRAWS):
        space = _until(mediator_mass, shower, rng)
        space -= space.mean(axis=0)
        squares = np.sum(space**2, axis=1)
        # at scale 0 the energies are the masses: with too many mesons nothing adds up to M
        if len(space) > 1 and len(space) * m < mediator_mass:
            scale = _scale(squares, m, mediator_mass)
            space *= scale
            return np.column_stack([space, np.sqrt(scale**2 * squares + m * m)])
    raise ConfigError(f"a mediator of {mediator_mass} GeV is too light for mesons of {m} GeV")


def decayed(parents: Floats, mass: float | Floats, rng: np.random.Generator) -> Floats:
    """Decay each parent (n, 4) to two particles of `mass` (GeV), isotropically: (2 n, 4), pairs adjacent."""
    masses = np.broadcast_to(mass, len(parents))
    own = np.sqrt(np.maximum(parents[:, 3] ** 2 - np.sum(parents[:, :3] ** 2, axis=1), 0.0))
    momentum = np.sqrt(np.maximum((own / 2) ** 2 - masses**2, 0.0))
    space = _directions(len(parents), rng) * momentum[:, None]
    pairs = np.stack([np.column_stack([space, own / 2]), np.column_stack([-space, own / 2])], axis=1)
    return from_rest_frame(pairs, parents[:, None, :]).reshape(-1, 4)


def boiled(event: Event, shower: Shower, rng: np.random.Generator) -> Event:
    """Put the decay products of the dark shower in the place of the event's mediator."""
    is_mediator = event.pdg == MEDIATOR
    if is_mediator.sum() != 1:
        raise ConfigError(
            f"{is_mediator.sum()} mediators in an event; accepted is 1, which Pythia does not decay"
        )
    frame = event.p4[is_mediator][0]
    mass = float(np.sqrt(frame[3] ** 2 - np.sum(frame[:3] ** 2)))
    photons = decayed(from_rest_frame(mesons(mass, shower, rng), frame), shower.photon_mass, rng)
    kinds = rng.choice([11, 13, 211], size=len(photons), p=shower.shares)
    products = decayed(photons, np.array([_MASSES[kind] for kind in kinds.tolist()]), rng)
    pdg, charge = _pairs(kinds)
    return Event(
        np.concatenate([event.p4[~is_mediator], products]),
        np.concatenate([event.pdg[~is_mediator], pdg]),
        np.concatenate([event.charge[~is_mediator], charge]),
        event.weight,
        event.pt_hat,
        event.truth,
    )


def _pairs(kinds: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """Give numbers and charges of particle and antiparticle; a lepton's negative number has charge +1."""
    pdg = np.column_stack([kinds, -kinds]).reshape(-1).astype(np.int64)
    return pdg, np.where(np.abs(pdg) == 211, np.sign(pdg), -np.sign(pdg)).astype(np.float64)


def _until(total: float, shower: Shower, rng: np.random.Generator) -> Floats:
    """Draw momenta (n, 3) of mesons, as many as it takes for their energies to reach `total`."""
    momenta = np.zeros(0)
    while np.sum(np.hypot(momenta, shower.meson_mass)) < total:
        more = int(total / (3 * shower.temperature + shower.meson_mass)) + 16
        momenta = np.append(momenta, thermal_momenta(more, shower.meson_mass, shower.temperature, rng))
    count = int(np.searchsorted(np.cumsum(np.hypot(momenta, shower.meson_mass)), total)) + 1
    return _directions(count, rng) * momenta[:count, None]


def _scale(squares: Floats, mass: float, total: float) -> float:
    def excess(scale: float) -> float:
        return float(np.sum(np.sqrt(scale**2 * squares + mass**2)) - total)

    high = 1.0
    while excess(high) < 0:
        high *= 2
    return float(brentq(excess, 0.0, high, xtol=1e-14, rtol=1e-14))


def _directions(count: int, rng: np.random.Generator) -> Floats:
    """Draw unit vectors (count, 3), evenly over the sphere."""
    z, angle = rng.uniform(-1, 1, count), rng.uniform(-np.pi, np.pi, count)
    flat = np.sqrt(1 - z * z)
    return np.column_stack([flat * np.cos(angle), flat * np.sin(angle), z])
