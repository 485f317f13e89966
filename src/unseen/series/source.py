"""The way into every file of series: `open_panel`."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

from unseen.errors import DataError
from unseen.series.changes import drawn_over, without
from unseen.series.feed import read_answer
from unseen.series.gathering import panel_of
from unseen.series.grids import grid_panel
from unseen.series.history import History
from unseen.series.mapped import is_mapped, open_mapped
from unseen.series.panel import Panel
from unseen.series.places import placed
from unseen.series.settings import SeriesSettings
from unseen.series.states import longest_runs, marked
from unseen.series.tables import table_panel
from unseen.series.taken import Taken

JSON = (".json", ".geojson", ".jsonl", ".ndjson")


def open_panel(path: str | os.PathLike[str], *, settings: SeriesSettings) -> Panel:
    r"""Read the values of many sensors from a file, with the state of each slot.

    Args:
        path: A long table (sensor, time, value) or a wide one (time, one column a sensor) as CSV, gzip too,
            or inside a zip, Parquet or Arrow; `.npz` with `values` and `sensor_ids`; current values as
            ArcGIS JSON, GeoJSON, JSON or JSON lines. A folder of monthly files (`History`) is read whole;
            one that `unseen traffic simulate` or `write_mapped` wrote is opened as it is, without loading it.
        settings: Columns, clock, slots, calendar and places.

    Raises:
        ConfigError: The settings do not say enough.
        DataError: The file is not there, broken, or not what the settings say; with row and column.

    >>> import tempfile
    >>> table = b"time,a,b\n2024-01-01 00:00,4,7\n2024-01-01 01:00,5,\n"
    >>> with tempfile.NamedTemporaryFile(suffix=".csv") as file:
    ...     _ = file.write(table), file.flush()
    ...     panel = open_panel(file.name, settings=SeriesSettings(zone="Europe/Rome", clock="wall"))
    >>> panel.sensors, panel.values.tolist(), panel.span()
    (('a', 'b'), [[4.0, 5.0], [7.0, nan]], '2024-01-01 00:00 to 2024-01-01 01:00 (Europe/Rome)')
    """
    if is_mapped(path):
        return _kept(open_mapped(path), path, settings)
    return take(path, settings=settings).panel


def take(path: str | os.PathLike[str], *, settings: SeriesSettings) -> Taken:
    """Read as `open_panel` does, and say what was found on the way."""
    place = Path(path)
    if place.is_dir():
        return _folder(place, settings)
    if not place.exists():
        raise DataError(f"{place} does not exist.")
    taken = _read(place, settings)
    drawn = drawn_over(taken.panel, taken.skipped)
    panel = marked(without(taken.panel, drawn), lowest=settings.lowest, check_runs=settings.stuck)
    if settings.places is not None:
        panel = placed(panel, settings.places)
    zeros, still = longest_runs(taken.panel.values)
    return replace(taken, panel=panel, drawn=drawn, zeros=zeros, still=still)


def _read(path: Path, settings: SeriesSettings) -> Taken:
    if path.suffix.lower() in JSON:
        answer = read_answer(path.read_bytes(), settings, where=str(path))
        return Taken(panel_of(answer.readings, settings, where=str(path)))
    if path.suffix.lower() == ".npz" or _holds_arrays(path):
        return grid_panel(path, settings)
    return table_panel(path, settings)


def _folder(path: Path, settings: SeriesSettings) -> Taken:
    """Open a folder this package wrote; a history has its states, a mapped panel is looked at."""
    if is_mapped(path):
        panel = _kept(open_mapped(path), path, settings)
        zeros, still = longest_runs(panel.values)
        panel = marked(panel, lowest=settings.lowest, check_runs=settings.stuck)
        return Taken(panel, zeros=zeros, still=still)
    if History(path).months:
        return Taken(_kept(History(path).read(), path, settings))
    raise DataError(f"{path} is a folder without a series; name a file")


def _kept(panel: Panel, path: str | os.PathLike[str], settings: SeriesSettings) -> Panel:
    """Refuse the zone of another place for a folder that names its own."""
    if panel.calendar.zone != settings.zone:
        raise DataError(f"{path} is by the clock of {panel.calendar.zone}, but the zone {settings.zone} came")
    return panel


def _holds_arrays(path: Path) -> bool:
    """Whether a zip of any name is one of arrays."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return all(name.endswith(".npy") for name in archive.namelist())
