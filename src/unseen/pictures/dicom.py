"""DICOM: one frontal radiograph to grey; only the pixels and technical tags are looked at."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import need
from unseen.pictures.dicom_grey import grey_table, word, written_number
from unseen.pictures.dicom_pixels import Layout, stored_codes
from unseen.pictures.header import broken, check_size
from unseen.pictures.refusals import RefusedError

IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
JPEG_BASELINE, RLE = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.5"
SYNTAXES = (IMPLICIT, EXPLICIT, BIG_ENDIAN, JPEG_BASELINE, RLE)
MODALITIES = ("CR", "DX")
OTHERS = ("CT", "MR", "US", "NM", "PT", "XA", "RF", "MG", "IO", "PX", "OT", "SC", "ES", "XC", "SR")
"""Modalities that are named when refused; any other text of a file is not repeated."""
LATERAL = ("LL", "RL", "LAT", "LATERAL")
BLOCK = 1 << 20

_TAGS = (
    "Modality",
    "ViewPosition",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleIntercept",
    "RescaleSlope",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "PresentationLUTShape",
    "EncryptedAttributesSequence",
    "PixelData",
)
"""All that is read of a file; names, dates and places are skipped."""


def decode_dicom(data: bytes, name: str) -> NDArray[np.float32]:
    """Decode a DICOM file to grey (H, W) in [0, 1].

    Uncompressed (implicit, explicit or big-endian), RLE or JPEG baseline; see `dicom_grey.grey_table` for the
    way from stored numbers to grey. What is checked comes in this order: transfer syntax, modality (CR or
    DX), view (not lateral), frames (one), encryption, kind of pixels (MONOCHROME1 or 2), size, length.

    Raises:
        RefusedError: One of these is not what is accepted, or the file is broken.
        MissingExtraError: pydicom is not installed (JPEG: Pillow).

    """
    syntax = transfer_syntax(data, name)
    pydicom = need("pydicom", extra="xray", purpose=f"reading {name}")
    if syntax not in SYNTAXES:
        told = pydicom.uid.UID(syntax).name
        raise RefusedError(
            "dicom-syntax",
            f"{name} is stored as {told}; accepted: uncompressed, RLE or JPEG baseline. Save it uncompressed",
        )
    try:
        with _quiet():
            tags = pydicom.dcmread(io.BytesIO(data), specific_tags=list(_TAGS))
            _check_kind(tags, name)
            layout = _layout(tags, syntax, name)
            table_of = grey_table(tags, layout.bits, layout.signed, name)
            content = tags["PixelData"].value if "PixelData" in tags else None
    except RefusedError:
        raise
    except Exception:  # the text of the library's own faults may quote the file: it is not shown
        raise broken(name, "a DICOM file that is broken or cut off") from None
    codes = stored_codes(content, layout, name)
    return _mapped(codes, table_of(codes))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pydicom from warning and logging: it quotes what the file says, and that may be of a person."""

    def nothing(record: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger("pydicom")
    logger.addFilter(nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.removeFilter(nothing)


def transfer_syntax(data: bytes, name: str) -> str:
    """Read how the file is stored, from its first group alone: a deflated file is never inflated.

    Raises:
        RefusedError: `broken`, where it is not said.

    """
    place = 132
    while place + 8 <= len(data) and data[place : place + 2] == b"\x02\x00":
        long = data[place + 4 : place + 6] in (b"OB", b"OW", b"UN", b"SQ", b"UT")
        size = slice(place + 8, place + 12) if long else slice(place + 6, place + 8)
        start = size.stop
        stop = start + int.from_bytes(data[size], "little")
        if data[place + 2 : place + 4] == b"\x10\x00":
            value = data[start:stop].decode("ascii", "replace").strip("\x00 ")
            if 0 < len(value) <= 64 and not value.strip("0123456789."):
                return value
            break
        place = stop
    raise broken(name, "a DICOM file that does not say how it is stored")


def _check_kind(tags: Any, name: str) -> None:
    """Refuse what is no single frontal radiograph in the open."""
    modality = word(tags, "Modality")
    if modality not in MODALITIES:
        raise RefusedError(
            "dicom-modality",
            f"{name} is of {f'modality {modality}' if modality in OTHERS else 'another modality'};"
            f" accepted: {' and '.join(MODALITIES)}, plain radiographs",
        )
    view = word(tags, "ViewPosition")
    if view in LATERAL:
        raise RefusedError("dicom-view", f"{name} is a lateral view; accepted: frontal views (PA, AP)")
    frames = written_number(tags, "NumberOfFrames", 1.0, name)
    if frames != 1:
        raise RefusedError("dicom-frames", f"{name} has {frames:g} frames; accepted: one")
    if "EncryptedAttributesSequence" in tags:
        raise RefusedError("dicom-pixels", f"{name} is encrypted; accepted: files that can be read by anyone")


def _layout(tags: Any, syntax: str, name: str) -> Layout:
    """Check how pixels are laid out."""
    shown = word(tags, "PhotometricInterpretation")
    if shown not in ("MONOCHROME1", "MONOCHROME2") or _whole(tags, "SamplesPerPixel", 1, name) != 1:
        told = "PALETTE COLOR" if shown == "PALETTE COLOR" else "colour or unnamed"
        raise RefusedError(
            "dicom-pixels", f"{name} has {told} pixels; accepted: grey ones (MONOCHROME1, MONOCHROME2)"
        )
    height, width = _whole(tags, "Rows", 0, name), _whole(tags, "Columns", 0, name)
    check_size(width, height, name)
    allocated = _whole(tags, "BitsAllocated", 0, name)
    bits = _whole(tags, "BitsStored", allocated, name)
    high = _whole(tags, "HighBit", bits - 1, name)
    if allocated not in (8, 16) or not 8 <= bits <= allocated or not bits - 1 <= high < allocated:
        raise RefusedError(
            "dicom-pixels",
            f"{name} stores {bits} bits in {allocated}, the highest at {high}; accepted: 8 to 16 bits in 8"
            " or 16",
        )
    signed = _whole(tags, "PixelRepresentation", 0, name) == 1
    swapped = syntax == BIG_ENDIAN and "PixelData" in tags and tags["PixelData"].VR == "OW"
    return Layout(height, width, allocated, bits, high, signed, syntax, syntax == BIG_ENDIAN, swapped)


def _whole(tags: Any, tag: str, default: int, name: str) -> int:
    return int(written_number(tags, tag, float(default), name))


def _mapped(codes: NDArray[np.uint16], table: NDArray[np.float32]) -> NDArray[np.float32]:
    grey = np.empty(codes.shape, np.float32)
    step = max(1, BLOCK // codes.shape[1])
    for top in range(0, len(codes), step):
        grey[top : top + step] = table[codes[top : top + step]]
    return grey
