"""The final state of an event as columns: who counts as what, in which order, under which name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

GROUPS = {
    "h": (25, 35, 36, 37),
    "v": (23, 24),
    "t": (6,),
    "l": (11, 13, 15),
    "n": (12, 14, 16),
    "a": (22,),
    "j": (1, 2, 3, 4, 5, 21),
    "o": (),
}
"""Letter -> |PDG id|: Higgs bosons, W and Z, tops, charged leptons, neutrinos, photons, jets, others."""
LETTERS = tuple(GROUPS)
OF_ID = {number: LETTERS.index(letter) for letter, numbers in GROUPS.items() for number in numbers}
OTHERS = LETTERS.index("o")
PARTS = ("pt", "eta", "phi", "mass", "pdg")
UNITS = {"pt": "GeV", "phi": "rad", "mass": "GeV"}
FINAL, INCOMING = 1, -1


@dataclass(frozen=True)
class Line:
    """One particle of an event: what of it is used. Momenta, energy and mass in GeV."""

    pdg: int
    px: float
    py: float
    pz: float
    energy: float
    mass: float


def slot(letter: str, place: int) -> str:
    """Return the name of the `place`-th hardest of its group, from 0; the only Higgs needs no number.

    >>> slot("h", 0), slot("h", 1), slot("j", 0)
    ('h', 'h2', 'j1')
    """
    return letter if letter == "h" and place == 0 else f"{letter}{place + 1}"


def group(pdg: int) -> int:
    """Return the place in `LETTERS` of a particle.

    >>> LETTERS[group(-24)], LETTERS[group(5)], LETTERS[group(1000022)]
    ('v', 'j', 'o')
    """
    return OF_ID.get(abs(pdg), OTHERS)


def state(event: Iterable[Line]) -> str:
    """Write the final state in letters, such as 'h j j'.

    >>> state([Line(21, 0, 0, 0, 0, 0), Line(25, 0, 0, 0, 0, 0), Line(-1, 0, 0, 0, 0, 0)])
    'h j j'
    """
    return " ".join(LETTERS[place] for place in sorted(group(line.pdg) for line in event))


def most(events: Iterable[Sequence[Line]]) -> np.ndarray:
    """Return the most particles of each group that one event has, int64 of shape (groups,)."""
    counts = [_counts([group(line.pdg) for line in event]) for event in events]
    found: np.ndarray = np.max(counts, axis=0, initial=0) if counts else np.zeros(len(LETTERS), np.int64)
    return found


def columns(slots: np.ndarray) -> list[str]:
    """Return the columns of a final state with `slots[g]` places for group g, counts first."""
    counts = [f"n_{letter}" for letter in LETTERS]
    names = [slot(letter, at) for letter, much in zip(LETTERS, slots, strict=True) for at in range(much)]
    return counts + [f"{name}_{part}" for name in names for part in PARTS]


def values(events: Sequence[Sequence[Line]], slots: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of N events, each float64 of shape (N,).

    Within a group the order is by falling transverse momentum. With p the three-momentum,
    pt = sqrt(px^2 + py^2) in GeV, eta = asinh(pz / pt), phi = atan2(py, px) in (-pi, pi], and the mass is as
    the generator wrote it, which carries no rounding of E^2 - p^2. Where there is no such particle all are 0;
    particles beyond `slots` are counted only.

    >>> jets = [Line(21, 3.0, 4.0, 0.0, 5.0, 0.0), Line(1, 0.0, -9.0, 0.0, 9.0, 0.0)]
    >>> found = values([jets], most([jets]))
    >>> found["n_j"], found["j1_pt"], found["j2_pt"], found["j2_pdg"]
    (array([2.]), array([9.]), array([5.]), array([21.]))
    """
    owner = np.repeat(np.arange(len(events)), [len(event) for event in events])
    lines = [line for event in events for line in event]
    kinds = np.array([group(line.pdg) for line in lines], dtype=np.int64)
    px, py, pz = (np.array([getattr(line, axis) for line in lines]) for axis in ("px", "py", "pz"))
    pt = np.hypot(px, py)
    with np.errstate(divide="ignore", invalid="ignore"):  # along the beam eta is infinite, and said to be
        eta = np.arcsinh(pz / pt)
    mass, pdg = (np.array([getattr(line, part) for line in lines], dtype=float) for part in ("mass", "pdg"))
    order = np.lexsort((-pt, kinds, owner))
    place = _places(owner[order], kinds[order])
    parts = [part[order] for part in (pt, eta, np.arctan2(py, px), mass, pdg)]
    out = {name: np.zeros(len(events)) for name in columns(slots)}
    for index, letter in enumerate(LETTERS):
        mine = kinds[order] == index
        out[f"n_{letter}"] += np.bincount(owner[order][mine], minlength=len(events))
        for at in range(slots[index]):
            chosen = mine & (place == at)
            for name, part in zip(PARTS, parts, strict=True):
                out[f"{slot(letter, at)}_{name}"][owner[order][chosen]] = part[chosen]
    return out


def _counts(kinds: Sequence[int]) -> np.ndarray:
    return np.bincount(kinds, minlength=len(LETTERS))


def _places(owner: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Return each row's place within its run of equal owner and kind, from 0."""
    new = np.ones(len(owner), dtype=bool)
    new[1:] = (owner[1:] != owner[:-1]) | (kinds[1:] != kinds[:-1])
    starts = np.flatnonzero(new)
    places: np.ndarray = np.arange(len(owner)) - np.repeat(starts, np.diff([*starts, len(owner)]))
    return places
