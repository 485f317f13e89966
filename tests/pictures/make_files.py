"""Picture files of every accepted sort, and broken ones, made from seeds; with what Python reads from them.

The tests here read them, and so does the test of the phone app in a browser:

    write_files(folder)     some 150 files, and expected.npz

`expected.npz` holds, one entry a file: `names`, `formats`, `reasons` ("" where the picture is read), `rows`
float32 (N, 1, 28, 28) of `SCREENER` (zeros where refused), `colours` float32 (N, 3, 24, 32) of `DETECTOR`
from 0 to 255, `sizes` (upright height and width), `chroma`, `photographs`, and `exact`: whether all decoders
must agree to 1e-6 (JPEG decoders may differ by a grey level or two). `reasons` are those of `check` with
`Limits()`.
"""

from __future__ import annotations

import io
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from make_dicom import accepted_dicom, refused_dicom
from PIL import Image

from unseen.pictures.checks import Limits, check
from unseen.pictures.films import made_up_film
from unseen.pictures.framing import Framing, framed
from unseen.pictures.reading import read_picture
from unseen.pictures.refusals import RefusedError
from unseen.seeds import generator

SCREENER = Framing()
DETECTOR = Framing(channels=3, height=24, width=32, trim=False, crop=False, unit=255.0)


def write_files(folder: Path) -> Path:
    """Write all files and `expected.npz` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {**png_files(), **jpeg_files(), **accepted_dicom(), **refused_files(), **refused_dicom()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    np.savez_compressed(folder / "expected.npz", **expected(files))
    return folder / "expected.npz"


def expected(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Read every file and note what comes of it."""
    many = len(files)
    found = {
        "names": np.array(list(files)),
        "formats": np.array([""] * many, dtype="U8"),
        "reasons": np.array([""] * many, dtype="U20"),
        "rows": np.zeros((many, 1, 28, 28), np.float32),
        "colours": np.zeros((many, 3, 24, 32), np.float32),
        "sizes": np.zeros((many, 2), np.int64),
        "chroma": np.zeros(many),
        "photographs": np.zeros(many, bool),
        "exact": np.array([".jpg" not in name and "jpeg" not in name for name in files]),
    }
    for place, (name, data) in enumerate(files.items()):
        try:
            picture = read_picture(data, name=name, colour=True)
            found["formats"][place], found["sizes"][place] = picture.format, picture.grey.shape
            found["chroma"][place], found["photographs"][place] = picture.chroma, picture.photograph
            found["colours"][place] = framed(picture, DETECTOR)
            check(picture, SCREENER, Limits())
            found["rows"][place] = framed(picture, SCREENER)
        except RefusedError as error:
            found["reasons"][place] = error.reason
    return found


@cache
def film(seed: int, height: int = 150, width: int = 131, most: int = 255) -> np.ndarray:
    """Draw a film in whole numbers, without symmetry, with a border of zeros on two sides."""
    pixels = np.round(made_up_film(seed, height, width) * most).astype(np.uint16 if most > 255 else np.uint8)
    pixels[: seed % 7] = 0
    pixels[:, width - seed % 5 :] = 0
    pixels.flags.writeable = False
    return pixels


