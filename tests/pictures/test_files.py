"""Every sort of file comes back as what was drawn into it; every other sort is refused for its reason."""

import numpy as np
import pytest
from make_files import (
    DETECTOR,
    SCREENER,
    expected,
    film,
    jpeg_files,
    png,
    png_files,
    refused_files,
    saved,
    tinted,
    write_files,
)
from PIL import Image

from unseen.errors import DataError, MissingExtraError
from unseen.pictures.checks import Limits
from unseen.pictures.decode import decode
from unseen.pictures.framing import framed
from unseen.pictures.orientation import parsed, upright
from unseen.pictures.reading import from_array, read_picture, read_row, read_rows
from unseen.pictures.refusals import REASONS, RefusedError

PNGS = png_files()
JPEGS = jpeg_files()
REFUSED = refused_files()
SHADES = np.array([0.299, 0.587, 0.114])


def grey_of(name):
    return decode(PNGS[name], name).grey


def near(found, wanted):
    return found.shape == wanted.shape and np.abs(found.astype(np.float64) - wanted).max() < 1e-7


@pytest.mark.parametrize(
    ("name", "wanted"),
    {
        "grey1.png": (film(1) > 110) * 1.0,
        "grey2.png": (film(2) >> 6) / 3.0,
        "grey4.png": (film(3) >> 4) / 15.0,
        "grey8.png": film(4) / 255.0,
        "grey16.png": film(5, most=65535) / 65535.0,
        "tinted8.png": tinted(6) @ SHADES / 255.0,
        "tinted16.png": tinted(7, most=65535) @ SHADES / 65535.0,
        "transparent key.png": film(13) * (film(13) != 64) / 255.0,
        "transparent key4.png": (film(13) >> 4) * (film(13) >> 4 != 8) / 15.0,
        "gamma is ignored.png": film(15) / 255.0,
        "odd interlaced.png": film(17, 61, 37) / 255.0,
        "grey interlaced16.png": film(20, most=65535) / 65535.0,
        "tinted interlaced16.png": tinted(21, most=65535) @ SHADES / 65535.0,
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_png_comes_back_with_all_its_bits(name, wanted):
    assert near(grey_of(name), wanted)


def test_a_transparent_key_of_16_bits_is_compared_in_full():
    deep = film(14, most=65535) & 0xF800
    assert (deep == 0x9800).any()
    assert near(grey_of("transparent key16.png"), deep * (deep != 0x9800) / 65535.0)


@pytest.mark.parametrize(("bits", "most"), [(8, 255), (16, 65535)])
def test_alpha_lies_over_black(bits, most):
    alpha = (most - film(20 + bits, most=most) // 3) / most
    assert near(grey_of(f"grey alpha{bits}.png"), film(18, most=most) / most * alpha)
    assert near(grey_of(f"tinted alpha{bits}.png"), tinted(19, most=most) @ SHADES / most * alpha)


def test_palettes_are_looked_up():
    ramp = np.array([[v, v, max(0, v - 3)] for v in range(256)])
    assert near(grey_of("palette8.png"), ramp[film(22)] @ SHADES / 255.0)
    assert near(grey_of("palette4.png"), ramp[::17][film(23) >> 4] @ SHADES / 255.0)
    alpha = np.append(np.arange(0, 256, 2), np.full(128, 255)) / 255.0
    assert near(grey_of("palette alpha.png"), (ramp @ SHADES / 255.0 * alpha)[film(24)])


def test_colours_and_chroma():
    pixels = tinted(6)
    picture = decode(PNGS["tinted8.png"], "film", colour=True)
    assert near(picture.colour, pixels / 255.0)
    assert picture.chroma == pytest.approx((pixels.max(-1).astype(int) - pixels.min(-1)).mean() / 255.0)
    assert decode(PNGS["grey8.png"], "film", colour=True).colour is None
    assert decode(PNGS["tinted8.png"], "film").colour is None
    noise = np.random.default_rng(1).integers(0, 65536, (5, 6, 3)).astype(np.uint16)
    deep = decode(png(noise, 2, bits=16), "film", colour=True)
    assert near(deep.colour, noise / 65535.0)
    assert deep.chroma == pytest.approx((noise.max(-1).astype(int) - noise.min(-1)).mean() / 65535.0)


TURNS = {
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: np.rot90(p, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("value", range(1, 9))
def test_every_orientation_is_applied_once(value):
    assert near(grey_of(f"turned{value}.png"), TURNS[value](film(26)) / 255.0)
    wanted = TURNS[value](film(34)) / 255.0
    found = decode(JPEGS[f"turned{value}.jpg"], "film")
    assert found.orientation == value
    assert found.grey.shape == wanted.shape
    assert np.abs(found.grey - wanted).mean() < 0.01
    tiff = saved(Image.fromarray(film(34)), "TIFF", tiffinfo={0x0112: value})
    assert near(decode(tiff, "film").grey, wanted)
    pixels = np.arange(24.0).reshape(2, 4, 3)
    assert np.array_equal(upright(pixels, value)[..., 1], TURNS[value](pixels[..., 1]))


def test_wrong_exif_says_nothing():
    for name in ("wrong exif.jpg", "orientation9.jpg", "orientation0.jpg"):
        found = decode(JPEGS[name], name)
        assert (found.orientation, found.grey.shape, found.photograph) == (1, (150, 131), False)
    assert parsed(b"II*\x00\xff\xff\xff\xff").orientation == 1
    assert parsed(b"MM\x00*\x00\x00\x00\x08\xff\xff" + b"\x01\x12\x00\x03\x00\x00\x00\x02\x00\x06") == parsed(
        b""
    )


def test_a_camera_makes_a_photograph():
    assert decode(JPEGS["camera.jpg"], "film").photograph
    assert decode(JPEGS["small from camera.jpg"], "film").photograph
    assert not decode(JPEGS["turned and more.jpg"], "film").photograph


@pytest.mark.parametrize(("kind", "suffix"), [("BMP", "bmp"), ("TIFF", "tif"), ("PPM", "pgm")])
def test_other_formats_hold_the_same_numbers(kind, suffix):
    assert near(decode(saved(Image.fromarray(film(35)), kind), "film").grey, film(35) / 255.0)
    deep = film(36, most=65535)
    if kind != "BMP":
        assert near(decode(saved(Image.fromarray(deep), kind), "film").grey, deep / 65535.0)
    colour = decode(saved(Image.fromarray(tinted(37)), kind), "film", colour=True)
    assert near(colour.colour, tinted(37) / 255.0)


def test_cmyk_and_progressive_are_near_the_plain_file():
    plain = decode(JPEGS["sampling0.jpg"], "film").grey
    for name in ("cmyk.jpg", "progressive.jpg"):
        assert np.abs(decode(JPEGS[name], name).grey - plain).mean() < 0.01


@pytest.mark.parametrize(("name", "data"), REFUSED.items())
def test_what_is_no_film_is_refused_for_its_reason(name, data):
    reasons = {
        "empty.png": "empty-file",
        "text.png": "not-a-picture",
        "page.jpg": "not-a-picture",
        "phone.heic": "not-a-picture",
        "still.gif": "not-a-picture",
        "huge.png": "too-many-pixels",
        "animated.gif": "animated",
        "animated.png": "animated",
        "pixel.png": "too-small",
        "small.png": "too-small",
        "colour.png": "colour",
        "blank.png": "flat",
        "faint.png": "flat",
        "long.png": "aspect",
    }
    with pytest.raises(RefusedError) as caught:
        read_row(data, SCREENER, Limits())
    assert caught.value.reason == reasons.get(name, "broken")
    assert "\n" not in str(caught.value)


def tiff(array):
    return saved(Image.fromarray(array), "TIFF")


@pytest.mark.parametrize("worst", [np.nan, np.inf, -np.inf, 1.01, -0.01])
def test_floats_that_are_no_grey(worst):
    array = np.array([[0.0, worst, 1.0]])
    for make in (from_array, lambda values: decode(tiff(values.astype(np.float32)), "film")):
        with pytest.raises(RefusedError, match="accepted: 0 to 1") as caught:
            make(array)
        assert caught.value.reason == "values"


def test_arrays_that_are_no_picture():
    for array in (
        np.zeros((2, 2), bool),
        np.zeros((2, 2), np.int64),
        np.zeros(4),
        np.zeros((0, 3)),
        np.zeros((2, 2, 4)),
    ):
        with pytest.raises(RefusedError, match="accepted") as caught:
            from_array(array)
        assert caught.value.reason == "values"
    with pytest.raises(RefusedError, match="no grey"):
        decode(tiff(np.array([[70_000, 1]], dtype=np.int32)), "film")
    assert near(decode(tiff(np.array([[0.25, 1.0]], dtype=np.float32)), "film").grey, np.array([[0.25, 1.0]]))
    assert from_array(np.array([[0, 255]], dtype=np.uint8)).grey.tolist() == [[0.0, 1.0]]
    assert from_array(tinted(38)).chroma == pytest.approx(decode(png(tinted(38), 2), "film").chroma)


def test_arrays_and_files_agree():
    for pixels, kind, bits in ((film(39), 0, 8), (tinted(38), 2, 8), (film(5, most=65535), 0, 16)):
        one, other = from_array(pixels), decode(png(pixels, kind, bits=bits), "film", colour=True)
        assert near(one.grey, other.grey)
        assert np.array_equal(framed(one, DETECTOR), framed(other, DETECTOR))


def test_files_are_read_and_named(tmp_path):
    path = tmp_path / "film.png"
    path.write_bytes(PNGS["grey8.png"])
    rows = read_rows([path, str(path), PNGS["grey16.png"]], SCREENER, Limits())
    assert rows.shape == (3, 1, 28, 28)
    assert np.array_equal(rows[0], rows[1])
    (tmp_path / "cut.png").write_bytes(REFUSED["cut.png"])
    with pytest.raises(RefusedError, match=r"cut\.png is a PNG that is cut off"):
        read_rows([path, tmp_path / "cut.png"], SCREENER, Limits())
    with pytest.raises(DataError, match=r"does not exist. Did you mean 'film.png'\?"):
        read_picture(tmp_path / "fllm.png")
    with pytest.raises(DataError, match="is a folder"):
        read_picture(tmp_path)


def test_the_packages_are_named_where_they_are_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(MissingExtraError, match=r"needs PIL: pip install 'unseen\[images\]'"):
        decode(PNGS["grey8.png"], "film")


def test_files_for_others_hold_what_is_read(tmp_path):
    written = np.load(write_files(tmp_path))
    assert len(written["names"]) == len(list(tmp_path.iterdir())) - 1 >= 130
    assert set(written["reasons"]) <= {"", *REASONS}
    assert [
        np.count_nonzero(written["formats"][written["reasons"] == ""] == kind) >= 20
        for kind in ("PNG", "JPEG", "DICOM")
    ] == [True] * 3
    place = list(written["names"]).index("exact size16.png")
    assert np.array_equal(
        written["rows"][place, 0], (film(9, 28, 28, most=65535) / 65535.0).astype(np.float32)
    )
    again = expected({"grey8.png": PNGS["grey8.png"]})
    assert np.array_equal(again["rows"][0], written["rows"][list(written["names"]).index("grey8.png")])
