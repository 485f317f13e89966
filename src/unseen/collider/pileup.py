"""Further proton collisions in the same crossing, drawn from a pool made once for a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.collider import kinematics
from unseen.collider.generator import Event, Generator
from unseen.collider.kinematics import Floats

ETA_MAX = 2.6
"""Particles beyond leave nothing in the calorimeters of the image."""


@dataclass(frozen=True)
class Pool:
    """Collisions without a hard process; collision i has the rows `offsets[i]:offsets[i + 1]`.

    Attributes:
        p4: (n, 4) visible particles in GeV.
        pdg: (n,) particle numbers.
        charge: (n,) charges.
        offsets: (count + 1,) first rows.

    """

    p4: Floats
    pdg: NDArray[np.int64]
    charge: Floats
    offsets: NDArray[np.int64]

    def draw(self, mean: float, rng: np.random.Generator) -> Event:
        """Draw a Poisson number of collisions, with replacement, each turned and mirrored at random.

        Both changes are symmetries of proton collisions, so one collision serves many times.
        """
        chosen = rng.integers(len(self.offsets) - 1, size=rng.poisson(mean))
        angles, signs = rng.uniform(-np.pi, np.pi, len(chosen)), rng.choice([-1.0, 1.0], len(chosen))
        sizes = self.offsets[chosen + 1] - self.offsets[chosen]
        starts = np.repeat(self.offsets[chosen], sizes)
        rows = starts + np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        p4 = kinematics.rotated(self.p4[rows], np.repeat(angles, sizes))
        p4[:, 2] *= np.repeat(signs, sizes)
        return Event(p4, self.pdg[rows], self.charge[rows], 1.0, 0.0, {})

    def save(self, path: Path) -> None:
        """Write the pool, aside and renamed."""
        aside = path.with_name(path.name + ".tmp")
        with aside.open("wb") as stream:
            np.savez(stream, p4=self.p4, pdg=self.pdg, charge=self.charge, offsets=self.offsets)
        aside.replace(path)


def make_pool(count: int, energy: float, seed: int) -> Pool:
    """Make `count` non-diffractive collisions of `energy` GeV; the same ones for the same seed."""
    generator = Generator(("SoftQCD:nonDiffractive = on", f"Beams:eCM = {energy:.10g}"), seed)
    events = []
    for _ in range(count):
        event = generator.draw().visible()
        keep = np.abs(kinematics.eta(event.p4)) < ETA_MAX
        events.append((event.p4[keep], event.pdg[keep], event.charge[keep]))
    offsets = np.concatenate([[0], np.cumsum([len(p4) for p4, _, _ in events])]).astype(np.int64)
    p4, pdg, charge = (np.concatenate(parts) for parts in zip(*events, strict=True))
    return Pool(p4, pdg, charge, offsets)


def load_pool(path: Path) -> Pool:
    """Read a pool written by `Pool.save`."""
    with np.load(path, allow_pickle=False) as arrays:
        return Pool(arrays["p4"], arrays["pdg"], arrays["charge"], arrays["offsets"])
