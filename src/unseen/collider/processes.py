"""The processes that can be simulated, each as lines of Pythia settings.

Names of settings are those of Pythia 8.317 (https://pythia.org/manuals/). Where a particle's mass is moved,
its width is set to 1 % of the mass, so that the peak stays narrow whatever the mass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from unseen.collider.physics import Physics
from unseen.errors import ConfigError, unknown

NARROW = 0.01
"""Width of a moved or new particle over its mass."""

_HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5", "24:offIfAny = 6")
_HADRONIC_Z = ("23:onMode = off", "23:onIfAny = 1 2 3 4 5", "23:offIfAny = 6")
_TOP_TO_WB = ("6:onMode = off", "6:onIfAny = 24")


@dataclass(frozen=True)
class Process:
    """One process: how Pythia is set, what is filled in where nothing is asked, what makes no sense.

    Attributes:
        summary: what it is, in a line.
        selection: kind of the usual selection of events (`selection.Selection`).
        lines: settled physics -> Pythia settings.
        defaults: the settings of `Physics` that matter to it -> values where None is given.
        needs: (holds, sentence) pairs that a settled physics must meet.
        truth: column prefix -> particle number whose four-vector is recorded.

    """

    summary: str
    selection: str
    lines: Callable[[Physics], tuple[str, ...]]
    defaults: Mapping[str, float | None] = field(default_factory=dict)
    needs: tuple[tuple[Callable[[Physics], bool], str], ...] = ()
    truth: Mapping[str, int] = field(default_factory=dict)


def _given(value: float | None) -> float:
    """Return a value that `settled` has filled in."""
    if value is None:
        raise ConfigError("these settings are not settled; call settled(physics) first")
    return value


def _narrow(particle: int, mass: float) -> tuple[str, ...]:
    """Move a particle's mass; mass limits within which no threshold of its decays lies."""
    values = {"m0": mass, "mWidth": NARROW * mass, "mMin": 0.8 * mass, "mMax": 1.2 * mass}
    lines = (f"{particle}:{name} = {value:.10g}" for name, value in values.items())
    return (*lines, f"{particle}:doForceWidth = on")


def _pt_hat(physics: Physics) -> tuple[str, ...]:
    return (f"PhaseSpace:pTHatMin = {_given(physics.pt_hat_min):.10g}",)


def _qcd(physics: Physics) -> tuple[str, ...]:
    return ("HardQCD:all = on", *_pt_hat(physics))


def _top(physics: Physics) -> tuple[str, ...]:
    decays = (*_TOP_TO_WB, *_HADRONIC_W) if physics.hadronic else ()
    return ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *_pt_hat(physics), *decays)


def _resonance(physics: Physics) -> tuple[str, ...]:
    mass, daughter = _given(physics.mass), physics.daughter_mass
    moved = {2: (24, 23), 3: (6,), 4: (25,)}[int(_given(physics.prongs))]
    lines = {
        2: (
            "NewGaugeBoson:ffbar2Wprime = on",
            "Wprime:coup2WZ = 1",
            *_narrow(34, mass),
            "34:onMode = off",
            "34:onIfMatch = 24 23",
            *_HADRONIC_Z,
        ),
        3: (
            "NewGaugeBoson:ffbar2gmZZprime = on",
            "Zprime:gmZmode = 3",
            *_narrow(32, mass),
            "32:onMode = off",
            "32:onIfAny = 6",
            *_TOP_TO_WB,
        ),
        4: (
            "ExtraDimensionsG*:gg2G* = on",
            "ExtraDimensionsG*:ffbar2G* = on",
            *_narrow(5100039, mass),
            "5100039:onMode = off",
            "5100039:onIfAny = 25",
            "25:onMode = off",
            "25:onIfAny = 24",
        ),
    }[int(_given(physics.prongs))]
    masses = () if daughter is None else tuple(line for one in moved for line in _narrow(one, daughter))
    return (*lines, *_HADRONIC_W, *masses)


def _zh(physics: Physics) -> tuple[str, ...]:
    return (
        "HiggsSM:ffbar2HZ = on",
        f"25:m0 = {_given(physics.mass):.10g}",
        "25:mayDecay = off",
        "23:onMode = off",
        "23:onIfAny = 11 13",
        "PartonLevel:MPI = off",
        "HadronLevel:all = off",
    )


def _suep(physics: Physics) -> tuple[str, ...]:
    mass = _given(physics.mass)
    # a light mediator passes a cut on H_T only with a hard jet beside it
    light = ("HiggsSM:gg2Hg(l:t) = on", "HiggsSM:qg2Hq(l:t) = on", "HiggsSM:qqbar2Hg(l:t) = on")
    return (
        *((*light, *_pt_hat(physics)) if mass < 700 else ("HiggsSM:gg2H = on",)),
        f"25:m0 = {mass:.10g}",
        "25:mWidth = 0.01",
        "25:doForceWidth = on",
        f"25:mMin = {mass - 1:.10g}",
        f"25:mMax = {mass + 1:.10g}",
        "25:mayDecay = off",
    )


