"""The commands of `unseen`, one file each."""

from __future__ import annotations

from typing import Annotated

import typer

import unseen
from unseen.cli import evaluate, explain, fit, recipe, score
from unseen.cli.faults import OneLineGroup

app = typer.Typer(
    name="unseen",
    cls=OneLineGroup,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"unseen {unseen.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Learn what is normal, be told of the few anomalies that are known, catch the ones nobody has seen.

    Start with `unseen demo`. With your own data:

        unseen fit flows.csv --label kind --normal ok --known DoS --hold-out 0.3 --out model

        unseen evaluate model flows.csv --held-out

        unseen score model new.csv > scores.csv
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command("fit")(fit.fit)
app.command("score")(score.score)
app.command("evaluate")(evaluate.evaluate)
app.command("explain")(explain.explain)
app.add_typer(recipe.app, name="recipe")
