"""`unseen collider`: what only collider physics needs."""

from __future__ import annotations

import typer

from unseen.cli import closeness, examples, simulate

app = typer.Typer(help="Simulate and compare collider events.", no_args_is_help=True)

app.command("simulate", epilog=examples.of("simulate"))(simulate.simulate)
app.command("closeness", epilog=examples.of("closeness"))(closeness.closeness)
