"""`unseen traffic`: series of any network of sensors."""

from __future__ import annotations

import typer

from unseen.cli import examples, forecasting, simulating_city, traffic_air, traffic_check, traffic_convert

app = typer.Typer(help="Series of a network of sensors: streets, air, or any other.", no_args_is_help=True)

app.command("check", epilog=examples.of("traffic check"))(traffic_check.check)
app.command("fit", epilog=examples.of("traffic fit"))(forecasting.fit)
app.command("evaluate", epilog=examples.of("traffic evaluate"))(forecasting.evaluate)
app.command("forecast", epilog=examples.of("traffic forecast"))(forecasting.forecast)
app.command("simulate", epilog=examples.of("traffic simulate"))(simulating_city.simulate)
app.command("air", epilog=examples.of("traffic air"))(traffic_air.air)
app.command("convert", epilog=examples.of("traffic convert"))(traffic_convert.convert)
