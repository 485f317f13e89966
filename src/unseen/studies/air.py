"""Traffic and air: how they go together at each lag, under what is taken out. Never why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, unknown
from unseen.series.aligned import together
from unseen.series.association import LAGS, REMOVALS, RESAMPLES, Clock, Correlation, spearman
from unseen.series.calendar import EPOCH_WEEKDAY
from unseen.series.levels import Level, fixed, mean_of_present, steady, sum_of_present
from unseen.series.panel import Panel
from unseen.training.progress import tell

Floats = NDArray[np.float64]
JOINING: Mapping[str, Callable[[Panel], Level]] = {
    "fixed": fixed,
    "mean-of-present": mean_of_present,
    "sum-of-present": sum_of_present,
}
"""Ways to make one number an hour of a network."""
NETWORK = "mean of {} stations"
DAYS = {"Monday to Friday": range(5), "Saturday": range(5, 6), "Sunday": range(6, 7)}


@dataclass(frozen=True)
class Row:
    """Correlations of one station under one removal, or with series held fixed.

    Attributes:
        station: Station of air, or the mean of all.
        removed: A name of `REMOVALS`.
        given: Series held fixed.
        found: One record a lag.

    """

    station: str
    removed: str
    given: tuple[str, ...]
    found: tuple[Correlation, ...]

    @property
    def peak(self) -> Correlation:
        """The lag of the highest correlation."""
        return max(self.found, key=lambda one: -2.0 if np.isnan(one.value) else one.value)


@dataclass(frozen=True)
class Related:
    """What was found, and of what.

    Attributes:
        traffic, air: Span of each in words, with the clock of its stamps.
        how: How the sensors were joined.
        sensors: Which of them.
        hours: Slots at which the joined level is there.
        dropped: Slots left out since sensors were missing.
        warning: What is wrong with this way of joining; empty for the fixed panel.
        rows: Correlations.
        days: Station -> mean on working days, Saturdays and Sundays; "traffic" too.

    """

    traffic: str
    air: str
    how: str
    sensors: tuple[str, ...]
    hours: int
    dropped: int
    warning: str
    rows: tuple[Row, ...]
    days: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; NaN as None."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


@dataclass(frozen=True)
class Question:
    """What to relate, and how.

    Attributes:
        sensors: Sensors of the traffic panel; empty takes those that are nearly always there.
        stations: Stations of the air panel; empty takes all.
        panel: A name of `JOINING`.
        removals: Names of `REMOVALS`.
        lags: Slots by which air follows traffic.
        offset: Seconds by which the fixed clock of days and hours is ahead of UTC: that of the air.
        resamples: Draws of weeks.
        seed: Of the draws.

    Raises:
        ConfigError: A name is not known.

    """

    sensors: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    panel: str = "fixed"
    removals: tuple[str, ...] = tuple(REMOVALS)
    lags: Sequence[int] = LAGS
    offset: int = 0
    resamples: int = RESAMPLES
    seed: int = 0

    def __post_init__(self) -> None:
        if self.panel not in JOINING:
            raise ConfigError(unknown("panel", self.panel, JOINING))
        for name in self.removals:
            if name not in REMOVALS:
                raise ConfigError(unknown("removal", name, REMOVALS))

    def level(self, traffic: Panel) -> Level:
        """Join the sensors to one number a slot."""
        sensors = self.sensors or (traffic.sensors if self.panel == "sum-of-present" else steady(traffic))
        return JOINING[self.panel](traffic.select(sensors))


def relate(
    traffic: Panel,
    air: Panel,
    question: Question,
    *,
    given: Mapping[str, Panel] | None = None,
    clocks: tuple[str, str] = ("", ""),
) -> Related:
    """Correlate the level of traffic with every station of air.

    Args:
        traffic: Counts.
        air: Concentrations of one pollutant.
        question: What to relate.
        given: Name -> panel held fixed, as the mean of its stations; adds rows on the raw values.
        clocks: What the stamps of both files are on, in words.

    Raises:
        DataError: The files share no hour, or a sensor is not there.

    """
    given = given or {}
    traffic, air, *others = together([traffic, air, *given.values()])
    level = question.level(traffic)
    stations = _stations(air if not question.stations else air.select(question.stations))
    held = {name: _mean(panel) for name, panel in zip(given, others, strict=True)}
    return Related(
        _words(traffic, clocks[0]),
        _words(air, clocks[1]),
        level.how,
        level.sensors,
        int(np.isfinite(level.values).sum()),
        level.dropped,
        level.warning,
        (*_removed(level, stations, traffic, question), *_held(level, stations, held, traffic, question)),
        _days({"traffic": _summed(traffic, level), **stations}, traffic),
    )


def _words(panel: Panel, clock: str) -> str:
    return f"{panel.span()}{', stamps on ' + clock if clock else ''}"


def _stations(air: Panel) -> dict[str, Floats]:
    """Each station, and first the mean of those present where there are several."""
    each = {name: row.astype(np.float64) for name, row in zip(air.sensors, air.values, strict=True)}
    return {NETWORK.format(len(each)): _mean(air), **each} if len(each) > 1 else each


def _mean(panel: Panel) -> Floats:
    known = np.isfinite(panel.values)
    sums = np.where(known, panel.values, 0).sum(axis=0, dtype=np.float64)
    return np.asarray(np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan))


def _summed(traffic: Panel, level: Level) -> Floats:
    """Sum of the joined sensors, in their own unit, at the slots of the level."""
    sums = np.nansum(traffic.select(level.sensors).values, axis=0, dtype=np.float64)
    return np.where(np.isfinite(level.values), sums, np.nan)


def _removed(level: Level, stations: Mapping[str, Floats], panel: Panel, question: Question) -> list[Row]:
    clock, rows = Clock(panel.times, question.offset), []
    total = len(stations) * len(question.removals)
    for removal in question.removals:
        without = REMOVALS[removal]
        before = without(level.values, clock)
        for station, values in stations.items():
            found = spearman(
                before,
                without(values, clock),
                clock,
                lags=question.lags,
                resamples=question.resamples,
                seed=question.seed,
            )
            rows.append(Row(station, removal, (), found))
            tell("correlations", len(rows), total)
    return rows


def _held(
    level: Level, stations: Mapping[str, Floats], held: Mapping[str, Floats], panel: Panel, question: Question
) -> list[Row]:
    """Raw rank correlations with one more series held fixed each time."""
    clock, rows = Clock(panel.times, question.offset), []
    for count in range(1, len(held) + 1):
        names = tuple(held)[:count]
        for station, values in stations.items():
            found = spearman(
                level.values,
                values,
                clock,
                given=[held[name] for name in names],
                lags=question.lags,
                resamples=question.resamples,
                seed=question.seed,
            )
            rows.append(Row(station, "raw", names, found))
    return rows


def _days(series: Mapping[str, Floats], panel: Panel) -> dict[str, dict[str, float]]:
    """Means by kind of local day, holidays among the others."""
    weekday = (panel.calendar.local(panel.times).day + EPOCH_WEEKDAY) % 7
    return {
        name: {words: float(np.nanmean(values[np.isin(weekday, list(days))])) for words, days in DAYS.items()}
        for name, values in series.items()
        if np.isfinite(values).any()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and np.isnan(value) else value
