"""DICOM files of every accepted and refused sort, written with pydicom."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image
from pydicom import Dataset, uid
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

from unseen.pictures.films import made_up_film

BIG, RLE, JPEG = uid.ExplicitVRBigEndian, uid.RLELossless, uid.JPEGBaseline8Bit


def dicom(
    pixels: np.ndarray, *, syntax: str = uid.ExplicitVRLittleEndian, bits: int | None = None, **tags
) -> bytes:
    """Write whole numbers (H, W) as a DICOM file; `tags` are set last, None removes one."""
    allocated = pixels.dtype.itemsize * 8
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = uid.DigitalXRayImageStorageForPresentation, "1.2.3"
    data.PatientName, data.PatientID, data.PatientBirthDate = "Doe^Jane", "4711", "19700101"
    data.Modality, data.ViewPosition = "DX", "PA"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = pixels.shape[-2:]
    data.BitsAllocated, data.BitsStored = allocated, bits or allocated
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.add_new("PixelData", "OW", stored(pixels, syntax))
    for name, value in tags.items():
        if value is None:
            delattr(data, name)
        elif name == "PixelData":
            data.add_new("PixelData", "OW", value)
        else:
            setattr(data, name, value)
    return written(data, syntax)


def written(data: Dataset, syntax: str) -> bytes:
    """Return the bytes of a file, however wrong its tags are."""
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID, data.file_meta.MediaStorageSOPInstanceUID = "1.2", "1.2.3"
    if uid.UID(syntax).is_compressed and "PixelData" in data:
        data["PixelData"].VR = "OB"
        data["PixelData"].is_undefined_length = True
    target = io.BytesIO()
    data.save_as(target, enforce_file_format=True)
    return target.getvalue()


def stored(pixels: np.ndarray, syntax: str) -> bytes:
    """Return pixel data as the transfer syntax has it."""
    if syntax == RLE:
        return encapsulate([run_lengths(pixels)])
    if syntax == JPEG:
        target = io.BytesIO()
        Image.fromarray(pixels).save(target, "JPEG", quality=95)
        return encapsulate([target.getvalue()])
    raw = pixels.astype(pixels.dtype.newbyteorder(">" if syntax == BIG else "<")).tobytes()
    return raw + b"\0" * (len(raw) % 2)


def run_lengths(pixels: np.ndarray) -> bytes:
    """Encode a frame by run lengths: runs of equal bytes, and the rest as it is."""
    planes = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(-1, 1).view(np.uint8)
    segments = [_packed(planes[:, place].tobytes()) for place in range(planes.shape[1])]
    starts = np.cumsum([64, *map(len, segments)])[:-1]
    head = struct.pack("<16L", len(segments), *starts, *[0] * (15 - len(segments)))
    return head + b"".join(segments)


def _packed(plane: bytes) -> bytes:
    out, place = bytearray(), 0
    while place < len(plane):
        run = 1
        while run < 128 and plane[place + run : place + run + 1] == plane[place : place + 1]:
            run += 1
        if run > 2:
            out += bytes([257 - run, plane[place]])
            place += run
            continue
        end = place + 1
        while end - place < 128 and end < len(plane) and plane[end - 1 : end + 2] != plane[end : end + 1] * 3:
            end += 1
        out += bytes([end - place - 1]) + plane[place:end]
        place = end
    return bytes(out) + b"\0" * (len(out) % 2)


def film(seed: int, bits: int = 12, dtype: type = np.uint16, height: int = 97, width: int = 83) -> np.ndarray:
    """Draw a film of so many bits."""
    return np.round(made_up_film(seed, height, width) * (2**bits - 1)).astype(dtype)


def lookup(first: int, entries: np.ndarray, bits: int) -> Sequence:
    """Make a sequence of one lookup table."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "US", [int(entry) for entry in entries])
    return Sequence([item])


