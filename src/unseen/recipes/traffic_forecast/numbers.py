"""Numbers of the study, read from its records."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unseen.evaluation import Estimate, Record
from unseen.evaluation import over_seeds as interval
from unseen.forecasting.judging import weekly
from unseen.recipes.running import chosen
from unseen.recipes.traffic_forecast.parts import BASELINES, OURS

TABLE = {"mae": "MAE", "rmse": "RMSE", "r2": "R2", "wape": "WAPE", "pinball": "pinball"}
COVER = ("coverage", "least coverage", "width", "winkler", "coverage on red slots")


def mean(records: Sequence[Record], **fields: str) -> Estimate:
    """Mean over the seeds there are, with its interval; each seed's own mean first."""
    found = chosen(records, **fields)
    seeds = sorted({record.seed for record in found})
    return interval([float(np.mean([r.value for r in found if r.seed == seed])) for seed in seeds])


def there(records: Sequence[Record]) -> list[str]:
    """Return the forecasters of the table, the worst first."""
    return sorted(
        (name for name in (*BASELINES, OURS) if chosen(records, detector=name, kind="all", metric="mae")),
        key=lambda name: -mean(records, detector=name, kind="all", metric="mae").value,
    )


def by_week(records: Sequence[Record], name: str, metric: str) -> NDArray[np.float64]:
    """Values by sensor and week, mean over seeds; shape (S, W)."""
    found: dict[tuple[str, int], list[float]] = {}
    for record in chosen(records, detector=name, metric=metric):
        _, sensor, _, week = record.kind.split()
        found.setdefault((sensor, int(week)), []).append(record.value)
    sensors = sorted({sensor for sensor, _ in found})
    weeks = 1 + max(week for _, week in found)
    return np.array([[np.mean(found[sensor, week]) for week in range(weeks)] for sensor in sensors])


def differences(records: Sequence[Record]) -> dict[str, Estimate]:
    """MAE of ours minus that of each other forecaster, with a 95 % interval of a bootstrap of weeks."""
    slots = by_week(records, OURS, "known slots")
    mine = by_week(records, OURS, "sum of errors")
    return {
        f"{OURS} minus {name}, MAE": weekly(mine - by_week(records, name, "sum of errors"), slots)
        for name in there(records)
        if name != OURS
    }


def cold_days(records: Sequence[Record]) -> list[str]:
    """Lengths of history there are, such as "7 days"."""
    kinds = {record.kind.split(", ")[1] for record in chosen(records, metric="cold mae")}
    return sorted(kinds, key=lambda kind: int(kind.split()[0]))


def cold(records: Sequence[Record], name: str, days: str) -> Estimate:
    """Mean error of sensors that were not in training, over the sensors of a seed, then over seeds."""
    return mean([r for r in records if r.kind.endswith(", " + days)], detector=name, metric="cold mae")
