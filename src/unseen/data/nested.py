"""Images that Arrow and Parquet files hold as lists in lists, as other programs write arrays."""

from __future__ import annotations

from math import prod

import pyarrow as pa
import pyarrow.types as pt

from unseen.data.columns import image_column
from unseen.data.members import CHUNK, channels_first


def with_images(table: pa.Table, layout: str = "") -> pa.Table:
    """Return the table with each column of fixed-size lists in lists, two or three deep, as images.

    `layout` says where the channels of three axes are, as in NumPy files; columns with a missing value stay
    as they are.

    >>> kind = pa.list_(pa.list_(pa.float32(), 3), 2)
    >>> table = with_images(pa.table({"x": pa.array([[[1, 2, 3], [4, 5, 6]]], kind)}))
    >>> tuple(table.schema.field("x").type.shape)
    (1, 2, 3)

    """
    for place, field in enumerate(table.schema):
        sizes, values = _sizes(field.type)
        if len(sizes) not in (2, 3) or 0 in sizes or not (pt.is_integer(values) or pt.is_floating(values)):
            continue
        flat = pa.concat_arrays(table.column(place).chunks) if table.num_rows else None
        if flat is None or flat.null_count:
            continue
        for _ in sizes:
            flat = flat.flatten()
        if flat.null_count or len(flat) != table.num_rows * prod(sizes):
            continue
        images = flat.to_numpy(zero_copy_only=False).reshape(table.num_rows, *sizes)
        table = table.set_column(place, field.name, image_column(channels_first(images, layout)))
    return table


def rows_at_once(schema: pa.Schema, rows: int) -> int:
    """Return how many rows of images are read at a time, `rows` at most."""
    widths = [prod(_sizes(field.type)[0]) for field in schema]
    widths += [prod(field.type.shape) for field in schema if isinstance(field.type, pa.FixedShapeTensorType)]
    return max(1, min(rows, CHUNK // (4 * max(1, *widths))))


def _sizes(kind: pa.DataType) -> tuple[list[int], pa.DataType]:
    """Return the lengths of lists in lists, outermost first, and what the innermost hold."""
    sizes: list[int] = []
    while pt.is_fixed_size_list(kind):
        sizes.append(kind.list_size)
        kind = kind.value_type
    return sizes, kind
