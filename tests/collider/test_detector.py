"""Images: where deposits land, what is conserved, what detector and pile-up do to known particles."""

from __future__ import annotations

import numpy as np
import pytest

from unseen.collider import kinematics as kin
from unseen.collider.detector import Detector, measured
from unseen.collider.generator import Event
from unseen.collider.imaging import Geometry
from unseen.collider.pileup import Pool, load_pool
from unseen.errors import ConfigError, DataError

EXACT = Detector(ecal=(0, 0, 0), hcal=(0, 0, 0), efficiency=1.0, pile_up=0.0, early=0.0)


def single(pdg: int, charge: float, pt: float = 20.0, eta: float = 0.3, phi: float = 1.0) -> Event:
    p4 = kin.from_pt_eta_phi_mass([pt], [eta], [phi], 0.0)
    return Event(p4, np.array([pdg]), np.array([charge]), 1.0, 0.0, {})


def seen(event: Event, detector: Detector = EXACT) -> tuple[np.ndarray, int]:
    return detector.observe(event, None, np.random.default_rng(0))


def test_the_image_is_that_of_the_published_data():
    geometry = Geometry()
    assert geometry.shape == (72, 58)
    assert (geometry.padding, 58 * 5 - 286 - geometry.padding) == (2, 2)
    ones = geometry.pixels(np.ones((360, 286)))
    assert set(ones[:, 1:-1].ravel()) == {25.0}
    assert set(ones[:, [0, -1]].ravel()) == {15.0}  # three fifths of a pixel


def test_deposits_within_the_grid_are_all_there_and_nowhere_else():
    rng = np.random.default_rng(0)
    eta, phi, value = rng.uniform(-3, 3, 5000), rng.uniform(-9, 9, 5000), rng.exponential(5, 5000)
    image = Geometry().image(eta, phi, value)
    assert image.sum() == pytest.approx(value[np.abs(eta) < 2.5].sum(), rel=1e-12)
    row, column = np.argwhere(Geometry().image([0.0], [-np.pi], [1.0]))[0]
    assert (row, column) == (0, 29)


@pytest.mark.parametrize("pixels", [1, 7, 71])
def test_a_turn_by_whole_pixels_rolls_the_image(pixels):
    rng = np.random.default_rng(1)
    # in the middle of cells, so that rounding moves none of them
    phi = (rng.integers(0, 360, 300) + 0.5) * 2 * np.pi / 360 - np.pi
    eta, value = rng.uniform(-2.5, 2.5, 300), rng.exponential(5, 300)
    turned = Geometry().image(eta, phi + pixels * 2 * np.pi / 72, value)
    np.testing.assert_allclose(turned, np.roll(Geometry().image(eta, phi, value), pixels, axis=0), atol=1e-9)


def test_directions_of_pixels_are_where_deposits_land():
    geometry = Geometry()
    for column in (1, 29, 56):
        image = geometry.image([geometry.pixel_etas()[column]], [0.0], [1.0])
        assert np.argwhere(image)[0][1] == column


@pytest.mark.parametrize(
    ("pdg", "charge", "channels"),
    [
        (22, 0.0, [0, 1, 0]),
        (11, -1.0, [1, 1, 0]),
        (13, -1.0, [1, 0, 0]),
        (211, 1.0, [1, 0, 1]),
        (130, 0.0, [0, 0, 1]),
    ],
)
def test_each_kind_of_particle_leaves_what_it_should(pdg, charge, channels):
    image, tracks = seen(single(pdg, charge))
    np.testing.assert_allclose(image.sum(axis=(0, 1)), 20.0 * np.array(channels), rtol=1e-5)
    assert tracks == channels[0]


def test_a_hadron_that_showers_early_shares_its_energy():
    image, _ = seen(single(130, 0.0), Detector(ecal=(0, 0, 0), hcal=(0, 0, 0), early=1.0))
    np.testing.assert_allclose(image.sum(axis=(0, 1)), [0.0, 6.0, 14.0], rtol=1e-5)


@pytest.mark.parametrize(("pt", "tracks", "arrives"), [(0.45, 0, False), (0.7, 1, False), (3.0, 1, True)])
def test_soft_charged_particles_do_not_reach_the_calorimeters(pt, tracks, arrives):
    image, found = seen(single(211, 1.0, pt=pt, eta=0.0))
    assert found == tracks
    assert bool(image[..., 2].sum() > 0) is arrives


