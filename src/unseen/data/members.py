"""Arrays as columns: what NumPy and HDF5 files have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pyarrow as pa

from unseen.data.columns import image_column
from unseen.errors import ConfigError, DataError, unknown

LIMIT = 8 << 30
"""Bytes an array may declare, by default: 8 GiB."""
CHUNK = 1 << 26
"""Bytes read at a time: 64 MiB."""
CHANNELS = (1, 3, 4)
LAYOUTS = ("channels-first", "channels-last")


@dataclass(frozen=True)
class Member:
    """What the header of one array declares; nothing of it has been read."""

    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool = False

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.dtype.itemsize * prod(self.shape[1:])


def natural(members: Mapping[str, Member]) -> list[Member]:
    """Choose the arrays a person would expect: X and its companions, or the only images or matrix, or all.

    >>> x, y, z = (Member(k, s, np.dtype("f8")) for k, s in (("X", (5, 2)), ("y", (5,)), ("z", (7,))))
    >>> [member.key for member in natural({"z": z, "y": y, "X": x})]
    ['X', 'y']
    """
    main = members.get("X") or _only_tall(members.values())
    if main is None:
        return list(members.values())
    others = [m for m in members.values() if m is not main and m.shape[:1] == main.shape[:1]]
    return [main, *others]


def _only_tall(members: Collection[Member]) -> Member | None:
    """Return the only images, or else the only matrix; a count in a column of its own, (N, 1), is neither."""
    for axes in (3, 2):
        tall = [member for member in members if len(member.shape) >= axes and member.shape[1:] != (1,)]
        if len(tall) == 1:
            return tall[0]
    slim = [member for member in members if len(member.shape) > 1]
    return slim[0] if len(slim) == 1 else None


def check(member: Member, where: str) -> None:
    """Refuse an array that cannot become columns.

    Raises:
        DataError: objects, odd types, too many axes, no rows; `where` names the file and the array.

    """
    if member.dtype.hasobject:
        raise DataError(f"{where} holds Python objects, which are never loaded; save numbers or text")
    if member.dtype.kind not in "biufUSM" or not member.dtype.itemsize:
        raise DataError(f"{where} has type {member.dtype}; accepted: numbers, text, dates")
    if len(member.shape) not in (1, 2, 3, 4) or (len(member.shape) > 2 and member.dtype.kind not in "biuf"):
        raise DataError(
            f"{where} has shape {member.shape}; accepted: (N,), (N, D), images (N, H, W), (N, C, H, W)"
        )
    if min(member.shape) < 1:
        raise DataError(f"{where} has shape {member.shape}, so it holds no rows")


def check_layout(layout: str) -> None:
    """Refuse a layout that is not known; empty stands for what can be seen.

    Raises:
        ConfigError: it is none of `LAYOUTS`.

    """
    if layout and layout not in LAYOUTS:
        raise ConfigError(unknown("layout", layout, LAYOUTS))


def check_size(member: Member, where: str, limit: int) -> None:
    """Refuse an array that declares more than `limit` bytes.

    Raises:
        DataError: the size and the limit.

    """
    size = member.shape[0] * member.row_bytes
    if size > limit:
        raise DataError(
            f"{where} declares {size / 2**30:.1f} GiB, above the limit of {limit / 2**30:.3g} GiB"
        )


def names_of(
    member: Member, among: Collection[Member], given: Sequence[str] | None = None, where: str = "array"
) -> list[str]:
    """Return the columns an array becomes, beside the arrays `among` it is read with.

    `given` names the columns of the main array, in place of x0, x1, ...

    Raises:
        DataError: there are more or fewer columns than names given.

    """
    if len(member.shape) == 1:
        return [member.key]
    if len(member.shape) > 2:
        alone = sum(len(other.shape) > 2 for other in among) == 1 or member.key == "X"
        return ["image"] if alone else [member.key]
    alone = sum(len(other.shape) > 1 for other in among) == 1 or member.key == "X"
    width = member.shape[1]
    if width == 1 and member.key != "X":
        return [member.key]
    if given is not None and alone:
        if len(given) != width:
            raise DataError(f"{where} has {width} columns, but {len(given)} names were given")
        return list(given)
    prefix = "x" if alone else member.key
    return [f"{prefix}{index}" for index in range(width)]


def rows_at_once(members: Sequence[Member], rows: int) -> int:
    """Return how many rows of these arrays are read at a time, `rows` at most."""
    return max(1, min(rows, CHUNK // max(1, *(member.row_bytes for member in members))))


def column(chunk: np.ndarray, index: int, layout: str = "") -> pa.Array:
    """Turn rows of an array into one Arrow column."""
    if chunk.ndim > 2:
        return image_column(channels_first(chunk, layout))
    values = chunk if chunk.ndim == 1 else chunk[:, index]
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    if values.dtype.kind == "f":
        values = values.astype(np.float64)
    return pa.array(np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("=")))


def channels_first(images: np.ndarray, layout: str = "") -> np.ndarray:
    """Bring images to (N, C, H, W).

    Without `layout`, a last axis of 1, 3 or 4 beside a longer second one is C.

    >>> channels_first(np.zeros((5, 72, 58, 3))).shape, channels_first(np.zeros((5, 3, 72, 58))).shape
    ((5, 3, 72, 58), (5, 3, 72, 58))
    >>> channels_first(np.zeros((5, 4, 4, 8)), "channels-last").shape
    (5, 8, 4, 4)
    """
    last = images.ndim == 4 and images.shape[3] in CHANNELS and images.shape[1] not in CHANNELS
    if images.ndim == 3:
        images = images[:, None]
    elif layout == LAYOUTS[1] or (last and layout != LAYOUTS[0]):
        images = images.transpose(0, 3, 1, 2)
    kind = np.uint8 if images.dtype in (np.uint8, np.bool_) else np.float32
    return np.ascontiguousarray(images, dtype=kind)