def accepted_dicom() -> dict[str, bytes]:
    """DICOM of all accepted sorts."""
    rising = np.round(255 * np.linspace(0, 1, 4096) ** 0.6).astype(int)
    window = {"WindowCenter": 2000, "WindowWidth": 3200}
    return {
        "explicit8.dcm": dicom(film(60, 8, np.uint8)),
        "explicit12.dcm": dicom(film(61), bits=12),
        "explicit16.dcm": dicom(film(62, 16)),
        "implicit.dcm": dicom(film(63), bits=12, syntax=uid.ImplicitVRLittleEndian),
        "big-endian.dcm": dicom(film(64), bits=12, syntax=BIG),
        "rle16.dcm": dicom(film(66), bits=12, syntax=RLE),
        "rle8.dcm": dicom(film(67, 8, np.uint8), syntax=RLE),
        "jpeg.dcm": dicom(film(68, 8, np.uint8), syntax=JPEG),
        "odd length.dcm": dicom(film(69, 8, np.uint8, 83, 81)),
        "signed.dcm": dicom(film(70).astype(np.int16) - 2048, bits=12),
        "signed16.dcm": dicom((film(71, 16).astype(np.int32) - 32768).astype(np.int16)),
        "monochrome1.dcm": dicom(film(72), bits=12, PhotometricInterpretation="MONOCHROME1"),
        "inverse.dcm": dicom(film(73), bits=12, PresentationLUTShape="INVERSE"),
        "inverse once.dcm": dicom(
            film(74), bits=12, PresentationLUTShape="INVERSE", PhotometricInterpretation="MONOCHROME1"
        ),
        "window.dcm": dicom(film(75), bits=12, **window),
        "windows.dcm": dicom(film(76), bits=12, WindowCenter=[1500, 2000], WindowWidth=[2500, 10]),
        "exact window.dcm": dicom(film(77), bits=12, VOILUTFunction="LINEAR_EXACT", **window),
        "sigmoid.dcm": dicom(film(78), bits=12, VOILUTFunction="SIGMOID", **window),
        "window of one.dcm": dicom(film(79), bits=12, WindowCenter=1500, WindowWidth=1),
        "window of none.dcm": dicom(film(80), bits=12, WindowCenter=1500, WindowWidth=0),
        "rescaled.dcm": dicom(
            film(81), bits=12, RescaleSlope="0.5", RescaleIntercept="-1024", WindowCenter=0, WindowWidth=1800
        ),
        "falling.dcm": dicom(film(82), bits=12, RescaleSlope="-1", RescaleIntercept="4095"),
        "voi table.dcm": dicom(film(83), bits=12, VOILUTSequence=lookup(0, rising, 8)),
        "voi table of some.dcm": dicom(film(84), bits=12, VOILUTSequence=lookup(500, rising[:3000] * 16, 12)),
        "signed voi table.dcm": dicom(
            film(85).astype(np.int16) - 2048, bits=12, VOILUTSequence=lookup(-2048, rising, 8)
        ),
        "modality table.dcm": dicom(film(86), bits=12, ModalityLUTSequence=lookup(0, rising, 8)),
        "implicit table.dcm": dicom(
            film(87), bits=12, syntax=uid.ImplicitVRLittleEndian, VOILUTSequence=lookup(0, rising, 8)
        ),
        "big-endian table.dcm": dicom(film(88), bits=12, syntax=BIG, VOILUTSequence=lookup(0, rising, 8)),
        "overlay bits.dcm": dicom(film(89) | 0x8000, bits=12),
        "high bits.dcm": dicom(film(90) << 4, bits=12, HighBit=15),
        "cr.dcm": dicom(film(91), bits=12, Modality="CR", ViewPosition="AP"),
        "no view.dcm": dicom(film(92), bits=12, ViewPosition=None),
        "one frame.dcm": dicom(film(93), bits=12, NumberOfFrames=1),
        "exact size.dcm": dicom(film(94, 12, np.uint16, 28, 28), bits=12),
    }


def refused_dicom() -> dict[str, bytes]:
    """DICOM that is refused, with each reason."""
    pixels = film(95)
    whole = dicom(pixels, bits=12)
    encrypted = {"EncryptedAttributesSequence": Sequence([Dataset()]), "PixelData": None}
    return {
        "ct.dcm": dicom(pixels, bits=12, Modality="CT"),
        "us.dcm": dicom(pixels, bits=12, Modality="US"),
        "no modality.dcm": dicom(pixels, bits=12, Modality=None),
        "lateral.dcm": dicom(pixels, bits=12, ViewPosition="LL"),
        "lateral in words.dcm": dicom(pixels, bits=12, ViewPosition="LATERAL"),
        "frames.dcm": dicom(np.stack([pixels, pixels]), bits=12, NumberOfFrames=2),
        "encrypted.dcm": dicom(pixels, bits=12, **encrypted),
        "jpeg2000.dcm": dicom(
            pixels, bits=12, syntax=uid.JPEG2000Lossless, PixelData=encapsulate([b"\xff\x4f"])
        ),
        "deflated.dcm": dicom(pixels, bits=12, syntax=uid.DeflatedExplicitVRLittleEndian),
        "no pixels.dcm": dicom(pixels, bits=12, PixelData=None),
        "short pixels.dcm": dicom(pixels, bits=12, PixelData=pixels.tobytes()[:-400]),
        "long pixels.dcm": dicom(pixels, bits=12, PixelData=pixels.tobytes() + bytes(400)),
        "cut.dcm": whole[: len(whole) - 1000],
        "cut early.dcm": whole[:200],
        "palette.dcm": dicom(film(96, 8, np.uint8), PhotometricInterpretation="PALETTE COLOR"),
        "one bit.dcm": dicom(film(97, 8, np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0),
        "many bits.dcm": dicom(pixels, BitsAllocated=32, BitsStored=32, HighBit=31),
        "huge.dcm": dicom(pixels, bits=12, Rows=60_000, Columns=60_000),
        "no size.dcm": dicom(pixels, bits=12, Rows=0),
        "cut rle.dcm": dicom(pixels, bits=12, syntax=RLE, PixelData=encapsulate([run_lengths(pixels)[:900]])),
        "cut jpeg.dcm": dicom(
            film(98, 8, np.uint8),
            syntax=JPEG,
            PixelData=stored(film(98, 8, np.uint8), JPEG)[:900] + bytes(100),
        ),
        "blank.dcm": dicom(np.full((50, 50), 700, np.uint16), bits=12),
    }
