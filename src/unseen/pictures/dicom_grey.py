"""Stored numbers of a DICOM file to grey: rescale, window, lookup tables, inversion."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.pictures.header import broken

Doubles = NDArray[np.float64]
Table = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Lookup:
    """A lookup table: what the first entry stands for, the entries, their bits."""

    first: int
    entries: NDArray[np.uint16]
    bits: int

    def __call__(self, x: Doubles) -> Doubles:
        """Look up floor(x) - first, held to the ends of the table."""
        places = np.clip(np.floor(x) - self.first, 0, len(self.entries) - 1).astype(np.intp)
        return np.asarray(self.entries[places], dtype=np.float64)


def grey_table(tags: Any, bits: int, signed: bool, name: str) -> Callable[[NDArray[np.uint16]], Table]:
    """Return a function from the codes of a picture to a table: code -> grey in [0, 1], float32 (2^bits,).

    A code c is the stored number s = c, or c - 2^bits of a signed one from 2^(bits-1) on. Then, in doubles,

        x = lookup(s) with a Modality LUT, else slope s + intercept;
        y = window(x) with a first window that can be used, else lookup(x) / (2^b - 1) with a VOI LUT of b
            bits, else (x - least) / (most - least) over the x of codes in the picture (0 if they are equal);
        1 - y for MONOCHROME1 or the presentation shape INVERSE (also if both are said).

    A window of centre c and width w cannot be used where either is no finite number, or w < 1 (LINEAR) or
    w <= 0 (others). DICOM PS3.3, C.11.1, C.11.2.1.2 and C.11.2.1.3.

    Raises:
        RefusedError: `broken`: a tag is no number or a table does not fit its descriptor.

    """
    codes = np.arange(1 << bits)
    stored = np.where(codes >= 1 << (bits - 1), codes - (1 << bits), codes) if signed else codes
    x = _rescaled(tags, stored.astype(np.float64), signed, name)
    inverted = word(tags, "PhotometricInterpretation") == "MONOCHROME1"
    inverted = inverted or word(tags, "PresentationLUTShape") == "INVERSE"
    window = _window(tags, x)
    voi = None if window is not None else _lookup(tags, "VOILUTSequence", signed, name)

    def table(seen: NDArray[np.uint16]) -> Table:
        if window is not None:
            y = window
        elif voi is not None:
            y = voi(x) / ((1 << voi.bits) - 1)
        else:
            y = _whole_range(x, seen)
        return np.asarray(1.0 - y if inverted else y, dtype=np.float32)

    return table


def windowed(x: Doubles, centre: float, width: float, function: str = "LINEAR") -> Doubles:
    """Map x to [0, 1] by a window.

    LINEAR:        0 for x <= c - 0.5 - (w-1)/2, 1 for x > c - 0.5 + (w-1)/2, else (x - (c-0.5))/(w-1) + 0.5
    LINEAR_EXACT:  0 for x <= c - w/2, 1 for x > c + w/2, else (x - c)/w + 0.5
    SIGMOID:       1 / (1 + exp(-4 (x - c)/w))

    >>> windowed(np.array([0.0, 127.5, 255.0]), 128.0, 256.0).tolist()
    [0.0, 0.5, 1.0]
    """
    if function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(np.minimum(-4.0 * (x - centre) / width, 700.0))))
    if function == "LINEAR":
        centre, width = centre - 0.5, width - 1.0
    # a width of 0 leaves nothing between both ends
    inside = (x - centre) / (width or 1.0) + 0.5
    low, high = x <= centre - width / 2.0, x > centre + width / 2.0
    return np.where(low, 0.0, np.where(high, 1.0, inside))


def written_number(tags: Any, tag: str, default: float, name: str) -> float:
    """Return the first value of a tag as a finite number, `default` where it is absent or empty.

    Raises:
        RefusedError: `broken`: it is something else.

    """
    value = _first(tags.get(tag))
    if value is None or value == "":
        return default
    number = float(value)
    if not math.isfinite(number):
        raise broken(name, f"a DICOM file whose {tag} is no number")
    return number


def _first(value: Any) -> Any:
    if isinstance(value, (str, bytes, int, float)) or value is None:
        return value
    return value[0] if len(value) else None


def word(tags: Any, tag: str) -> str:
    """Return the first value of a tag in capitals; empty where it is absent."""
    return str(_first(tags.get(tag)) or "").strip().upper()


def _rescaled(tags: Any, stored: Doubles, signed: bool, name: str) -> Doubles:
    lookup = _lookup(tags, "ModalityLUTSequence", signed, name)
    if lookup is not None:
        return lookup(stored)
    slope = written_number(tags, "RescaleSlope", 1.0, name)
    return slope * stored + written_number(tags, "RescaleIntercept", 0.0, name)


def _window(tags: Any, x: Doubles) -> Doubles | None:
    centre, width = (_first(tags.get(tag)) for tag in ("WindowCenter", "WindowWidth"))
    if centre in (None, "") or width in (None, ""):
        return None
    c, w = float(centre), float(width)
    function = word(tags, "VOILUTFunction") or "LINEAR"
    if function not in ("LINEAR_EXACT", "SIGMOID"):
        function = "LINEAR"
    fits = w >= 1.0 if function == "LINEAR" else w > 0.0
    if not (math.isfinite(c) and math.isfinite(w) and fits):
        return None
    return windowed(x, c, w, function)


def _whole_range(x: Doubles, seen: NDArray[np.uint16]) -> Doubles:
    present = np.zeros(len(x), bool)
    present[seen.ravel()] = True
    least, most = float(x[present].min()), float(x[present].max())
    return np.clip((x - least) / (most - least), 0.0, 1.0) if most > least else np.zeros_like(x)


def _lookup(tags: Any, sequence: str, signed: bool, name: str) -> Lookup | None:
    """Read the first table of a sequence."""
    items = tags.get(sequence)
    if not items:
        return None
    item = items[0]
    length, first, bits = (int(number) for number in item["LUTDescriptor"].value)
    length = (length & 0xFFFF) or 1 << 16
    first &= 0xFFFF
    first = first - (1 << 16) if first >= 1 << 15 and (signed or item["LUTDescriptor"].VR == "SS") else first
    entries = _entries(item["LUTData"].value, length, bits, item.original_encoding[1] is not False)
    if entries is None or not 8 <= bits <= 16:
        raise broken(name, "a DICOM file whose lookup table does not fit its descriptor")
    return Lookup(first, entries, bits)


def _entries(value: Any, length: int, bits: int, little: bool) -> NDArray[np.uint16] | None:
    """Take the entries from words, or from bytes where they are packed so."""
    if isinstance(value, bytes):
        packed = bits <= 8 and len(value) in (length, length + length % 2)
        numbers = np.frombuffer(value, np.uint8 if packed else "<u2" if little else ">u2")
    else:
        numbers = np.atleast_1d(np.asarray(value))
    return (numbers[:length].astype(np.int64) & 0xFFFF).astype(np.uint16) if len(numbers) >= length else None
