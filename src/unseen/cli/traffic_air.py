"""`unseen traffic air`: traffic beside air, at each lag and under what is taken out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.options import Json, several

if TYPE_CHECKING:
    from unseen.studies.air import Question, Related


def air(
    traffic: Annotated[
        Path | None, typer.Argument(metavar="[TRAFFIC", help="Counts; without files, Bologna 2024 of --data.")
    ] = None,
    air: Annotated[Path | None, typer.Argument(metavar="AIR]", help="Concentrations of a pollutant.")] = None,
    traffic_map: Annotated[
        Path | None, typer.Option(metavar="TOML", help="Settings of the file of counts.")
    ] = None,
    air_map: Annotated[
        Path | None, typer.Option(metavar="TOML", help="Settings of the files of air.")
    ] = None,
    given: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Held fixed, one after the other: ozone, weather. Repeatable."),
    ] = None,
    pollutant: Annotated[str, typer.Option(help="Of Bologna: NO2, ozone or CO.")] = "NO2",
    sensors: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Sensors of the panel; else those there all year.")
    ] = None,
    stations: Annotated[
        list[str] | None, typer.Option(metavar="C,D", help="Stations of air; else all.")
    ] = None,
    panel: Annotated[
        str, typer.Option(metavar="NAME", help="fixed, mean-of-present or sum-of-present.")
    ] = "fixed",
    lags: Annotated[str, typer.Option(metavar="FROM:TO", help="Slots by which air follows.")] = "-3:6",
    resamples: Annotated[int, typer.Option(min=100, max=100_000, help="Draws of weeks.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = 0,
    data: Annotated[Path | None, typer.Option(help="Folder of the data sets.")] = None,
    json: Json = False,
) -> None:
    """Correlate traffic with air at each lag: raw, and with month, day and hour taken out.

    Rank correlations with 95 % intervals from whole weeks. They say what goes together, not why.
    """
    from unseen.studies import air_files
    from unseen.studies.air import Question

    files = air_files.Files(traffic, traffic_map, air, air_map, tuple(given or ()))
    asked = Question(
        sensors=tuple(several(sensors) or ()),
        stations=tuple(several(stations) or ()),
        panel=panel,
        lags=air_files.lags_of(lags),
        resamples=resamples,
        seed=seed,
    )
    with show.progress():
        related = air_files.answer(files, asked, pollutant=pollutant, data=data)
    if related.warning:
        note(related.warning)
    if json:
        show.as_json(related.to_dict())
    else:
        _print(related, asked)


def _print(related: Related, asked: Question) -> None:
    from rich.table import Table

    screen = show.console()
    screen.print(f"traffic  {related.traffic}", markup=False, soft_wrap=True)
    screen.print(f"air      {related.air}", markup=False, soft_wrap=True)
    screen.print(
        f"panel    {', '.join(related.sensors)}: {related.how}; {related.hours:,} slots, "
        f"{related.dropped:,} dropped",
        markup=False,
        soft_wrap=True,
    )
    for station in dict.fromkeys(row.station for row in related.rows):
        table = Table(title=station, title_justify="left", box=None, padding=(0, 1, 0, 0))
        table.add_column("taken out")
        for lag in asked.lags:
            table.add_column(_signed(lag), justify="right")
        table.add_column("highest, 95 % interval")
        for row in related.rows:
            if row.station == station:
                words = f"raw, {' and '.join(row.given)} held" if row.given else row.removed
                peak = row.peak
                inside = f"{show.number(peak.low, 2)} to {show.number(peak.high, 2)} at {_signed(peak.lag)}"
                table.add_row(words, *(show.number(one.value, 2) for one in row.found), inside)
        screen.print(table)
    table = Table(title="means by day", title_justify="left", box=None, padding=(0, 2, 0, 0))
    kinds = list(next(iter(related.days.values()), {}))
    for name in ("", *kinds):
        table.add_column(name, justify="right" if name else "left")
    for name, means in related.days.items():
        table.add_row(name, *(show.number(means[kind], 1) for kind in kinds))
    screen.print(table)
    screen.print("What goes together need not cause each other.", style="dim")


def _signed(lag: int) -> str:
    return f"{lag:+d}" if lag else "0"
