"""How forecasts and alarms have done: counts of one target slot, added up over many."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.live.store import Outlook, Store
from unseen.live.views import plain, step

DAY = 86_400
DAYS = 30
Floats = NDArray[np.float32]


def counted(seen: Outlook, value: Floats, before: Floats) -> dict[str, float]:
    """Count how one outlook did, over the sensors whose value is known.

    Args:
        seen: What was expected.
        value: What came, shape (S,), NaN where nothing is known.
        before: The last value that was known at issue, which is what persistence expects.

    """
    there = np.isfinite(value) & np.isfinite(seen.mean)
    with np.errstate(invalid="ignore"):
        red = value >= seen.threshold[:, 1]
        inside = (value >= seen.quantile[:, 0]) & (value <= seen.quantile[:, -1])
        was_red = before >= seen.threshold[:, 1]
    judged = np.isfinite(value) & np.isfinite(seen.threshold[:, 1]) & np.isfinite(seen.p_red)
    both = there & np.isfinite(before)
    onset = judged & red & ~was_red & np.isfinite(before)
    return {
        "known": int(np.isfinite(value).sum()),
        "sensors": len(value),
        "forecast": int(there.sum()),
        "error": float(np.abs(value - seen.mean)[there].sum()),
        "beside": int(both.sum()),
        "error_beside": float(np.abs(value - seen.mean)[both].sum()),
        "persistence": float(np.abs(value - before)[both].sum()),
        "inside": int((inside & there).sum()),
        "judged": int(judged.sum()),
        "red": int((red & judged).sum()),
        "red_found": int((red & judged & seen.alarm).sum()),
        "false_red": int((~red & judged & seen.alarm).sum()),
        "onset": int(onset.sum()),
        "onset_found": int((onset & seen.alarm).sum()),
    }


def scores(store: Store, *, days: int = DAYS) -> dict[str, Any]:
    """Add up the measures of the last days whose outcomes are known; a measure without cases is None."""
    last = store.last_slot()
    since = 0 if last is None else last - days * DAY
    total: Counter[str] = Counter()
    by_day: dict[int, Counter[str]] = {}
    for target, body in store.db.execute(
        "SELECT target, counts FROM scores WHERE target > ? ORDER BY target", (since,)
    ):
        counts: Mapping[str, float] = json.loads(body)
        total.update(counts)
        by_day.setdefault(target // DAY, Counter()).update(counts)
    return {
        "days": days,
        "slots": _slots(store, since),
        **_measures(total, step(store)),
        "by_day": [
            {"day": str(np.datetime64(day, "D")), **_measures(counts, step(store))}
            for day, counts in by_day.items()
        ],
    }


def _slots(store: Store, since: int) -> int:
    return int(store.db.execute("SELECT count(*) FROM scores WHERE target > ?", (since,)).fetchone()[0])


def _measures(n: Mapping[str, float], seconds: int) -> dict[str, float | None]:
    def share(part: str, whole: str) -> float | None:
        return plain(n[part] / n[whole]) if n[whole] else None

    sensor_days = n["judged"] * seconds / DAY
    alarms_on = n["red_found"] + n["false_red"]
    return {
        "false_alarms_per_sensor_day": plain(n["false_red"] / sensor_days) if sensor_days else None,
        "recall": share("red_found", "red"),
        "precision": plain(n["red_found"] / alarms_on) if alarms_on else None,
        "onset_recall": share("onset_found", "onset"),
        "base_rate": share("red", "judged"),
        "coverage": share("inside", "forecast"),
        "mae": share("error", "forecast"),
        "mae_beside": share("error_beside", "beside"),
        "mae_persistence": share("persistence", "beside"),
        "with_data": share("known", "sensors"),
        "sensor_days": plain(sensor_days),
    }
