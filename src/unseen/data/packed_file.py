"""Writing packed images, and looking rows up in a packed file without reading the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from unseen.data.batches import rechunk
from unseen.data.columns import image_values
from unseen.data.kinds import is_image
from unseen.data.packed import Form, Packing, check_energies, packings
from unseen.errors import DataError

ARROW = (".feather", ".arrow")
PARQUET = (".parquet",)
ROWS = 1024
"""Events of a record batch: what is read to look one up."""


@dataclass(frozen=True)
class Written:
    """What went into a packed file.

    Attributes:
        path: The file.
        rows: Images.
        empty: Of these, images without a lit pixel.
        shape: (C, H, W).
        bytes: Size of the file.

    """

    path: Path
    rows: int
    empty: int
    shape: tuple[int, int, int]
    bytes: int

    @property
    def bytes_per_event(self) -> float:
        """Size of the file over its events."""
        return self.bytes / self.rows


def check_place(path: Path) -> None:
    """Find out before long work whether `write_packed` would refuse a path.

    Raises:
        DataError: the suffix says no format, or the folder is not there.

    """
    if path.suffix.lower() not in (*ARROW, *PARQUET):
        raise DataError(f"{path}: packed images go to a file in {', '.join((*ARROW, *PARQUET))}")
    if not path.parent.is_dir():
        raise DataError(f"{path}: the folder {path.parent} does not exist")


def write_packed(
    path: Path, tables: Iterable[pa.Table], *, form: Form = "sparse", where: str = "images"
) -> Written:
    """Write tables with a column of images, packed, aside and renamed; a few tables are in memory at a time.

    Arrow files are left uncompressed, so that they can be mapped into memory; Parquet is packed by zstd.

    Args:
        path: ends in .feather or .arrow, or in .parquet.
        tables: one column of images (C, H, W) among any others, the same in each.
        form: `sparse`, or `mask` for the lit pixels alone.
        where: what the images are called in errors.

    Raises:
        DataError: the path is refused, there are no rows, several columns of images or none, or a pixel is
            negative or not finite.

    """
    check_place(path)
    aside = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        rows, empty, shape = _write(path, aside, tables, form, where)
        aside.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        aside.unlink(missing_ok=True)
    return Written(path, rows, empty, shape, path.stat().st_size)


def _write(
    path: Path, aside: Path, tables: Iterable[pa.Table], form: Form, where: str
) -> tuple[int, int, tuple[int, int, int]]:
    writer: Any = None
    packing = None
    rows = empty = 0
    try:
        for table in rechunk(tables, ROWS):
            place, images = _images(table, where)
            packing = packing or Packing((images.shape[1], images.shape[2], images.shape[3]), form)
            if images.shape[1:] != packing.shape:
                raise DataError(
                    f"{where}: the image of row {rows} has shape {images.shape[1:]}, "
                    f"those before {packing.shape}"
                )
            check_energies(images, where, rows)
            field = packing.field(table.column_names[place])
            packed = table.set_column(place, field, packing.pack(images)).combine_chunks()
            writer = writer or _writer(path, aside, packed.schema)
            writer.write_table(packed)
            rows += len(images)
            empty += int((~images.any(axis=(1, 2, 3))).sum())
    finally:
        if writer is not None:
            writer.close()
    if packing is None:
        raise DataError(f"{where}: there are no rows to write")
    return rows, empty, packing.shape


def _images(table: pa.Table, where: str) -> tuple[int, np.ndarray]:
    places = [place for place, field in enumerate(table.schema) if is_image(field.type)]
    if len(places) != 1:
        raise DataError(f"{where}: {len(places)} columns of images; accepted: one")
    return places[0], image_values(table.column(places[0]))


def _writer(path: Path, aside: Path, schema: pa.Schema) -> Any:
    if path.suffix.lower() in PARQUET:
        return pq.ParquetWriter(aside, schema, compression="zstd")
    return pa.ipc.new_file(aside, schema)


class PackedImages:
    """The images of a packed Arrow file, mapped into memory: rows are looked up in any order.

    Only the record batches asked for are touched, and only the rows asked for are unpacked. Close it, or use
    it in a `with` block.

    Args:
        path: a file of `write_packed` in .feather or .arrow.

    Raises:
        DataError: no Arrow file, or without packed images.

    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        with _one_line(self.name):
            self._map = pa.memory_map(self.name)
            self._reader = pa.ipc.open_file(self._map)
            found = packings(self._reader.schema, self.name)
            if len(found) != 1:
                raise DataError(f"{self.name} holds {len(found)} columns of packed images; accepted: one")
            ((self._column, self.packing),) = found.items()
            counts = [self._reader.get_batch(at).num_rows for at in range(self._reader.num_record_batches)]
        self._ends = np.cumsum([0, *counts])
        self._sound: set[int] = set()

    def __len__(self) -> int:
        """Return the number of images."""
        return int(self._ends[-1])

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self.packing.shape

    def take(self, rows: Any) -> np.ndarray:
        """Return the images of these rows, (n, C, H, W), in the order asked for; of masks in uint8.

        Args:
            rows: row numbers from 0, shape (n,).

        Raises:
            DataError: a row that is not there, or damaged.

        """
        wanted = np.asarray(rows, dtype=np.int64).reshape(-1)
        outside = (wanted < 0) | (wanted >= len(self))
        if outside.any():
            raise DataError(f"{self.name} has no row {wanted[outside][0]}; accepted: 0 to {len(self) - 1:,}")
        batches = np.searchsorted(self._ends, wanted, side="right") - 1
        order = np.argsort(batches, kind="stable")
        parts = [self._packed(int(batch), wanted[batches == batch]) for batch in np.unique(batches)]
        with _one_line(self.name):
            # put back in the order asked for while they are still small
            packed = pa.concat_arrays(parts or [pa.array([], self._reader.schema.field(self._column).type)])
            packed = packed.take(pa.array(np.argsort(order, kind="stable")))
            return self.packing.unpack(packed, self.name, 0)

    def _packed(self, batch: int, rows: np.ndarray) -> pa.Array:
        """Return rows of one record batch, still packed."""
        with _one_line(self.name):
            column = self._reader.get_batch(batch).column(self._column)
            if batch not in self._sound:
                column.validate(full=True)
                self._sound.add(batch)
            return column.take(pa.array(rows - self._ends[batch]))

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()

    def __enter__(self) -> PackedImages:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _one_line(name: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{name} is not an Arrow file, or is truncated or damaged: {reason[:200]}") from error
