"""HDF5 files: columns, records, matrices, images, and data frames saved by pandas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from unseen.data.batches import Source
from unseen.data.columns import column_names, refuse_names
from unseen.data.files import File
from unseen.data.hdf5_tables import BLOCKS, ROOT, Table, Walk, words
from unseen.data.members import CHUNK, LIMIT, Member, check_layout, column, names_of
from unseen.errors import DataError, UnseenError, need, unknown

CACHE = 1 << 24
"""Unpacked bytes kept of each array, so that a chunk larger than a batch is not unpacked for each."""


@dataclass(frozen=True)
class Place:
    """Where a column is: an array, and of it a place along the second axis, or a field of a record."""

    key: str
    index: int = 0
    field: str = ""
    unit: str = ""


class Hdf5Source(Source):
    """One table of an HDF5 file, read a few rows at a time and only in the arrays asked for.

    | table | columns |
    |---|---|
    | group of equally long arrays | one each; a matrix `x` of shape (N, D) gives `x0`, `x1`, ... |
    | array of records | its fields; `f[0]`, `f[1]` of a field that is an array |
    | matrix alone | as above, or as its attribute `columns` has it |
    | images (N, H, W) and the like | `image`, as in NumPy files |
    | data frame saved by pandas (`fixed`) | its columns |

    True/false and whole numbers are read as numbers, text as words. What else is there is named in
    `left_out`. Which table: the one in `file.part`, or else the only one, or else the one that the
    attribute `table` of the root names. Nothing pickled is loaded, and no other file is opened.

    Raises:
        DataError: not HDF5, truncated, no such table, several to choose from, links to other files, or arrays
            that declare more than `limit` bytes without holding them.
        MissingExtraError: h5py is not installed.

    """

    def __init__(self, file: File, *, limit: int = LIMIT) -> None:
        self.name = f"{file.name}:{file.part}" if file.part else file.name
        self._file = file
        with self._opened() as (h5py, root):
            found = Walk(h5py, file.name, limit).tables(root)
            self._table = _chosen(found, root, file)
            self._others = [path for path, table in found.items() if table != self._table and not table.part]
            places, left_out = _places(root[self._table.group], self._table, self.name)
        check_layout(file.layout)
        if not places:
            raise DataError(f"{self.name}: table {self._table.path!r} holds no column of numbers or text")
        self._left_out = {**self._table.left_out, **left_out}
        self.columns = column_names([name for name, _ in places], self.name)
        self._places = dict(zip(self.columns, (place for _, place in places), strict=True))

    @property
    def units(self) -> Mapping[str, str]:
        """What the attribute `unit` or `units` of an array says."""
        return {name: place.unit for name, place in self._places.items() if place.unit}

    @property
    def content(self) -> str:
        """The table, its rows, and which others there are."""
        others = f"; other tables: {', '.join(self._others)}" if self._others else ""
        return f"table {self._table.path}: {self._table.length:,} rows{others}"

    @property
    def left_out(self) -> Mapping[str, str]:
        """Arrays and fields that are no columns -> why."""
        return self._left_out

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Read the arrays behind `columns` side by side."""
        keys = dict.fromkeys(self._places[name].key for name in columns)
        with self._opened() as (h5py, root):
            group = root[self._table.group]
            step = _step([group[key] for key in keys], rows)
            for at in range(0, self._table.length, step):
                read = {key: _rows(h5py, group[key], at, at + step) for key in keys}
                places = [self._places[name] for name in columns]
                arrays = [_column(read[place.key], place, self._file.layout) for place in places]
                yield pa.Table.from_arrays(arrays, list(columns))

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        """Lend h5py and the root of the file; whatever goes wrong in it is one line."""
        h5py: Any = need("h5py", extra="hdf5", purpose=f"reading {self._file.name}")
        try:
            with self._file.seekable() as stream, h5py.File(stream, "r", rdcc_nbytes=CACHE) as root:
                yield h5py, root
        except UnseenError:
            raise
        except Exception as error:  # damaged bytes raise nearly anything below
            reason = " ".join(str(error).split()) or type(error).__name__
            raise DataError(
                f"{self.name} is not an HDF5 file, or is truncated or damaged: {reason[:200]}"
            ) from error


def open_hdf5(file: File, names: Sequence[str] | None = None) -> Source:
    """Open an HDF5 file."""
    if names is not None:
        refuse_names(file.name)
    return Hdf5Source(file)


