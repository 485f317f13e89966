"""Z -> mu mu events of CMS open data as two four-vectors, positive muon first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.data import open_source
from unseen.recipes.datasets import existing, folder

Floats = NDArray[np.float64]

PART = ("E", "px", "py", "pz")
MOVED = {
    "common phi rotation": "rotation:px1,py1+px2,py2",
    "swap of charges": "swap:E1,px1,py1,pz1+E2,px2,py2,pz2",
    "px -> -px, both": "reflection:px1,px2",
    "pz -> -pz, both": "reflection:pz1,pz2",
    "phi rotation of one muon": "rotation:px1,py1",
    "one muon by 0.1 rad": "rotation:px1,py1=0.1",
    "boost beta_z = 0.1": "boost:E1,pz1+E2,pz2=0.1",
    "momenta x 1.02": "scale:px1,py1,pz1,px2,py2,pz2=1.02",
}
MASS = 0.1056584


def muons(data: Path | None) -> tuple[list[str], Floats]:
    """Names and four-vectors of the pairs of opposite charge, shape (N, 8), GeV."""
    table = open_source(existing(folder(data) / "collider/cms_opendata/Zmumu_Run2011A.csv.gz")).read()
    read = {name: table.column(name).to_numpy().astype(float) for name in table.column_names}
    pair = read["Q1"] * read["Q2"] < 0
    first = read["Q1"] > 0
    values = []
    for one, two in (("1", "2"), ("2", "1")):
        pt, eta, phi = (np.where(first, read[part + one], read[part + two]) for part in ("pt", "eta", "phi"))
        momentum = [pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
        energy = np.sqrt(sum(part**2 for part in momentum) + MASS**2)
        values += [energy, *momentum]
    return [part + number for number in "12" for part in PART], np.column_stack(values)[pair]


def seen(values: Floats) -> Floats:
    """Return what the trees look at: ln pt, eta, phi of both muons, cosine of the angle between them."""
    found, angles = [], []
    for start in (0, 4):
        px, py, pz = values[:, start + 1 : start + 4].T
        pt = np.hypot(px, py)
        angles.append(np.arctan2(py, px))
        found += [np.log(pt), np.arcsinh(pz / pt), angles[-1]]
    return np.column_stack([*found, np.cos(angles[0] - angles[1])])


def invariant_mass(values: Floats) -> Floats:
    """M^2 of the pair, GeV^2, shape (N,)."""
    energy, *momentum = (values[:, :4] + values[:, 4:]).T
    return np.asarray(energy**2 - sum(part**2 for part in momentum))
