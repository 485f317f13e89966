"""What the figures are drawn from, as records: curves, bins, leads, and one week of one street."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.budget import GRID
from unseen.alarms.episodes import Windows, match
from unseen.alarms.metrics import of_red
from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import Thresholds
from unseen.evaluation import Record
from unseen.evaluation.reliability import reliability
from unseen.series.forecasts import Forecasts

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]

CURVE, BINS, LEADS, WEEK_SHOWN = "curve", "reliability", "leads", "week"
MINUTES = (-15, 0, 15, 30, 45, 60)
MOST_FALSE = 12.0
BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)


def curves(outcomes: Outcomes, chances: Mapping[str, Floats]) -> Iterator[Record]:
    """Yield false red slots a day and onset recall of every chance, threshold by threshold."""
    for name, chance in chances.items():
        for theta in GRID[::3]:
            scores = of_red(outcomes, chance > theta)
            if scores.mean("false a day") <= MOST_FALSE:
                for measure in ("false a day", "onset recall", "recall"):
                    yield Record(name, 0, (), f"{CURVE} {theta:.4f}", measure, scores.mean(measure))


def bins(outcomes: Outcomes, chance: Floats, name: str) -> Iterator[Record]:
    """Yield what was said beside what came."""
    table = reliability(chance[outcomes.counted], outcomes.red[outcomes.counted])
    columns = {"said": table.said, "came": table.came, "slots": table.slots}
    for place in np.flatnonzero(table.slots):
        for measure, column in columns.items():
            yield Record(name, 0, (), f"{BINS} {place:02d}", measure, float(column[place]))


def leads(outcomes: Outcomes, on: Flags, name: str) -> Iterator[Record]:
    """Yield the share of episodes that were warned of so many minutes before, or earlier."""
    found = match(outcomes.red, on, outcomes.step, Windows(outcomes.ahead)).lead * outcomes.step / 60
    for minutes in MINUTES:
        yield Record(name, 0, (), f"{LEADS} {minutes}", "warned", float((found >= minutes).mean()))


def week(
    outcomes: Outcomes,
    values: Floats,
    thresholds: Thresholds,
    forecasts: Forecasts,
    alarm: tuple[Floats, Flags],
) -> Iterator[Record]:
    """Yield the second week of the test on the street with the most episodes in it."""
    a_day = 86_400 // outcomes.step
    span = slice(7 * a_day, 14 * a_day)
    if span.stop > len(outcomes.target):
        span = slice(0, len(outcomes.target))
    begins = np.diff(outcomes.red[:, span].astype(np.int8), axis=1) == 1
    row = int(begins.sum(axis=1).argmax())
    chance, on = alarm
    columns = {
        "value": values, "yellow": thresholds.yellow, "red": thresholds.red, "chance": chance,
        "on": on.astype(np.float64), **{str(level): forecasts.quantile(level) for level in BANDS},
    }  # fmt: skip
    for measure, column in columns.items():
        for time, value in zip(outcomes.target[span], column[row, span], strict=True):
            if np.isfinite(value):
                yield Record(outcomes.sensors[row], 0, (), f"{WEEK_SHOWN} {time}", measure, float(value))
