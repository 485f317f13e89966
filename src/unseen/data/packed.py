"""Images of mostly empty pixels, packed in Arrow and Parquet files.

A packed column is an ordinary Arrow column; the metadata of its field, `unseen.image`, say what it holds:

| form | Arrow type | a row |
|---|---|---|
| `sparse` | struct of lists `places` (uint16, uint32) and `energies` (float32) | its lit pixels |
| `mask` | fixed-size binary | one bit a pixel, highest bit first: 1 where it is lit |

Places count pixels of an image (C, H, W) in C order and rise. Pixels that are not named are 0; those that are
named are above 0. A reader of the file sees a column of images, unpacked a few rows at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from unseen.data.columns import image_column
from unseen.errors import DataError

KEY = b"unseen.image"
VERSION = 1
LARGEST = 1 << 24
"""Pixels of an image, all channels together, beyond which a file is not believed."""
CHUNK = 1 << 26
"""Bytes of images unpacked at a time."""

Form = Literal["sparse", "mask"]


@dataclass(frozen=True)
class Packing:
    """How images of one shape are packed.

    Attributes:
        shape: (C, H, W).
        form: `sparse` keeps energies, `mask` which pixels are lit.

    >>> packing = Packing((1, 2, 3))
    >>> images = np.array([[[[0, 0, 5], [0, 1.5, 0]]]], dtype=np.float32)
    >>> packing.pack(images).to_pylist()
    [{'places': [2, 4], 'energies': [5.0, 1.5]}]
    >>> bool((packing.unpack(packing.pack(images), "a.feather", 0) == images).all())
    True

    """

    shape: tuple[int, int, int]
    form: Form = "sparse"

    @property
    def size(self) -> int:
        """Pixels of an image."""
        return prod(self.shape)

    def field(self, name: str) -> pa.Field:
        """Return the Arrow field of a packed column."""
        record = {"version": VERSION, "form": self.form, "shape": list(self.shape)}
        kind = pa.binary(-(-self.size // 8))
        if self.form == "sparse":
            place = pa.uint16() if self.size <= 1 << 16 else pa.uint32()
            kind = pa.struct({"places": pa.list_(place), "energies": pa.list_(pa.float32())})
        return pa.field(name, kind, nullable=False, metadata={KEY: json.dumps(record).encode()})

    def pack(self, images: np.ndarray) -> pa.Array:
        """Pack images of shape (N, C, H, W), finite and not negative."""
        flat = images.reshape(len(images), -1)
        kind = self.field("").type
        if self.form == "mask":
            bits = np.packbits(flat > 0, axis=1)
            return pa.Array.from_buffers(kind, len(bits), [None, pa.py_buffer(np.ascontiguousarray(bits))])
        rows, places = np.nonzero(flat)
        ends = np.zeros(len(flat) + 1, dtype=np.int32)
        np.cumsum(np.bincount(rows, minlength=len(flat)), out=ends[1:])
        lists = [pa.array(places, kind.field(0).type.value_type), pa.array(flat[rows, places], pa.float32())]
        arrays = [pa.ListArray.from_arrays(pa.array(ends), values) for values in lists]
        return pa.StructArray.from_arrays(arrays, fields=[kind.field(0), kind.field(1)])

    def unpack(self, column: pa.Array, where: str, first: int) -> np.ndarray:
        """Return images (N, C, H, W), float32; uint8 0 and 1 of a mask.

        Args:
            column: a packed column.
            where: the file, for errors.
            first: number of its first row in the file.

        Raises:
            DataError: a row that no image was packed as.

        """
        if column.null_count:
            raise DataError(f"{where}: {column.null_count} packed images are missing; a packed file has none")
        if self.form == "mask":
            return self._unpack_bits(column)
        places, energies = (column.field(place) for place in (0, 1))
        counts = _lengths(places, where, first)
        _refuse(_lengths(energies, where, first) != counts, first, where, "as many energies as places")
        flat, values = (one.flatten().to_numpy(zero_copy_only=False) for one in (places, energies))
        rows = np.repeat(np.arange(len(column)), counts)
        _refuse_places(flat, values, rows, self, first, where)
        images = np.zeros((len(column), self.size), dtype=np.float32)
        images[rows, flat] = values
        return images.reshape(-1, *self.shape)

    def _unpack_bits(self, column: pa.Array) -> np.ndarray:
        width = column.type.byte_width
        start = column.offset * width
        data = np.frombuffer(column.buffers()[1], np.uint8)[start : start + len(column) * width]
        return np.unpackbits(data.reshape(-1, width), axis=1, count=self.size).reshape(-1, *self.shape)


def packings(schema: pa.Schema, where: str) -> dict[str, Packing]:
    """Return name -> packing of the packed columns of a file.

    Raises:
        DataError: a later version, or a record that does not make sense.

    """
    return {
        field.name.strip(): _packing(field, where)
        for field in schema
        if field.metadata is not None and KEY in field.metadata
    }


def unpacked(table: pa.Table, found: dict[str, Packing], where: str, first: int) -> Iterator[pa.Table]:
    """Yield the table with its packed columns as images, in parts that take little memory."""
    packed = {name: found[name] for name in table.column_names if name in found}
    if not packed:
        yield table
        return
    step = max(1, CHUNK // (4 * max(packing.size for packing in packed.values())))
    for at in range(0, table.num_rows, step):
        part = table.slice(at, step)
        for name, packing in packed.items():
            place = part.column_names.index(name)
            images = packing.unpack(_one(part.column(name)), where, first + at)
            part = part.set_column(place, name, image_column(images))
        yield part


def check_energies(images: np.ndarray, where: str, first: int = 0) -> None:
    """Refuse images (N, C, H, W) with a value that no energy has.

    Raises:
        DataError: a pixel is negative or not finite; with its row, counted from `first`, and its place.

    >>> check_energies(np.full((2, 1, 2, 2), -1.0), "events.npz", first=10)
    Traceback (most recent call last):
    ...
    unseen.errors.DataError: events.npz: the image of row 10 has the value -1 at channel 0, row 0, column 0; \
