"""`unseen collider`: what only collider physics needs."""

from __future__ import annotations

import typer

from unseen.cli import closeness, content, examples, images, significance, simulate

app = typer.Typer(help="Look into, simulate, compare and search collider events.", no_args_is_help=True)

app.command("content", epilog=examples.of("content"))(content.content)
app.command("simulate", epilog=examples.of("simulate"))(simulate.simulate)
app.command("images", epilog=examples.of("images"))(images.images)
app.command("closeness", epilog=examples.of("closeness"))(closeness.closeness)
app.command("significance", epilog=examples.of("significance"))(significance.significance)
