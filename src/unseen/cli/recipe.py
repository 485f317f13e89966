"""`unseen recipe`: rerun the studies of the papers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unseen.cli import examples, show
from unseen.cli.options import Json

app = typer.Typer(help="Rerun the studies of the papers.", no_args_is_help=True)


@app.command("list", epilog=examples.of("list"))
def list_(json: Json = False) -> None:
    """List the studies."""
    from unseen import recipes

    found = recipes.available()
    if json:
        show.as_json({"recipes": dict(found)})
        return
    for name, summary in found.items():
        typer.echo(f"{name:16s} {summary}")


@app.command("run", epilog=examples.of("run"))
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name of unseen recipe list.")],
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer rows, steps and seeds; minutes, not hours.")
    ] = False,
    seeds: Annotated[int | None, typer.Option(min=1, help="Number of seeds.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the data.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for tables and figures.")] = None,
    json: Json = False,
) -> None:
    """Run one study and set its numbers beside its claims.

    Leaves with 0 whether or not the claims hold; must_show says which do.
    """
    from unseen import recipes
    from unseen.errors import ConfigError, unknown

    if name not in recipes.available():
        raise ConfigError(unknown("recipe", name, recipes.available()))
    with show.progress():
        results = recipes.run(name, quick=quick, seeds=seeds, data=data, out=out)
    if json:
        show.as_json(results.to_dict())
    else:
        typer.echo(results.summary())
