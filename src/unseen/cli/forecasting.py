"""`unseen traffic fit`, `evaluate` and `forecast`: what sensors will show some minutes ahead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import series_options as of_series
from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.on_cluster import Ray, Workers, connected
from unseen.cli.options import Json

if TYPE_CHECKING:
    from unseen.forecasting.detector import ForecastDetector
    from unseen.scale.cluster import Cluster
    from unseen.series.panel import Panel
    from unseen.studies.forecasting import Dates, Standing

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Model written by unseen traffic fit.")]
COLUMNS = {
    "mae": 1,
    "rmse": 1,
    "r2": 3,
    "wape": 3,
    "pinball": 2,
    "coverage": 3,
    "least_coverage": 3,
    "width": 3,
}
"""Measures of the table, and their digits."""


def fit(
    path: of_series.Series,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="MODEL", help="Where the model goes.")],
    train: Annotated[
        str | None,
        typer.Option("--train", metavar="FIRST:LAST", help="Local dates, both included; else all."),
    ] = None,
    minutes: Annotated[float, typer.Option("--minutes", help="How far ahead.")] = 30,
    model: Annotated[str, typer.Option("--model", help="Networks: stid, lstm or both.")] = "stid",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the windows; else 4, and 1,000 steps at least.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    split: Annotated[
        str, typer.Option("--split", help="How to divide: by time, and not otherwise.")
    ] = "time",
    map_: of_series.Map = None,
    zone: of_series.Zone = None,
    clock: of_series.Clock = None,
    slot: of_series.Slot = None,
    first: of_series.First = None,
    country: of_series.Country = None,
    holidays: of_series.Holidays = None,
    set_: of_series.Set = None,
    ray: Ray = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Learn to forecast every sensor of a series; the model keeps its last two weeks for calibration."""
    from unseen.forecasting.stored import save
    from unseen.persist import check_place
    from unseen.studies.forecasting import dates, refuse_other_split, unfitted

    refuse_other_split(split)
    detector = unfitted(model, minutes=minutes, epochs=epochs, seed=seed)
    span = None if train is None else dates(train)
    check_place(out)
    panel = _panel(
        path, map_, set_, country=country, zone=zone, clock=clock, slot=slot, first=first, holidays=holidays
    )
    with show.progress(), connected(ray, workers) as cluster:
        if cluster is None:
            detector.fit(panel, span)
        else:
            _fit_far(cluster, detector, path, panel, span)
    save(detector, out)
    said = {
        "model": str(out),
        "sensors": len(panel.sensors),
        "trained": (panel if span is None else panel.between(*span)).span(),
        "minutes": panel.step * detector.horizon // 60,
    }
    if json:
        show.as_json(said)
    else:
        typer.echo(f"{said['sensors']} sensors, {said['trained']}, {said['minutes']} minutes ahead: {out}")


def evaluate(
    model: Model,
    path: of_series.Series,
    test: Annotated[
        str, typer.Option("--test", metavar="FIRST:LAST", help="Local dates after training, both included.")
    ],
    split: Annotated[
        str, typer.Option("--split", help="How to divide: by time, and not otherwise.")
    ] = "time",
    map_: of_series.Map = None,
    zone: of_series.Zone = None,
    clock: of_series.Clock = None,
    slot: of_series.Slot = None,
    first: of_series.First = None,
    country: of_series.Country = None,
    holidays: of_series.Holidays = None,
    set_: of_series.Set = None,
    json: Json = False,
) -> None:
    """Judge a model on later days, beside every baseline trained on the same days as it was."""
    from unseen.forecasting.stored import load
    from unseen.studies.forecasting import compare, dates, refuse_other_split

    refuse_other_split(split)
    span, detector = dates(test), load(model)
    panel = _panel(
        path, map_, set_, country=country, zone=zone, clock=clock, slot=slot, first=first, holidays=holidays
    )
    with show.progress():
        standing = compare(detector, panel, span)
    if json:
        show.as_json({"file": str(path), **standing.to_dict()})
    else:
        _print(standing)


def forecast(
    model: Model,
    path: of_series.Series,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="Local time at which it is issued; else the last slot known."
        ),
    ] = None,
    new: Annotated[
        list[str] | None,
        typer.Option("--cold", metavar="SENSOR", help="Forecast it as if it were new; may be repeated."),
    ] = None,
    history: Annotated[
        str, typer.Option("--history", metavar="DAYS", help="Of the sensors of --cold: 7d, 36h.")
    ] = "7d",
    map_: of_series.Map = None,
    zone: of_series.Zone = None,
    clock: of_series.Clock = None,
    slot: of_series.Slot = None,
    first: of_series.First = None,
    country: of_series.Country = None,
    holidays: of_series.Holidays = None,
    set_: of_series.Set = None,
    json: Json = False,
) -> None:
    """Forecast every sensor of a series, with intervals, as a table of CSV."""
    from unseen.forecasting.stored import load
    from unseen.studies import forecasting as study

    length, detector = study.days(history), load(model)
    panel = _panel(
        path, map_, set_, country=country, zone=zone, clock=clock, slot=slot, first=first, holidays=holidays
    )
    now = study.slot_of(panel, at, detector)
    if new:
        panel, detector = study.as_if_new(panel, new, length, now), detector.without(new)
    rows = study.rows_of(detector.forecast(panel, [now]), panel)
    short = [str(row["sensor"]) for row in rows if row["state"] != "ok"]
    if short:
        note(f"not enough history of {len(short)}: {', '.join(short[:5])}; a day of values is needed")
    if json:
        show.as_json({"model": str(model), "forecasts": rows})
        return
    typer.echo(",".join(rows[0]))
    for row in rows:
        typer.echo(",".join("" if value is None else str(value) for value in row.values()))


def _fit_far(
    cluster: Cluster, detector: ForecastDetector, path: Path, panel: Panel, span: Dates | None
) -> None:
    from unseen.scale.fitting import fit_on
    from unseen.series.mapped import is_mapped

    fit_on(cluster, detector, path if is_mapped(path) else panel, span)


def _panel(path: Path, map_: Path | None, set_: list[str] | None, **over: object) -> Panel:
    from unseen.series.source import open_panel

    return open_panel(path, settings=of_series.settings_of(map_, set_, **over))  # type: ignore[arg-type]


def _print(standing: Standing) -> None:
    from rich.table import Table

    screen = show.console()
    screen.print(f"{standing.span}; means over sensors", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("forecaster")
    for name in (*COLUMNS, "MAE of this model less its"):
        table.add_column(name.replace("_", " "), justify="right")
    for name, one in standing.judged.items():
        beside = standing.differences.get(name)
        cells = [show.number(getattr(one, column), digits) for column, digits in COLUMNS.items()]
        table.add_row(name, *cells, "" if beside is None else f"{beside:.1f}")
    screen.print(table)
    for name, one in standing.intervals.items():
        screen.print(
            f"90 % intervals, {name} margins: cover {one.coverage:.3f}, least of a sensor "
            f"{one.least_coverage:.3f}, width {one.width:.2f} of the mean",
            style="dim",
        )
    worst = sorted(standing.sensors.items(), key=lambda item: -item[1])[:5]
    screen.print("worst sensors: " + ", ".join(f"{name} {mae:.1f}" for name, mae in worst), markup=False)
