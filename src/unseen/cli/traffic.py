"""`unseen traffic`: series of any network of sensors."""

from __future__ import annotations

import typer

from unseen.cli import examples, simulating_city, traffic_check

app = typer.Typer(help="Series of a network of sensors: streets, air, or any other.", no_args_is_help=True)

app.command("check", epilog=examples.of("traffic check"))(traffic_check.check)
app.command("simulate", epilog=examples.of("traffic simulate"))(simulating_city.simulate)
