"""Made-up photographs of films, found, cut out and checked; disturbances."""

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.pictures.checks import Limits, check
from unseen.pictures.corners import first_guess
from unseen.pictures.decode import Picture, decode
from unseen.pictures.disturb import DISTURBANCES, disturbed
from unseen.pictures.films import made_up_film
from unseen.pictures.framing import Framing, framed
from unseen.pictures.perspective import crop_size, cropped, film_of, homography
from unseen.pictures.photograph import Scene, photographed
from unseen.pictures.refusals import RefusedError

FILM = made_up_film(3, 400, 340)
SMALL = Scene(height=480, width=640, blur=(0.4, 0.6))


@pytest.fixture(scope="module")
def photos():
    """Films, the photographs of them, and what is read of these."""
    films = [made_up_film(seed, 300, 260) for seed in range(4)]
    taken = [photographed(film, seed, SMALL) for seed, film in enumerate(films)]
    return [(film, photo, decode(photo.jpeg(), "photo")) for film, photo in zip(films, taken, strict=True)]


def test_a_photograph_is_drawn_from_its_seed():
    one, again, other = (photographed(FILM, seed, Scene(height=96, width=128)) for seed in (1, 1, 2))
    assert np.array_equal(one.pixels, again.pixels)
    assert not np.array_equal(one.corners, other.corners)
    picture = decode(one.jpeg(), "photo")
    assert picture.photograph
    assert picture.grey.shape == (96, 128)
    assert 0 < picture.chroma < 0.08


def test_the_homography_takes_the_square_to_its_corners():
    corners = np.array([[10.0, 12.0], [90.0, 5.0], [100.0, 80.0], [2.0, 70.0]])
    a, b, c, d, e, f, g, h = homography(corners)
    for (u, v), (x, y) in zip([(0, 0), (1, 0), (1, 1), (0, 1)], corners, strict=True):
        below = g * u + h * v + 1
        assert ((a * u + b * v + c) / below, (d * u + e * v + f) / below) == pytest.approx((x, y))


def test_an_upright_film_is_cut_out_exactly():
    square = FILM[:340]
    wall = np.full((500, 600), 0.3, np.float32)
    wall[40:380, 100:440] = square
    corners = np.array([[100, 40], [440, 40], [440, 380], [100, 380]])
    assert crop_size(corners, 340) == (340, 340)
    assert np.abs(cropped(wall, corners, 340, 340) - square).max() < 1e-6
    around = np.roll(corners, 1, axis=0)  # named from another corner, it comes out turned
    assert np.abs(cropped(wall, around, 340, 340) - np.rot90(square, -1)).max() < 1e-6
    assert crop_size(np.array([[0, 0], [400, 0], [400, 500], [0, 500]]), 80) == (100, 80)
    assert crop_size(np.array([[0, 0], [500, 0], [500, 100], [0, 100]]), 50) == (50, 100)  # never above 2 : 1


@pytest.mark.parametrize(
    "corners",
    [
        [[0, 0], [10, 10], [10, 0], [0, 10]],
        [[0, 0], [0, 10], [10, 10], [10, 0]],
        [[5, 5]] * 4,
        [[0, 0], [10, 0], [10, np.nan], [0, 10]],
        [[0, 0], [10, 0], [2, 2], [0, 10]],
        [[0, 0], [10, 0], [10, 10]],
    ],
)
def test_corners_that_are_no_film(corners):
    with pytest.raises(DataError, match="corners"):
        film_of(Picture(FILM), np.array(corners))


def test_films_come_out_of_photographs_as_they_went_in(photos):
    whole = Framing(trim=False)
    for film, photo, picture in photos:
        found = film_of(picture, photo.corners, 256)
        assert found.photograph
        assert min(found.grey.shape) == 256
        true, seen = framed(Picture(film), whole).ravel(), framed(found, whole).ravel()
        assert np.corrcoef(true, seen)[0, 1] > 0.9
        untouched = framed(picture, whole).ravel()
        assert np.corrcoef(true, untouched)[0, 1] < 0.8


def test_corners_are_found_in_most_photographs(photos):
    errors = [np.hypot(*(first_guess(picture.grey) - photo.corners).T).mean() for _, photo, picture in photos]
    assert np.median(errors) < 8.0  # pixels of 640
    assert np.mean(np.array(errors) < 16.0) >= 0.6


def test_without_a_film_the_guess_lies_inside():
    guess = first_guess(np.full((300, 400), 0.5, np.float32))
    assert guess == pytest.approx(np.array([[40, 30], [360, 30], [360, 270], [40, 270]]))


def test_sharp_photographs_pass_and_shaken_ones_do_not(photos):
    for _, photo, picture in photos:
        check(film_of(picture, photo.corners, 256), Framing(), Limits())
    shaken = photographed(FILM, 2, Scene(height=480, width=640, blur=(14.0, 14.0)))
    with pytest.raises(RefusedError) as caught:
        check(film_of(decode(shaken.jpeg(), "photo"), shaken.corners, 256), Framing(), Limits())
    assert caught.value.reason == "blurred"


ROWS = np.stack([made_up_film(seed, 28)[None] for seed in range(3)])


@pytest.mark.parametrize("name", DISTURBANCES)
def test_disturbances_are_drawn_from_their_seed_row_by_row(name):
    found = disturbed(ROWS, name, 5)
    assert found.dtype == np.float32
    assert found.shape == ROWS.shape
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    assert np.array_equal(found, disturbed(ROWS, name, 5))
    assert np.array_equal(found[:2], disturbed(ROWS[:2], name, 5))
    assert np.abs(found - ROWS).mean() > 0.004
    full = disturbed(made_up_film(1, 150, 120), name)
    assert full.shape == (150, 120)


def test_disturbances_by_hand():
    row = np.array([[[0.25, 0.5], [0.5, 0.75]]], np.float32)
    assert disturbed(row, "contrast 0.6")[0] == pytest.approx(np.array([[0.35, 0.5], [0.5, 0.65]]))
    assert disturbed(row, "gamma 1.6")[0] == pytest.approx(row[0] ** 1.6)
    assert disturbed(np.ones((1, 9, 9), np.float32), "gradient 0.4").min() == pytest.approx(0.6)
    noisy = disturbed(np.full((1, 200, 200), 0.5, np.float32), "noise 0.05")
    assert noisy.std() == pytest.approx(0.05, rel=0.03)
    point = np.zeros((1, 57, 57), np.float32)
    point[0, 28, 28] = 1.0
    places = np.arange(57) - 28
    spread = (disturbed(point, "blur 0.7")[0].sum(axis=0) * places**2).sum() ** 0.5
    assert spread == pytest.approx(0.7 * 57 / 28, rel=0.03)
    with pytest.raises(ConfigError, match=r"Did you mean 'blur 0\.7'"):
        disturbed(row, "blur 0.8")
