"""The sets of the study: drawn ones with known answers, collider data, and Pythia's hard processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.collider.kinematics import from_pt_eta_phi_mass, invariant_mass
from unseen.data import open_source
from unseen.data.known_sets import KnownSet
from unseen.data.mechanics import MECHANICS
from unseen.data.symmetric import SYMMETRIC
from unseen.recipes.collider_sets import OPAL_FEATURES, higgs
from unseen.recipes.datasets import existing, folder
from unseen.seeds import generator

Floats = NDArray[np.float64]
Table = tuple[tuple[str, ...], Floats]

DRAWN: Mapping[str, Callable[[int, int], KnownSet]] = {**SYMMETRIC, **MECHANICS}

MUON = 0.10566
MOMENTA = ("px1", "py1", "pz1", "px2", "py2", "pz2")
MUONS = "Z to mumu, CMS"
HIGGS = "VBF Higgs, partons"
# Of the Higgs events: four constants, two directions and four sums; three masses.
# Of Pythia's pairs: two sums, and a mass that varies.
ANSWERS = {
    HIGGS: {"rank": 10, "linear": 10, "quadratic": 3},
    "Z to mumu, Pythia": {"rank": 4, "linear": 2, "quadratic": 0},
    "dijets, Pythia": {"rank": 4, "linear": 2, "quadratic": 0},
}
# The outer half per cent of each column is brought to its edge.
EDGE = 0.995

_TWO_PARTONS = (
    "Beams:eCM = 13000",
    "PartonLevel:MPI = off",
    "PartonLevel:ISR = off",
    "PartonLevel:FSR = off",
    "PartonLevel:Remnants = off",
    "BeamRemnants:primordialKT = off",
    "HadronLevel:all = off",
    "Check:event = off",
)
PYTHIA = {
    "Z to mumu, Pythia": (
        "WeakSingleBoson:ffbar2gmZ = on",
        "23:onMode = off",
        "23:onIfAny = 13",
        "PhaseSpace:mHatMin = 60",
        "PhaseSpace:mHatMax = 120",
    ),
    "dijets, Pythia": ("HardQCD:all = on", "PhaseSpace:pTHatMin = 50"),
}


def real(name: str, rows: int, seed: int, data: Path | None) -> Table:
    """Read, or simulate, at most `rows` rows of a set of `REAL`, drawn by `seed`."""
    names, values = REAL[name](rows, seed, data)
    if len(values) > rows:
        values = values[np.sort(generator(seed, 81).choice(len(values), rows, replace=False))]
    return names, values


def available() -> tuple[str, ...]:
    """Return the sets of `REAL` that can be had: those of Pythia where it is installed."""
    return tuple(name for name in REAL if name not in PYTHIA or find_spec("pythia8mc") is not None)


def _muons(rows: int, seed: int, data: Path | None) -> Table:
    """Momenta (GeV) of Z -> mu mu, mass 60 to 120 GeV, opposite charges, the negative muon first."""
    path = existing(folder(data) / "collider" / "cms_opendata" / "Zmumu_Run2011A.csv.gz")
    table = open_source(path).read()
    pt, eta, phi, charge = (
        np.column_stack([table.column(f"{what}{one}").to_numpy() for one in (1, 2)])
        for what in ("pt", "eta", "phi", "Q")
    )
    pair = from_pt_eta_phi_mass(pt, eta, phi, MUON)
    mass = invariant_mass(pair)
    kept = (charge.sum(axis=1) == 0) & (mass > 60) & (mass < 120)
    order = np.argsort(charge[kept], axis=1)
    pair = np.take_along_axis(pair[kept], order[:, :, None], axis=1)
    return MOMENTA, pair[:, :, :3].reshape(-1, 6)


def _opal(kind: str) -> Callable[[int, int, Path | None], Table]:
    """First 8,000 events of one simulated process, what carries its file away left out.

    Long tails are brought in. The count of charged particles is a whole number, in most mm events 2.
    """

    def draw(rows: int, seed: int, data: Path | None) -> Table:
        path = existing(folder(data) / "collider" / "opal" / "mc" / f"{kind}.root")
        table = open_source(path).select(OPAL_FEATURES).read().slice(0, 8000)
        values = np.column_stack([table.column(name).to_numpy() for name in OPAL_FEATURES])
        return OPAL_FEATURES, np.minimum(values, np.quantile(values, EDGE, axis=0))

    return draw


def _higgs(rows: int, seed: int, data: Path | None) -> Table:
    """Four-vectors (GeV) of two incoming partons, the Higgs boson and two outgoing partons."""
    particles = higgs(data).particles
    names = tuple(
        f"{part}_{who}" for who in ("in1", "in2", "H", "j1", "j2") for part in ("px", "py", "pz", "E")
    )
    return names, particles[:, :, 1:].reshape(len(particles), 20)


def _pythia(name: str) -> Callable[[int, int, Path | None], Table]:
    """Momenta (GeV) of the two particles of a hard process without radiation: no transverse sum."""

    def draw(rows: int, seed: int, data: Path | None) -> Table:
        from unseen.collider.generator import Generator

        pythia = Generator((*_TWO_PARTONS, *PYTHIA[name]), seed + 1)
        pairs = np.stack([pythia.draw().p4[:2, :3] for _ in range(rows)])
        # which of two partons comes first must not be Pythia's habit
        swapped = generator(seed, 83).uniform(size=rows) < 0.5
        pairs[swapped] = pairs[swapped][:, ::-1]
        return MOMENTA, pairs.reshape(-1, 6)

    return draw


REAL: Mapping[str, Callable[[int, int, Path | None], Table]] = {
    MUONS: _muons,
    "mm, OPAL": _opal("mm"),
    "qq, OPAL": _opal("qq"),
    HIGGS: _higgs,
    **{name: _pythia(name) for name in PYTHIA},
}
"""Name -> (rows, seed, folder) -> names of the columns and their values."""
