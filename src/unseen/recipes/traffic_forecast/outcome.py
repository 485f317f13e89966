"""What the records amount to: the table, the differences, the claims."""

from __future__ import annotations

from collections.abc import Sequence

from unseen.evaluation import Estimate, Record
from unseen.recipes.results import Claim, Results
from unseen.recipes.running import chosen
from unseen.recipes.traffic_forecast.conditions import INTERVALS, ROLLING
from unseen.recipes.traffic_forecast.numbers import COVER, TABLE, cold, cold_days, differences, mean, there
from unseen.recipes.traffic_forecast.parts import BASELINES, OURS

HELD = {"MAE": 0.8, "coverage": 0.02}
"""How far a rerun on another machine may move a number of the expected file."""


def conclude(name: str, records: Sequence[Record]) -> Results:
    """Settle numbers and claims; draw the figures and the page when they are written."""
    from unseen.recipes.traffic_forecast.showing import figures, page

    numbers = {**_table(records), **differences(records), **_intervals(records), **_conditions(records)}
    results = Results(name, numbers, claims(numbers), records, notes(records))
    held = {
        key: HELD["coverage" if key.endswith("coverage") else "MAE"]
        for key in numbers
        if key in (f"{OURS} MAE", f"{ROLLING} coverage")
        or (key.endswith(" MAE") and key.startswith(BASELINES))
    }
    return Results(
        name, numbers, results.must_show, records, results.notes,
        figures=figures(records), files={"forecasts.html": lambda: page(results).encode()}, tolerances=held,
    )  # fmt: skip


def _table(records: Sequence[Record]) -> dict[str, Estimate]:
    return {
        f"{name} {label}": mean(records, detector=name, kind="all", metric=metric)
        for metric, label in TABLE.items()
        for name in there(records)
    }


def _intervals(records: Sequence[Record]) -> dict[str, Estimate]:
    return {
        f"{name} {metric}": mean(records, detector=name, kind="all", metric=metric)
        for name in INTERVALS
        for metric in COVER
    }


def _conditions(records: Sequence[Record]) -> dict[str, Estimate]:
    names = sorted({record.detector for record in chosen(records, metric="cold mae")})
    found = {
        f"cold start, {days}, {name}": cold(records, name, days)
        for days in cold_days(records)
        for name in names
    }
    gappy, whole = (mean(records, kind=kind, metric="mae where known") for kind in ("gaps", "whole"))
    found["with gaps, MAE over that without"] = Estimate(gappy.value / whole.value)
    found["with gaps, all forecasts finite"] = mean(records, kind="gaps", metric="all forecasts finite")
    return found


def claims(numbers: dict[str, Estimate]) -> list[Claim]:
    """Set the numbers beside what the project is held to."""
    rolling = numbers[f"{ROLLING} coverage"].value
    return [
        Claim("MAE, vehicles an hour", numbers[f"{OURS} MAE"].value, "<= 52"),
        *(
            Claim(f"{key}: upper end of the interval", number.high, "<= 0")
            for key, number in numbers.items()
            if " minus " in key
        ),
        Claim("rolling intervals cover, of 0.9", rolling, ">= 0.89"),
        Claim("rolling intervals cover, of 0.9, not too wide", rolling, "<= 0.91"),
        Claim("they cover on every sensor", numbers[f"{ROLLING} least coverage"].value, ">= 0.87"),
        Claim("MAE of a new sensor with 7 days", numbers[f"cold start, 7 days, {OURS}"].value, "<= 63"),
        Claim("MAE with gaps over that without", numbers["with gaps, MAE over that without"].value, "<= 1.1"),
        Claim("all forecasts are finite with gaps", numbers["with gaps, all forecasts finite"].value, ">= 1"),
    ]


def notes(records: Sequence[Record]) -> list[str]:
    """Say what a reader must know beside the numbers."""
    seeds = len({record.seed for record in records})
    return [
        "MAE (of the median) and RMSE (of the mean) in vehicles an hour, means over sensors; split by time.",
        f"Learned forecasters: mean over {seeds} seeds; rules, ridge and boosting know no seed.",
        "Differences: errors averaged over seeds, whole weeks resampled (1,000 times); they say what other "
        "weeks of these streets would, not other streets.",
        "Rules, ridge and boosting state intervals from their own errors in training.",
    ]
