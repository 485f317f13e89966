"""Every kind of picture becomes its brightness, upright; what cannot be judged is refused on one line."""

import numpy as np
import pytest

from unseen.decoy.luminance import FLAT, SQUARE, look, resized
from unseen.errors import DataError

Image = pytest.importorskip("PIL.Image")


def shades(height: int = 96, width: int = 96) -> np.ndarray:
    """Dark at the left and light at the right, darker at the top: 8 bits."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.round(255 * (0.7 * x + 0.3 * y)).astype(np.uint8)


def grey(height: int = 96, width: int = 96):
    return Image.fromarray(shades(height, width))


def close(square: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(square - resized(other / 255.0, SQUARE)).max() < 0.02)


def saved(folder, image, name: str, **how):
    image.save(folder / name, **how)
    return folder / name


def sixteen_bits(folder):
    return saved(folder, Image.fromarray(shades().astype(np.uint16) * 257), "deep.png")


def floats(folder):
    return saved(folder, Image.fromarray(shades().astype(np.float32) / 7 - 3), "floats.tiff")


def cmyk(folder):
    return saved(folder, grey().convert("CMYK"), "print.jpg", quality=98)


def palette(folder):
    return saved(folder, grey().convert("P"), "palette.gif")


def rotated_by_exif(folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held a quarter turn to the right
    turned = Image.fromarray(np.rot90(shades()))
    return saved(folder, turned, "held.jpg", exif=exif, quality=98)


def phone(folder):
    return saved(folder, grey(), "phone.mpo", save_all=True, append_images=[grey()], quality=98)


@pytest.mark.parametrize("make", [sixteen_bits, floats, cmyk, palette, rotated_by_exif, phone])
def test_every_kind_of_picture_has_the_same_brightness(make, tmp_path):
    seen = look(make(tmp_path))
    assert seen.square.shape == (SQUARE, SQUARE)
    full = seen.square
    if make in (sixteen_bits, floats):  # scaled by their own range
        full = full * (shades().max() - shades().min()) / 255 + shades().min() / 255
    assert close(full, shades())
    assert seen.notes == ()


def test_colours_count_as_the_eye_sees_them(tmp_path):
    halves = np.zeros((64, 64, 3), dtype=np.uint8)
    halves[:, :32, 1], halves[:, 32:, 2] = 255, 255
    square = look(saved(tmp_path, Image.fromarray(halves), "c.png")).square
    assert square[0, 0] == pytest.approx(0.7152, abs=1e-3)
    assert square[0, -1] == pytest.approx(0.0722, abs=1e-3)


def test_transparent_parts_lie_on_white_and_that_is_said(tmp_path):
    pixels = np.zeros((80, 80, 4), dtype=np.uint8)
    pixels[:, 40:, 3] = 255
    seen = look(saved(tmp_path, Image.fromarray(pixels), "t.png"))
    assert seen.square[0, 0] == pytest.approx(1.0, abs=0.01)
    assert seen.square[0, -1] == pytest.approx(0.0, abs=0.01)
    assert seen.notes == ("transparent parts were laid on white",)


def test_the_centre_is_looked_at_and_long_pictures_get_a_note(tmp_path):
    long = look(saved(tmp_path, grey(80, 400), "long.png"))
    assert long.size == (400, 80)
    assert close(long.square, shades(80, 400)[:, 160:240])
    assert long.notes == ("more than 3 times as long as wide: only the middle 20% is looked at",)
    assert look(saved(tmp_path, grey(80, 240), "three.png")).notes == ()


def text(folder):
    (folder / "a.png").write_text("this is no picture")


def empty(folder):
    (folder / "a.png").write_bytes(b"")


def truncated(folder):
    whole = folder / "whole.png"
    noise = np.random.default_rng(0).integers(0, 255, (96, 96), dtype=np.uint8)
    Image.fromarray(noise).save(whole)
    (folder / "a.png").write_bytes(whole.read_bytes()[:900])


def animated(folder):
    grey().save(folder / "a.png", save_all=True, append_images=[Image.fromarray(255 - shades())])


def small(folder):
    grey(63, 200).save(folder / "a.png")


def constant(folder):
    Image.new("RGB", (96, 96), "red").save(folder / "a.png")


def huge(folder):
    Image.new("1", (10_000, 10_000)).save(folder / "a.png")


def bomb(folder):
    Image.new("1", (20_000, 20_000)).save(folder / "a.png")


def not_finite(folder):
    Image.fromarray(np.full((96, 96), np.nan, dtype=np.float32)).save(folder / "a.png", format="TIFF")


def a_folder(folder):
    (folder / "a.png").mkdir()


REFUSED = [
    (text, r"a\.png is no picture; accepted: PNG, JPEG, TIFF, BMP, GIF, WEBP, PPM"),
    (empty, r"a\.png is no picture"),
    (truncated, r"a\.png is a broken picture \(.+\); save it anew"),
    (animated, r"a\.png has 2 frames; accepted: still pictures\. Save one frame by itself"),
    (small, r"a\.png has 200 x 63 pixels; accepted: at least 64 on either side"),
    (constant, r"a\.png is of one brightness in its centre square; accepted: a picture of something"),
    (huge, r"a\.png has 10,000 x 10,000 pixels; accepted: at most 64,000,000 in all\. Make it smaller"),
    (bomb, r"a\.png has more than 64,000,000 pixels; make it smaller"),
    (not_finite, r"a\.png has pixels that are not finite; accepted: finite brightness"),
    (a_folder, r"a\.png is a folder; name the pictures in it, such as .+/\*\.jpg"),
    (lambda folder: None, r"a\.png does not exist\."),
]


@pytest.mark.parametrize(("make", "says"), REFUSED, ids=lambda one: getattr(one, "__name__", ""))
def test_what_cannot_be_judged_is_refused_and_why(make, says, tmp_path):
    make(tmp_path)
    with pytest.raises(DataError, match=says) as caught:
        look(tmp_path / "a.png")
    assert "\n" not in str(caught.value)


def test_a_misspelt_name_is_offered_the_nearest(tmp_path):
    saved(tmp_path, grey(), "picture.png")
    with pytest.raises(DataError, match=r"Did you mean 'picture\.png'\?"):
        look(tmp_path / "pictur.png")


def test_resizing_keeps_the_mean_and_grows_without_steps():
    square = np.random.default_rng(0).random((96, 96))
    assert resized(square, 32).mean() == pytest.approx(square.mean())
    assert resized(square, 64).mean() == pytest.approx(square.mean())
    ramp = np.tile(np.arange(64.0), (64, 1))
    assert np.ptp(np.diff(resized(ramp, 192)[0, 3:-3])) < 1e-9
    assert FLAT < 0.01
