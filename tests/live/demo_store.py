"""A store as a watch would leave it, small or as large as a city, with every tier and kind of alarm."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unseen.live.alarm_table import acknowledge
from unseen.live.scoring import counted
from unseen.live.store import Change, Closed, Judged, Outlook, Raise, Store
from unseen.live.words import Shown

STEP, AHEAD = 600, 3
DAY = 86_400
NOW = 1_496_329_200  # 2017-06-01 15:00 UTC, 17:00 in Madrid: the last closed slot ends here
HOSTILE = '<script>alert(1)</script> & "Söhne"'


def demo_store(
    path: Path, *, sensors: int = 40, days: float = 8, places: bool = True, seed: int = 0
) -> Store:
    """Write a store of `sensors` streets; the second has a hostile name, the last two have no data."""
    rng = np.random.default_rng(seed)
    store = Store(path)
    store.db.execute("PRAGMA synchronous = OFF")
    store.settle({"zone": "Europe/Madrid", "slot_seconds": str(STEP)})
    for name, value in {"horizon_seconds": "1800", "unit": "veh/h", "model": "demo", "feed": "demo"}.items():
        store.write_setting(name, value)
    store.add_sensors([_sensor(number, rng, places) for number in range(sensors)], since=NOW - 8 * DAY)
    size = rng.uniform(150, 900, sensors)
    phase = rng.uniform(-1.5, 1.5, sensors)
    times = np.arange(NOW - int(days * DAY), NOW, STEP)
    values = _values(times, size, phase, rng)
    values[:, -2:] = np.nan
    open_alarms: dict[int, int] = {}
    for slot, time in enumerate(times):
        recent = time >= NOW - 1.2 * DAY
        seen = _outlook(int(time), values[slot], size, phase, rng) if recent else None
        raised, changes = _alarms(seen, open_alarms)
        judged = None
        if seen is not None and slot > AHEAD:
            before = _outlook(int(time) - AHEAD * STEP, values[slot - AHEAD], size, phase, rng)
            judged = Judged(counted(before, values[slot], values[slot - AHEAD]))
        state = np.where(np.isnan(values[slot]), 1, 0).astype(np.uint8)
        numbers = store.commit(
            Closed(int(time), values[slot], state, float(time + STEP + 120), seen, raised, changes,
                   judged=judged, seconds=0.4)
        )  # fmt: skip
        open_alarms.update({one.sensor: number for one, number in zip(raised, numbers, strict=True)})
        for change in changes:
            open_alarms = {s: n for s, n in open_alarms.items() if n != change.alarm}
    acknowledge(store, 1, by="Ana", note="road works", clock=NOW - 3600.0)
    store.write_setting(
        "last_poll", f'{{"clock": {NOW + 100}, "result": "ok", "newest": {NOW + 60}, "offset": 40}}'
    )
    store.db.execute("INSERT INTO feed VALUES (NULL, ?, 'error', 'HTTP 500', 2)", (NOW - 3000.0,))
    return store


def _sensor(
    number: int, rng: np.random.Generator, places: bool
) -> tuple[str, str, float | None, float | None]:
    lon, lat = -0.376 + rng.normal(0, 0.02), 39.47 + rng.normal(0, 0.015)
    name = HOSTILE if number == 1 else f"Calle {number}"
    return str(1000 + number), name, lon if places else None, lat if places else None


def _values(times, size, phase, rng):
    hour = (times / 3600 % 24)[:, None] + 2 + phase
    shape = 0.15 + np.exp(-((hour - 8.5) ** 2) / 6) + 0.9 * np.exp(-((hour - 18.5) ** 2) / 9)
    noise = 1 + 0.1 * rng.standard_normal(shape.shape)
    return (size * shape * noise).astype(np.float32)


def _outlook(time, value, size, phase, rng) -> Outlook:
    target = time + AHEAD * STEP
    mean = _values(np.array([target]), size, phase, rng)[0]
    mean[np.isnan(value)] = np.nan
    grid = mean[:, None] * np.array([0.8, 0.93, 1.0, 1.07, 1.22], np.float32)
    threshold = (size[:, None] * np.array([0.8, 1.0])).astype(np.float32)
    with np.errstate(invalid="ignore"):
        p_red = np.clip((mean / threshold[:, 1] - 0.8) * 2, 0, 1).astype(np.float32)
        alarm = p_red > 0.5
        tier = np.where(alarm, Shown.RED, np.where(mean > threshold[:, 0], Shown.YELLOW, Shown.GREEN))
    tier = np.where(np.isnan(mean), Shown.NO_DATA, tier).astype(np.uint8)
    tier[-1] = Shown.NOT_ENOUGH_HISTORY
    issued = time + STEP
    return Outlook(issued, target, "demo", mean, grid, grid, threshold, p_red, tier, alarm)


def _alarms(seen, open_alarms) -> tuple[list[Raise], list[Change]]:
    if seen is None:
        return [], []
    raised = [
        Raise(place, seen.issued, seen.target, "red", *_numbers(seen, place), "demo")
        for place in np.flatnonzero(seen.alarm).tolist() if place not in open_alarms
    ]  # fmt: skip
    off = [(place, number) for place, number in open_alarms.items() if not seen.alarm[place]]
    changes = [Change(number, "cleared", seen.issued) for _, number in off]
    words = ("true", "true", "false", "unknown")
    return raised, changes + [Change(n, "outcome", seen.issued, words[n % 4]) for _, n in off]


def _numbers(seen, place) -> tuple[float, ...]:
    grid = seen.quantile[place]
    found = (seen.p_red[place], seen.mean[place], grid[0], grid[-1], seen.threshold[place, 1])
    return tuple(float(one) for one in found)
