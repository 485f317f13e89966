"""Four-vectors beside the package `vector`; boosts and turns as laws."""

from __future__ import annotations

import numpy as np
import pytest

from unseen.collider import kinematics as kin
from unseen.errors import DataError


def some(count: int = 500, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return kin.from_pt_eta_phi_mass(
        rng.exponential(40, count) + 0.1,
        rng.uniform(-5, 5, count),
        rng.uniform(-np.pi, np.pi, count),
        rng.exponential(10, count),
    )


@pytest.mark.parametrize("name", ["pt", "eta", "phi", "mass", "rapidity"])
def test_agrees_with_vector(name):
    vector = pytest.importorskip("vector")
    p = some()
    theirs = vector.array({"px": p[:, 0], "py": p[:, 1], "pz": p[:, 2], "E": p[:, 3]})
    np.testing.assert_allclose(getattr(kin, name)(p), getattr(theirs, name), rtol=1e-6, atol=1e-6)


def test_angles_and_distances_agree_with_vector():
    vector = pytest.importorskip("vector")
    a, b = some(seed=1), some(seed=2)
    left, right = (vector.array({"px": p[:, 0], "py": p[:, 1], "pz": p[:, 2], "E": p[:, 3]}) for p in (a, b))
    np.testing.assert_allclose(kin.delta_phi(a, b), left.deltaphi(right), atol=1e-9)
    np.testing.assert_allclose(kin.delta_r(a, b), left.deltaRapidityPhi(right), atol=1e-8)
    sums = left + right
    np.testing.assert_allclose(kin.invariant_mass(np.stack([a, b], axis=1)), sums.mass, rtol=1e-6)


def test_the_boost_out_of_a_rest_frame_agrees_with_vector():
    vector = pytest.importorskip("vector")
    a, frame = some(seed=3), some(seed=4)
    made = vector.array({"px": a[:, 0], "py": a[:, 1], "pz": a[:, 2], "E": a[:, 3]}).boost_p4(
        vector.array({"px": frame[:, 0], "py": frame[:, 1], "pz": frame[:, 2], "E": frame[:, 3]})
    )
    ours = kin.from_rest_frame(a, frame)
    np.testing.assert_allclose(ours[:, 3], made.E, rtol=1e-6)
    np.testing.assert_allclose(ours[:, 2], made.pz, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(kin.mass(ours), kin.mass(a), rtol=1e-5, atol=1e-3)


def test_edges_of_the_definitions():
    beam, rest, light = [0.0, 0, 5, 5], [0.0, 0, 0, 3], [3.0, 4, 0, 5]
    p = kin.four_vectors([beam, rest, light])
    assert kin.eta(p).tolist() == [np.inf, 0.0, 0.0]
    assert kin.rapidity(p).tolist() == [np.inf, 0.0, 0.0]
    assert kin.mass(kin.four_vectors([[0, 0, 5.0, 3.0]])).tolist() == [-4.0]
    assert kin.wrapped([np.pi, -np.pi, 7.0]).tolist() == pytest.approx([-np.pi, -np.pi, 7 - 2 * np.pi])
    assert kin.four_vectors([]).shape == (0, 4)


@pytest.mark.parametrize("shift", [-1.3, 0.4, 2.0])
def test_a_boost_along_the_beam_keeps_what_it_must(shift):
    a, b = some(seed=5), some(seed=6)
    moved = [kin.boosted_along_beam(p, shift) for p in (a, b)]
    np.testing.assert_allclose(kin.pt(moved[0]), kin.pt(a), rtol=1e-12)
    np.testing.assert_allclose(kin.delta_r(*moved), kin.delta_r(a, b), atol=1e-6)
    np.testing.assert_allclose(
        kin.invariant_mass(np.stack(moved, 1)), kin.invariant_mass(np.stack([a, b], 1)), rtol=1e-6
    )


@pytest.mark.parametrize("angle", [0.3, np.pi, -2.9])
def test_a_turn_about_the_beam_moves_phi_alone(angle):
    p = some(seed=7)
    turned = kin.rotated(p, angle)
    np.testing.assert_allclose(kin.wrapped(kin.phi(turned) - kin.phi(p) - angle), 0, atol=1e-9)
    for name in ("pt", "eta", "mass", "rapidity"):
        np.testing.assert_allclose(getattr(kin, name)(turned), getattr(kin, name)(p), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ([[1.0, 2.0, 3.0]], r"shape \(1, 3\)"),
        (5.0, r"shape \(\)"),
        ([[0.0, 0, 0, 1], [0.0, 0, 0, np.nan]], "four-vector 1 is not finite"),
        ([[np.inf, 0, 0, 1.0]], "four-vector 0 is not finite"),
    ],
)
def test_what_is_no_four_vector_is_refused(given, fault):
    with pytest.raises(DataError, match=fault):
        kin.four_vectors(given)


def test_a_frame_without_mass_is_refused():
    with pytest.raises(DataError, match="no rest frame"):
        kin.from_rest_frame(np.array([0.0, 0, 0, 1]), np.array([0.0, 0, 5, 5]))
