"""How the feed and the watch are, and how well forecasts and alarms have done of late."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np

from unseen.alarms.log import utc
from unseen.live.arrays import unpacked
from unseen.live.store import Store
from unseen.live.views import latest, plain, step, zone
from unseen.live.words import Shown
from unseen.series.panel import State

RECENT = 20
DAY = 86_400


def health(store: Store, *, now: float) -> dict[str, Any]:
    """Ages, states, faults of the feed; `now` is what the clock of the watch says."""
    width = len(store.sensors())
    last = store.last_slot()
    seen = latest(store, width)
    poll = json.loads(store.setting("last_poll") or "{}")
    states: dict[str, int] = {}
    closed = seconds = None
    if last is not None:
        body, closed, seconds = store.db.execute(
            "SELECT state, closed, seconds FROM slots WHERE time = ?", (last,)
        ).fetchone()
        count = Counter(unpacked(body, "u1", width, State.MISSING).tolist())
        states = {state.name.lower(): count.get(int(state), 0) for state in State}
    tiers = Counter([] if seen is None else seen.tier.tolist())
    return {
        "kind": "rows" if store.setting("unit") == "rows" else "series",
        "name": store.setting("name") or "",
        "now": utc(now),
        "zone": zone(store),
        "started": store.setting("started"),
        "model": store.setting("model") or "",
        "feed": store.setting("feed") or "",
        "stopped": store.setting("stopped") or None,
        "last_poll": utc(poll["clock"]) if "clock" in poll else None,
        "last_poll_age": round(now - poll["clock"], 1) if "clock" in poll else None,
        "last_poll_result": poll.get("result"),
        "newest_stamp": utc(poll["newest"]) if poll.get("newest") is not None else None,
        "clock_offset": poll.get("offset"),
        "last_slot": None if last is None else utc(last),
        "last_slot_age": None if last is None else round(now - last - step(store), 1),
        "slot_closed": None if closed is None else utc(closed),
        "slot_seconds_taken": seconds,
        "latency": _latency(store),
        "sensors": width,
        "with_data": states.get("ok", 0) / width if width else None,
        "states": states,
        "tiers": {shown.word: tiers.get(int(shown), 0) for shown in Shown},
        "errors": _errors(store, now),
        "recent": [
            {"time": utc(clock), "kind": kind, "detail": word, "count": count}
            for clock, kind, word, count in store.db.execute(
                "SELECT clock, kind, word, count FROM feed ORDER BY number DESC LIMIT ?", (RECENT,)
            )
        ],
    }


def _latency(store: Store) -> dict[str, float | None]:
    rows = store.db.execute("SELECT seconds FROM slots ORDER BY time DESC LIMIT 144").fetchall()
    taken = np.array([row[0] for row in rows])
    if not taken.size:
        return {"median": None, "p99": None, "largest": None}
    median, p99 = np.quantile(taken, [0.5, 0.99])
    return {"median": plain(median), "p99": plain(p99), "largest": plain(taken.max())}


def _errors(store: Store, now: float) -> dict[str, int]:
    """Faults of the feed in the last day, by kind."""
    rows = store.db.execute("SELECT kind, sum(count) FROM feed WHERE clock > ? GROUP BY kind", (now - DAY,))
    return {str(kind): int(count) for kind, count in rows}
