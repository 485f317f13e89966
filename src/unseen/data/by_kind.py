"""Several files as one: rows labelled by the file they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from unseen.data.batches import Source
from unseen.errors import DataError

KIND = "kind"
"""The column that says which file a row came from."""


class KindSource(Source):
    """The rows of several sources, one after the other, with a column `kind` of the name each was given.

    Args:
        parts: (kind, source), one or more; a kind may come twice.

    Raises:
        DataError: The columns of the sources differ, or one has a column `kind` of its own.

    >>> from unseen.data.batches import TableSource
    >>> one, two = (TableSource(pa.table({"pt": values})) for values in ([1.0, 2.0], [3.0]))
    >>> KindSource([("qcd", one), ("top", two)]).read().to_pydict()
    {'pt': [1.0, 2.0, 3.0], 'kind': ['qcd', 'qcd', 'top']}

    """

    def __init__(self, parts: Sequence[tuple[str, Source]]) -> None:
        self.name = ", ".join(source.name for _, source in parts)
        first = parts[0][1]
        for _, source in parts:
            _refuse_others(source, first)
        self.columns = (*first.columns, KIND)
        self._parts = tuple(parts)

    @property
    def label(self) -> str:
        """`kind`."""
        return KIND

    @property
    def units(self) -> Mapping[str, str]:
        """Those of the first file."""
        return self._parts[0][1].units

    @property
    def left_out(self) -> Mapping[str, str]:
        """What any of the files leaves out."""
        return {name: why for _, source in self._parts for name, why in source.left_out.items()}

    @property
    def weights(self) -> tuple[str, ...]:
        """Columns that weigh rows in any of the files."""
        return tuple(dict.fromkeys(name for _, source in self._parts for name in source.weights))

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Yield the tables of each source in turn."""
        # of a file whose kind alone is asked for, one column is read to count its rows
        own = tuple(name for name in columns if name != KIND) or self.columns[:1]
        before: tuple[str, pa.Schema] | None = None
        for kind, source in self._parts:
            for table in source.scan(own, rows):
                before = before or (source.name, table.schema)
                _refuse_types(source.name, table.schema, *before)
                kinds = pa.array([kind], pa.string()).take(pa.array([0] * table.num_rows, pa.int32()))
                yield table.append_column(KIND, kinds).select(list(columns))


def _refuse_others(source: Source, first: Source) -> None:
    """Refuse a source whose columns are not those of the first."""
    if KIND in source.columns:
        raise DataError(
            f"{source.name} has a column {KIND!r} of its own, and the kind of a file is to be written there; "
            "rename the column, or give the file without a kind"
        )
    for one, other in ((first, source), (source, first)):
        lost = [name for name in one.columns if name not in set(other.columns)]
        if lost:
            more = f" ({len(lost)} columns differ)" if len(lost) > 1 else ""
            raise DataError(
                f"{other.name} has no column {lost[0]!r}, which {one.name} has{more}; "
                "files that are read together have the same columns"
            )


def _refuse_types(name: str, schema: pa.Schema, first: str, before: pa.Schema) -> None:
    for field in schema:
        expected = before.field(field.name).type
        if field.type != expected:
            raise DataError(
                f"{name}: column {field.name!r} has type {field.type}, but {expected} in {first}; "
                "files that are read together have columns of the same types"
            )
