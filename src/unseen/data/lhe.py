"""LHE files: simulated events before the shower, with their weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from unseen.data import particles
from unseen.data.batches import Source
from unseen.data.columns import column_names, refuse_names
from unseen.data.files import File
from unseen.data.lhe_file import LheFile
from unseen.data.particles import FINAL, INCOMING, Line
from unseen.errors import DataError

LOOK = 1000
"""Events looked at to fix the columns."""
MOST_NAMED = 30
"""Weights that are named in a sentence."""
BEAMS = {2212: "p", -2212: "pbar", 11: "e-", -11: "e+", 13: "mu-", -13: "mu+", 22: "a"}
ALL_WEIGHTS = "weight"


class LheSource(Source):
    """The events of an LHE file (also gzipped), one row each, read event by event by pylhe.

    | columns | what |
    |---|---|
    | `n_h`, `n_v`, `n_t`, `n_l`, `n_n`, `n_a`, `n_j`, `n_o` | how many of each group, see below |
    | `h_pt`, `h_eta`, `h_phi`, `h_mass`, `h_pdg` | the hardest Higgs boson; GeV, rad |
    | `j1_pt`, ...; `j2_pt`, ... | jets by falling pT; likewise `h2`, `v1`, `t1`, `l1`, `n1`, `a1`, `o1` |
    | `in1_pdg`, `in2_pdg`, `x1`, `x2` | incoming partons, their share of the energy of their beam |
    | `weight` | XWGTUP, the weight of the event |
    | `weight[NAME]` | each named weight of the file; not-a-number where an event lacks it |

    Groups: h Higgs bosons, v W and Z, t tops, l charged leptons, n neutrinos, a photons, j jets (d, u, s,
    c, b, g), o all others. The particles are those of status 1.

    The columns are fixed by the first 1,000 events. Where an event has fewer particles, the rest is 0.
    Where a later one has more, the hardest are kept and all are counted: the counts are always there, for
    every group, so that a particle nobody expected still shows.

    Raises:
        DataError: not LHE, broken XML, gzip or numbers, XML entities, no events; the event is named, from 0.
        MissingExtraError: pylhe is not installed.

    References:
        J. Alwall et al., A standard format for Les Houches event files, hep-ph/0609017.

    """

    def __init__(self, file: File) -> None:
        self.name = file.name
        self._lhe = LheFile(file)
        with self._lhe.opened() as (whole, runs):
            first = next(runs)
            init = whole.init.initInfo
            self._beams = (init.beamA, init.beamB), (init.energyA, init.energyB)
            declared = whole.header.initrwgt.list_weights_ids() if whole.header else []
        if not first:
            raise DataError(f"{self.name} holds no events")
        final = [_lines(event, FINAL) for event in first]
        self._states = Counter(particles.state(event) for event in final)
        self._slots = particles.most(final)
        found = (name for event in first for name in event.weights)
        self._weight_names = tuple(dict.fromkeys([*declared, *found]))
        self.columns = column_names(
            [*particles.columns(self._slots), "in1_pdg", "in2_pdg", "x1", "x2", *self.weights], self.name
        )

    @property
    def weights(self) -> tuple[str, ...]:
        """The weight of the event, then the named ones."""
        return (ALL_WEIGHTS, *(f"{ALL_WEIGHTS}[{name}]" for name in self._weight_names))

    @property
    def units(self) -> Mapping[str, str]:
        """GeV and rad, as the standard has it."""
        parts = {name: name.rpartition("_")[2] for name in self.columns if name not in self.weights}
        return {name: particles.UNITS[part] for name, part in parts.items() if part in particles.UNITS}

    @cached_property
    def content(self) -> str:
        """How many events of what; shares of final states are those of the first 1,000."""
        total = self._states.total()
        states = ", ".join(
            f"{state or 'nothing'} ({count / total:.0%})" for state, count in self._states.most_common(4)
        )
        more = ", ..." if len(self._states) > 4 else ""
        names = self._weight_names
        rest = f", ... ({len(names)} in all)" if len(names) > MOST_NAMED else ""
        named = f"; weights: {', '.join(names[:MOST_NAMED])}{rest}" if names else ""
        return f"{self._lhe.count():,} events, {self._collision()}: final state {states}{more}{named}"

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Read every event and keep `columns`."""
        with self._lhe.opened(weights=bool({*columns} & {*self.weights[1:]})) as (_, runs):
            for run in runs:
                if run:
                    found = self._values(run)
                    yield pa.table({name: pa.array(found[name]) for name in columns})

    def _values(self, events: Sequence[Any]) -> dict[str, np.ndarray]:
        found = particles.values([_lines(event, FINAL) for event in events], self._slots)
        found |= _incoming([_lines(event, INCOMING) for event in events], self._beams[1])
        found[ALL_WEIGHTS] = np.array([event.eventinfo.weight for event in events])
        for column, name in zip(self.weights[1:], self._weight_names, strict=True):
            found[column] = np.array([event.weights.get(name, np.nan) for event in events])
        return found

    def _collision(self) -> str:
        beams, energies = self._beams
        names = [BEAMS.get(beam, str(beam)) for beam in beams]
        energy = 2 * (energies[0] * energies[1]) ** 0.5  # of beams whose mass does not matter
        across = "" if all(len(name) == 1 for name in names) else " "
        size = f"{energy / 1000:g} TeV" if energy >= 1000 else f"{energy:g} GeV"
        return f"{across.join(names)} at {size}"


def open_lhe(file: File, names: Sequence[str] | None = None) -> Source:
    """Open an LHE file."""
    if names is not None:
        refuse_names(file.name)
    return LheSource(file)


def _lines(event: Any, status: int) -> list[Line]:
    return [Line(p.id, p.px, p.py, p.pz, p.e, p.m) for p in event.particles if p.status == status]


def _incoming(events: Sequence[Sequence[Line]], energies: tuple[float, float]) -> dict[str, np.ndarray]:
    """Return what came in, in the order of the file, 0 where there is none (a decay)."""
    found = {name: np.zeros(len(events)) for name in ("in1_pdg", "in2_pdg", "x1", "x2")}
    for place, energy in enumerate(energies):
        lines = [event[place] if len(event) > place else None for event in events]
        found[f"in{place + 1}_pdg"] += [line.pdg if line else 0 for line in lines]
        found[f"x{place + 1}"] += [line.energy / energy if line and energy else 0.0 for line in lines]
    return found
