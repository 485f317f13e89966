"""Arrays to safetensors bytes and back, bit for bit; the header is checked before the library sees it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import safetensors
import safetensors.numpy

from unseen.errors import ModelFileError
from unseen.persist.limits import (
    ARRAYS,
    MAX_ARRAY_NAME,
    MAX_ARRAYS,
    MAX_ARRAYS_BYTES,
    MAX_DIMENSIONS,
    MAX_HEADER_BYTES,
)
from unseen.persist.strict_json import JSON, parse, quoted

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_ITEM_BYTES = {
    "BOOL": 1,
    **{f"{sign}{bits}": bits // 8 for sign in "IU" for bits in (8, 16, 32, 64)},
    **{f"F{bits}": bits // 8 for bits in (16, 32, 64)},
}
_DTYPES = frozenset(
    {"bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
    | {f"float{bits}" for bits in (16, 32, 64)}
)
_LENGTH_BYTES = 8


class _Entry(NamedTuple):
    """One array of the header; sorts by where its bytes lie."""

    begin: int
    end: int
    name: str
    dtype: str


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Write arrays as the bytes of a safetensors file (little-endian, C order).

    Raises:
        ModelFileError: a name or a dtype that the format does not hold, or more than a reader accepts.

    """
    if len(arrays) > MAX_ARRAYS:
        raise ModelFileError(f"{len(arrays):,} arrays were given; a model holds at most {MAX_ARRAYS:,}")
    for name, array in arrays.items():
        _refuse_unfit(name, array)
    total = sum(array.nbytes for array in arrays.values())
    most = MAX_ARRAYS_BYTES - MAX_HEADER_BYTES
    if total > most:
        raise ModelFileError(f"the arrays take {total:,} bytes; a model holds at most {most:,}")
    data: bytes = safetensors.numpy.save({name: _plain(array) for name, array in arrays.items()})
    _check(data)
    return data


def unpack(data: bytes) -> dict[str, Array]:
    """Read arrays from the bytes of a safetensors file; each owns its memory and is writable.

    Raises:
        ModelFileError: a header that does not describe exactly the bytes that follow it.

    """
    entries = _check(data)
    try:
        arrays: dict[str, Array] = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError, OverflowError) as error:
        raise ModelFileError(f"{ARRAYS} cannot be decoded: {error}") from error
    for entry in entries:
        # NumPy trusts a bool to be 0 or 1; another byte would count as several.
        if entry.dtype == "BOOL" and arrays[entry.name].view(np.uint8).max(initial=0) > 1:
            raise ModelFileError(
                f"{ARRAYS}: array {quoted(entry.name)} is BOOL but has bytes other than 0 and 1"
            )
    return arrays


def _refuse_unfit(name: object, array: object) -> None:
    if not isinstance(name, str) or not 0 < len(name) <= MAX_ARRAY_NAME or name == "__metadata__":
        raise ModelFileError(
            f"array name {quoted(name)} is not accepted: 1 to {MAX_ARRAY_NAME} characters, not '__metadata__'"
        )
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise ModelFileError(f"array {quoted(name)} is {type(array).__name__}; accepted: numpy.ndarray")
    if array.dtype.name not in _DTYPES:
        accepted = "bool, integers and floats of 8 to 64 bits"
        raise ModelFileError(f"array {quoted(name)} has dtype {array.dtype}; accepted: {accepted}")


def _plain(array: Array) -> Array:
    """Return the array in C order: the library swaps bytes but otherwise writes memory as it lies."""
    return np.array(array, order="C", copy=None)


def _check(data: bytes) -> list[_Entry]:
    """Check that the header describes arrays that tile the rest of the file, without gap or overlap."""
    if len(data) < _LENGTH_BYTES:
        raise ModelFileError(f"{ARRAYS} is cut short: {len(data)} bytes")
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if length > MAX_HEADER_BYTES:
        raise ModelFileError(
            f"{ARRAYS} declares a header of {length:,} bytes; at most {MAX_HEADER_BYTES:,} are read"
        )
    start = _LENGTH_BYTES + length
    if start > len(data):
        raise ModelFileError(f"{ARRAYS} is cut short: its header ends at byte {start:,} of {len(data):,}")
    header = parse(data[_LENGTH_BYTES:start], what=f"{ARRAYS} header")
    if not isinstance(header, dict):
        raise ModelFileError(f"{ARRAYS} header must be an object, not {type(header).__name__}")
    if len(header) > MAX_ARRAYS:
        raise ModelFileError(f"{ARRAYS} holds {len(header):,} arrays; at most {MAX_ARRAYS:,} are read")
    entries = sorted(_entry(name, described) for name, described in header.items())
    _check_tiling(entries, len(data) - start)
    return entries


def _entry(name: str, described: JSON) -> _Entry:
    """Check one array of the header on its own: dtype, shape, and a size that follows from both."""
    where = f"{ARRAYS}: array {quoted(name)}"
    if not isinstance(described, dict) or described.keys() != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(f"{where} must be {{dtype, shape, data_offsets}}, not {quoted(described)}")
    dtype, shape, offsets = described["dtype"], described["shape"], described["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _ITEM_BYTES:
        raise ModelFileError(f"{where} has dtype {quoted(dtype)}; accepted: {', '.join(_ITEM_BYTES)}")
    if not _naturals(shape) or len(shape) > MAX_DIMENSIONS:
        raise ModelFileError(
            f"{where} has shape {quoted(shape)}; accepted: up to {MAX_DIMENSIONS} whole numbers"
        )
    if not _naturals(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise ModelFileError(f"{where} has data_offsets {quoted(offsets)}; accepted: [begin, end]")
    begin, end = offsets
    size = _ITEM_BYTES[dtype]
    for extent in shape:  # at most 32 factors of 64 bits: Python's integers do not overflow
        size *= extent
    if size != end - begin:
        raise ModelFileError(f"{where} of shape {quoted(shape)} needs {size:,} bytes, not {end - begin:,}")
    return _Entry(begin, end, name, dtype)


def _naturals(value: JSON) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _check_tiling(entries: list[_Entry], size: int) -> None:
    edges = [_Entry(0, 0, "", ""), *entries]
    for before, after in pairwise(edges):
        if after.begin != before.end:
            fault = "overlaps" if after.begin < before.end else "leaves a gap after"
            raise ModelFileError(
                f"{ARRAYS}: array {quoted(after.name)} {fault} the bytes before {before.end:,}"
            )
    if edges[-1].end != size:
        raise ModelFileError(f"{ARRAYS} describes {edges[-1].end:,} bytes of arrays but holds {size:,}")
