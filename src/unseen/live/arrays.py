"""Arrays of one value a sensor, as bytes in the store: little-endian, shorter before a sensor came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray


def packed(values: ArrayLike, dtype: DTypeLike) -> bytes:
    """Return the bytes of an array in a little-endian type.

    >>> packed([1.0, 2.0], "<f4").hex()
    '0000803f00000040'
    """
    return np.ascontiguousarray(values, dtype=dtype).tobytes()


def unpacked(body: bytes, dtype: DTypeLike, width: int, fill: float, inner: int = 0) -> NDArray[Any]:
    """Return the array of some bytes with one row a sensor, those that came later filled up.

    Args:
        body: What `packed` gave.
        dtype: Little-endian type.
        width: Sensors wanted.
        fill: Value of sensors that had no place yet.
        inner: Length of a sensor's own row; 0 where it is a single value.

    >>> unpacked(packed([1.0], "<f4"), "<f4", 2, np.nan).tolist()
    [1.0, nan]
    """
    found = np.frombuffer(body, dtype=dtype)
    shape: tuple[int, ...] = (width, inner) if inner else (width,)
    whole = np.full(shape, fill, dtype=np.dtype(dtype).newbyteorder("="))
    rows = found.reshape(-1, inner) if inner else found
    whole[: len(rows)] = rows[:width]
    return whole


def stacked(
    bodies: Iterable[tuple[int, bytes]], dtype: DTypeLike, width: int, slots: int, fill: float
) -> Any:
    """Return one array of shape (width, slots) from bytes and the number of the slot of each."""
    whole = np.full((slots, width), fill, dtype=np.dtype(dtype).newbyteorder("="))
    for slot, body in bodies:
        found = np.frombuffer(body, dtype=dtype)[:width]
        whole[slot, : len(found)] = found
    return whole.T
