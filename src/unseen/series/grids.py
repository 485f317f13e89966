"""Arrays with one row a slot: `.npz` of values and identifiers."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, DataError
from unseen.series.panel import Panel
from unseen.series.settings import SeriesSettings
from unseen.series.taken import Taken
from unseen.series.wall import wall_rows

VALUES, SENSORS = "values", "sensor_ids"


def grid_panel(path: Path, settings: SeriesSettings) -> Taken:
    """Read `values` of shape (T, S) or (S, T), and `sensor_ids` of shape (S,).

    Raises:
        ConfigError: First slot, length of slots or clock are not stated.
        DataError: The file is broken, or arrays do not fit each other.

    """
    first, step = settings.first, settings.step
    if first is None or step is None or settings.clock is None:
        raise ConfigError(f"{path}: an array has no stamps; state first, slot and clock in the settings")
    values, sensors = _arrays(path)
    if settings.clock == "wall":
        return Taken(
            *wall_rows(values, first=first, step=step, sensors=sensors, calendar=settings.calendar())
        )
    start = round((first - dt.datetime(1970, 1, 1)).total_seconds()) - (settings.offset or 0)
    panel = Panel(
        np.ascontiguousarray(values.T), start=start, step=step, sensors=sensors, calendar=settings.calendar()
    )
    return Taken(panel)


def _arrays(path: Path) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Values of shape (T, S) and the identifiers."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            there = set(file.files)
            if not {VALUES, SENSORS} <= there:
                raise DataError(
                    f"{path} has {', '.join(sorted(there)) or 'no arrays'}; accepted: {VALUES} and {SENSORS}"
                )
            values, names = file[VALUES], file[SENSORS]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be read as .npz: {' '.join(str(error).split())}") from error
    if (
        values.ndim != 2
        or names.ndim != 1
        or len(names) not in values.shape
        or values.dtype.kind not in "fiu"
    ):
        raise DataError(
            f"{path}: {VALUES} is {values.dtype} of shape {values.shape} for {names.shape} sensors; "
            "accepted: numbers of shape (slots, sensors)"
        )
    rows = values if values.shape[1] == len(names) else values.T
    return rows.astype(np.float32), tuple(str(name) for name in names)
