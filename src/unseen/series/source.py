"""The way into every file of series: `open_panel`."""

from __future__ import annotations

import os
from pathlib import Path

from unseen.errors import DataError
from unseen.series.grids import grid_panel
from unseen.series.panel import Panel
from unseen.series.settings import SeriesSettings


def open_panel(path: str | os.PathLike[str], *, settings: SeriesSettings) -> Panel:
    """Read the values of many sensors from a file.

    Args:
        path: `.npz` with `values` and `sensor_ids`.
        settings: Columns, clock, slots and calendar.

    Raises:
        ConfigError: The settings do not say enough.
        DataError: The file is not there, broken, or not what the settings say.

    """
    place = Path(path)
    if not place.exists():
        raise DataError(f"{place} does not exist.")
    return grid_panel(place, settings)
