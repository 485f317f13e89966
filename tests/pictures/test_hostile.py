"""Whatever the bytes: a picture or a refusal of one line, no warning, nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_dicom import accepted_dicom
from make_files import SCREENER, jpeg_files, png_files, saved
from PIL import Image

from unseen.pictures.checks import Limits, check
from unseen.pictures.films import made_up_film
from unseen.pictures.framing import framed
from unseen.pictures.reading import read_picture
from unseen.pictures.refusals import REASONS, RefusedError
from unseen.seeds import generator

SMALL = np.round(made_up_film(1, 40, 36) * 255).astype(np.uint8)
PNGS, JPEGS, DICOMS = png_files(), jpeg_files(), accepted_dicom()
SEEDS = {
    **{
        name: PNGS[name]
        for name in ("odd interlaced.png", "exact size16.png", "palette alpha.png", "turned6.png")
    },
    **{name: JPEGS[name] for name in ("exact size.jpg", "camera.jpg")},
    **{
        name: DICOMS[name]
        for name in ("exact size.dcm", "rle8.dcm", "jpeg.dcm", "voi table.dcm", "big-endian.dcm")
    },
    **{f"film.{kind}": saved(Image.fromarray(SMALL), kind) for kind in ("BMP", "TIFF", "PPM", "GIF", "WEBP")},
}


def outcome(data):
    """Read as far as a row goes; anything but a row or a refusal is a fault of ours."""
    try:
        picture = read_picture(data, name="film", colour=True)
        check(picture, SCREENER, Limits())
        row = framed(picture, SCREENER)
    except RefusedError as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        assert refused.reason in REASONS
        assert "\n" not in str(refused)
        return refused.reason
    assert row.shape == (1, 28, 28)
    assert np.isfinite(row).all()
    assert row.min() >= 0.0
    assert row.max() <= 1.0
    return None


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"P5 9 9 255\n", b"BM", b"II*\0"]),
)
def test_any_bytes(data, start):
    outcome(start + data)


@settings(max_examples=40, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0"]),
)
def test_any_tags_behind_a_dicom_head(data, syntax):
    head = b"\x02\0\x10\0UI" + len(syntax).to_bytes(2, "little") + syntax
    outcome(bytes(128) + b"DICM" + head + data)


@pytest.mark.parametrize("name", SEEDS)
def test_flipped_bytes(name):
    rng = generator(sum(name.encode()))
    data = np.frombuffer(SEEDS[name], np.uint8)
    for many in (1, 1, 1, 3, 10, 30):
        changed = data.copy()
        # headers are where it hurts
        reach = len(data) if many % 2 else min(len(data), 400)
        changed[rng.integers(0, reach, many)] = rng.integers(0, 256, many)
        outcome(changed.tobytes())


@pytest.mark.parametrize("name", SEEDS)
def test_cut_anywhere(name):
    data = SEEDS[name]
    places = {0, 1, 4, 8, 12, 20, 33, len(data) - 1, *generator(7).integers(0, len(data), 8).tolist()}
    # of compressed DICOM the mark after the last fragment may be missing: no pixel is
    needed = len(data) - (9 if name in ("rle8.dcm", "jpeg.dcm") else 0)
    for place in sorted(places):
        reason = outcome(data[:place])
        if name.endswith((".png", ".jpg", ".dcm")) and place < needed:
            assert reason is not None, place


def test_one_bit_anywhere_in_a_png_is_seen():
    data = PNGS["odd interlaced.png"]
    rng = generator(8)
    for place in rng.integers(8, len(data), 40):
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(8))
        assert outcome(bytes(changed)) is not None, place


def test_pieces_of_one_file_in_another():
    rng, names = generator(9), sorted(SEEDS)
    for _ in range(40):
        one, other = (SEEDS[names[k]] for k in rng.integers(0, len(names), 2))
        a, b = int(rng.integers(len(one))), int(rng.integers(len(other)))
        outcome(one[:a] + other[b:])
