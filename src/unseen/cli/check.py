"""`unseen check`: what is in files, and what is in them twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.options import Json, Label, several

if TYPE_CHECKING:
    from unseen.studies.checking import Checked

FOUND = 1
MOST_LINES = 20


def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Data, KIND=PATH, or folders whose files are looked at one by one."
        ),
    ],
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against", metavar="FILE", help="Data whose rows must not be among FILE...; may be repeated."
        ),
    ] = None,
    label: Label = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="COLS", help="Columns that do not tell rows apart.")
    ] = None,
    kind_from_name: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Kind of a file's rows: what the groups find in its name."),
    ] = None,
    json: Json = False,
) -> None:
    """Count rows and kinds, and find rows that are the same, in one file or in two.

    Rows are told apart by their images where there are any, else by all columns. An image of one channel is
    compared with the channel sum of others. Names of published dark-shower files say kind and mass.

    Leaves with 1 where rows of FILE... are among those of --against, so that it can guard a pipeline.
    """
    from unseen.studies import checking

    with show.progress():
        found = checking.check(
            files, against or (), label=label, drop=several(drop) or (), pattern=kind_from_name
        )
    if json:
        show.as_json(found.to_dict())
    else:
        _print(found)
    if found.overlapping:
        raise typer.Exit(FOUND)


def _print(found: Checked) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("file", overflow="fold")
    table.add_column("kind", overflow="fold")
    for title in ("rows", "repeated", "empty"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in found.files:
        kind = show.counted(one.kinds) if len(one.kinds) > 1 else next(iter(one.kinds), "-")
        name = ("against " if one.against else "") + one.file
        table.add_row(Text(name), Text(kind), f"{one.rows:,}", f"{one.repeated:,}", f"{one.empty:,}")
    show.console().print(table)
    for title, against in (("rows", False), ("against", True)):
        kinds = found.kinds(against=against)
        if len(kinds) > 1 and len(found.files) > 1:
            typer.echo(f"\n{title}: {show.counted(kinds, most=MOST_LINES)}")
    _print_meetings(found)


def _print_meetings(found: Checked) -> None:
    how = {
        "exact": "",
        "sum": ", as the sum of their channels",
        "close": ", nearly, as the sum of their channels",
    }
    typer.echo()
    for one in found.meetings[:MOST_LINES]:
        typer.echo(
            f"{'OVERLAP' if one.overlap else 'shared'}: {one.rows:,} rows of {one.file} are in {one.other}"
            f"{how[one.how]} (first: row {one.first}, there row {one.first_other})"
        )
    if len(found.meetings) > MOST_LINES:
        typer.echo(f"... and {len(found.meetings) - MOST_LINES} more pairs of files; --json lists all")
    if any(one.against for one in found.files):
        typer.echo(
            f"{found.overlapping:,} rows overlap: leave them out on one side before you learn or judge"
            if found.overlapping
            else "no row is on both sides"
        )
    elif not found.meetings:
        typer.echo("no row is in two files")
