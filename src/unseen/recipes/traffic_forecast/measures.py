"""Forecasts and what came as records: in all, by week and sensor, by hour, by kind of day."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from unseen.evaluation import Record
from unseen.forecasting.forecaster import Floats
from unseen.forecasting.judging import HIGH, LOW, absolute_errors, came, judge
from unseen.series.calendar import DAY, WEEK, DayType
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel

RED = 0.9
"""Quantile of a sensor's training values from which its street is red."""
KINDS = {"workday": (DayType.WORKDAY, DayType.BRIDGE), "Saturday": (DayType.SATURDAY,),
         "Sunday": (DayType.SUNDAY,), "holiday": (DayType.HOLIDAY,)}  # fmt: skip


def measured(forecasts: Forecasts, panel: Panel, name: str, seed: int) -> list[Record]:
    """Judge forecasts in all, and their errors by week and sensor, hour, and kind of day."""
    values = came(panel, forecasts)
    found = [
        one(name, seed, "all", metric, float(value))
        for metric, value in asdict(judge(forecasts, values)).items()
    ]
    errors, local = absolute_errors(forecasts, values), panel.calendar.local(forecasts.target)
    week = (forecasts.target - forecasts.target[0]) // WEEK
    for row, sensor in enumerate(panel.sensors):
        for number in range(int(week.max()) + 1):
            mine = errors[row, week == number]
            kind = f"sensor {sensor} week {number}"
            found.append(one(name, seed, kind, "sum of errors", float(np.nansum(mine))))
            found.append(one(name, seed, kind, "known slots", float(np.isfinite(mine).sum())))
    hours = local.second * 24 // DAY
    parts = {f"hour {hour:02d}": hours == hour for hour in range(24)}
    parts |= {kind: np.isin(local.day_type, types) for kind, types in KINDS.items()}
    found += [one(name, seed, kind, "mae", over(errors, part)) for kind, part in parts.items()]
    return [record for record in found if not np.isnan(record.value)]


def covered(forecasts: Forecasts, panel: Panel, train: Panel, name: str, seed: int) -> list[Record]:
    """Share of values inside the 90 % interval: in all, least of a sensor, by month, and on red slots."""
    values = came(panel, forecasts)
    judged = judge(forecasts, values)
    hit = (values >= forecasts.quantile(LOW)) & (values <= forecasts.quantile(HIGH))
    hits = np.where(np.isfinite(values), hit, np.nan)
    red = values >= np.nanquantile(train.values, RED, axis=1)[:, None]
    found = {
        "coverage": judged.coverage,
        "least coverage": judged.least_coverage,
        "width": judged.width,
        "winkler": judged.winkler,
        "coverage on red slots": float(np.nanmean(hits[red])),
    }
    records = [one(name, seed, "all", metric, value) for metric, value in found.items()]
    days = panel.calendar.local(forecasts.target).day
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    for month in np.unique(months):
        part = hits[:, months == month]
        if np.isfinite(part).any():
            records.append(one(name, seed, str(month), "coverage", float(np.nanmean(part))))
    return records


def over(errors: Floats, chosen: NDArray[np.bool_]) -> float:
    """Mean over sensors of the mean error at chosen slots; NaN where there is none."""
    part = errors[:, chosen]
    part = part[np.isfinite(part).any(axis=1)] if part.size else part
    return float(np.nanmean(part, axis=1).mean()) if part.size else np.nan


def one(name: str, seed: int, kind: str, metric: str, value: float) -> Record:
    """One measured value."""
    return Record(name, seed, (), kind, metric, value)