accepted: energies of 0 or more, finite

    """
    # two passes settle the usual case: NaN and inf fail these comparisons
    if not images.size or (images.min() >= 0 and images.max() < np.inf):
        return
    row, *pixel = (int(place) for place in np.argwhere(~(np.isfinite(images) & (images >= 0)))[0])
    raise DataError(
        f"{where}: the image of row {first + row} has the value {images[row, *pixel]:g} at channel"
        f" {pixel[0]}, row {pixel[1]}, column {pixel[2]}; accepted: energies of 0 or more, finite"
    )


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _packing(field: pa.Field, where: str) -> Packing:
    what = f"{where}: packed images {field.name!r}"
    try:
        record: Any = json.loads(field.metadata[KEY])
        version, form, shape = record["version"], record["form"], record["shape"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{what}: what is said of them cannot be read; pack them again") from error
    if version != VERSION or form not in ("sparse", "mask"):
        raise DataError(f"{what}: form {form!r}, version {version!r}; accepted: sparse or mask, version 1")
    sound = isinstance(shape, list) and len(shape) == 3 and all(type(n) is int and n > 0 for n in shape)
    if not sound or prod(shape) > LARGEST:
        raise DataError(
            f"{what}: shape {str(shape)[:60]}; accepted: (C, H, W) of at most {LARGEST:,} pixels in all"
        )
    packing = Packing((shape[0], shape[1], shape[2]), form)
    if not _fits(field.type, packing):
        raise DataError(f"{what}: type {field.type} does not hold {form} images of shape {tuple(shape)}")
    return packing


def _fits(kind: pa.DataType, packing: Packing) -> bool:
    wanted = packing.field("").type
    if packing.form == "mask":
        return bool(kind == wanted)
    if not pt.is_struct(kind) or [kind.field(i).name for i in range(kind.num_fields)] != [
        "places",
        "energies",
    ]:
        return False
    inner = [kind.field(i).type for i in (0, 1)]
    if not all(pt.is_list(one) or pt.is_large_list(one) for one in inner):
        return False
    return bool(pt.is_unsigned_integer(inner[0].value_type) and inner[1].value_type == pa.float32())


def _lengths(lists: pa.Array, where: str, first: int) -> np.ndarray:
    empty = lists.is_null().to_numpy(zero_copy_only=False)
    _refuse(empty, first, where, "a list of places and one of energies")
    found: np.ndarray = lists.value_lengths().to_numpy(zero_copy_only=False)
    return found


def _refuse_places(
    places: np.ndarray, values: np.ndarray, rows: np.ndarray, packing: Packing, first: int, where: str
) -> None:
    for wrong, accepted in (
        (places >= packing.size, f"places below {packing.size:,}, the pixels of {packing.shape}"),
        (~(np.isfinite(values) & (values > 0)), "energies above 0 and finite"),
    ):
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"{where}: the packed image of row {first + int(rows[at])} has energy {values[at]:g} at place"
                f" {int(places[at]):,}; accepted: {accepted}"
            )
    falls = (rows[1:] == rows[:-1]) & (places[1:] <= places[:-1])
    if falls.any():
        row = first + int(rows[int(np.flatnonzero(falls)[0])])
        raise DataError(f"{where}: the packed image of row {row} has places that do not rise")


def _refuse(wrong: np.ndarray, first: int, where: str, accepted: str) -> None:
    if wrong.any():
        row = first + int(np.flatnonzero(wrong)[0])
        raise DataError(f"{where}: the packed image of row {row} is damaged; accepted: {accepted}")
