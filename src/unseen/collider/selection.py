"""Which simulated events are kept, and what is measured of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from unseen.collider import kinematics, substructure
from unseen.collider.cluster import Jets, anti_kt
from unseen.collider.kinematics import Floats
from unseen.errors import ConfigError, unknown

KINDS = ("dijet", "ht", "all")
LEAST_JET_PT = 30.0
"""GeV; softer jets are neither counted nor written."""

EVENT_UNITS: Mapping[str, str] = {"weight": "1", "n_jets": "1", "ht": "GeV", "met": "GeV", "mjj": "GeV"}


@dataclass(frozen=True)
class Selection:
    """What an event must pass.

    Attributes:
        kind: `dijet` asks two leading jets above `pt_min`, within `eta_max`; `ht` asks the sum of transverse
            momenta of visible particles within `eta_max` to be above `ht_min`; `all` keeps every event; None
            is the usual one of the process, or `ht` for images.
        pt_min: GeV.
        ht_min: GeV.
        eta_max: largest absolute pseudorapidity.
        radius: of the anti-kT jets.

    """

    kind: str | None = None
    pt_min: float = 450.0
    ht_min: float = 800.0
    eta_max: float = 2.5
    radius: float = 1.0

    def checked(self) -> Selection:
        """Return itself.

        Raises:
            ConfigError: a value is not accepted.

        """
        if self.kind not in KINDS:
            raise ConfigError(unknown("selection", self.kind, KINDS))
        for name in ("pt_min", "ht_min"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ConfigError(
                    f"{name.replace('_', '-')} {getattr(self, name)}: accepted is 0 GeV or more"
                )
        for name in ("eta_max", "radius"):
            if not 0 < getattr(self, name) < np.inf:
                raise ConfigError(
                    f"{name.replace('_', '-')} {getattr(self, name)}: accepted is a number above 0"
                )
        return self

    def may_keep(self, p4: Floats, ht: float) -> bool:
        """Say whether jets are worth their time: two hard jets need as much transverse momentum in all."""
        if self.kind == "dijet":
            return bool(np.sum(kinematics.pt(p4)) > 2 * self.pt_min)
        return self.kind == "all" or ht > self.ht_min

    def keeps(self, ht: float, jets: Jets) -> bool:
        """Say whether an event of this H_T (GeV) and these jets passes."""
        if self.kind == "all":
            return True
        if self.kind == "ht":
            return ht > self.ht_min
        leading = jets.p4[:2]
        hard = kinematics.pt(leading) > self.pt_min
        central = np.abs(kinematics.eta(leading)) < self.eta_max
        return len(leading) == 2 and bool(np.all(hard & central))


def scalar_sum(p4: Floats, eta_max: float) -> float:
    """H_T in GeV: the sum of transverse momenta within `eta_max`.

    >>> scalar_sum(kinematics.from_pt_eta_phi_mass([30.0, 20.0, 9.0], [0, -2, 3], [0, 1, 2]), 2.5)
    50.0
    """
    return float(round(np.sum(kinematics.pt(p4) * (np.abs(kinematics.eta(p4)) < eta_max)), 9))


def event_jets(p4: Floats, selection: Selection) -> Jets:
    """Cluster an event's visible particles into the jets that are counted and written."""
    return anti_kt(p4, radius=selection.radius, pt_min=LEAST_JET_PT)


def event_features(p4: Floats, jets: Jets, ht: float, weight: float, radius: float) -> dict[str, float]:
    """Return one row of the table: the event, then its two leading jets; zeros where there is no such jet.

    Args:
        p4: (n, 4) visible particles in GeV.
        jets: of the event, hardest first.
        ht: of the event in GeV.
        weight: the generator's weight of the event.
        radius: of the jets.

    """
    missing = float(np.hypot(*p4[:, :2].sum(axis=0)))
    mjj = float(kinematics.invariant_mass(jets.p4[:2])) if len(jets) > 1 else 0.0
    row = dict(zip(EVENT_UNITS, (weight, float(len(jets)), ht, missing, mjj), strict=True))
    for place in range(2):
        inside = p4[jets.members[place]] if place < len(jets) else p4[:0]
        found = substructure.jet_features(inside, radius=radius)
        row |= {f"j{place + 1}_{name}": value for name, value in found.items()}
    return row


def truth_features(truth: Mapping[str, Floats]) -> dict[str, float]:
    """Columns `NAME_pt`, `_eta`, `_phi`, `_mass` of the generator's own particles."""
    return {
        f"{name}_{what}": float(getattr(kinematics, what)(p4))
        for name, p4 in truth.items()
        for what in ("pt", "eta", "phi", "mass")
    }


def unit_of(column: str) -> str:
    """Return the unit of a column: GeV, rad or 1.

    >>> unit_of("mjj"), unit_of("j2_softdrop_mass"), unit_of("h_phi"), unit_of("j1_tau21")
    ('GeV', 'GeV', 'rad', '1')
    """
    return EVENT_UNITS.get(column) or substructure.UNITS.get(column.partition("_")[2], "1")
