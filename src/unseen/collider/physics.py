"""What is asked of the generator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Physics:
    """What is asked of the generator; masses and momenta in GeV. `settled` fills in what is None.

    Attributes:
        process: a name of `PROCESSES`.
        energy: energy of the proton collision.
        mass: of the resonance, mediator or Higgs boson.
        daughter_mass: of the resonance's daughters (W and Z, top or Higgs); None keeps their own.
        prongs: 2, 3 or 4 quarks in each jet of a resonance.
        hadronic: whether the W bosons of `top` decay to quarks only.
        pt_hat_min: least transverse momentum of the hard process.
        temperature: of the SUEP shower, in GeV.
        meson_mass: of the dark mesons of SUEP and SVJ.
        photon_mass: of the dark photons to which SUEP mesons decay.
        r_inv: share of SVJ's dark mesons that stay invisible.
        extra: more Pythia settings, `"Key = value"`, read after all others.

    """

    process: str = "qcd"
    energy: float = 13000.0
    mass: float | None = None
    daughter_mass: float | None = None
    prongs: int | None = None
    hadronic: bool = True
    pt_hat_min: float | None = None
    temperature: float | None = None
    meson_mass: float | None = None
    photon_mass: float | None = None
    r_inv: float | None = None
    extra: tuple[str, ...] = ()
