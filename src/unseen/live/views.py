"""What the dashboard asks of the store: all streets at once, and one street."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from unseen.alarms.log import utc
from unseen.live.alarm_table import Wanted, alarms
from unseen.live.arrays import unpacked
from unseen.live.schema import LEVELS
from unseen.live.store import Outlook, Sensor, Store, outlook
from unseen.live.words import Shown, sentence
from unseen.series.panel import State

DAY, WEEK = 86_400, 604_800
STREET_ALARMS = 50


def step(store: Store) -> int:
    """Seconds a slot lasts; 600 before the first start."""
    return int(store.setting("slot_seconds") or 600)


def zone(store: Store) -> str:
    """IANA name of the zone."""
    return store.setting("zone") or "UTC"


def latest(store: Store, width: int) -> Outlook | None:
    """Return what was last expected."""
    row = store.db.execute("SELECT * FROM forecasts ORDER BY issued DESC LIMIT 1").fetchone()
    return None if row is None else outlook(row, width)


def tiers(store: Store) -> dict[str, Any]:
    """Every sensor with its tier now, its last value and what is expected."""
    sensors = store.sensors()
    last, seen = store.last_slot(), latest(store, len(sensors))
    values = np.full(len(sensors), np.nan, np.float32)
    if last is not None:
        body = store.db.execute("SELECT value FROM slots WHERE time = ?", (last,)).fetchone()[0]
        values = unpacked(body, "<f4", len(sensors), np.nan)
    on = dict(store.db.execute("SELECT sensor, max(id) FROM alarm_log WHERE cleared IS NULL GROUP BY sensor"))
    issued = None if last is None else last + step(store)
    fresh = seen is not None and seen.issued == issued
    return {
        "issued": None if issued is None else utc(issued),
        "slot_seconds": step(store),
        "horizon_seconds": int(store.setting("horizon_seconds") or 1800),
        "zone": zone(store),
        "unit": store.setting("unit") or "",
        "sensors": [_now(one, values, seen if fresh else None, on.get(one.place)) for one in sensors],
    }


def _now(sensor: Sensor, values: np.ndarray, seen: Outlook | None, alarm: int | None) -> dict[str, Any]:
    place = sensor.place
    tier = Shown.NOT_ENOUGH_HISTORY if seen is None else Shown(int(seen.tier[place]))
    return {
        "id": sensor.id,
        "name": sensor.name,
        "lon": sensor.lon,
        "lat": sensor.lat,
        "tier": tier.word,
        "p_red": None if seen is None else plain(seen.p_red[place]),
        "value": plain(values[place]),
        "forecast": None if seen is None else plain(seen.mean[place]),
        "target": None if seen is None else utc(seen.target),
        "alarm": alarm,
    }


def street(store: Store, name: str) -> dict[str, Any] | None:
    """One sensor: the last 24 hours, what was and is expected, thresholds, a week before; None if unknown."""
    row = store.db.execute("SELECT place, id, name, lon, lat FROM sensors WHERE id = ?", (name,)).fetchone()
    if row is None:
        return None
    sensor = Sensor(*row)
    last = store.last_slot()
    end = 0 if last is None else last + step(store)
    expected = _expected(store, sensor.place, end - DAY) if last is not None else []
    ahead = max((one["slot"] for one in expected), default=end)
    records, _ = alarms(store, Wanted(sensor=sensor.id, since=end - 8 * DAY), limit=STREET_ALARMS)
    return {
        "id": sensor.id,
        "name": sensor.name,
        "lon": sensor.lon,
        "lat": sensor.lat,
        "zone": zone(store),
        "unit": store.setting("unit") or "",
        "words": _words(store, sensor.place, end),
        "past": _measured(store, sensor.place, end - DAY, end),
        "forecasts": [{k: v for k, v in one.items() if k in FORECAST} for one in expected],
        "last_week": [
            {"time": utc(one["slot"] + WEEK), "value": one["value"]}
            for one in _measured(store, sensor.place, end - DAY - WEEK, ahead + 1 - WEEK, keep=True)
        ],
        "thresholds": [
            {"time": one["target"], "yellow": one["yellow"], "red": one["red"]} for one in expected
        ],
        "alarms": [record.as_row(zone(store)) for record in records],
    }


FORECAST = ("issued", "target", "mean", "q05", "q25", "q50", "q75", "q95", "p_red")


def _measured(store: Store, place: int, first: int, last: int, *, keep: bool = False) -> list[dict[str, Any]]:
    """Values of one sensor, cut out of the arrays by the database."""
    found = []
    for time, value, state in store.db.execute(
        "SELECT time, substr(value, ?, 4), substr(state, ?, 1) FROM slots WHERE time >= ? AND time < ? "
        "ORDER BY time",
        (4 * place + 1, place + 1, first, last),
    ):
        number = plain(unpacked(value, "<f4", 1, np.nan)[0])
        kind = State(state[0]) if state else State.MISSING
        one = {"time": utc(time), "value": number, "state": kind.name.lower()}
        found.append({**one, "slot": time} if keep else one)
    return found


def _expected(store: Store, place: int, since: int) -> list[dict[str, Any]]:
    levels = len(LEVELS)
    found = []
    for issued, target, *bodies in store.db.execute(
        "SELECT issued, target, substr(mean, ?, 4), substr(p_red, ?, 4), substr(threshold, ?, 8), "
        "substr(quantile, ?, ?) FROM forecasts WHERE target >= ? ORDER BY target",
        (4 * place + 1, 4 * place + 1, 8 * place + 1, 4 * levels * place + 1, 4 * levels, since),
    ):
        mean, p_red = (plain(unpacked(body, "<f4", 1, np.nan)[0]) for body in bodies[:2])
        yellow, red = (plain(one) for one in unpacked(bodies[2], "<f4", 1, np.nan, 2)[0])
        grid = [plain(one) for one in unpacked(bodies[3], "<f4", 1, np.nan, levels)[0]]
        found.append(
            {"issued": utc(issued), "target": utc(target), "slot": target, "mean": mean, "p_red": p_red,
             "yellow": yellow, "red": red}
            | {f"q{round(100 * level):02d}": one for level, one in zip(LEVELS, grid, strict=True)}
        )  # fmt: skip
    return found


def _words(store: Store, place: int, end: int) -> str:
    seen = latest(store, place + 1)
    if seen is None or seen.issued != end:
        return sentence(Shown.NOT_ENOUGH_HISTORY, target=None, p_red=None, zone=ZoneInfo("UTC"))
    tier = Shown(int(seen.tier[place]))
    return sentence(tier, target=seen.target, p_red=float(seen.p_red[place]), zone=ZoneInfo(zone(store)))


def plain(value: float | np.floating[Any]) -> float | None:
    """Write a number for JSON: five digits, None where there is none."""
    number = float(value)
    return float(f"{number:.5g}") if math.isfinite(number) else None


def moment(text: str) -> int:
    """Read a moment that a client names, ISO 8601 or seconds of UTC.

    Raises:
        ValueError: It is neither.

    """
    if text.lstrip("-").isdigit():
        return int(text)
    read = dt.datetime.fromisoformat(text)
    return int((read if read.tzinfo else read.replace(tzinfo=dt.UTC)).timestamp())
