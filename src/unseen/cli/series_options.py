"""Options of every command that reads series of a network of sensors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from unseen.series.settings import SeriesSettings

Series = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="Long table (sensor, time, value) or wide one (time, one column a sensor): CSV, .gz or .zip, "
        "Parquet; .npz of values and sensor_ids; GeoJSON or ArcGIS JSON.",
    ),
]
Map = Annotated[
    Path | None,
    typer.Option("--map", metavar="TOML", help="Settings of the file: columns, clock, slot, zone, holidays."),
]
Zone = Annotated[
    str | None,
    typer.Option("--zone", metavar="ZONE", help="IANA zone, such as Europe/Madrid; never guessed."),
]
Clock = Annotated[
    str | None,
    typer.Option("--clock", metavar="CLOCK", help="Of stamps without an offset: wall, utc, or +01:00."),
]
Slot = Annotated[int | None, typer.Option("--slot", metavar="MINUTES", help="Length of a slot.")]
First = Annotated[
    str | None, typer.Option("--first", metavar="STAMP", help="Of the first row of an array: 2017-01-01.")
]
Country = Annotated[
    str | None, typer.Option("--country", metavar="CODE", help="Public holidays: ES, or ES-MD for a part.")
]
Holidays = Annotated[
    Path | None, typer.Option("--holidays", metavar="CSV", help="Own holidays: a column date.")
]
Duplicates = Annotated[
    str | None,
    typer.Option("--duplicates", metavar="HOW", help="Two values at one stamp: mean, last or error."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any other setting of the map; may be repeated."),
]
SEVERAL = ("value", "drop")
"""Settings that are lists."""


def settings_of(
    path: Path | None,
    more: list[str] | None,
    *,
    country: str | None = None,
    **over: object,
) -> SeriesSettings:
    """Put the options over the settings of a map.

    Raises:
        ConfigError: A setting is not known, or its value not accepted.

    """
    from unseen.errors import ConfigError
    from unseen.series.settings import SeriesSettings

    if country is not None:
        over["country"], _, part = country.partition("-")
        over["subdivision"] = part or None
    for one in more or ():
        name, mark, value = one.partition("=")
        if not mark:
            raise ConfigError(f"--set {one} has no value; accepted: NAME=VALUE, such as sensor=id")
        name = name.strip().replace("-", "_")
        over[name] = tuple(value.split(",")) if name in SEVERAL else value
    return SeriesSettings.read(path, **over)