def tinted(seed: int, most: int = 255) -> np.ndarray:
    """Draw a film with a little colour, (H, W, 3)."""
    grey = film(seed, most=most).astype(np.float64)
    shades = generator(seed, 1).uniform(0.96, 1.0, 3)
    return np.round(grey[..., None] * shades).astype(np.uint16 if most > 255 else np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return the bytes of a file."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """Frame a chunk of PNG."""
    body = name + content
    return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def png(
    pixels: np.ndarray, kind: int, *, bits: int = 8, interlaced: bool = False, extra: bytes = b""
) -> bytes:
    """Write a PNG by hand: (H, W) or (H, W, C) in whole numbers, colour type, every filter in turn.

    Pillow writes neither interlaced files nor 16-bit colours, nor does it use filters of a choice.
    """
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    height, width = pixels.shape[:2]
    parts = [pixels]
    if interlaced:
        parts = [pixels[top::down, left::right] for left, top, right, down in PASSES]
    raw = b"".join(_filtered(part, bits) for part in parts if part.size)
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, kind, 0, 0, int(interlaced)])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + extra
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def _filtered(pixels: np.ndarray, bits: int) -> bytes:
    """Filter the rows of one pass: none, sub, up, average, Paeth, and again."""
    height, _, channels = pixels.shape
    if bits < 8:
        spread = (pixels[..., 0, None] >> np.arange(bits - 1, -1, -1)) & 1
        lines = np.packbits(spread.reshape(height, -1).astype(np.uint8), axis=1)
    else:
        lines = np.ascontiguousarray(pixels.astype(">u2" if bits == 16 else np.uint8)).view(np.uint8)
        lines = lines.reshape(height, -1)
    step = max(1, channels * bits // 8)
    here = lines.astype(np.int32)
    left = np.pad(here, ((0, 0), (step, 0)))[:, : here.shape[1]]
    up = np.pad(here, ((1, 0), (0, 0)))[:height]
    corner = np.pad(up, ((0, 0), (step, 0)))[:, : here.shape[1]]
    guess = left + up - corner
    apart = [np.abs(guess - other) for other in (left, up, corner)]
    paeth = np.where(
        (apart[0] <= apart[1]) & (apart[0] <= apart[2]), left, np.where(apart[1] <= apart[2], up, corner)
    )
    guesses = [np.zeros_like(here), left, up, (left + up) // 2, paeth]
    out = bytearray()
    for row in range(height):
        out.append(row % 5)
        out += ((here[row] - guesses[row % 5][row]) % 256).astype(np.uint8).tobytes()
    return bytes(out)


def png_files() -> dict[str, bytes]:
    """PNG of every colour type, depth and interlacing, with alpha and one transparent colour."""
    files = {
        "grey1.png": png((film(1) > 110).astype(np.uint8), 0, bits=1),
        "grey2.png": png(film(2) >> 6, 0, bits=2),
        "grey4.png": png(film(3) >> 4, 0, bits=4),
        "grey8.png": png(film(4), 0),
        "grey16.png": png(film(5, most=65535), 0, bits=16),
        "tinted8.png": png(tinted(6), 2),
        "tinted16.png": png(tinted(7, most=65535), 2, bits=16),
        "exact size.png": png(film(8, 28, 28), 0),
        "exact size16.png": png(film(9, 28, 28, most=65535), 0, bits=16),
        "bordered.png": png(np.pad(film(10), ((30, 11), (7, 60)), constant_values=254), 0),
        "wide.png": png(film(11, 90, 170), 0),
        "large.png": png(film(12, 700, 500), 0),
        "transparent key.png": png(film(13), 0, extra=chunk(b"tRNS", b"\x00\x40")),
        "transparent key4.png": png(film(13) >> 4, 0, bits=4, extra=chunk(b"tRNS", b"\x00\x08")),
        "transparent key16.png": png(
            film(14, most=65535) & 0xF800, 0, bits=16, extra=chunk(b"tRNS", b"\x98\x00")
        ),
        "gamma is ignored.png": png(film(15), 0, extra=chunk(b"gAMA", (45455).to_bytes(4, "big"))),
        "named.png": png(film(16), 0, extra=chunk(b"tEXt", b"Author\x00Doe^Jane 19700101")),
        "odd interlaced.png": png(film(17, 61, 37), 0, interlaced=True),
    }
    for bits, most in ((8, 255), (16, 65535)):
        alpha = film(20 + bits, most=most)
        files[f"grey alpha{bits}.png"] = png(
            np.dstack([film(18, most=most), most - alpha // 3]), 4, bits=bits
        )
        files[f"tinted alpha{bits}.png"] = png(
            np.dstack([tinted(19, most=most), most - alpha // 3]), 6, bits=bits
        )
        files[f"grey interlaced{bits}.png"] = png(film(20, most=most), 0, bits=bits, interlaced=True)
        files[f"tinted interlaced{bits}.png"] = png(tinted(21, most=most), 2, bits=bits, interlaced=True)
    ramp = [bytes([v, v, max(0, v - 3)]) for v in range(256)]
    palette = chunk(b"PLTE", b"".join(ramp))
    files["palette8.png"] = png(film(22), 3, extra=palette)
    files["palette4.png"] = png(film(23) >> 4, 3, bits=4, extra=chunk(b"PLTE", b"".join(ramp[::17])))
    files["palette alpha.png"] = png(film(24), 3, extra=palette + chunk(b"tRNS", bytes(range(0, 256, 2))))
    files["palette interlaced.png"] = png(film(25), 3, interlaced=True, extra=palette)
    for value in range(1, 9):
        files[f"turned{value}.png"] = png(film(26), 0, extra=chunk(b"eXIf", exif(value)[6:]))
    return files


def exif(orientation: int, **tags: str) -> bytes:
    """Write EXIF with an orientation, and Make or Model where given."""
    block = Image.Exif()
    block[0x0112] = orientation
    for name, text in tags.items():
        block[{"make": 0x010F, "model": 0x0110, "when": 0x0132}[name]] = text
    return block.tobytes()


def jpeg_files() -> dict[str, bytes]:
    """JPEG of several qualities and samplings, progressive, turned, of cameras, CMYK."""
    grey, colour = Image.fromarray(film(30)), Image.fromarray(tinted(31))
    files = {f"quality{quality}.jpg": saved(grey, "JPEG", quality=quality) for quality in (40, 75, 95, 100)}
    files |= {
        "turned and more.jpg": saved(colour, "JPEG", exif=exif(6, when="1970:01:01 00:00:00")),
        "wrong exif.jpg": saved(grey, "JPEG", exif=b"Exif\x00\x00" + bytes(range(40))),
        "orientation9.jpg": saved(grey, "JPEG", exif=exif(9)),
        "orientation0.jpg": saved(grey, "JPEG", exif=exif(0)),
        "progressive.jpg": saved(colour, "JPEG", quality=90, progressive=True),
        "cmyk.jpg": saved(colour.convert("CMYK"), "JPEG", quality=95),
        "exact size.jpg": saved(Image.fromarray(film(32, 28, 28)), "JPEG", quality=95),
        "camera.jpg": saved(
            Image.fromarray(film(33, 400, 300)), "JPEG", quality=90, exif=exif(6, make="Maker", model="One")
        ),
        "small from camera.jpg": saved(grey, "JPEG", exif=exif(1, model="One")),
    }
    for sampling in (0, 1, 2):
        files[f"sampling{sampling}.jpg"] = saved(colour, "JPEG", quality=90, subsampling=sampling)
    upright = Image.fromarray(film(34))
    for value in range(1, 9):
        files[f"turned{value}.jpg"] = saved(upright, "JPEG", quality=92, exif=exif(value))
    return files


def refused_files() -> dict[str, bytes]:
    """Files that are no film, broken, hostile, or of a format that is not read."""
    whole = png(film(40), 0)
    jpeg = saved(Image.fromarray(film(41)), "JPEG")
    noise = generator(42).integers(0, 256, (60, 60, 3)).astype(np.uint8)
    huge = chunk(b"IHDR", (30_000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0]))
    frames = [Image.fromarray(film(seed, 40, 40)) for seed in (43, 44)]
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0x10
    return {
        "empty.png": b"",
        "text.png": b"this is no picture\n",
        "page.jpg": b"<!doctype html><html></html>",
        "cut.png": whole[: len(whole) // 2],
        "cut at the end.png": whole[:-5],
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut header.jpg": jpeg[:30],
        "one bit off.png": bytes(flipped),
        "pixel.png": png(np.zeros((1, 1), np.uint8), 0),
        "huge.png": b"\x89PNG\r\n\x1a\n" + huge + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        "animated.gif": saved(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "still.gif": saved(frames[0], "GIF"),
        "animated.png": saved(frames[0], "PNG", save_all=True, append_images=frames[1:]),
        "phone.heic": b"\x00\x00\x00\x18ftypheic" + bytes(60),
        "colour.png": png(noise, 2),
        "blank.png": png(np.full((50, 50), 200, np.uint8), 0),
        "faint.png": png(100 + film(45) // 8, 0),
        "long.png": png(film(46, 300, 100), 0),
        "small.png": png(film(47, 27, 40), 0),
    }
