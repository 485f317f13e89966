"""Series of the studies, read from the folder the user names."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from unseen.recipes.datasets import existing, folder
from unseen.series.panel import Panel
from unseen.series.settings import SeriesSettings
from unseen.series.source import open_panel

MADRID = Path("traffic") / "madrid_15min_2017_10sensors.npz"


def madrid(data: Path | None = None) -> Panel:
    """Ten sensors of Madrid, vehicles an hour by quarters of an hour, 2017 (arXiv 2012.02260).

    The file's first row is Sunday 1 January 2017, 00:00, by the clock on the wall. The hour that this clock
    skips in spring is drawn into the file, and left out here; of the hour that comes twice there is one.
    """
    settings = SeriesSettings(
        zone="Europe/Madrid",
        clock="wall",
        first=dt.datetime(2017, 1, 1),
        slot=15,
        country="ES",
        subdivision="MD",
    )
    return open_panel(existing(folder(data) / MADRID), settings=settings)
