"""`unseen collider content`: what a file holds."""

from __future__ import annotations

from typing import Annotated

import typer

from unseen.cli import show
from unseen.cli.options import Json


def content(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="ROOT or HDF5 (FILE:TABLE for one of several), LHE, or any data."
        ),
    ],
    json: Json = False,
) -> None:
    """Show what a file holds: its content in a sentence, its columns with type and unit, what is left out."""
    from rich.table import Table
    from rich.text import Text

    from unseen.data import open_source
    from unseen.data.columns import kind_name

    source = open_source(file)
    schema, units = next(source.batches(rows=100)).schema, source.units
    columns = [{"name": f.name, "type": kind_name(f.type), "unit": units.get(f.name, "")} for f in schema]
    if json:
        left_out = dict(source.left_out)
        show.as_json(
            {"name": source.name, "content": source.content, "columns": columns, "left_out": left_out}
        )
        return
    typer.echo(": ".join(part for part in (source.name, source.content) if part))
    table = Table("column", "type", "unit", box=None, pad_edge=False)
    for column in columns:
        table.add_row(*(Text(word) for word in column.values()))  # [SM] is no markup
    show.console().print(table)
    for name, reason in source.left_out.items():
        typer.echo(f"left out: {name} ({reason})")
