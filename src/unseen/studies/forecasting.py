"""What a person does with a network of sensors: fit a forecaster, judge it beside the others, forecast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from unseen.errors import ConfigError, DataError, unknown
from unseen.evaluation import Estimate
from unseen.forecasting.conformal import Adaptive, Conformal, follow
from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.forecaster import Forecaster, Ints
from unseen.forecasting.judging import Judgement, absolute_errors, came, judge, paired
from unseen.forecasting.learning import Schedule
from unseen.forecasting.naive import RULES, Baseline
from unseen.forecasting.networks import Lstm, Stid
from unseen.forecasting.plain_networks import PlainNetwork
from unseen.forecasting.regressed import Regressed, boosting, ridge
from unseen.series.calendar import DAY
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel
from unseen.training.progress import tell

Dates = tuple[dt.date, dt.date]

MODELS: dict[str, tuple[Stid | Lstm, ...]] = {
    "stid": (Stid(dropout=0.1),),
    "lstm": (Lstm(),),
    "both": (Stid(dropout=0.1), Lstm()),
}
"""Networks a forecaster may be of, by the name of the option."""
OURS = "this model"
SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95)
BY_TIME = "time"


def dates(text: str) -> Dates:
    """Read "2017-01-01:2017-09-30", both dates included.

    Raises:
        ConfigError: It is not two dates that rise.

    >>> dates("2017-10-01:2017-12-31")[1]
    datetime.date(2017, 12, 31)
    """
    first, mark, last = text.partition(":")
    try:
        found = dt.date.fromisoformat(first.strip()), dt.date.fromisoformat(last.strip())
    except ValueError:
        found = None
    if not mark or found is None or found[0] > found[1]:
        raise ConfigError(f"{text!r} came; accepted: FIRST:LAST, such as 2017-01-01:2017-09-30")
    return found


def days(text: str) -> float:
    """Read "7d" or "36h" as days.

    Raises:
        ConfigError: It is neither.

    >>> days("7d"), days("12h")
    (7.0, 0.5)
    """
    try:
        return float(text[:-1]) / {"d": 1, "h": 24}[text[-1:]]
    except (KeyError, ValueError):
        raise ConfigError(f"history {text!r} came; accepted: days or hours, such as 7d or 36h") from None


def refuse_other_split(split: str) -> None:
    """Refuse any split but one by time.

    Raises:
        ConfigError: Another one was asked for.

    """
    if split != BY_TIME:
        raise ConfigError(
            f"a {split} split came; accepted: {BY_TIME}. Slots beside each other are alike: a test among the "
            "slots of training would be of what was learned"
        )


def unfitted(model: str, *, minutes: float, epochs: int | None, seed: int) -> ForecastDetector:
    """Make the detector that options describe.

    Raises:
        ConfigError: The model is not known.

    """
    if model not in MODELS:
        raise ConfigError(unknown("model", model, MODELS))
    schedule = None if epochs is None else Schedule(epochs=epochs, least_steps=1)
    return ForecastDetector(minutes=minutes, members=MODELS[model], schedule=schedule, seed=seed)


@dataclass(frozen=True)
class Standing:
    """Forecasters side by side on the same slots.

    Attributes:
        judged: Name -> judgement, the best first.
        differences: Name of another -> MAE of this model minus its, with a bootstrap of weeks.
        intervals: Kind of margin -> judgement of this model with it.
        sensors: Sensor -> MAE of this model.
        span: What was judged, in words.

    """

    judged: dict[str, Judgement]
    differences: dict[str, Estimate]
    intervals: dict[str, Judgement]
    sensors: dict[str, float]
    span: str

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return {
            "span": self.span,
            "forecasters": {name: asdict(one) for name, one in self.judged.items()},
            "differences": {name: one.to_dict() for name, one in self.differences.items()},
            "intervals": {name: asdict(one) for name, one in self.intervals.items()},
            "sensors": self.sensors,
        }


def compare(detector: ForecastDetector, panel: Panel, test: Dates) -> Standing:
    """Judge a detector on later dates, beside every baseline, trained on the same slots as it was.

    Raises:
        DataError: The test begins before training ended, or the panel lacks the slots of training.

    """
    detector.refuse_other(panel)
    slots = _test_slots(detector, panel, test)
    train = _training(detector, panel)
    forecasts = detector.forecast(panel, slots)
    values = came(panel, forecasts)
    errors = {OURS: absolute_errors(forecasts, values)}
    judged = {OURS: judge(forecasts, values)}
    others = _others(detector)
    for place, (name, other) in enumerate(others.items(), start=1):
        theirs = other.fit(train).forecast(panel, slots)
        judged[name], errors[name] = judge(theirs, values), absolute_errors(theirs, values)
        tell("baselines", place, len(others))
    enough = np.ptp(forecasts.target) >= 14 * DAY
    return Standing(
        dict(sorted(judged.items(), key=lambda item: item[1].mae)),
        {name: paired(errors[OURS], errors[name], forecasts.target) for name in others} if enough else {},
        _intervals(detector, panel, forecasts),
        dict(zip(panel.sensors, np.nanmean(errors[OURS], axis=1).tolist(), strict=True)),
        panel.between(*test).span(),
    )


def _test_slots(detector: ForecastDetector, panel: Panel, test: Dates) -> Ints:
    targets = panel.days(*test)
    if not len(targets):
        raise DataError(f"no slot between {test[0]} and {test[1]}; the series has {panel.span()}")
    if panel.start + targets.start * panel.step <= detector.trained_.last:
        raise DataError(
            f"the test begins on {test[0]}, before the end of training; test on days after it "
            f"({_local(detector.trained_.last, panel):%Y-%m-%d})"
        )
    first = max(targets.start - detector.horizon, 0)
    return np.arange(first, targets.stop - detector.horizon)


def _training(detector: ForecastDetector, panel: Panel) -> Panel:
    """Slots of the panel the detector was trained on; baselines cannot be left out, so they must be there."""
    trained = detector.trained_
    first, last = panel.slot(trained.first), panel.slot(trained.last) + 1
    if first < 0 or last > panel.slots:
        raise DataError(
            f"the series has {panel.span()}, the model was trained from "
            f"{_local(trained.first, panel):%Y-%m-%d}: baselines learn from the same days, so give a series "
            "that has them"
        )
    return panel.slice(first, last)


def _others(detector: ForecastDetector) -> dict[str, Forecaster]:
    minutes, seed = detector.minutes, detector.seed
    given = detector.schedule or Schedule()
    schedule = replace(given, median=1.0, power=0.0)
    rules: dict[str, Forecaster] = {name: Baseline(rule, minutes) for name, rule in RULES.items()}
    return rules | {
        "ridge": Regressed(ridge, minutes),
        "boosting": Regressed(boosting, minutes, seed),
        "STID-style MLP": PlainNetwork(Stid(each=32), schedule, minutes, seed),
        "LSTM + profile": PlainNetwork(Lstm(), schedule, minutes, seed),
    }


def _intervals(detector: ForecastDetector, panel: Panel, forecasts: Forecasts) -> dict[str, Judgement]:
    values = came(panel, forecasts)
    found = {"held-back": judge(forecasts, values)}
    for name, settings in (("rolling", Conformal()), ("adaptive", Conformal(alphas=Adaptive()))):
        found[name] = judge(follow(detector.rolling(panel, settings), forecasts, values), values)
    return found


def _local(time: int, panel: Panel) -> dt.datetime:
    return dt.datetime.fromtimestamp(time, ZoneInfo(panel.calendar.zone))


def as_if_new(panel: Panel, sensors: Sequence[str], history: float, slot: int) -> Panel:
    """Hide all but the last days before a slot's end of some sensors.

    Raises:
        DataError: A sensor is not in the panel.

    """
    for name in sensors:
        if name not in panel.sensors:
            raise DataError(unknown("sensor", name, panel.sensors))
    values = panel.values.copy()
    first = max(0, slot + 1 - round(history * panel.a_day))
    for name in sensors:
        values[panel.sensors.index(name), :first] = np.nan
    return replace(panel, values=values, states=None)


def slot_of(panel: Panel, stamp: str | None, detector: ForecastDetector) -> int:
    """Find the last slot that is known at a local time; without one the last slot of the panel with values.

    Raises:
        ConfigError: It is no time.
        DataError: It lies outside of the panel.

    """
    if stamp is None:
        known = np.flatnonzero(np.isfinite(panel.values).any(axis=0))
        if not len(known):
            raise DataError("no value in the series; nothing can be forecast")
        return int(known[-1])
    try:
        wall = dt.datetime.fromisoformat(stamp)
    except ValueError:
        raise ConfigError(f"the time {stamp!r} came; accepted: local time such as 2017-11-06T08:00") from None
    if wall.tzinfo is None:
        wall = wall.replace(tzinfo=ZoneInfo(panel.calendar.zone))
    slot = panel.slot(int(wall.timestamp())) - 1
    if not 0 <= slot < panel.slots:
        raise DataError(f"{stamp} lies outside of the series, which has {panel.span()}")
    return slot


def rows_of(forecasts: Forecasts, panel: Panel) -> list[dict[str, object]]:
    """One row a sensor and moment: times, the median, both intervals, or why there is none."""
    found: list[dict[str, object]] = []
    levels = {level: forecasts.quantile(level) for level in SHOWN}
    for place, (issued, target) in enumerate(zip(forecasts.issued, forecasts.target, strict=True)):
        times = {
            "issued": _local(int(issued), panel).isoformat(),
            "target": _local(int(target), panel).isoformat(),
        }
        for row, sensor in enumerate(forecasts.sensors):
            known = bool(np.isfinite(forecasts.mean[row, place]))
            values = {f"q{level:.2f}": _rounded(levels[level][row, place]) for level in SHOWN}
            state = "ok" if known else "not_enough_history"
            mean = _rounded(forecasts.mean[row, place])
            found.append({"sensor": sensor, **times, "state": state, "mean": mean, **values})
    return found


def _rounded(value: float) -> float | None:
    return round(float(value), 3) if np.isfinite(value) else None
