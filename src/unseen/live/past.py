"""The past of a store: read from files at first, pruned, kept as Parquet by month, written out as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from unseen.alarms.log import as_csv, local, utc
from unseen.errors import ConfigError, DataError
from unseen.live.alarm_table import Wanted, alarms
from unseen.live.arrays import packed, unpacked
from unseen.live.config import WatchSettings
from unseen.live.store import Sensor, Store
from unseen.live.views import plain, zone
from unseen.series.panel import Panel, State
from unseen.series.source import open_panel

DAY = 86_400
MOST_ALARMS = 10**9
MONTH = pa.schema(
    [
        ("sensor", pa.string()),
        ("time", pa.timestamp("s", "UTC")),
        ("value", pa.float32()),
        ("state", pa.uint8()),
    ]
)


def read_history(settings: WatchSettings, file: Path) -> Panel:
    """Read a file of past values, with slots as long as those of the watch.

    Raises:
        DataError: It cannot be read, or has other slots.

    """
    history = settings.history
    series = settings.series if history is None or history.series is None else history.series
    panel = open_panel(file, settings=series)
    if panel.step != settings.step:
        raise DataError(
            f"{file} has slots of {panel.step // 60} minutes and the watch of {settings.step // 60}; "
            "state history.series.slot, or read it with slots of that length"
        )
    return panel


def take_in(store: Store, panel: Panel, *, until: int | None = None) -> int:
    """Write the slots of a panel that are not there yet, before `until`; return how many.

    Raises:
        ConfigError: The store has slots already that lie before the panel's last.

    """
    oldest = store.db.execute("SELECT min(time) FROM slots").fetchone()[0]
    last = panel.start + (panel.slots - 1) * panel.step
    if oldest is not None and oldest <= last:
        raise ConfigError(
            f"{store.path} has slots from {utc(oldest)} on, and the file ends at {utc(last)}; "
            "a past is read into an empty store, or before what is there"
        )
    names = panel.names or panel.sensors
    places = np.full((len(names), 2), np.nan) if panel.places is None else panel.places
    found = store.add_sensors(
        [
            (one, name, *(plain(number) for number in where))
            for one, name, where in zip(panel.sensors, names, places, strict=True)
        ],
        since=panel.start,
    )
    known = {one.id: one.place for one in found}
    rows = np.array([known[one] for one in panel.sensors])
    width = len(found)
    slots = panel.slots if until is None else min(max(panel.slot(until), 0), panel.slots)
    with store.whole():
        store.db.executemany(
            "INSERT INTO slots VALUES (?, ?, ?, 0, 0)",
            (_row(panel, slot, rows, width) for slot in range(slots)),
        )
    return slots


def _row(panel: Panel, slot: int, rows: np.ndarray, width: int) -> tuple[int, bytes, bytes]:
    value = np.full(width, np.nan, np.float32)
    state = np.full(width, State.MISSING, np.uint8)
    value[rows] = panel.values[:, slot]
    missing = np.where(np.isfinite(panel.values[:, slot]), State.OK, State.MISSING)
    state[rows] = missing if panel.states is None else panel.states[:, slot]
    return panel.start + slot * panel.step, packed(value, "<f4"), packed(state, "u1")


def prune(store: Store, *, days: int, forecasts: int) -> None:
    """Forget slots and forecasts older than so many days, and bands of forecasts sooner; alarms stay."""
    last = store.last_slot()
    if last is None:
        return
    # two days more than asked for: what is renewed daily looks back from yesterday
    oldest, slim = last - (days + 2) * DAY, last - (forecasts + 2) * DAY
    with store.whole():
        store.db.execute("DELETE FROM slots WHERE time < ?", (oldest,))
        store.db.execute("DELETE FROM forecasts WHERE target < ?", (oldest,))
        store.db.execute("DELETE FROM scores WHERE target < ?", (oldest,))
        store.db.execute("DELETE FROM feed WHERE clock < ?", (oldest,))
        store.db.execute(
            "UPDATE forecasts SET quantile = x'', raw = x'', score = NULL "
            "WHERE target < ? AND quantile <> x''",
            (slim,),
        )


def write_months(store: Store, folder: Path) -> list[Path]:
    """Write each month that is over and whole in the store as Parquet, aside and then renamed."""
    last, first = store.last_slot(), store.db.execute("SELECT min(time) FROM slots").fetchone()[0]
    written = []
    for begin, end in _months(first, last):
        file = folder / f"{dt.datetime.fromtimestamp(begin, dt.UTC):%Y-%m}.parquet"
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            aside = file.with_name(file.name + ".tmp")
            _write_month(store, aside, begin, end)
            os.replace(aside, file)
            written.append(file)
    return written


def _months(first: int | None, last: int | None) -> Iterator[tuple[int, int]]:
    """Begins and ends of the months of UTC that ended before the last slot, and began after the first."""
    if first is None or last is None:
        return
    moment = dt.datetime.fromtimestamp(first, dt.UTC)
    begin = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while True:
        end = (begin + dt.timedelta(days=32)).replace(day=1)
        if end.timestamp() > last:
            return
        # the month in which a store began is written as far as it goes
        yield max(int(begin.timestamp()), first), int(end.timestamp())
        begin = end


def _write_month(store: Store, file: Path, begin: int, end: int) -> None:
    """Write one row group a day, so that memory does not grow with the month."""
    sensors = store.sensors()
    ids = np.array([sensor.id for sensor in sensors], dtype=object)
    with pq.ParquetWriter(file, MONTH, compression="zstd") as writer:
        for day in range(begin, end, DAY):
            times, values, states = _taken(store, day, min(day + DAY, end), len(sensors))
            if times.size:
                known = states != State.MISSING
                slot, place = np.nonzero(known)
                columns = [ids[place], times[slot], values[known], states[known]]
                writer.write_table(pa.table(dict(zip(MONTH.names, columns, strict=True)), schema=MONTH))


def _taken(store: Store, first: int, last: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = store.db.execute(
        "SELECT time, value, state FROM slots WHERE time >= ? AND time < ? ORDER BY time", (first, last)
    ).fetchall()
    values = np.array([unpacked(value, "<f4", width, np.nan) for _, value, _ in rows]).reshape(-1, width)
    states = np.array([unpacked(state, "u1", width, State.MISSING) for _, _, state in rows], np.uint8)
    return np.array([row[0] for row in rows], "datetime64[s]"), values, states.reshape(-1, width)


def export(store: Store, folder: Path) -> dict[str, int]:
    """Write sensors.csv, values.csv and alarms.csv into a folder, each aside and then renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    sensors = store.sensors()
    records, total = alarms(store, Wanted(), limit=MOST_ALARMS)
    _write(folder / "alarms.csv", [as_csv(records, zone(store))])
    heads = (["sensor", "name", "longitude", "latitude"], ["sensor", "time", "local", "value", "state"])
    _write_rows(folder / "sensors.csv", heads[0], ((s.id, s.name, s.lon, s.lat) for s in sensors))
    count = _write_rows(folder / "values.csv", heads[1], _values(store, sensors))
    return {"sensors": len(sensors), "values": count, "alarms": total}


def _values(store: Store, sensors: list[Sensor]) -> Iterator[tuple[object, ...]]:
    clock = ZoneInfo(zone(store))
    for time, value, state in store.db.execute("SELECT time, value, state FROM slots ORDER BY time"):
        values, states = (
            unpacked(value, "<f4", len(sensors), np.nan),
            unpacked(state, "u1", len(sensors), State.MISSING),
        )
        for one in sensors:
            if states[one.place] != State.MISSING:
                word = State(int(states[one.place])).name.lower()
                yield one.id, utc(time), local(time, clock), plain(values[one.place]), word


def _write_rows(file: Path, head: list[str], rows: Iterator[tuple[object, ...]]) -> int:
    aside = file.with_name(file.name + ".tmp")
    count = 0
    with aside.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(head)
        for row in rows:
            writer.writerow(row)
            count += 1
    os.replace(aside, file)
    return count


def _write(file: Path, parts: list[str]) -> None:
    aside = file.with_name(file.name + ".tmp")
    aside.write_text("".join(parts), encoding="utf-8")
    os.replace(aside, file)
