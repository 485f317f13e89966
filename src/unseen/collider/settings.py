"""Everything that decides which events come out: one frozen record, filled in, checked and written down."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from unseen import seeds
from unseen.collider.detector import Detector
from unseen.collider.generator import checked_setting
from unseen.collider.physics import Physics
from unseen.collider.processes import PROCESSES, Process, process_of
from unseen.collider.selection import Selection
from unseen.errors import ConfigError

_LARGEST_PYTHIA_SEED = 900_000_000
_BELONGS = {"dijet": ("pt_min",), "ht": ("ht_min",), "all": ()}


@dataclass(frozen=True)
class Run:
    """What is simulated.

    Attributes:
        physics: process and generator.
        selection: which events are kept.
        detector: makes images; None makes none.
        particles: whether all visible particles are written.
        seed: 0 or more.
        chunk: events made under one seed of their own. Other chunks make other events.

    """

    physics: Physics = field(default_factory=Physics)
    selection: Selection = field(default_factory=Selection)
    detector: Detector | None = None
    particles: bool = True
    seed: int = 0
    chunk: int = 250

    @property
    def process(self) -> Process:
        """The process by its name."""
        return process_of(self.physics.process)

    def settled(self) -> Run:
        """Fill in what was left open, and check all of it.

        Raises:
            ConfigError: a value is not accepted, or does not matter to the process.

        >>> run = Run(Physics("suep")).settled()
        >>> run.physics.mass, run.selection.kind
        (300.0, 'ht')

        """
        if self.seed < 0 or self.chunk < 1:
            raise ConfigError(f"seed {self.seed}, chunk {self.chunk}: accepted are 0 or more, 1 or more")
        usual = "ht" if self.detector is not None else self.process.selection
        selection = dataclasses.replace(self.selection, kind=self.selection.kind or usual).checked()
        if self.detector is not None:
            self.detector.checked()
            if self.physics.process == "zh":
                raise ConfigError("zh ends with partons, of which there is no image; leave --images out")
        physics = settled(self.physics, selection)
        for line in physics.extra:
            checked_setting(line)
        return dataclasses.replace(self, physics=physics, selection=selection)

    def lines(self) -> tuple[str, ...]:
        """Return the Pythia settings of a settled run, without the seed."""
        energy = f"Beams:eCM = {self.physics.energy:.10g}"
        return (energy, *self.process.lines(self.physics), *self.physics.extra)

    def record(self) -> dict[str, object]:
        """Return the settings that decide which events come out, as plain values."""
        physics = {
            name: value for name, value in dataclasses.asdict(self.physics).items() if value not in (None, ())
        }
        if self.physics.process != "top":
            physics.pop("hadronic")
        chosen = self.selection
        others = {name for kind, names in _BELONGS.items() if kind != chosen.kind for name in names}
        selection = {name: value for name, value in dataclasses.asdict(chosen).items() if name not in others}
        selection["selection"] = selection.pop("kind")
        detector = None if self.detector is None else dataclasses.asdict(self.detector)
        rest = {"detector": detector, "particles": self.particles, "seed": self.seed, "chunk": self.chunk}
        plain = json.loads(json.dumps({**physics, **selection, **rest}))
        return dict(plain)

    def stream(self, number: int) -> np.random.Generator:
        """Random numbers of one chunk: they depend on seed, settings and the chunk's number alone."""
        text = json.dumps({**self.record(), "seed": None, "particles": None}, sort_keys=True)
        words = np.frombuffer(hashlib.sha256(text.encode()).digest()[:16], dtype="<u4")
        return seeds.generator(self.seed, *words.tolist(), number)


def pythia_seed(rng: np.random.Generator) -> int:
    """Draw a seed that Pythia accepts."""
    return int(rng.integers(1, _LARGEST_PYTHIA_SEED))


def settled(physics: Physics, selection: Selection) -> Physics:
    """Fill in the process's own values where nothing is asked.

    Raises:
        ConfigError: a value was given that does not matter to the process, or its needs are not met.

    >>> settled(Physics("zh", mass=-5), Selection())
    Traceback (most recent call last):
    ...
    unseen.errors.ConfigError: zh: mass must be above 0 and below the collision energy; got mass -5
    """
    process = process_of(physics.process)
    optional = {name for one in PROCESSES.values() for name in one.defaults}
    for name in sorted(optional - set(process.defaults)):
        if getattr(physics, name) is not None:
            raise ConfigError(f"{name.replace('_', '-')} does not matter to {physics.process}; leave it out")
    _refuse_numbers(physics)
    given = {name: getattr(physics, name) for name in process.defaults}
    filled: dict[str, Any] = {
        name: process.defaults[name] if value is None else value for name, value in given.items()
    }
    if "pt_hat_min" in filled and filled["pt_hat_min"] is None:
        filled["pt_hat_min"] = usual_pt_hat_min(physics.process, selection)
    if filled.get("mass") and physics.process == "suep" and filled["mass"] >= 700:
        filled["pt_hat_min"] = None  # made alone, gg -> H, without a jet beside it
    full = dataclasses.replace(physics, **filled)
    for holds, sentence in process.needs:
        if not holds(full):
            raise ConfigError(f"{physics.process}: {sentence}; got {_shown(filled)}")
    return full


def usual_pt_hat_min(process: str, selection: Selection) -> float:
    """Return a least transverse momentum of the hard process in GeV that cuts next to nothing away.

    Of the events that pass, 1 to 2 % lie within 10 % of it. At 300 GeV for
    H_T > 800 GeV it would be 18 %, for a twelfth of the tries.
    """
    if selection.kind == "ht":
        return round(0.1875 * selection.ht_min, 6) if process == "qcd" else 0.0
    if selection.kind == "dijet":
        return round((0.7 if process == "qcd" else 0.5) * selection.pt_min, 6)
    return 20.0


def difference(there: Mapping[str, object], asked: Mapping[str, object]) -> str:
    """Name the first setting in which two records differ; empty where there is none.

    >>> difference({"mass": 300.0, "seed": 0}, {"mass": 400.0, "seed": 0})
    'mass is 300.0 there and 400.0 here'
    """
    for name in sorted({*there, *asked}):
        a, b = there.get(name), asked.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            if inner := difference(a, b):
                return inner
        elif a != b:
            return f"{name.replace('_', '-')} is {a} there and {b} here"
    return ""


def _refuse_numbers(physics: Physics) -> None:
    for one in dataclasses.fields(physics):
        value = getattr(physics, one.name)
        if isinstance(value, float | int) and not np.isfinite(value):
            raise ConfigError(f"{one.name.replace('_', '-')} {value}: accepted is a finite number")
    if physics.energy <= 100:
        raise ConfigError(f"energy {physics.energy}: accepted is a proton collision above 100 GeV")
    if physics.pt_hat_min is not None and not 0 <= physics.pt_hat_min < physics.energy / 2:
        raise ConfigError(f"pt-hat-min {physics.pt_hat_min}: accepted is 0 to half the energy, in GeV")


def _shown(filled: Mapping[str, object]) -> str:
    return ", ".join(
        f"{name.replace('_', '-')} {value}" for name, value in filled.items() if value is not None
    )
