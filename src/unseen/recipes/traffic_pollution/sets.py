"""The files of Bologna 2024 as panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unseen.recipes.datasets import existing, folder
from unseen.series.panel import Panel
from unseen.series.settings import SeriesSettings
from unseen.series.source import open_panel, take
from unseen.series.taken import Taken

PLACE = Path("traffic") / "bologna2024"
COUNTS, STATIONS = "traffic_counts_hourly_mts_v2.zip", "monitoring_stations.xlsx"
AIR = {"NO2": "NO2_hourly.csv", "ozone": "Ozone_hourly.csv", "CO": "CO_hourly.csv"}


@dataclass(frozen=True, eq=False)
class Bologna:
    """A year of traffic and air.

    Attributes:
        counts: Loop counts of seven stations, vehicles an hour, and what reading them found.
        stamped: The same read on the clock of the air, as they are often joined.
        air: NO2, ozone (micrograms a cubic metre) and CO (milligrams).
        offset: Seconds by which the clock of the air is ahead of UTC.
        clocks: What both clocks are, in words.

    """

    counts: Taken
    stamped: Panel
    air: Mapping[str, Panel]
    offset: int
    clocks: tuple[str, str]


def bologna(config: Mapping[str, Any], data: Path | None) -> Bologna:
    """Read all files.

    Raises:
        DataError: A file is not there, or broken.

    """
    place = folder(data) / PLACE
    traffic = SeriesSettings.from_mapping({**config["traffic"], "places": existing(place / STATIONS)})
    air = SeriesSettings.from_mapping(config["air"])
    counts = existing(place / COUNTS)
    return Bologna(
        take(counts, settings=traffic),
        open_panel(counts, settings=traffic.model_copy(update={"clock": air.clock})),
        {name: open_panel(existing(place / file), settings=air) for name, file in AIR.items()},
        air.offset or 0,
        clocks_of(traffic, air),
    )


def clocks_of(traffic: SeriesSettings, air: SeriesSettings) -> tuple[str, str]:
    """Name the clocks of two files."""
    one, other = (
        f"the wall clock of {one.zone}" if one.clock == "wall" else f"one fixed clock, {one.clock}"
        for one in (traffic, air)
    )
    return one, other
