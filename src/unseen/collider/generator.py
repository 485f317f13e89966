"""Pythia 8 behind a small door: checked settings in, events as arrays out.

Reference: Bierlich et al., arXiv:2203.11601. Pythia is under the GPL and comes with the extra `physics`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.collider import kinematics
from unseen.collider.kinematics import Floats
from unseen.collider.muting import muted
from unseen.errors import ConfigError, need

ETA_MAX = 5.0
"""Particles further forward are not seen by any detector."""

_INVISIBLE = (12, 14, 16, 18, 39, 1000022, 1000039)
_DARK = ((51, 60), (4900001, 4900999))
_YES, _NO = ("on", "yes", "ok", "true", "1"), ("off", "no", "false", "0")
_NUMBERS = ("m0", "mwidth", "mmin", "mmax", "tau0")
_OURS = {
    "beams:ecm": "--energy",
    "random:": "--seed",
    "print:": "nothing, the generator stays silent",
    "init:": "nothing, the generator stays silent",
    "next:": "nothing, the generator stays silent",
    "main:": "--events",
}
_MOST_FAILURES = 100


@dataclass(frozen=True)
class Event:
    """Final particles of one event.

    Attributes:
        p4: (n, 4) px, py, pz, E in GeV.
        pdg: (n,) particle numbers of the Particle Data Group.
        charge: (n,) in units of the positron's.
        weight: the generator's.
        pt_hat: transverse momentum of the hard process in GeV.
        truth: name -> (4,) four-vector of a particle that was asked for, in its last copy.

    """

    p4: Floats
    pdg: NDArray[np.int64]
    charge: Floats
    weight: float
    pt_hat: float
    truth: Mapping[str, Floats]

    def visible(self) -> Event:
        """Leave out neutrinos, dark particles and what is beyond `ETA_MAX`."""
        number = np.abs(self.pdg)
        hidden = np.isin(number, _INVISIBLE)
        for first, last in _DARK:
            hidden |= (number >= first) & (number <= last)
        keep = ~hidden & (np.abs(kinematics.eta(self.p4)) < ETA_MAX)
        return Event(self.p4[keep], self.pdg[keep], self.charge[keep], self.weight, self.pt_hat, self.truth)


class Generator:
    """A started Pythia; `draw` gives event after event, the same ones for the same lines and seed."""

    def __init__(self, lines: Sequence[str], seed: int, truth: Mapping[str, int] | None = None) -> None:
        self.lines = tuple(lines)
        self.seed = seed
        self.truth = dict(truth or {})
        self._pythia = _started(self.lines, seed)
        self._charges: dict[int, float] = {}

    def draw(self) -> Event:
        """Make the next event.

        Raises:
            ConfigError: a hundred attempts in a row failed.

        """
        for _ in range(_MOST_FAILURES):
            if self._pythia.next():
                return self._event()
        raise ConfigError(f"Pythia made no event in {_MOST_FAILURES} attempts; look at the masses and --set")

    @property
    def cross_section(self) -> tuple[float, float]:
        """Cross-section of the process and its statistical error in pb, before any selection."""
        info = self._pythia.infoPython()
        return float(info.sigmaGen()) * 1e9, float(info.sigmaErr()) * 1e9

    def _event(self) -> Event:
        record = self._pythia.event
        rows = [(one.px(), one.py(), one.pz(), one.e(), one.id()) for one in record if one.isFinal()]
        table = np.array(rows, dtype=np.float64).reshape(-1, 5)
        pdg = table[:, 4].astype(np.int64)
        info = self._pythia.infoPython()
        return Event(
            table[:, :4].copy(),
            pdg,
            self._charge(pdg),
            float(info.weight()),
            float(info.pTHat()),
            self._truth(),
        )

    def _charge(self, pdg: NDArray[np.int64]) -> Floats:
        numbers, places = np.unique(pdg, return_inverse=True)
        for number in numbers.tolist():
            if number not in self._charges:
                self._charges[number] = float(self._pythia.particleData.charge(number))
        return np.array([self._charges[number] for number in numbers.tolist()], dtype=np.float64)[places]

    def _truth(self) -> dict[str, Floats]:
        if not self.truth:
            return {}
        last = {one.id(): (one.px(), one.py(), one.pz(), one.e()) for one in self._pythia.event}
        return {name: np.array(last[number]) for name, number in self.truth.items()}


def needed() -> ModuleType:
    """Load Pythia.

    Raises:
        MissingExtraError: it is not installed.

    """
    return need("pythia8mc", extra="physics", purpose="simulating events (Pythia 8, GPL)")


def checked_setting(line: str) -> tuple[str, str]:
    """Cut a user's `Key = value`; refuse what the command line has an option for.

    Raises:
        ConfigError: the line has another form, or the key belongs to an option.

    >>> checked_setting("PartonLevel:MPI = off")
    ('PartonLevel:MPI', 'off')
    """
    key, equals, value = (part.strip() for part in line.partition("="))
    if not equals or not value or ":" not in key:
        raise ConfigError(f"Pythia setting {line!r} has another form; accepted: 'Group:name = value'")
    for prefix, option in _OURS.items():
        if key.lower().startswith(prefix):
            raise ConfigError(f"Pythia setting {key!r} is set by the program; use {option}")
    return key, value


def _started(lines: Sequence[str], seed: int) -> Any:
    with muted() as said:
        pythia = needed().Pythia("", False)
        for line in (
            "Print:quiet = on",
            "Print:verbosity = 0",
            "Random:setSeed = on",
            f"Random:seed = {seed}",
        ):
            _read(pythia, line)
        for line in lines:
            _read(pythia, line)
        started = pythia.init()
    if not started:
        why = said[-1].strip() if said else "no reason given"
        raise ConfigError(f"Pythia does not start with these settings ({why}); look at --set and the masses")
    return pythia


def _read(pythia: Any, line: str) -> None:
    """Give Pythia one setting; it silently takes 'onn' for off and text for the number 0, so look first."""
    key, _, value = (part.strip() for part in line.partition("="))
    last = key.rpartition(":")[2].lower()
    meant = True
    if pythia.settings.isFlag(key):
        meant = value.lower() in _YES + _NO
    elif last in _NUMBERS:
        meant = _is_number(value)
    if not meant or not pythia.readString(line, False):
        version = pythia.parm("Pythia:versionNumber")
        raise ConfigError(
            f"Pythia setting {line!r} is not accepted by Pythia {version:.3f}: unknown name or value"
        )


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