def _chosen(found: Mapping[str, Table], root: Any, file: File) -> Table:
    """Return the table that is asked for, or that goes without asking."""
    tables = [path for path, table in found.items() if not table.part]
    if not tables:
        odd = [f"{name} {reason}" for table in found.values() for name, reason in table.left_out.items()]
        raise DataError(
            f"{file.name} holds no table; accepted: equally long arrays in a group, records, matrices, images"
            + (f". Left out: {'; '.join(odd[:3])}" if odd else "")
        )
    named = file.part or "".join(words(root.attrs.get("table", "")))
    if named:
        path = named.strip("/") or ROOT
        if path not in found:
            raise DataError(f"{file.name}: {unknown('table', path, tables)}")
        return found[path]
    if len(tables) > 1:
        raise DataError(
            f"{file.name} holds {len(tables)} tables: {', '.join(tables[:20])};"
            f" name one, e.g. {file.name}:{tables[0]}"
        )
    return found[tables[0]]


def _places(group: Any, table: Table, where: str) -> tuple[list[tuple[str, Place]], dict[str, str]]:
    """Return the columns of a table in order, and the fields that are none."""
    if table.members and table.members[0].dtype.names:
        return _fields(group, table.members[0])
    found: list[tuple[str, Place]] = []
    for member in table.members:
        names = _names(group, member, table, where)
        units = _units(group[member.key], len(names))
        places = [Place(member.key, index, unit=unit) for index, unit in enumerate(units)]
        found += zip(names, places, strict=True)
    return found, {}


def _names(group: Any, member: Member, table: Table, where: str) -> list[str]:
    if len(member.shape) != 2:
        return names_of(member, table.members)
    width = member.shape[1]
    given = group[member.key].attrs.get("columns")
    if table.frame:
        given = group[member.key.removesuffix(BLOCKS) + "_items"][:]
    if given is None:
        prefix = "x" if member.key == "X" else member.key
        return [f"{prefix}{index}" for index in range(width)]
    names = words(given)
    if len(names) != width:
        raise DataError(f"{where}: array {member.key!r} has {width} columns, but {len(names)} names")
    return names


def _fields(group: Any, member: Member) -> tuple[list[tuple[str, Place]], dict[str, str]]:
    found: list[tuple[str, Place]] = []
    left_out: dict[str, str] = {}
    names = member.dtype.names or ()
    for name, unit in zip(names, _units(group[member.key], len(names)), strict=True):
        kind, shape = member.dtype[name].base, member.dtype[name].shape
        if kind.kind not in "biuf" and not (kind.kind == "S" and not shape):
            left_out[name] = f"type {kind}; accepted: numbers, text of fixed length"
            continue
        places = [name + "".join(f"[{at}]" for at in place) for place in np.ndindex(*shape)]
        found += [(n, Place(member.key, index, name, unit)) for index, n in enumerate(places)]
    return found, left_out


def _units(array: Any, count: int) -> list[str]:
    """Return the unit of each column: one for all, or one each."""
    units = words(array.attrs.get("unit", array.attrs.get("units", "")))
    if len(units) == count:
        return units
    return units * count if len(units) == 1 else [""] * count


def _step(arrays: Sequence[Any], rows: int) -> int:
    """Return how many rows to read at a time: whole chunks, in memory that does not grow with the file."""
    row = max(1, sum(int(array.nbytes) // max(1, array.shape[0]) for array in arrays))
    chunk = max((int(array.chunks[0]) for array in arrays if array.chunks), default=1)
    most: int = CHUNK // row
    return max(1, min(max(rows, chunk), most))


def _rows(h5py: Any, array: Any, start: int, stop: int) -> np.ndarray:
    read = array.asstr() if h5py.check_string_dtype(array.dtype) else array
    found: np.ndarray = read[start:stop]
    return found


def _column(chunk: np.ndarray, place: Place, layout: str) -> pa.Array:
    if place.field:
        chunk = chunk[place.field].reshape(len(chunk), -1)
    elif chunk.dtype.kind == "O":
        return pa.array(chunk, pa.string())
    if chunk.ndim > 2 or chunk.dtype.kind not in "biuf":
        return column(chunk, place.index, layout)
    values = chunk if chunk.ndim == 1 else chunk[:, place.index]
    return pa.array(np.ascontiguousarray(values, dtype=np.float64))
