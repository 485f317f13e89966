"""Folders of images."""

import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from unseen.data import ImageSource, Schema, open_source
from unseen.errors import DataError, MissingExtraError
from unseen.seeds import generator

GREY = generator(8).integers(0, 256, (6, 9, 7)).astype(np.uint8)
COLOUR = generator(9).integers(0, 256, (4, 9, 7, 3)).astype(np.uint8)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "pgm"])
def test_grey_images_come_back(tmp_path, suffix):
    for index, pixels in enumerate(GREY):
        save(tmp_path / ("cat" if index % 2 else "dog") / f"{index}.{suffix}", pixels)
    source = open_source(tmp_path)
    assert source.columns == ("image", "kind", "file")
    table = source.read()
    assert table["file"].to_pylist() == [f"cat/{i}.{suffix}" for i in (1, 3, 5)] + [
        f"dog/{i}.{suffix}" for i in (0, 2, 4)
    ]
    assert table["kind"].to_pylist() == ["cat"] * 3 + ["dog"] * 3
    pixels = table["image"].combine_chunks().to_numpy_ndarray()
    assert np.array_equal(pixels[:, 0], GREY[[1, 3, 5, 0, 2, 4]])
    assert [batch.num_rows for batch in source.batches(4)] == [4, 2]
    assert Schema.fit(table, exclude=["kind", "file"]).shape == (1, 9, 7)


def test_colour_images_have_three_channels(tmp_path):
    for index, pixels in enumerate(COLOUR):
        save(tmp_path / f"{index}.png", pixels)
    table = open_source(tmp_path).read()
    assert table["kind"].to_pylist() == [None] * 4
    assert np.array_equal(table["image"].combine_chunks().to_numpy_ndarray(), COLOUR.transpose(0, 3, 1, 2))


def test_photographs_are_read(tmp_path):
    save(tmp_path / "a.jpg", np.full((8, 8, 3), 128, dtype=np.uint8))
    assert ImageSource(tmp_path).read()["image"].combine_chunks().to_numpy_ndarray().std() < 2


def test_sixteen_bits_are_rounded_to_eight(tmp_path):
    save(tmp_path / "film.png", np.array([[0, 255, 256], [32768, 65535, 511]], dtype=np.uint16))
    pixels = open_source(tmp_path).read()["image"].combine_chunks().to_numpy_ndarray()
    assert pixels[0, 0].tolist() == [[0, 1, 1], [128, 255, 2]]


def test_photographs_stand_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned to the right
    Image.fromarray(GREY[0]).save(tmp_path / "a.png", exif=exif)
    pixels = open_source(tmp_path).read()["image"].combine_chunks().to_numpy_ndarray()
    assert np.array_equal(pixels[0, 0], np.rot90(GREY[0], -1))


def test_size_averages_areas(tmp_path):
    save(tmp_path / "a.png", COLOUR[0][:8, :6])
    pixels = ImageSource(tmp_path, size=(4, 2)).read()["image"].combine_chunks().to_numpy_ndarray()
    means = COLOUR[0][:8, :6].reshape(4, 2, 2, 3, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
    assert np.abs(pixels[0] - means).max() <= 0.5 + 1e-4


def test_size_resizes_all(tmp_path):
    save(tmp_path / "a.png", GREY[0])
    save(tmp_path / "b.png", np.full((20, 30), 77, dtype=np.uint8))
    pixels = ImageSource(tmp_path, size=(4, 5)).read()["image"].combine_chunks().to_numpy_ndarray()
    assert pixels.shape == (2, 1, 4, 5)
    assert (pixels[1] == 77).all()


def test_names_alone_are_read_without_decoding(tmp_path):
    save(tmp_path / "a" / "1.png", GREY[0])
    (tmp_path / "a" / "2.png").write_bytes(b"broken")
    assert open_source(tmp_path).select(["kind"]).read()["kind"].to_pylist() == ["a", "a"]


def bomb() -> bytes:
    """A PNG of a few bytes that declares 40,000 x 40,000 pixels."""

    def chunk(name, data):
        body = name + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    size = (40_000).to_bytes(4, "big") * 2
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + b"\x08\0\0\0\0")
        + chunk(b"IDAT", b"")
        + chunk(b"IEND", b"")
    )


def cut(folder):
    save(folder / "whole.png", COLOUR[0])
    data = (folder / "whole.png").read_bytes()
    (folder / "z cut.png").write_bytes(data[: len(data) // 2])


CASES = {
    "broken": (
        lambda folder: (folder / "a.png").write_bytes(b"no image"),
        "a.png is no picture; accepted: PNG",
    ),
    "empty": (lambda folder: (folder / "a.png").write_bytes(b""), "a.png is empty"),
    "cut": (cut, "z cut.png is a PNG that is cut off"),
    "bomb": (
        lambda folder: (folder / "a.png").write_bytes(bomb()),
        "a.png has 40,000 x 40,000 pixels; accepted: at most",
    ),
    "other size": (
        lambda folder: (save(folder / "a.png", GREY[0]), save(folder / "b.png", GREY[1].T)),
        "b.png is 7 x 9 pixels (height x width), but",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_images_that_cannot_be_read(tmp_path, case):
    make, message = CASES[case]
    make(tmp_path)
    with pytest.raises(DataError) as caught:
        open_source(tmp_path).read()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_images(tmp_path):
    with pytest.raises(DataError, match="holds no images"):
        ImageSource(tmp_path)


def test_pillow_is_named_where_it_is_missing(tmp_path, monkeypatch):
    save(tmp_path / "a.png", GREY[0])
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingExtraError, match=r"needs PIL: pip install 'unseen\[images\]'"):
        open_source(tmp_path)
