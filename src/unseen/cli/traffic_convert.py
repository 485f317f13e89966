"""`unseen traffic convert`: any series into monthly Parquet, or a CSV that anyone reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unseen.cli import series_options as of_series
from unseen.cli import show
from unseen.cli.options import Json


def convert(
    path: of_series.Series,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="OUT", help="A .csv file, or a folder of monthly Parquet.")
    ],
    map_: of_series.Map = None,
    zone: of_series.Zone = None,
    clock: of_series.Clock = None,
    slot: of_series.Slot = None,
    first: of_series.First = None,
    country: of_series.Country = None,
    holidays: of_series.Holidays = None,
    duplicates: of_series.Duplicates = None,
    set_: of_series.Set = None,
    json: Json = False,
) -> None:
    """Write a series anew: as months in a folder, added to those there, or as a long CSV in UTC.

    Months keep states, places and holidays; a CSV has the values that are OK.
    """
    from unseen.errors import ConfigError
    from unseen.series.history import History, write_csv
    from unseen.series.source import open_panel

    settings = of_series.settings_of(
        map_, set_, country=country, zone=zone, clock=clock, slot=slot, first=first, holidays=holidays,
        duplicates=duplicates,
    )  # fmt: skip
    if out.suffix not in ("", ".csv") or not out.parent.is_dir():
        raise ConfigError(f"--out {out}: accepted: a .csv file or a folder, inside a folder that is there")
    with show.progress():
        panel = open_panel(path, settings=settings)
        if out.suffix == ".csv":
            write_csv(panel, out)
        months = [] if out.suffix == ".csv" else History(out).append(panel)
    if json:
        show.as_json({"out": str(out), "months": months, "sensors": len(panel.sensors), "slots": panel.slots})
        return
    what = f", {len(months)} months" if months else ""
    typer.echo(f"{len(panel.sensors):,} sensors, {panel.slots:,} slots, {panel.span()} in {out}{what}")
