"""The SUEP shower against its formula, decays, and what Pythia makes of dark quarks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import kn

from unseen.collider import kinematics as kin
from unseen.collider.generator import Event
from unseen.collider.suep import Shower, boiled, decayed, mesons, thermal_momenta
from unseen.errors import ConfigError


@pytest.mark.parametrize(("mass", "temperature"), [(2.0, 2.0), (4.0, 1.0), (2.0, 4.0), (0.5, 2.0)])
def test_the_mean_energy_is_that_of_the_thermal_law(mass, temperature):
    p = thermal_momenta(200_000, mass, temperature, np.random.default_rng(1))
    energy = np.hypot(p, mass)
    x = mass / temperature
    known = 3 * temperature + mass * kn(1, x) / kn(2, x)
    assert energy.mean() == pytest.approx(known, abs=5 * energy.std() / np.sqrt(len(p)))
    if mass == temperature == 2.0:
        assert known == pytest.approx(6.74, abs=0.05)


def test_the_spectrum_is_the_thermal_law_everywhere():
    p = thermal_momenta(100_000, 2.0, 2.0, np.random.default_rng(2))
    grid = np.linspace(0, 120, 60_001)
    density = grid**2 * np.exp(-np.hypot(grid, 2.0) / 2.0)
    law = np.interp(np.sort(p), grid, np.cumsum(density) / density.sum())
    assert np.abs(law - (np.arange(len(p)) + 0.5) / len(p)).max() < 1.63 / np.sqrt(len(p))  # KS at 1 %


@pytest.mark.parametrize("mass", [50.0, 125.0, 400.0, 1000.0])
def test_momenta_add_up_to_nothing_and_energies_to_the_mediator(mass):
    for seed in range(20):
        p = mesons(mass, Shower(), np.random.default_rng(seed))
        assert np.abs(p.sum(axis=0) - [0, 0, 0, mass]).max() < 1e-6
        np.testing.assert_allclose(kin.mass(p), 2.0, rtol=1e-6)


def test_there_are_as_many_mesons_as_the_mean_energy_says():
    counts = [len(mesons(1000.0, Shower(), np.random.default_rng(seed))) for seed in range(100)]
    assert np.mean(counts) == pytest.approx(1000 / 6.74, rel=0.03)


def test_a_mediator_too_light_for_its_mesons_is_refused():
    with pytest.raises(ConfigError, match=r"a mediator of 3\.0 GeV is too light"):
        mesons(3.0, Shower(), np.random.default_rng(0))


def test_decays_keep_four_momentum_and_are_even_over_the_sphere():
    rng = np.random.default_rng(3)
    parents = kin.from_pt_eta_phi_mass(
        np.full(4000, 7.0), rng.normal(0, 1, 4000), rng.uniform(-3, 3, 4000), 2.0
    )
    pairs = decayed(parents, 0.7, rng).reshape(-1, 2, 4)
    np.testing.assert_allclose(pairs.sum(axis=1), parents, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(kin.mass(pairs), 0.7, rtol=1e-6)
    at_rest = decayed(np.tile([0.0, 0, 0, 2.0], (20000, 1)), 0.7, rng)[::2]
    cosine = at_rest[:, 2] / np.linalg.norm(at_rest[:, :3], axis=1)
    assert abs(cosine.mean()) < 0.02
    assert (cosine**2).mean() == pytest.approx(1 / 3, abs=0.01)


def test_a_mediator_gives_way_to_its_products():
    mediator = kin.from_pt_eta_phi_mass(300.0, 0.5, 1.0, 125.0)
    p4 = np.stack([mediator, kin.from_pt_eta_phi_mass(300.0, 0.1, -2.0, 0.14)])
    event = Event(p4, np.array([25, 211]), np.array([0.0, 1.0]), 1.0, 150.0, {})
    made = boiled(event, Shower(), np.random.default_rng(0))
    np.testing.assert_allclose(made.p4.sum(axis=0), p4.sum(axis=0), rtol=1e-9, atol=1e-6)
    assert set(np.abs(made.pdg).tolist()) <= {11, 13, 211}
    assert made.charge.sum() == 1.0
    assert made.charge[made.pdg == 11].tolist() == [-1.0] * int((made.pdg == 11).sum())


def test_shares_of_the_decays_are_those_asked():
    frame = kin.from_pt_eta_phi_mass(0.0, 0.0, 0.0, 1000.0)
    event = Event(frame[None], np.array([25]), np.array([0.0]), 1.0, 0.0, {})
    kinds = np.concatenate(
        [np.abs(boiled(event, Shower(), np.random.default_rng(seed)).pdg) for seed in range(30)]
    )
    assert (kinds == 211).mean() == pytest.approx(0.70, abs=0.02)
    assert (kinds == 11).mean() == pytest.approx(0.15, abs=0.02)


def test_an_event_without_a_mediator_is_refused():
    event = Event(np.ones((1, 4)), np.array([22]), np.zeros(1), 1.0, 0.0, {})
    with pytest.raises(ConfigError, match="0 mediators in an event"):
        boiled(event, Shower(), np.random.default_rng(0))
