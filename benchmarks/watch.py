"""A day of a city, watched at many times real speed, killed again and again: what came of its alarms.

A made-up city (`unseen traffic simulate`) is served on loopback in the shape of an ArcGIS layer, by a clock
that runs `speed` times as fast. `unseen watch` polls it, in a process of its own, which is killed with
SIGKILL at random moments and started anew. The same slots are then closed offline from a copy of the store
as it was at the begin, undisturbed. Every alarm, its times and its numbers have to be the same in both.

Two comparisons: with the city as it is (what the kills cost), and with the slots that the watch has stored
(whether anything was lost or doubled that it knew of).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from measuring import provenance, write_results

from unseen.live.alarm_table import Wanted, alarms
from unseen.live.clock import ManualClock, SpedClock
from unseen.live.config import WatchSettings
from unseen.live.opening import opened, renewal_of, replay, warm_up
from unseen.live.rehearsal import Rehearsal, served
from unseen.live.store import Store
from unseen.seeds import generator
from unseen.series.mapped import open_mapped
from unseen.series.panel import Panel
from unseen.series.settings import SeriesSettings
from unseen.series.simulate import City, simulate

FIELDS = {"sensor": "idpm", "value": "ih", "time": "fecha_actualizacion", "time_format": "ms"}
LEAD = 60.0
"""Seconds after the begin of a slot at which its readings are stamped."""


@dataclass
class Life:
    """What happened to the process that watched.

    Attributes:
        kills: Moments of the clock at which it was killed.
        gone: Seconds from a kill to the first slot or poll after it.
        lines: What it printed.

    """

    kills: list[float] = field(default_factory=list)
    gone: list[float] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)


def settings(folder: Path, options: argparse.Namespace, **more: object) -> WatchSettings:
    """Return what the watch is told."""
    given: dict[str, object] = {
        "store": str(folder / "watch.db"),
        "feed": {"url": "http://127.0.0.1:1/", "every": options.every},
        "series": {"zone": "Europe/Madrid", "slot": options.minutes, **FIELDS},
        "alarm": {"pooled": True, "budget": 2.0},
        "dashboard": {"port": 0, "with_token": False},
    }
    return WatchSettings.from_mapping({**given, **more})


def begun(folder: Path, panel: Panel, first: int, options: argparse.Namespace) -> WatchSettings:
    """Write the past of the city into a store, and forecast its last days."""
    told = settings(folder, options)
    with Store(told.store) as store:
        store.db.execute("PRAGMA synchronous = OFF")
        store.settle({"zone": "Europe/Madrid", "slot_seconds": str(told.step)})
        warm_up(told, store, renewal_of(told), panel.slice(0, panel.slot(first)), options.warm)
    return told


def watched(folder: Path, panel: Panel, first: int, last: int, options: argparse.Namespace) -> Life:
    """Let `unseen watch` run over a stretch of time in a process that is killed at random moments."""
    told = settings(folder, options)
    clock = SpedClock(options.speed, float(first), time.time())
    life, rng = Life(), generator(options.seed, 7)
    ends = last + 120 + 2 * told.step
    moments = np.sort(rng.uniform(first + told.step, last - 2 * told.step, options.kills))
    with served(Rehearsal(panel, clock, delay=LEAD)) as url:
        file = folder / "watch.toml"
        file.write_text(_toml(told, url, clock))
        process = _start(file, folder)
        for moment in [*moments.tolist(), float(ends)]:
            if clock.wait(moment, _Never()):
                break
            if process.poll() is not None:
                raise RuntimeError((folder / "notes").read_text()[-2000:])
            if moment == ends:
                process.terminate()
            else:
                life.kills.append(moment)
                process.send_signal(signal.SIGKILL)
            process.wait()
            if moment != ends:
                process = _start(file, folder)
    life.lines = [json.loads(line) for line in (folder / "lines.jsonl").read_text().splitlines()]
    return life


class _Never:
    """An event that never comes."""

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return False


def _start(file: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "unseen.cli", "watch", str(file), "--json"]
    with (folder / "lines.jsonl").open("ab") as out, (folder / "notes").open("ab") as notes:
        return subprocess.Popen(command, stdout=out, stderr=notes)


def _toml(told: WatchSettings, url: str, clock: SpedClock) -> str:
    origin = dt.datetime.fromtimestamp(clock.origin, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    series = ", ".join(f'{name} = "{value}"' for name, value in FIELDS.items())
    return (
        f'store = "watch.db"\nfeed = {{ url = "{url}", every = {told.feed.every} }}\n'
        f'series = {{ zone = "Europe/Madrid", slot = {told.step // 60}, {series} }}\n'
        "alarm = { pooled = true, budget = 2.0 }\ndashboard = { port = 0, with_token = false }\n"
        f"clock = {{ speed = {clock.speed}, origin = {origin}, wall = {clock.wall} }}\n"
    )


def offline(folder: Path, panel: Panel, first: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Close the slots of a panel undisturbed, from the store as it was at the begin."""
    with opened(settings(folder, options), ManualClock()) as ready:
        ready.store.db.execute("PRAGMA synchronous = OFF")
        replay(ready.work.engine, panel, first)  # type: ignore[attr-defined]
        return logged(ready.store)


