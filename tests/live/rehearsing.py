"""Watches of a few streets for tests: settings, a past, and a run by hand against a server on loopback."""

from __future__ import annotations

import threading

import httpx
import numpy as np

from unseen.live.alarm_table import Wanted, alarms
from unseen.live.clock import ManualClock
from unseen.live.config import WatchSettings
from unseen.live.opening import opened, replay
from unseen.live.polling import Polling
from unseen.live.rehearsal import Rehearsal, served, sound
from unseen.live.store import Store
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel

STEP = 900
FIELDS = {"sensor": "idpm", "value": "ih", "time": "fecha_actualizacion", "time_format": "ms"}


def streets(sensors: int, days: float, *, start: int, zone: str = "Europe/Madrid", seed: int = 3) -> Panel:
    """Draw streets with two peaks a day, by the local clock, and jams that last."""
    rng = np.random.default_rng(seed)
    calendar = Calendar(zone)
    slots = int(days * 86_400 // STEP)
    times = start + STEP * np.arange(slots)
    hour = calendar.local(times).second / 3600
    shape = 0.2 + np.exp(-((hour - 8.5) ** 2) / 5) + 0.9 * np.exp(-((hour - 18.5) ** 2) / 8)
    size = rng.uniform(200, 900, (sensors, 1))
    drift = np.stack([_drift(rng, slots) for _ in range(sensors)])
    values = size * shape * (1 + drift + 0.06 * rng.standard_normal((sensors, slots)))
    names = tuple(str(100 + number) for number in range(sensors))
    places = np.column_stack([-0.38 + 0.01 * np.arange(sensors), 39.47 + 0 * np.arange(sensors)])
    return Panel(np.maximum(values, 0).round().astype(np.float32), start=start, step=STEP, sensors=names,
                 calendar=calendar, places=places)  # fmt: skip


def _drift(rng, slots):
    steps = rng.standard_normal(slots) * 0.05
    found = np.zeros(slots)
    for place in range(1, slots):
        found[place] = 0.9 * found[place - 1] + steps[place]
    return found


def settings(folder, url="http://127.0.0.1:1/", **more) -> WatchSettings:
    given = {
        "store": str(folder / "watch.db"),
        "feed": {"url": url, "every": 180, **more.pop("feed", {})},
        "series": {"zone": "Europe/Madrid", "slot": 15, **FIELDS, **more.pop("series", {})},
        "dashboard": {"on": False},
    }
    return WatchSettings.from_mapping({**given, **more})


def with_past(folder, panel: Panel, first: int, days: int = 2) -> WatchSettings:
    """Make a store whose past ends where the rehearsal begins, and the settings that use it."""
    from unseen.live.opening import renewal_of, warm_up

    told = settings(folder)
    with Store(told.store) as store:
        store.db.execute("PRAGMA synchronous = OFF")
        store.settle({"zone": "Europe/Madrid", "slot_seconds": str(STEP)})
        warm_up(told, store, renewal_of(told), panel.slice(0, panel.slot(first)), days)
    return told


def polled(told: WatchSettings, panel: Panel, first: int, last: int, *, fault=sound, more=None, **rehearsal):
    """Poll from `first` to `last` and a little beyond, without waiting; return what the store says."""
    clock = ManualClock(float(first))
    show = Rehearsal(panel, clock, fault, **rehearsal)
    with served(show) as url, opened(told, clock) as ready, httpx.Client() as client:
        ready.store.db.execute("PRAGMA synchronous = OFF")
        told = told.model_copy(update={"feed": told.feed.model_copy(update={"url": url})})
        polling = Polling(told.feed, told.series, clock)
        while clock.time < last + told.feed.grace:
            ready.work.take(polling.ask(client, threading.Event()))
            ready.work.advance(clock.now())
            clock.time = max(clock.time, 0) + told.feed.every
            if more is not None:
                more(clock, ready)
        ready.work.advance(clock.now())
        return logged(ready.store), dict(
            ready.store.db.execute("SELECT kind, sum(count) FROM feed GROUP BY kind")
        )


def offline(told: WatchSettings, panel: Panel, first: int):
    """Close the same slots without feed or clock; return what the store says."""
    with opened(told, ManualClock()) as ready:
        ready.store.db.execute("PRAGMA synchronous = OFF")
        replay(ready.work.engine, panel, first)
        return logged(ready.store)


def logged(store: Store) -> list[dict[str, object]]:
    """Every alarm, oldest first, but for what the clock said."""
    records, _ = alarms(store, Wanted(), limit=10**6)
    rows = [record.as_row("UTC") for record in reversed(records)]
    return [{name: value for name, value in row.items() if name != "raised"} for row in rows]
