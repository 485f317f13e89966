"""Area averaging, framing and checks: known answers, laws, limits."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from unseen.errors import ConfigError
from unseen.pictures.area import area_averaged
from unseen.pictures.checks import Limits, check, sharpness
from unseen.pictures.decode import Picture
from unseen.pictures.films import made_up_film
from unseen.pictures.framing import Framing, framed, trimmed
from unseen.pictures.refusals import RefusedError
from unseen.seeds import generator

FILM = made_up_film(1, 140, 120)


def by_definition(row, cells):
    """Average with fractions, as the contract has it: no other code in common."""
    n = len(row)
    out = []
    for cell in range(cells):
        start, stop = Fraction(cell * n, cells), Fraction((cell + 1) * n, cells)
        overlaps = [max(Fraction(0), min(Fraction(k + 1), stop) - max(Fraction(k), start)) for k in range(n)]
        out.append(float(sum(o * Fraction(x) for o, x in zip(overlaps, row, strict=True)) / (stop - start)))
    return out


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 23), st.integers(1, 23), st.integers(0, 99))
def test_areas_are_averaged_exactly(n, cells, seed):
    row = generator(seed).random(n).astype(np.float32)
    wanted = np.array(by_definition(row.tolist(), cells))
    assert np.abs(area_averaged(row[None], 1, cells)[0] - wanted).max() < 1e-7
    assert np.abs(area_averaged(row[:, None], cells, 1)[:, 0] - wanted).max() < 1e-7


def test_averaging_keeps_the_mean_and_what_is_flat():
    film = generator(2).random((37, 53)).astype(np.float32)
    for height, width in ((28, 28), (5, 90), (37, 53), (1, 1)):
        small = area_averaged(film, height, width)
        assert small.dtype == np.float32
        assert small.mean(dtype=np.float64) == pytest.approx(film.mean(dtype=np.float64), abs=1e-7)
        assert (area_averaged(np.full((37, 53), 0.1, np.float32), height, width) == np.float32(0.1)).all()
    assert np.array_equal(area_averaged(film, 37, 53), film)


def test_a_picture_of_the_right_size_is_taken_as_it_is():
    blank = Picture(np.full((28, 28), 0.25, np.float32))
    assert (framed(blank, Framing()) == 0.25).all()
    assert (framed(blank, Framing(unit=255.0)) == 63.75).all()


def test_borders_are_trimmed_and_the_centre_is_cut():
    film = np.pad(FILM, ((9, 30), (50, 4)), constant_values=1.0)
    film[3] += 0.01 * (np.arange(film.shape[1]) % 2)  # three levels of 255 are still uniform
    assert trimmed(film) == (9, 149, 50, 170)
    wanted = area_averaged(FILM[10:130], 28, 28)
    assert np.array_equal(framed(Picture(film), Framing())[0], wanted)
    stretched = framed(Picture(film), Framing(3, 20, 24, trim=False, crop=False))
    assert np.array_equal(stretched, np.repeat(area_averaged(film, 20, 24)[None], 3, axis=0))


@pytest.mark.parametrize(("levels", "left"), [(3, (0, 0, 0, 0)), (4, (0, 6, 0, 5))])
def test_four_levels_are_not_uniform(levels, left):
    film = (np.full((6, 5), 100) + levels * (np.indices((6, 5)).sum(axis=0) % 2)).astype(np.float32) / 255
    assert trimmed(film) == left


def test_trimming_goes_on_while_lines_become_uniform():
    spiral = np.zeros((9, 9), np.float32)
    spiral[4, 4], spiral[4, 0], spiral[0, 4] = 1.0, 0.0, 0.0
    spiral[2:7, 2:7] = generator(3).random((5, 5))
    spiral[1, 8] = 0.5  # a speck: its row goes once its column has gone
    assert trimmed(spiral)[1:3] == (7, 2)
    stairs = np.tril(np.ones((300, 300), np.float32))  # every line that goes makes the next one uniform
    assert trimmed(stairs) == (0, 0, 0, 0)


def test_nothing_left_is_flat():
    with pytest.raises(RefusedError) as caught:
        framed(Picture(np.full((60, 60), 0.5, np.float32)), Framing())
    assert caught.value.reason == "flat"


def test_a_colour_picture_fills_channels():
    colour = generator(4).random((40, 50, 3)).astype(np.float32)
    picture = Picture(colour.mean(axis=-1), colour, 0.3)
    rows = framed(picture, Framing(3, 40, 50))
    assert np.array_equal(rows, colour.transpose(2, 0, 1))
    assert np.array_equal(framed(picture, Framing(1, 40, 50))[0], picture.grey)


@pytest.mark.parametrize("wrong", [{"channels": 2}, {"height": 0}, {"colour": True}])
def test_settings_that_are_none(wrong):
    with pytest.raises(ConfigError):
        Framing.from_dict(wrong)
    with pytest.raises(ConfigError, match="no limits"):
        Limits.from_dict({"brightness": 1})


LIMITS, FRAMING = Limits(), Framing()


def reason(picture, limits=LIMITS, framing=FRAMING, photograph=False):
    try:
        check(picture, framing, limits, photograph=photograph)
    except RefusedError as error:
        return error.reason
    return None


def test_checks_come_in_their_order():
    assert reason(Picture(FILM)) is None
    assert reason(Picture(FILM[:27], chroma=1.0)) == "too-small"
    assert reason(Picture(FILM[:50, :120], chroma=1.0)) == "aspect"
    assert reason(Picture(FILM[:60, :120], chroma=0.0799)) is None
    assert reason(Picture(0.1 * FILM, chroma=0.08)) == "colour"
    assert reason(Picture(0.1 * FILM)) == "flat"
    assert reason(Picture(FILM), photograph=True) == "too-small"
    assert reason(Picture(FILM, photograph=True)) == "too-small"
    assert reason(Picture(FILM), Limits(side=130)) == "too-small"


def test_limits_of_none_are_not_checked():
    free = Limits(side=1, photo_side=None, aspect=None, chroma=None, spread=None, sharpness=None, glare=None)
    assert reason(Picture(np.full((2, 90), 0.5, np.float32), chroma=1.0), free, Framing(trim=False)) is None
    assert Limits.from_dict(free.to_dict()) == free


def test_a_blurred_or_overexposed_photograph_is_refused():
    film = made_up_film(5, 400)
    assert reason(Picture(film, photograph=True)) is None
    assert reason(Picture(gaussian_filter(film, 25.0), photograph=True)) == "blurred"
    assert reason(Picture(gaussian_filter(film, 25.0))) is None
    lit = np.where(np.arange(400)[:, None] < 110, 1.0, film).astype(np.float32)
    lit[:, ::40] = film[:, ::40]
    assert reason(Picture(lit, photograph=True), Limits(sharpness=None)) == "glare"
    assert reason(Picture(lit)) is None


def test_sharpness_does_not_depend_on_contrast_and_falls_with_blur():
    film = made_up_film(6, 400)
    sharp = [sharpness(gaussian_filter(film, width)) for width in (0.5, 5.0, 10.0, 20.0)]
    assert sharp == sorted(sharp, reverse=True)
    faint = (0.2 + 0.3 * film).astype(np.float32)
    assert sharpness(faint) == pytest.approx(sharpness(film), rel=1e-4)
    assert sharpness(np.ones((9, 9), np.float32)) == 0.0
