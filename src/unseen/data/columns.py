"""The one form of columns, whatever file they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from unseen.errors import DataError

MOMENT = pa.timestamp("ns")


def column_names(names: Iterable[object], where: str, advice: str = "") -> tuple[str, ...]:
    """Return the names without surrounding blanks, each present once; `advice` ends the error.

    Raises:
        DataError: a name is empty or comes twice.

    >>> column_names([" Flow Duration", "Label"], "flows.csv")
    ('Flow Duration', 'Label')

    """
    stripped = tuple(str(name).strip() for name in names)
    if not stripped:
        raise DataError(f"{where} has no columns")
    if "" in stripped:
        raise DataError(
            f"{where}: column {stripped.index('') + 1} has no name. Name it, or leave it out"
            " (a saved row index? pandas writes none with index=False)."
        )
    twice = [name for name, count in Counter(stripped).items() if count > 1]
    if twice:
        raise DataError(
            f"{where}: column name {twice[0]!r} comes {stripped.count(twice[0])} times;"
            f" each must be unique.{advice}"
        )
    return stripped


def refuse_names(where: str) -> NoReturn:
    """Refuse names given for the columns of a file that names its own.

    Raises:
        DataError: always.

    """
    raise DataError(f"{where} names its own columns; names=[...] is for text without a header and arrays")


def is_number(word: str) -> bool:
    """Whether a word reads as a number.

    >>> [is_number(word) for word in ("3", "-1e5", "1.2.3")]
    [True, True, False]
    """
    try:
        float(word)
    except ValueError:
        return False
    return True


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type a column is read as: float64, bool, string, timestamp, or `kind` itself.

    >>> import pyarrow as pa
    >>> [str(plain_type(t)) for t in (pa.int8(), pa.large_string(), pa.date32())]
    ['double', 'string', 'timestamp[ns]']
    """
    if pt.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind) or pt.is_null(kind):
        return pa.float64()
    if pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind):
        return pa.string()
    if pt.is_date(kind):
        return MOMENT
    return kind


def kind_name(kind: pa.DataType) -> str:
    """Return what a person calls the type of a column.

    >>> import pyarrow as pa
    >>> [kind_name(t) for t in (pa.int8(), pa.bool_(), pa.fixed_shape_tensor(pa.uint8(), (1, 28, 28)))]
    ['number', 'true/false', 'image (1, 28, 28)']
    """
    if isinstance(kind, pa.FixedShapeTensorType):
        return f"image {tuple(kind.shape)}"
    name = str(plain_type(kind)).partition("[")[0]
    return {"double": "number", "string": "words", "bool": "true/false", "timestamp": "date"}.get(name, name)


def plain(table: pa.Table) -> pa.Table:
    """Cast every column to its plain type; images and unknown types stay as they are.

    Integers beyond 2^53 lose their last digits: they are identifiers rather than measurements, and a
    detector works in float32.
    """
    for position, field in enumerate(table.schema):
        target = plain_type(field.type)
        if target != field.type:
            cast = _cast(table.column(position), target, field.name)
            table = table.set_column(position, pa.field(field.name, target), cast)
    return table


def _cast(column: pa.ChunkedArray, target: pa.DataType, name: str) -> pa.ChunkedArray:
    if pt.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        return pc.cast(column, target, safe=not pt.is_floating(target))
    except pa.ArrowInvalid as error:
        raise DataError(f"column {name!r} cannot be read as {target}: {error}") from error


def image_column(images: np.ndarray) -> pa.ExtensionArray:
    """Return images of shape (N, C, H, W) as one column of tensors.

    The type is stated rather than guessed from strides, which are ambiguous for an axis of length 1.
    """
    flat = np.ascontiguousarray(images).reshape(-1)
    kind = pa.fixed_shape_tensor(pa.from_numpy_dtype(images.dtype), images.shape[1:])
    storage = pa.FixedSizeListArray.from_arrays(pa.array(flat), int(np.prod(images.shape[1:])))
    return pa.ExtensionArray.from_storage(kind, storage)


def image_values(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of tensors as an array of shape (N, C, H, W)."""
    chunks = [chunk.to_numpy_ndarray() for chunk in column.chunks if len(chunk)]
    return np.concatenate(chunks) if len(chunks) != 1 else chunks[0]
