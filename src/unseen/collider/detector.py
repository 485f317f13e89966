"""A plain emulation of a tracker and two calorimeters, made to look like the published dark-shower images.

It is the project's own and no experiment's simulation. Tracks are charged particles at their production
direction. A magnetic field keeps soft charged particles from the calorimeters and turns the others; electrons
and photons deposit in ECAL, hadrons in HCAL, a share of them partly in ECAL, muons nowhere. Cells are smeared
and cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unseen.collider import kinematics
from unseen.collider.generator import Event
from unseen.collider.imaging import Geometry
from unseen.collider.kinematics import Floats
from unseen.errors import ConfigError


@dataclass(frozen=True)
class Detector:
    """Settings of the emulation; energies in GeV.

    Attributes:
        geometry: grid of the images.
        track_pt: least transverse momentum of a track.
        efficiency: share of tracks that are found.
        turn: `0.15 * 3.8 T * 1.29 m`: below this transverse momentum a charged particle curls up before
            the calorimeters, above it turns by `asin(turn / pt)`.
        ecal: stochastic, noise and constant term of the resolution, added in quadrature.
        hcal: the same; no noise term.
        ecal_cut: least transverse energy of an ECAL cell.
        hcal_cut: least transverse energy of an HCAL cell, the size of a pixel.
        early: share of hadrons that begin to shower in ECAL.
        early_part: part of their energy that stays there.
        pile_up: mean number of further collisions, seen by the calorimeters alone.
        pool: different further collisions to draw from; each draw is turned about the beam at random.

    """

    geometry: Geometry = field(default_factory=Geometry)
    track_pt: float = 0.5
    efficiency: float = 0.9
    turn: float = 0.735
    ecal: tuple[float, float, float] = (0.028, 0.12, 0.003)
    hcal: tuple[float, float, float] = (1.10, 0.0, 0.09)
    ecal_cut: float = 0.45
    hcal_cut: float = 2.0
    early: float = 0.3
    early_part: float = 0.3
    pile_up: float = 12.0
    pool: int = 2000

    def checked(self) -> Detector:
        """Return itself.

        Raises:
            ConfigError: a value is not accepted.

        """
        _ = self.geometry.shape
        if not 0 <= self.pile_up <= 1000:
            raise ConfigError(f"pile-up {self.pile_up}: accepted is a mean from 0 to 1000 collisions")
        if self.pool < 1:
            raise ConfigError(f"pool {self.pool}: accepted is 1 collision or more")
        if not 0 <= self.efficiency <= 1:
            raise ConfigError(f"efficiency {self.efficiency}: accepted is a share from 0 to 1")
        return self

    def observe(
        self, event: Event, further: Event | None, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], int]:
        """Take the image of an event.

        Args:
            event: visible particles.
            further: particles of pile-up collisions, which leave no tracks; None for none.
            rng: draws found tracks, early showers and smearing.

        Returns:
            (phi, eta, 3) transverse energy in GeV in tracker, ECAL and HCAL; number of tracks.

        """
        tracks, count = self._tracks(event, rng)
        ecal, hcal = self._calorimeters(event, further, rng)
        return np.stack([tracks, ecal, hcal], axis=-1).astype(np.float32), count

    def _tracks(self, event: Event, rng: np.random.Generator) -> tuple[Floats, int]:
        pts, etas = kinematics.pt(event.p4), kinematics.eta(event.p4)
        found = (event.charge != 0) & (pts > self.track_pt) & (np.abs(etas) < self.geometry.eta_max)
        found &= rng.random(len(found)) < self.efficiency
        phis = kinematics.phi(event.p4)
        return self.geometry.image(etas[found], phis[found], pts[found]), int(found.sum())

    def _calorimeters(
        self, event: Event, further: Event | None, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        sources = [event] if further is None else [event, further]
        p4 = np.concatenate([one.p4 for one in sources])
        number = np.abs(np.concatenate([one.pdg for one in sources]))
        charge = np.concatenate([one.charge for one in sources])
        pts = kinematics.pt(p4)
        arrives = ((charge == 0) | (pts > self.turn)) & (number != 13) & (pts > 0)
        p4, number, charge, pts = p4[arrives], number[arrives], charge[arrives], pts[arrives]
        etas = kinematics.eta(p4)
        bend = np.sign(charge) * np.arcsin(np.minimum(self.turn / pts, 1.0))
        phis = kinematics.phi(p4) + bend
        energy = p4[:, 3] / np.cosh(etas)
        light = (number == 11) | (number == 22)
        early = rng.random(len(light)) < self.early
        in_ecal = energy * np.where(light, 1.0, np.where(early, self.early_part, 0.0))
        fine = self.geometry.cells(etas, phis, in_ecal)
        coarse = self.geometry.image(etas, phis, energy - in_ecal)
        ecal = measured(fine, self.geometry.cell_etas(), self.ecal, self.ecal_cut, rng)
        hcal = measured(coarse, self.geometry.pixel_etas(), self.hcal, self.hcal_cut, rng)
        return self.geometry.pixels(ecal), hcal


def measured(
    cells: Floats, etas: Floats, terms: tuple[float, float, float], least: float, rng: np.random.Generator
) -> Floats:
    """Smear transverse energies (phi, eta) of lit cells and drop the soft ones.

    `sigma^2 = (a sqrt(E))^2 + b^2 + (c E)^2` in GeV for the terms (a, b, c) and the cell's energy
    `E = E_T cosh(eta)`. The measured energy follows a log-normal distribution of mean E and deviation sigma,
    as in Delphes (arXiv:1307.6346): a normal one would be cut at 0 and raise the mean of soft cells.

    >>> cells = np.array([[0.0, 5.0, 0.3]])
    >>> measured(cells, np.zeros(3), (0.0, 0.0, 0.0), 0.45, np.random.default_rng(0)).round(9).tolist()
    [[0.0, 5.0, 0.0]]
    """
    row, column = np.nonzero(cells)
    stretch = np.cosh(etas)[column]
    energy = cells[row, column] * stretch
    a, b, c = terms
    spread = np.log1p((a * a * energy + b * b + (c * energy) ** 2) / energy**2)
    factor = np.exp(np.sqrt(spread) * rng.standard_normal(len(energy)) - spread / 2)
    seen = cells[row, column] * factor
    result = np.zeros_like(cells)
    result[row, column] = np.where(seen >= least, seen, 0.0)
    return result
