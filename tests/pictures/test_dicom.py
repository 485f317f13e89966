"""DICOM: every accepted sort against pydicom's own arithmetic, every refused sort with its reason."""

import io
import struct
import sys
import zlib

import numpy as np
import pydicom
import pytest
from make_dicom import BIG, accepted_dicom, dicom, film, lookup, refused_dicom, run_lengths, stored, written
from pydicom import uid
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_windowing

from unseen.errors import MissingExtraError
from unseen.pictures.decode import decode
from unseen.pictures.dicom_grey import windowed
from unseen.pictures.refusals import RefusedError
from unseen.pictures.rle import unpacked

ACCEPTED = accepted_dicom()
REFUSED = refused_dicom()
RISING = np.round(255 * np.linspace(0, 1, 4096) ** 0.6).astype(int)


def grey(name):
    return decode(ACCEPTED[name], name).grey


def stretched(pixels):
    values = pixels.astype(np.float64)
    return (values - values.min()) / np.ptp(values)


def near(found, wanted, bound=1e-7):
    return found.shape == wanted.shape and np.abs(found.astype(np.float64) - wanted).max() < bound


@pytest.mark.parametrize(
    ("name", "pixels"),
    {
        "explicit8.dcm": film(60, 8, np.uint8),
        "explicit12.dcm": film(61),
        "explicit16.dcm": film(62, 16),
        "implicit.dcm": film(63),
        "big-endian.dcm": film(64),
        "rle16.dcm": film(66),
        "rle8.dcm": film(67, 8, np.uint8),
        "odd length.dcm": film(69, 8, np.uint8, 83, 81),
        "signed.dcm": film(70),
        "signed16.dcm": film(71, 16),
        "window of none.dcm": film(80),
        "overlay bits.dcm": film(89),
        "high bits.dcm": film(90),
        "cr.dcm": film(91),
        "no view.dcm": film(92),
        "one frame.dcm": film(93),
        "exact size.dcm": film(94, 12, np.uint16, 28, 28),
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_without_a_window_the_whole_range_is_shown(name, pixels):
    assert near(grey(name), stretched(pixels))


def test_bright_and_dark_are_exchanged_once():
    assert near(grey("monochrome1.dcm"), 1 - stretched(film(72)))
    assert near(grey("inverse.dcm"), 1 - stretched(film(73)))
    assert near(grey("inverse once.dcm"), 1 - stretched(film(74)))
    assert near(grey("falling.dcm"), 1 - stretched(film(82)))


@pytest.mark.parametrize(
    "name",
    ["window.dcm", "windows.dcm", "exact window.dcm", "sigmoid.dcm", "window of one.dcm", "rescaled.dcm"],
)
def test_windows_are_those_of_the_standard(name):
    tags = pydicom.dcmread(io.BytesIO(ACCEPTED[name]))
    tags.RescaleIntercept, tags.RescaleSlope = tags.get("RescaleIntercept", 0), tags.get("RescaleSlope", 1)
    shown = apply_windowing(apply_modality_lut(tags.pixel_array, tags), tags)
    # pydicom gives 0 to 2^b - 1, from the rescaled lowest to the rescaled highest number
    slope, least = float(tags.RescaleSlope), float(tags.RescaleIntercept)
    assert near(grey(name), (shown - least) / (slope * 4095), 1e-6)


def test_a_window_by_hand():
    x = np.array([-1.0, 0.0, 0.5, 1.0, 99.5, 100.0, 101.0])
    assert windowed(x, 50.0, 100.0, "LINEAR_EXACT").tolist() == pytest.approx(
        [0, 0, 0.005, 0.01, 0.995, 1, 1]
    )
    assert windowed(x, 50.0, 1.0).tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert windowed(np.array([50.0, -1e9, 1e9]), 50.0, 1.0, "SIGMOID").tolist() == pytest.approx([0.5, 0, 1])


def test_tables_are_looked_up():
    assert near(grey("voi table.dcm"), RISING[film(83)] / 255)
    some = (RISING[:3000] * 16)[np.clip(film(84).astype(int) - 500, 0, 2999)]
    assert near(grey("voi table of some.dcm"), some / 4095)
    assert near(grey("signed voi table.dcm"), RISING[film(85)] / 255)
    assert near(grey("modality table.dcm"), stretched(RISING[film(86)]))
    assert near(grey("implicit table.dcm"), RISING[film(87)] / 255)
    assert near(grey("big-endian table.dcm"), RISING[film(88)] / 255)


def test_a_table_of_65536_entries_and_one_of_packed_bytes():
    whole = lookup(0, np.arange(65536) // 257, 8)
    data = dicom(film(62, 16), syntax=uid.ImplicitVRLittleEndian, VOILUTSequence=whole)
    assert near(decode(data, "film").grey, (film(62, 16) // 257) / 255)
    packed = lookup(0, np.arange(256), 8)
    packed[0].add_new("LUTData", "OW", bytes(range(255, -1, -1)))
    pixels = film(60, 8, np.uint8)
    assert near(decode(dicom(pixels, VOILUTSequence=packed), "film").grey, 1 - pixels / 255.0)


def test_jpeg_baseline_is_near():
    assert near(grey("jpeg.dcm"), stretched(film(68, 8, np.uint8)), 0.08)


def test_eight_bits_in_big_endian_words():
    pixels = film(60, 8, np.uint8)
    raw = pixels.tobytes() + b"\0" * (pixels.size % 2)
    swapped = np.frombuffer(raw, np.uint8).reshape(-1, 2)[:, ::-1].tobytes()
    assert near(decode(dicom(pixels, syntax=BIG, PixelData=swapped), "film").grey, stretched(pixels))


def test_run_lengths_come_back_and_are_bounded():
    pixels = film(66)
    assert unpacked(run_lengths(pixels), pixels.size, 2, "film") == pixels.astype("<u2").tobytes()
    bomb = struct.pack("<16L", 1, 64, *[0] * 14) + bytes([129, 7]) * 1_000_000
    with pytest.raises(RefusedError, match="do not fit"):
        unpacked(bomb, 100, 1, "film")


REASONS = {
    "ct.dcm": ("dicom-modality", "modality CT"),
    "us.dcm": ("dicom-modality", "modality US"),
    "no modality.dcm": ("dicom-modality", "CR and DX"),
    "lateral.dcm": ("dicom-view", "lateral"),
    "lateral in words.dcm": ("dicom-view", "frontal"),
    "frames.dcm": ("dicom-frames", "2 frames"),
    "encrypted.dcm": ("dicom-pixels", "encrypted"),
    "jpeg2000.dcm": ("dicom-syntax", "JPEG 2000 Image Compression"),
    "deflated.dcm": ("dicom-syntax", "Deflated"),
    "no pixels.dcm": ("dicom-pixels", "no readable pixels"),
    "short pixels.dcm": ("dicom-pixels", "which are 16,102"),
    "long pixels.dcm": ("dicom-pixels", "which are 16,102"),
    "cut.dcm": ("dicom-pixels", "which are 16,102"),
    "cut early.dcm": ("broken", "DICOM"),
    "palette.dcm": ("dicom-pixels", "PALETTE COLOR"),
    "one bit.dcm": ("dicom-pixels", "8 to 16 bits"),
    "many bits.dcm": ("dicom-pixels", "32 bits"),
    "huge.dcm": ("too-many-pixels", "60,000 x 60,000"),
    "no size.dcm": ("broken", "83 x 0"),
    "cut rle.dcm": ("dicom-pixels", "run-length"),
    "cut jpeg.dcm": ("dicom-pixels", "cut off"),
}


@pytest.mark.parametrize("name", REASONS)
def test_what_is_no_frontal_radiograph_is_refused_and_no_person_is_named(name, capfd, caplog):
    with pytest.raises(RefusedError) as caught:
        decode(REFUSED[name], name)
    reason, words = REASONS[name]
    assert (caught.value.reason, words in str(caught.value)) == (reason, True)
    told = str(caught.value) + caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in ("Doe", "Jane", "4711", "1970") if secret in told]
    assert caught.value.__suppress_context__ or caught.value.__cause__ is None


def changed(**tags):
    return dicom(film(61), bits=12, **tags)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: changed(WindowCenter="1e400", WindowWidth=100), None),  # such a window is left out
        (lambda: changed(Modality="QQ").replace(b"CS\x02\0QQ", b"CS\x08\0DOE^JANE"), "dicom-modality"),
        (lambda: changed(RescaleSlope=2).replace(b"DS\x04\x002.0 ", b"DS\x08\0DOE^JANE"), "broken"),
        (lambda: changed(SamplesPerPixel=3), "dicom-pixels"),
        (lambda: changed(PhotometricInterpretation="RGB"), "dicom-pixels"),
        (lambda: changed(BitsStored=7, HighBit=6), "dicom-pixels"),
        (lambda: changed(HighBit=5), "dicom-pixels"),
        (lambda: changed(Rows=None), "broken"),
        (lambda: changed(RescaleSlope="1e400"), "broken"),
        (lambda: changed(VOILUTSequence=lookup(0, np.arange(10), 20)), "broken"),
        (
            lambda: ACCEPTED["jpeg.dcm"].replace(uid.JPEGBaseline8Bit.encode(), b"1.2.840.10008.1.2.4.51"),
            "dicom-syntax",
        ),
        (
            lambda: ACCEPTED["explicit12.dcm"].replace(b"1.2.840.10008.1.2.1\0", b"1.2.3\n not a uid!!!"),
            "broken",
        ),
        (lambda: bytes(128) + b"DICM", "broken"),
    ],
)
def test_tags_that_do_not_fit(data, reason, caplog):
    if reason is None:
        assert near(decode(data(), "film").grey, stretched(film(61)))
        return
    with pytest.raises(RefusedError) as caught:
        decode(data(), "film")
    assert caught.value.reason == reason
    assert "DOE" not in str(caught.value) + caplog.text


def test_a_jpeg_of_another_size_is_refused():
    wrong = stored(film(68, 8, np.uint8, 40, 40), uid.JPEGBaseline8Bit)
    data = dicom(film(68, 8, np.uint8), syntax=uid.JPEGBaseline8Bit, PixelData=wrong)
    with pytest.raises(RefusedError, match="40 x 40 that does not fit its header") as caught:
        decode(data, "film")
    assert caught.value.reason == "dicom-pixels"


def test_a_deflated_bomb_is_not_inflated():
    head = REFUSED["deflated.dcm"][:400]
    bomb = zlib.compressobj(wbits=-15)
    with pytest.raises(RefusedError) as caught:
        decode(head + bomb.compress(bytes(1 << 24)) + bomb.flush(), "film")
    assert caught.value.reason == "dicom-syntax"


def test_sequences_without_a_bottom_end_in_a_refusal():
    whole = ACCEPTED["implicit.dcm"]
    start = whole.index(struct.pack("<HH", 0x28, 0x02))  # before SamplesPerPixel
    nest = struct.pack("<HHL", 0x28, 0x01, 0xFFFFFFFF) + struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    with pytest.raises(RefusedError) as caught:
        decode(whole[:start] + nest * 50_000 + whole[start:], "film")
    assert caught.value.reason == "broken"


def test_fragments_are_joined():
    frame = run_lengths(film(66))
    data = dicom(
        film(66), bits=12, syntax=uid.RLELossless, PixelData=encapsulate([frame], fragments_per_frame=3)
    )
    assert near(decode(data, "film").grey, stretched(film(66)))


def test_a_file_without_anything_is_refused():
    with pytest.raises(RefusedError):
        decode(written(pydicom.Dataset(), uid.ExplicitVRLittleEndian), "film")


def test_pydicom_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtraError, match=r"needs pydicom: pip install 'unseen\[xray\]'"):
        decode(ACCEPTED["explicit8.dcm"], "film")
