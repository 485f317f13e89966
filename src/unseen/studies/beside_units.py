"""Features of rows to hold against the units of a code: columns as they stand in the data, labels, totals."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.data import Source
from unseen.data.kinds import is_image
from unseen.errors import DataError, unknown
from unseen.studies.rows import Rows
from unseen.studies.variables import OF_IMAGES, image_name, of_table

ALL = "all"
MOST_KINDS = 12
Features = dict[str, NDArray[np.generic]]


def asked_columns(source: Source, asked: Sequence[str], inputs: Sequence[str]) -> tuple[str, ...]:
    """Columns of numbers to read beside the inputs of a model, where they are asked for by name or pattern.

    Raises:
        DataError: A name or pattern that fits no column; the nearest is offered.

    """
    found: list[str] = []
    for pattern in asked:
        if pattern == ALL or pattern in OF_IMAGES:
            continue
        fitting = [name for name in source.columns if name == pattern or fnmatchcase(name, pattern)]
        if not fitting:
            raise DataError(f"{source.name}: {unknown('column or pattern', pattern, source.columns)}")
        found += fitting
    return tuple(name for name in dict.fromkeys(found) if name not in inputs)


def features_of(rows: Rows, asked: Sequence[str] = (), *, events: bool = False) -> Features:
    """Features of all rows: those asked for, else every column the model reads, and the label in any case.

    Of images there are no columns: of event images (`events`) hits, ht and met stand for them.
    """
    chosen = [name for name in asked if name != ALL]
    every = not chosen or len(chosen) < len(asked)
    found: Features = {}
    for field in rows.table.schema:
        wanted = every or any(field.name == name or fnmatchcase(field.name, name) for name in chosen)
        if wanted and not is_image(field.type):
            values = _values(rows.table.column(field.name))
            if values is not None:
                found[field.name] = values
    totals = [name for name in OF_IMAGES if (every and events) or name in chosen]
    if totals and image_name(rows.table) is not None:
        found.update(of_table(rows.table, totals, {}))
    found.update({name: values for name, values in rows.beside.items() if name not in found})
    if rows.labels is not None:
        found.update(_of_kinds(rows.label_name or "label", rows.labels.kinds, list(rows.labels.counts)))
    return found


def _of_kinds(name: str, kinds: NDArray[np.generic], most_first: Sequence[str]) -> Features:
    """Return whether a row is of each kind; of two kinds, or of very many, the kind as a word."""
    if not 2 < len(most_first) <= MOST_KINDS:
        return {name: kinds}
    return {f"{name} = {kind}": (kinds == kind).astype(np.float64) for kind in most_first}


def _values(column: pa.ChunkedArray) -> NDArray[np.generic] | None:
    """Numbers, or words, of a column; None of what is neither, such as dates and lists."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    if pa.types.is_dictionary(kind):
        return _values(column.cast(kind.value_type))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return np.array(["" if word is None else word for word in column.to_pylist()])
    return None