def test_the_field_turns_by_charge_in_the_calorimeters_alone():
    def places(charge: float) -> list[int]:
        image, _ = seen(single(211, charge, pt=3.0, phi=0.04))
        return [int(np.argwhere(image[..., channel])[0][0]) for channel in (0, 2)]

    (track, plus), (same, minus) = places(1.0), places(-1.0)
    turn = np.arcsin(0.735 / 3.0) / (2 * np.pi / 72)
    assert track == same == 36
    assert abs((plus - track) - turn) < 1
    assert abs((track - minus) - turn) < 1


def test_smearing_keeps_the_mean_and_has_the_stated_width():
    cells = np.full((200, 200), 30.0)
    found = measured(cells, np.zeros(200), (1.1, 0.0, 0.09), 0.0, np.random.default_rng(0))
    sigma = np.sqrt(1.1**2 * 30 + (0.09 * 30) ** 2)
    assert found.mean() == pytest.approx(30.0, abs=5 * sigma / 200)
    assert found.std() == pytest.approx(sigma, rel=0.03)
    assert measured(np.zeros((3, 3)), np.zeros(3), (1, 1, 1), 0.0, np.random.default_rng(0)).sum() == 0


def test_pile_up_reaches_the_calorimeters_alone():
    further = single(211, 1.0, eta=-1.0)
    image, tracks = EXACT.observe(single(22, 0.0), further, np.random.default_rng(0))
    np.testing.assert_allclose(image.sum(axis=(0, 1)), [0.0, 20.0, 20.0], rtol=1e-5)
    assert tracks == 0


def test_pile_up_is_drawn_whole_turned_and_mirrored(tmp_path):
    p4 = kin.from_pt_eta_phi_mass([1.0, 2.0, 5.0], [0.5, 1.0, 2.0], [0.0, 1.0, 2.0], 0.0)
    pool = Pool(p4, np.array([22, 211, 130]), np.array([0.0, 1, 0]), np.array([0, 2, 2, 3]))
    pool.save(tmp_path / "pool.npz")
    drawn = load_pool(tmp_path / "pool.npz").draw(3000.0, np.random.default_rng(0))
    counts = {pdg: int((drawn.pdg == pdg).sum()) for pdg in (22, 211, 130)}
    assert counts[22] == counts[211] == pytest.approx(1000, abs=150)
    assert counts[130] == pytest.approx(1000, abs=150)
    np.testing.assert_allclose(np.sort(np.unique(kin.pt(drawn.p4).round(9))), [1, 2, 5])
    one = drawn.p4[drawn.pdg == 130]
    np.testing.assert_allclose(np.abs(kin.eta(one)), 2.0, rtol=1e-9)
    assert abs((kin.eta(one) > 0).mean() - 0.5) < 0.1
    assert np.histogram(kin.phi(one), 4, (-np.pi, np.pi))[0].min() > 150


def test_an_empty_event_is_an_empty_image():
    nothing = Event(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0), 1.0, 0.0, {})
    image, tracks = seen(nothing)
    assert (float(image.sum()), tracks, image.shape) == (0.0, 0, (72, 58, 3))


@pytest.mark.parametrize(
    ("call", "fault", "message"),
    [
        (lambda: Geometry().image([0.0], [0.0], [-1.0]), DataError, "negative or not a number"),
        (lambda: Geometry().image([0.0], [np.nan], [1.0]), DataError, "negative or not a number"),
        (lambda: Geometry().image([0.0, 1.0], [0.0], [1.0]), DataError, "2 eta, 1 phi and 1 deposits"),
        (lambda: Geometry(phi_cells=361).shape, ConfigError, "361 cells in phi"),
        (lambda: Geometry(block=0).shape, ConfigError, "accepted are positive"),
        (lambda: Detector(pile_up=-1).checked(), ConfigError, "pile-up -1"),
        (lambda: Detector(pool=0).checked(), ConfigError, "pool 0"),
        (lambda: Detector(efficiency=2).checked(), ConfigError, "efficiency 2"),
    ],
)
def test_what_makes_no_image_is_refused(call, fault, message):
    with pytest.raises(fault, match=message):
        call()