def logged(store: Store) -> list[dict[str, Any]]:
    """Every alarm but for its number and what the clock said, by sensor and time."""
    records, _ = alarms(store, Wanted(), limit=10**7)
    rows = (record.as_row("UTC") for record in records)
    kept = [{k: v for k, v in row.items() if k not in ("id", "raised")} for row in rows]
    return sorted(kept, key=lambda row: (str(row["sensor"]), str(row["issued"])))


def seen(store: Store, panel: Panel, first: int) -> Panel:
    """Return the panel with the slots from `first` on as the store has them."""
    last = store.last_slot() or first
    part = panel.slice(0, panel.slot(last) + 1)
    values, _ = store.slots(first, last + panel.step, panel.step, len(panel.sensors))
    order = {one.id: one.place for one in store.sensors()}
    found = np.array(part.values)
    found[:, part.slot(first) :] = values[[order[name] for name in panel.sensors]]
    return replace(part, values=found, states=None)


def differing(live: Sequence[dict[str, Any]], other: Sequence[dict[str, Any]]) -> tuple[int, int, int]:
    """Count alarms that are lost, that are there though they should not be or twice, and that differ."""
    keys = [(row["sensor"], row["issued"]) for row in live]
    there = dict(zip(keys, live, strict=True))
    wanted = {(row["sensor"], row["issued"]): row for row in other}
    extra = len(keys) - len(set(keys)) + len(set(keys) - set(wanted))
    changed = sum(there[key] != wanted[key] for key in set(there) & set(wanted))
    return len(set(wanted) - set(there)), extra, changed


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--city", type=Path, help="folder of a city that is there or will be made")
    parser.add_argument("--sensors", type=int, default=3500)
    parser.add_argument("--days", type=int, default=21, help="days of the past")
    parser.add_argument("--warm", type=int, default=1, help="days of it that are forecast at first")
    parser.add_argument("--hours", type=float, default=23.5, help="hours that are watched")
    parser.add_argument("--minutes", type=int, default=10, help="minutes of a slot")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two polls")
    parser.add_argument("--speed", type=float, default=100.0)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        panel = _city(options, place)
        first = panel.calendar.moment(dt.date(2017, 3, 1) + dt.timedelta(days=options.days)) + panel.step
        last = int(first + 3600 * options.hours) // panel.step * panel.step
        row = _measured(place, panel, first, last, options)
    write_results(options.out, [{**row, **provenance(("numpy", "httpx", "fastapi"))}])
    for name, value in row.items():
        print(f"{name:28} {value}")


def _city(options: argparse.Namespace, place: Path) -> Panel:
    calendar = SeriesSettings(zone="Europe/Madrid").calendar()
    city = City(
        options.sensors, options.days + 2, dt.date(2017, 3, 1), 60 * options.minutes, calendar, seed=7
    )
    folder = options.city or place / "city"
    simulate(city, folder)
    return open_mapped(folder)


def _measured(
    place: Path, panel: Panel, first: int, last: int, options: argparse.Namespace
) -> dict[str, Any]:
    told = settings(options.city or place, options)
    if not told.store.exists():
        begun(told.store.parent, panel, first, options)
    live, calm, same = (place / name for name in ("live", "calm", "same"))
    for folder in (live, calm, same):
        folder.mkdir()
        shutil.copy(told.store, folder / "watch.db")
    began = time.time()
    life = watched(live, panel, first, last, options)
    took = time.time() - began
    with Store(live / "watch.db", read_only=True) as store:
        found, known = logged(store), seen(store, panel, first)
        faults = dict(store.db.execute("SELECT kind, sum(count) FROM feed GROUP BY kind"))
    truth = panel.slice(0, known.slots)
    stored = known.values[:, known.slot(first) :]
    came = truth.values[:, truth.slot(first) :]
    hidden = np.isfinite(came).any(axis=0) & ~np.isfinite(stored).any(axis=0)
    against_stored = differing(found, offline(same, known, first, options))
    against_city = differing(found, offline(calm, replace(truth, states=None), first, options))
    slots = [line for line in life.lines if line["event"] == "slot"]
    seconds = np.array([line["seconds"] for line in slots])
    lag = np.array([line["lag"] for line in slots]) / options.speed
    keys = [line["key"] for line in life.lines if line["event"] != "slot"]
    return {
        "sensors": len(panel.sensors), "speed": options.speed, "hours": (last - first) / 3600,
        "wall_seconds": took, "kills": len(life.kills), "slots": len(slots),
        "slots_hidden_by_kills": int(hidden.sum()),
        "values_wrong": int((np.isfinite(stored) & (stored != came)).sum()),
        "alarms": len(found),
        "lost": against_stored[0], "doubled": against_stored[1], "differing": against_stored[2],
        "lost_against_city": against_city[0], "extra_against_city": against_city[1],
        "differing_from_city": against_city[2],
        "words_told": len(keys), "words_told_twice": len(keys) - len(set(keys)),
        "slot_seconds": panel.step / options.speed,
        "close_median_s": float(np.median(seconds)), "close_p99_s": float(np.quantile(seconds, 0.99)),
        "close_largest_s": float(seconds.max()),
        "late_median_s": float(np.median(lag)), "late_p99_s": float(np.quantile(lag, 0.99)),
        "late_largest_s": float(lag.max()),
        "inside_its_slot": float((lag <= panel.step / options.speed).mean()),
        "feed_faults": sum(faults.values()),
    }  # fmt: skip


if __name__ == "__main__":
    main()
