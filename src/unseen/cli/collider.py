"""`unseen collider`: files of particle physics."""

from __future__ import annotations

import typer

from unseen.cli import content, examples

app = typer.Typer(help="Look into files of particle physics.", no_args_is_help=True)


app.command("content", epilog=examples.of("content"))(content.content)
