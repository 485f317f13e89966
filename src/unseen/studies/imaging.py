"""Files of event images or of particles to one file of packed images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from unseen.collider.event_images import EventImages, Imaging
from unseen.collider.particle_lists import NoParticlesError, read_particles
from unseen.data import Source, open_source
from unseen.data.by_kind import KIND
from unseen.data.kinds import is_image
from unseen.data.packed_file import ROWS, Written, check_place, write_packed
from unseen.errors import ConfigError, DataError
from unseen.studies.opening import kind_and_path
from unseen.training.progress import tell


def make_images(
    data: Sequence[str],
    out: Path,
    *,
    imaging: Imaging | None = None,
    prefix: str | None = None,
    mask: bool = False,
    layout: str = "",
) -> Written:
    """Write the images of some files, one after the other, as one packed file.

    Files with a column of images are packed as they are, with the columns beside them; of others the lists of
    particles are made into images. Files given as `KIND=PATH` give a column `kind`.

    Args:
        data: Paths, or `KIND=PATH`, of dense or packed images, or of particles.
        out: Ends in .feather or .arrow, or in .parquet.
        imaging: How particles become images; summed pt on the usual grid where None.
        prefix: Name of the list of particles, where there are several.
        mask: Keep only which pixels of the first channel are lit.
        layout: Where images in NumPy, HDF5 and ROOT files have their channels.

    Raises:
        DataError: A file cannot be read, does not fit the others, or holds neither images nor particles.
        ConfigError: Some files have a kind and others none, or settings are not accepted.

    """
    check_place(out)
    parts = [kind_and_path(part) for part in data]
    if len({kind is None for kind, _ in parts}) > 1:
        raise ConfigError("some files came with a kind and some without; accepted: all as KIND=PATH, or none")
    settings = imaging or Imaging()
    _ = settings.geometry.shape
    tables = _alike(
        (path, _kinded(table, kind))
        for kind, path in parts
        for table in _tables(path, settings, prefix, mask=mask, layout=layout)
    )
    return write_packed(out, tables, form="mask" if mask else "sparse", where=", ".join(p for _, p in parts))


def _tables(
    path: str, imaging: Imaging, prefix: str | None, *, mask: bool, layout: str
) -> Iterator[pa.Table]:
    source, fault = _images(path, layout) if prefix is None else (None, None)
    if source is not None:
        yield from EventImages(source, mask=mask).batches(ROWS)
        return
    try:
        if mask and imaging.channels == "pt":
            raise ConfigError("a mask of summed pt tells tracks from nothing; make it with channels detector")
        for table in imaging.tables(read_particles(path, prefix=prefix), path):
            yield _masked(table, path) if mask else table
    except NoParticlesError as error:
        # why it holds no images, or cannot be opened, may be the better reason
        raise (fault or error) from error


def _masked(table: pa.Table, path: str) -> pa.Table:
    from unseen.data.batches import TableSource

    return EventImages(TableSource(table, path), mask=True).read()


def _images(path: str, layout: str) -> tuple[Source | None, DataError | None]:
    """Return the source, where it has images; and why it cannot be opened, where that is so."""
    try:
        source = open_source(path, layout=layout)
        schema = next(source.batches(1)).schema
    except DataError as error:
        return None, error
    return (source if any(is_image(field.type) for field in schema) else None), None


def _kinded(table: pa.Table, kind: str | None) -> pa.Table:
    if kind is None:
        return table
    if KIND in table.column_names:
        raise DataError(f"the images have a column {KIND!r} of their own; give the files without kinds")
    return table.append_column(KIND, pa.array([kind] * table.num_rows, pa.string()))


def _alike(tables: Iterator[tuple[str, pa.Table]]) -> Iterator[pa.Table]:
    """Hand tables on as long as they have the columns of the first, and tell how far it is."""
    first: tuple[str, pa.Schema] | None = None
    done = 0
    for path, table in tables:
        first = first or (path, table.schema)
        if not table.schema.equals(first[1]):
            known = {(field.name, str(field.type)) for field in first[1]}
            odd = next(
                (f"{f.name!r} ({f.type})" for f in table.schema if (f.name, str(f.type)) not in known), "one"
            )
            raise DataError(f"{path} does not fit {first[0]}: column {odd} is another, or has no like there")
        done += table.num_rows
        tell("events", done, 0)
        yield table