def _svj(physics: Physics) -> tuple[str, ...]:
    mass, meson = _given(physics.mass), _given(physics.meson_mass)
    scale = 3.2 * meson**0.8
    seen, hidden = 1 - _given(physics.r_inv), _given(physics.r_inv)
    spin_0 = ((5, 0.94 * seen), (4, 0.06 * seen))
    spin_1 = tuple((quark, 0.2 * seen) for quark in range(1, 6))
    # off-diagonal mesons (211, 213) decay like the others, or the true r_inv would be larger
    mesons = ((4900111, 51, spin_0), (4900211, 51, spin_0), (4900113, 53, spin_1), (4900213, 53, spin_1))
    lines = [
        "HiddenValley:ffbar2Zv = on",
        f"4900023:m0 = {mass:.10g}",
        "4900023:mWidth = 0.01",
        f"4900023:mMin = {mass - 1:.10g}",
        f"4900023:mMax = {mass + 1:.10g}",
        "4900023:doForceWidth = on",
        "4900023:onMode = off",
        "4900023:onIfAny = 4900101",
        "HiddenValley:FSR = on",
        "HiddenValley:fragment = on",
        "HiddenValley:Ngauge = 2",
        "HiddenValley:nFlav = 2",
        "HiddenValley:probVector = 0.75",
        "HiddenValley:alphaOrder = 1",
        "HiddenValley:setLambda = on",
        f"HiddenValley:Lambda = {scale:.10g}",
        f"HiddenValley:pTminFSR = {1.1 * scale:.10g}",
        f"4900101:m0 = {meson / 2:.10g}",
    ]
    for dark in (51, 53):
        lines += [f"{dark}:isResonance = false", f"{dark}:m0 = {0.49 * meson:.10g}"]
    for meson_number, dark, channels in mesons:
        lines += [
            f"{meson_number}:m0 = {meson:.10g}",
            f"{meson_number}:oneChannel = 1 {hidden:.10g} 0 {dark} -{dark}",
        ]
        # 91: quarks that Pythia hadronises
        lines += [
            f"{meson_number}:addChannel = 1 {share:.10g} 91 {q} -{q}" for q, share in channels if share > 0
        ]
    return tuple(lines)


def _below(physics: Physics) -> bool:
    return physics.mass is None or 0 < physics.mass < physics.energy


def _apart(physics: Physics) -> bool:
    least = {2: 172.0, 3: 346.0, 4: 250.0}[int(_given(physics.prongs))]
    daughters = least if physics.daughter_mass is None else 2 * physics.daughter_mass
    return _given(physics.mass) > 1.5 * daughters


def _decays(physics: Physics) -> bool:
    least = {2: 10.0, 3: 100.0, 4: 100.0}[int(_given(physics.prongs))]
    return physics.daughter_mass is None or physics.daughter_mass >= least


_IN_REACH = (_below, "mass must be above 0 and below the collision energy")

PROCESSES: Mapping[str, Process] = {
    "qcd": Process("jets of quarks and gluons", "dijet", _qcd, {"pt_hat_min": None}),
    "top": Process("pairs of top quarks", "dijet", _top, {"pt_hat_min": None}),
    "resonance": Process(
        "a heavy particle to two jets of 2 (W' -> WZ), 3 (Z' -> tt) or 4 (G* -> HH) quarks each",
        "dijet",
        _resonance,
        {"mass": 3500.0, "prongs": 2, "daughter_mass": None},
        (
            (lambda physics: physics.prongs in (2, 3, 4), "prongs must be 2, 3 or 4"),
            _IN_REACH,
            (_decays, "daughter-mass must be at least 10 GeV (2 prongs) or 100 GeV (3 and 4 prongs)"),
            (_apart, "mass must be above 3 times the daughters' mass"),
        ),
    ),
    "zh": Process(
        "a Higgs boson with a Z boson to leptons; partons after showers, not hadrons",
        "all",
        _zh,
        {"mass": 125.0},
        (_IN_REACH,),
        {"z": 23, "h": 25},
    ),
    "suep": Process(
        "a scalar mediator to many soft dark mesons in a sphere",
        "ht",
        _suep,
        {
            "mass": 300.0,
            "temperature": 2.0,
            "meson_mass": 2.0,
            "photon_mass": 0.7,
            "pt_hat_min": 150.0,
        },
        (
            _IN_REACH,
            (lambda p: 0.1 <= _given(p.temperature) <= 100, "temperature must be between 0.1 and 100 GeV"),
            (lambda p: _given(p.photon_mass) > 0.3, "photon-mass must be above 0.3 GeV, for two pions"),
            (
                lambda p: _given(p.meson_mass) > 2 * _given(p.photon_mass),
                "meson-mass must be above two dark photons",
            ),
            (
                lambda p: _given(p.mass) > 10 * (_given(p.meson_mass) + _given(p.temperature)),
                "mass must be above 10 times meson-mass + temperature",
            ),
        ),
    ),
    "svj": Process(
        "a Z' to dark quarks: semi-visible jets",
        "ht",
        _svj,
        {"mass": 3100.0, "meson_mass": 20.0, "r_inv": 0.3},
        (
            _IN_REACH,
            (lambda p: 0 <= _given(p.r_inv) <= 1, "r-inv must be between 0 and 1"),
            (lambda p: _given(p.meson_mass) > 11, "meson-mass must be above 11 GeV, for two b quarks"),
            (lambda p: _given(p.mass) > 10 * _given(p.meson_mass), "mass must be above 10 times meson-mass"),
        ),
    ),
}


def process_of(name: str) -> Process:
    """Return a process by its name.

    Raises:
        ConfigError: there is none of that name.

    >>> process_of("zh").selection
    'all'
    """
    if name not in PROCESSES:
        raise ConfigError(unknown("process", name, PROCESSES))
    return PROCESSES[name]
