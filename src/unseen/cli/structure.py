"""`unseen structure`: rank, intrinsic dimension and relations of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.options import Columns, Data, Drop, Json, Label, Names, several

if TYPE_CHECKING:
    from unseen.structure import Dimension
    from unseen.studies.structuring import Structure

MOST_ROWS_SHOWN = 40


def structure(
    data: Data,
    columns: Columns = None,
    drop: Drop = None,
    label: Label = None,
    names: Names = None,
    rows: Annotated[
        int, typer.Option(min=500, help="Most rows for distances and R^2, drawn at random.")
    ] = 10_000,
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=0.5, help="How exact a quadratic relation must be; 1e-6 (single precision: 1e-5)."
        ),
    ] = None,
    no_dimension: Annotated[
        bool, typer.Option("--no-dimension", help="Leave out the intrinsic dimension, which needs 500 rows.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of draws and trees.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for JSON and CSV.")] = None,
    json: Json = False,
) -> None:
    """Find how many numbers the rows hold and which relations bind the columns.

    PCA rank: directions in which the columns vary. Intrinsic dimension: numbers that tell rows apart.
    Relations: linear and quadratic ones that all rows fulfil. R^2: how well each column follows from the
    others, on held-out rows.
    """
    from unseen.studies.opening import open_rows
    from unseen.studies.structuring import look, read_columns

    source = open_rows(data, names or ())
    with show.progress():
        read = read_columns(source, chosen=several(columns) or (), drop=several(drop) or (), label=label)
        found = look(
            read, data, rows=rows, tolerance=tolerance or None, dimension=not no_dimension, seed=seed
        )
    for sentence in found.notes:
        note(sentence)
    if out is not None:
        found.write(out)
        note(f"written to {out}: structure.json, spectrum.csv, dimension.csv, relations.csv, predicted.csv")
    if json:
        show.as_json(found.to_dict())
    else:
        _print(found)


def _print(found: Structure) -> None:
    typer.echo(f"{found.name}: {found.rows:,} rows, {len(found.names)} columns that vary\n")
    typer.echo(f"PCA rank             {found.relations.rank}")
    if found.dimensions:
        typer.echo(f"intrinsic dimension  {'   '.join(_estimate(one) for one in found.dimensions)}")
    if found.warning:
        typer.echo(f"warning: {found.warning}")
    for title, some in (("linear", found.relations.linear), ("quadratic", found.relations.quadratic)):
        unasked = title == "quadratic" and found.relations.note
        typer.echo(f"\n{title} relations: {len(some) or ('not looked for' if unasked else 'none')}")
        for one in some[:MOST_ROWS_SHOWN]:
            typer.echo(f"  {one}")
        if len(some) > MOST_ROWS_SHOWN:
            typer.echo(f"  ... and {len(some) - MOST_ROWS_SHOWN} more; --json or --out has all")
    below, above = found.relations.gap
    if above == above:
        held = f"up to {below:.2g} of these, then " if below == below else ""
        typer.echo(f"  singular values of the products: {held}{above:.2g} and more")
    _print_predicted(found)


def _estimate(one: Dimension) -> str:
    interval = f" ({one.low:.2f} to {one.high:.2f})" if one.low == one.low else ""
    return f"{one.estimator} {one.value:.2f}{interval}"


def _print_predicted(found: Structure) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not found.predicted:
        return
    typer.echo("\nR^2 of each column from the others, on held-out rows")
    table = Table(box=None, padding=(0, 2))
    for name in ("column", "linear", "trees"):
        table.add_column(name, justify="left" if name == "column" else "right")
    for one in found.predicted[:MOST_ROWS_SHOWN]:
        table.add_row(escape(one.name), f"{one.linear:.3f}", f"{one.trees:.3f}")
    show.console().print(table)
