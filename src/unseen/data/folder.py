"""A folder of tables of one format as one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from unseen.data.batches import Source
from unseen.errors import DataError


class FolderSource(Source):
    """The files of a folder, one after the other, as one table.

    Args:
        folder: its name is that of the table.
        parts: one source a file, one or more.

    Raises:
        DataError: a file has other columns, or other types, than the first.

    """

    def __init__(self, folder: Path, parts: Sequence[Source]) -> None:
        self.name = str(folder)
        self.parts = tuple(parts)
        self.columns = self.parts[0].columns
        for part in self.parts[1:]:
            if set(part.columns) != set(self.columns):
                odd = sorted(set(part.columns) ^ set(self.columns))
                raise DataError(
                    f"{part.name} and {self.parts[0].name} differ in their columns: {', '.join(odd)}"
                )

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Read one file after the other."""
        first: pa.Schema | None = None
        for part in self.parts:
            for table in part.scan(columns, rows):
                bare = table.replace_schema_metadata(None)
                first = first or bare.schema
                if not bare.schema.equals(first):
                    raise DataError(f"{part.name}: {_type_clash(bare.schema, first)}")
                yield bare


def _type_clash(found: pa.Schema, first: pa.Schema) -> str:
    name = next(field.name for field in found if field.type != first.field(field.name).type)
    return f"column {name!r} is {found.field(name).type}, but {first.field(name).type} in the files before"
