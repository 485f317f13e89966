"""One month of a network as a Parquet file: one row a sensor, its slots as lists."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel
from unseen.series.stitching import states_of

VERSION = 1
KEY = b"unseen.series"
BROKEN = (pa.ArrowException, OSError, ValueError, KeyError, TypeError)


def load(path: Path) -> Panel:
    """Read a month.

    Raises:
        DataError: The file is broken, or written by a newer release.

    """
    try:
        table = pq.read_table(path)
        about = json.loads(table.schema.metadata[KEY])
        if about["version"] > VERSION:
            raise DataError(
                f"{path} is of version {about['version']}, written by a newer release; "
                f"accepted: up to {VERSION}"
            )
        return _panel(table, about)
    except DataError:
        raise
    except BROKEN as error:
        reason = " ".join(str(error).split())[:120]
        raise DataError(f"{path} cannot be read as a month of a history: {reason}") from error


def save(panel: Panel, path: Path) -> None:
    """Write a month, aside first and then renamed."""
    aside = path.with_name(path.name + ".tmp")
    pq.write_table(_table(panel), aside, compression="zstd")
    os.replace(aside, path)


def _table(panel: Panel) -> pa.Table:
    about = {
        "version": VERSION,
        "start": panel.start,
        "step": panel.step,
        "slots": panel.slots,
        "zone": panel.calendar.zone,
        "holidays": sorted(str(day) for day in panel.calendar.holidays),
        "placed": panel.places is not None,
        "named": panel.names is not None,
    }
    places = np.full((len(panel.sensors), 2), np.nan) if panel.places is None else panel.places
    columns = {
        "sensor": pa.array(panel.sensors, pa.string()),
        "name": pa.array(panel.names or panel.sensors, pa.string()),
        "longitude": pa.array(places[:, 0]),
        "latitude": pa.array(places[:, 1]),
        "values": _lists(panel.values),
        "states": _lists(states_of(panel)),
    }
    return pa.table(columns).replace_schema_metadata({KEY: json.dumps(about).encode()})


def _lists(rows: NDArray[Any]) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(rows).ravel()), rows.shape[1])


def _panel(table: pa.Table, about: dict[str, Any]) -> Panel:
    shape = table.num_rows, about["slots"]
    arrays = [
        table.column(name).combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(shape)
        for name in ("values", "states")
    ]
    places = np.stack([table.column(name).to_numpy() for name in ("longitude", "latitude")], axis=1)
    return Panel(
        arrays[0].astype(np.float32),
        start=about["start"],
        step=about["step"],
        sensors=tuple(table.column("sensor").to_pylist()),
        calendar=Calendar(about["zone"], frozenset(map(dt.date.fromisoformat, about["holidays"]))),
        states=arrays[1].astype(np.uint8),
        places=places if about["placed"] else None,
        names=tuple(table.column("name").to_pylist()) if about["named"] else None,
    )
