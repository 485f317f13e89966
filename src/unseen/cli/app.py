"""The commands of `unseen`, one file each."""

from __future__ import annotations

from typing import Annotated

import typer

import unseen
from unseen.cli import (
    bench,
    check,
    collider,
    demo,
    evaluate,
    examples,
    explain,
    export,
    fit,
    latent,
    music,
    phone,
    recipe,
    relevance,
    report,
    score,
    serve,
    stream,
    structure,
    symmetry,
    traffic,
    watch,
    xray,
)
from unseen.cli.faults import OneLineGroup

app = typer.Typer(
    name="unseen",
    cls=OneLineGroup,
    rich_markup_mode="rich",
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

    Start with: unseen demo
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command("demo", epilog=examples.of("demo"))(demo.demo)
app.command("check", epilog=examples.of("check"))(check.check)
app.command("fit", epilog=examples.of("fit"))(fit.fit)
app.command("score", epilog=examples.of("score"))(score.score)
app.command("evaluate", epilog=examples.of("evaluate"))(evaluate.evaluate)
app.command("explain", epilog=examples.of("explain"))(explain.explain)
app.command("latent", epilog=examples.of("latent"))(latent.latent)
app.command("report", epilog=examples.of("report"))(report.report)
app.command("serve", epilog=examples.of("serve"))(serve.serve)
app.command("structure", epilog=examples.of("structure"))(structure.structure)
app.command("relevance", epilog=examples.of("relevance"))(relevance.relevance)
app.command("export", epilog=examples.of("export"))(export.export)
app.command("watch", epilog=examples.of("watch"))(watch.watch)
app.command("symmetry", epilog=examples.of("symmetry"))(symmetry.symmetry)
app.command("stream", epilog=examples.of("stream"))(stream.stream)
app.add_typer(phone.app, name="app")
app.add_typer(recipe.app, name="recipe")
app.add_typer(bench.app, name="bench")
app.add_typer(collider.app, name="collider")
app.add_typer(music.app, name="music")
app.add_typer(traffic.app, name="traffic")
app.add_typer(xray.app, name="xray")
