"""Collider events of the studies: OPAL, Higgs events with operator weights, and jets made by the project."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.data import open_source
from unseen.errors import DataError
from unseen.recipes.datasets import existing, folder

Floats = NDArray[np.float64]

# What may be used of OPAL's columns: the others tell the file an event is from (no angle, beam energy, run).
OPAL_FEATURES = ("Ncharged", "Pcharged", "E_ecal", "E_hcal")
OPAL_KINDS = ("ee", "mm", "qq", "tt")

# Jets of resonances and of their background: one selection, one mass, so that only the prongs differ.
PT_MIN, PT_HAT_MIN = 1000.0, 850.0
RESONANCE, DAUGHTER = 3000.0, 300.0
# One jet; neither its momentum nor the mass of the pair is a feature.
JET_FEATURES = (
    "mass", "softdrop_mass", "tau21", "tau32", "tau43", "c2", "d2", "n_constituents", "ptd", "width",
)  # fmt: skip


def opal(data: Path | None = None) -> dict[str, Floats]:
    """Read simulated and reconstructed LEP events by process: kind -> (N, 4), in GeV but for the count."""
    home = folder(data) / "collider" / "opal" / "mc"
    return {kind: _matrix(existing(home / f"{kind}.root"), OPAL_FEATURES) for kind in OPAL_KINDS}


def _matrix(path: Path, columns: tuple[str, ...]) -> Floats:
    table = open_source(path).select(columns).read()
    return np.column_stack([table.column(name).to_numpy() for name in columns])


@dataclass(frozen=True)
class Dijets:
    """Events of two jets of one process.

    Attributes:
        features: Shape (N, 20): `JET_FEATURES` of the jet of larger groomed mass, then of the other.
        mass: Invariant mass of the two jets, GeV, shape (N,); never a feature.

    """

    features: Floats
    mass: Floats


def dijets(counts: Mapping[str, int]) -> dict[str, Dijets]:
    """Simulate events, or take those an earlier study left in the cache.

    Args:
        counts: Name -> events; names are "qcd", "top", "2 prongs", "3 prongs" and "4 prongs".

    Raises:
        MissingExtraError: Pythia or FastJet is not installed.

    """
    return {name: _dijets(name, count) for name, count in counts.items()}


def _dijets(name: str, count: int) -> Dijets:
    from unseen.collider.physics import Physics
    from unseen.collider.selection import Selection
    from unseen.collider.settings import Run
    from unseen.collider.simulate import simulate

    prongs = int(name[0]) if name.endswith("prongs") else None
    physics = Physics(name, pt_hat_min=PT_HAT_MIN)
    if prongs is not None:
        physics = Physics("resonance", mass=RESONANCE, daughter_mass=DAUGHTER, prongs=prongs)
    path = cache() / f"{name.replace(' ', '')}.h5"
    with warnings.catch_warnings():
        # 4.6 % of the QCD events lie within 10 % of the generator's cut: the softest jets, whose momentum is
        # no feature, are a little too few. The README of aware-collider says so.
        warnings.filterwarnings("ignore", message=".*of the events lie within 10 %", category=UserWarning)
        simulate(Run(physics, Selection(pt_min=PT_MIN), particles=False), count, path)
    columns = [f"{jet}_{feature}" for jet in ("j1", "j2") for feature in JET_FEATURES]
    table = _matrix(path, (*columns, "mjj"))[:count]
    pair = table[:, :-1].reshape(len(table), 2, -1)
    heavier = np.argsort(-pair[:, :, JET_FEATURES.index("softdrop_mass")], axis=1)
    ordered = np.take_along_axis(pair, heavier[:, :, None], axis=1)
    return Dijets(ordered.reshape(len(table), -1), table[:, -1])


def cache() -> Path:
    """Return the folder of simulated events: UNSEEN_CACHE, else `~/.cache/unseen`; it is made if needed.

    Raises:
        DataError: It cannot be made.

    """
    place = Path(os.environ.get("UNSEEN_CACHE", Path.home() / ".cache" / "unseen"))
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{place} cannot be made ({error.strerror}); name a folder with UNSEEN_CACHE"
        ) from error
    return place


@dataclass(frozen=True)
class HiggsEvents:
    """Parton-level Higgs events and what each operator makes of their weights.

    Attributes:
        particles: [pdg id, px, py, pz, E] (GeV) of two incoming partons, the Higgs boson and two outgoing
            partons, shape (N, 5, 5).
        weights: Of the standard model and of the operators at their sampled values, shape (N, 21).
        names: Of the weights.

    """

    particles: Floats
    weights: Floats
    names: tuple[str, ...]

    def ratio(self, operator: str, value: float) -> tuple[Floats, int]:
        """Return w(c) / w(SM) of each event, shape (N,), and how many came out negative and were set to 0.

        One operator enters as r(c) = 1 + l c + q c^2, which its weights at 0.1 and 0.2 determine:
        q = (r(0.2) - 2 r(0.1) + 1) / 0.02, l = (r(0.1) - 1 - 0.01 q) / 0.1.
        """
        place = {name: column for column, name in enumerate(self.names)}
        low, high = (self.weights[:, place[f"{operator}_0p{tenth}"]] / self.weights[:, 0] for tenth in (1, 2))
        quadratic = (high - 2.0 * low + 1.0) / 0.02
        linear = (low - 1.0 - 0.01 * quadratic) / 0.1
        ratio = 1.0 + linear * value + quadratic * value**2
        return np.maximum(ratio, 0.0), int((ratio < 0).sum())


def higgs(data: Path | None = None) -> HiggsEvents:
    """50,000 events of Higgs production by vector-boson fusion with SMEFT weights."""
    path = existing(folder(data) / "collider" / "smeft" / "smeft_vbfh_50k.npz")
    with np.load(path, allow_pickle=False) as file:
        names = tuple(str(name) for name in file["weight_names"])
        return HiggsEvents(file["particles"].astype(np.float64), file["weights"].astype(np.float64), names)
