"""Jets and what is inside them: known answers, FastJet itself, brute force, and two invariances."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

from unseen.collider import kinematics as kin
from unseen.collider.cluster import anti_kt, anti_kt_events, kt_axes, soft_drop
from unseen.collider.substructure import UNITS, energy_correlators, jet_features, n_subjettiness
from unseen.errors import ConfigError, DataError, MissingExtraError

pytest.importorskip("fastjet")


def event(count: int = 120, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return kin.from_pt_eta_phi_mass(
        rng.exponential(8, count) + 0.1,
        rng.uniform(-3, 3, count),
        rng.uniform(-np.pi, np.pi, count),
        rng.uniform(0, 1, count),
    )


def cone(seed: int = 0, count: int = 40) -> np.ndarray:
    """Particles of one jet."""
    rng = np.random.default_rng(seed)
    return kin.from_pt_eta_phi_mass(
        rng.exponential(15, count) + 0.1, rng.normal(0.4, 0.3, count), rng.normal(2.9, 0.3, count), 0.14
    )


def brute_anti_kt(p: np.ndarray, radius: float) -> list[frozenset[int]]:
    """The definition, step by step: the nearest pair joins, or a particle nearest to the beam is a jet."""
    left = {frozenset([i]): p[i] for i in range(len(p))}
    done = []
    while left:
        alone = [(kin.pt(v) ** -2, key, None) for key, v in left.items()]
        pairs = [
            (min(kin.pt(left[a]) ** -2, kin.pt(left[b]) ** -2) * kin.delta_r(left[a], left[b]) ** 2, a, b)
            for a, b in itertools.combinations(left, 2)
        ]
        pairs = [(distance / radius**2, a, b) for distance, a, b in pairs]
        _, a, b = min(alone + pairs, key=lambda one: one[0])
        if b is None:
            done.append(a)
            del left[a]
        else:
            left[a | b] = left.pop(a) + left.pop(b)
    return done


def test_anti_kt_follows_its_definition():
    p = event(24)
    jets = anti_kt(p, radius=0.8)
    assert {frozenset(one.tolist()) for one in jets.members} == set(brute_anti_kt(p, 0.8))
    for vector, members in zip(jets.p4, jets.members, strict=True):
        np.testing.assert_allclose(vector, p[members].sum(axis=0), rtol=1e-9)
    assert np.all(np.diff(kin.pt(jets.p4)) <= 0)


def test_every_particle_is_in_one_jet_and_events_do_not_mix():
    p = event(90)
    jets = anti_kt(p)
    assert sorted(np.concatenate(jets.members)) == list(range(90))
    several = list(anti_kt_events(np.concatenate([p, p[:30]]), [0, 90, 90, 120], pt_min=5.0))
    assert [len(one) for one in several] == [len(anti_kt(p, pt_min=5.0)), 0, len(anti_kt(p[:30], pt_min=5.0))]
    np.testing.assert_array_equal(several[2].p4, anti_kt(p[:30], pt_min=5.0).p4)


def test_axes_are_those_of_fastjet():
    fastjet = pytest.importorskip("fastjet")
    p = cone()
    parts = [fastjet.PseudoJet(*row) for row in p.tolist()]
    sequence = fastjet.ClusterSequence(parts, fastjet.JetDefinition(fastjet.kt_algorithm, 1.0))
    for count, axes in enumerate(kt_axes(p, 4), start=1):
        theirs = sorted(jet.pt() for jet in sequence.exclusive_jets(count))
        np.testing.assert_allclose(sorted(kin.pt(axes)), theirs, rtol=1e-12)
        np.testing.assert_allclose(axes.sum(axis=0), p.sum(axis=0), rtol=1e-9)


def test_soft_drop_keeps_two_hard_prongs_and_drops_soft_wide_ones():
    prongs = kin.from_pt_eta_phi_mass([300.0, 200.0], [0.0, 0.0], [-0.2, 0.3])
    soft = kin.from_pt_eta_phi_mass([8.0, 6.0], [0.8, -0.7], [0.0, 0.1])
    np.testing.assert_allclose(soft_drop(np.concatenate([prongs, soft])), prongs.sum(axis=0), rtol=1e-9)
    one = kin.from_pt_eta_phi_mass([300.0], [0.0], [0.0])
    np.testing.assert_allclose(soft_drop(np.concatenate([one, soft])), one[0], rtol=1e-9)


def test_correlators_are_the_sums_they_stand_for():
    p = cone(count=9)
    z = kin.pt(p) / kin.pt(p).sum()
    r = kin.delta_r(p[:, None], p[None])
    e2 = sum(z[i] * z[j] * r[i, j] for i, j in itertools.combinations(range(9), 2))
    e3 = sum(
        z[i] * z[j] * z[k] * r[i, j] * r[j, k] * r[i, k] for i, j, k in itertools.combinations(range(9), 3)
    )
    assert energy_correlators(p) == pytest.approx((e2, e3), rel=1e-10)
    found = jet_features(p)
    assert (found["c2"], found["d2"]) == pytest.approx((e3 / e2**2, e3 / e2**3), rel=1e-10)


@pytest.mark.parametrize("prongs", [1, 2, 3, 4])
def test_subjettiness_counts_prongs(prongs):
    rng = np.random.default_rng(prongs)
    places = np.array([(0.0, 0.0), (0.5, 0.1), (-0.1, 0.6), (0.55, 0.65)])[:prongs]
    spread = np.repeat(places, 12, axis=0) + rng.normal(0, 0.01, (12 * prongs, 2))
    p = kin.from_pt_eta_phi_mass(rng.uniform(5, 10, 12 * prongs), spread[:, 0], spread[:, 1])
    taus = n_subjettiness(p)
    assert np.all(np.diff(taus) <= 0)
    assert np.all(taus[prongs - 1 :] < 0.02)
    assert np.all(taus[: prongs - 1] > 0.05)


def test_features_of_a_jet_with_few_particles_are_numbers():
    for count in range(4):
        found = jet_features(cone(count=count) if count else [])
        assert list(found) == list(UNITS)
        assert np.isfinite(list(found.values())).all()
        assert found["n_constituents"] == count
        assert not any(found[f"tau{n}"] for n in range(max(count, 1), 5))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("shift", "angle"), [(0.9, 0.0), (-1.4, 0.0), (0.0, 2.2), (0.6, -3.0)])
def test_features_do_not_change_in_boosts_along_the_beam_and_turns_about_it(seed, shift, angle):
    p = cone(seed)
    moved = jet_features(kin.rotated(kin.boosted_along_beam(p, shift), angle))
    for name, value in jet_features(p).items():
        if name not in ("eta", "phi"):
            assert moved[name] == pytest.approx(value, rel=1e-6, abs=1e-6), name


@pytest.mark.parametrize(("shift", "angle"), [(0.7, 0.0), (0.0, 1.9), (-0.5, -2.4)])
def test_jets_do_not_change_in_boosts_along_the_beam_and_turns_about_it(shift, angle):
    p = event(150, seed=9)
    jets, moved = anti_kt(p), anti_kt(kin.rotated(kin.boosted_along_beam(p, shift), angle))
    assert [one.tolist() for one in jets.members] == [one.tolist() for one in moved.members]
    np.testing.assert_allclose(kin.mass(moved.p4), kin.mass(jets.p4), rtol=1e-6, atol=1e-6)


def test_an_event_without_particles_has_no_jets():
    assert len(anti_kt([])) == 0
    assert anti_kt(np.zeros((0, 4))).p4.shape == (0, 4)
    assert soft_drop([]).tolist() == [0, 0, 0, 0]
    assert [axes.shape for axes in kt_axes([], 2)] == [(0, 4), (0, 4)]


@pytest.mark.parametrize(
    ("call", "fault", "message"),
    [
        (lambda: anti_kt([[1.0, 0, 0, np.nan]]), DataError, "four-vector 0 is not finite"),
        (lambda: anti_kt([1.0, 0, 0, 1]), DataError, r"particles of shape \(4,\)"),
        (lambda: anti_kt([[1.0, 0, 0, 1]], radius=0), ConfigError, "radius 0"),
        (lambda: anti_kt([[1.0, 0, 0, 1]], pt_min=-1), ConfigError, "pt_min -1"),
        (lambda: jet_features([[1.0, 0, 0, np.inf]]), DataError, "four-vector 0 is not finite"),
        (lambda: list(anti_kt_events([[1.0, 0, 0, 1]], [0, 2])), DataError, "offsets of 1 particles"),
        (lambda: list(anti_kt_events([[1.0, 0, 0, 1]], [])), DataError, "offsets of 1 particles"),
        (lambda: list(anti_kt_events([[1.0, 0, 0, 1]], [0, 1, 0, 1])), DataError, "offsets of 1 particles"),
    ],
)
def test_what_cannot_be_clustered_is_refused(call, fault, message):
    with pytest.raises(fault, match=message):
        call()


def test_without_fastjet_the_extra_is_named(monkeypatch):
    from unseen.collider import cluster

    cluster._fastjet.cache_clear()
    monkeypatch.setitem(sys.modules, "fastjet", None)
    with pytest.raises(MissingExtraError, match=r"FastJet, GPL.*pip install 'unseen\[physics\]'"):
        anti_kt([[1.0, 0, 0, 1]])
    cluster._fastjet.cache_clear()


def test_fastjet_prints_nothing():
    code = "from unseen.collider.cluster import anti_kt; anti_kt([[3.0, 4, 0, 5]]); print('end')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("end\n", "")
