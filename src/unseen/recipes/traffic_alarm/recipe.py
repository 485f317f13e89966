"""Alarms for ten streets of Madrid, half an hour ahead: the published rows rerun, and ours.

The three-tier street alarm of arXiv 2309.02010 on public counts (arXiv 2012.02260): models and thresholds
from January to September 2017, judged on October to December. Beside every recall stand precision, base
rate, onset recall and false red slots a sensor-day: persistence alone has a green recall of .91.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.metrics import of_alarm, of_levels
from unseen.alarms.tiers import Level
from unseen.evaluation import Record
from unseen.evaluation.reliability import reliability
from unseen.forecasting.judging import absolute_errors, came, judge, paired
from unseen.recipes.results import Results
from unseen.recipes.running import over_seeds, settings
from unseen.recipes.traffic_alarm import forecasters, shown
from unseen.recipes.traffic_alarm.chances import JOINED, by_quantiles, of_red
from unseen.recipes.traffic_alarm.decisions import STEADY, Alarm, alarms, steady, three_classes
from unseen.recipes.traffic_alarm.forecasters import HIGHER, OURS
from unseen.recipes.traffic_alarm.hindsight import best_theta, hindsight
from unseen.recipes.traffic_alarm.measures import by_sensor, means, weeks_of
from unseen.recipes.traffic_alarm.outcome import conclude
from unseen.recipes.traffic_alarm.parts import TIERS, Parts, parts_of
from unseen.recipes.traffic_alarm.rows import DECISION, ERRORS, HINDSIGHT
from unseen.series.forecasts import Forecasts

Floats = NDArray[np.float64]
Said = dict[str, Forecasts]
Chance = dict[str, Floats]


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run the study and settle the claims."""
    config = settings(__file__, quick=quick)
    seeds = config["seeds"] if seeds is None else seeds
    records = over_seeds(study, seeds, config, data)
    return conclude("traffic-alarm" + (" (quick)" if quick else ""), records, config)


def study(seed: int, config: dict[str, Any], data: Path | None) -> list[Record]:
    """Forecast, decide and judge, with one seed."""
    parts = parts_of(config, data)
    mine = forecasters.ours(seed, parts, config)
    said = {**forecasters.tested(seed, parts, config), OURS: forecasters.of_test(mine, parts)}
    found = list(_errors(said, parts, seed))
    for tier in TIERS:
        found += _as_forecast(tier, said, parts, seed)
        red = of_red(tier, mine, parts, config, seed)
        made = list(alarms(parts.outcomes[tier], red, config))
        if tier == "A":
            made.append(steady(parts.outcomes[tier], red[JOINED], ~parts.tested, config))
            yellow = by_quantiles(tier, Level.YELLOW, mine, parts)
            found += _three_classes(tier, red[JOINED], yellow, parts, config, seed)
            if seed == 0:
                found += _drawn(said, red[JOINED], made, parts, config)
        found += _by_alarm(tier, red, made, parts, config, seed)
    return found


def _errors(said: Said, parts: Parts, seed: int) -> Iterator[Record]:
    """Measure errors and coverage of every forecast, and ours against each other, week by week."""
    values = came(parts.panel, said[OURS])
    mine = absolute_errors(said[OURS], values)
    for name, forecasts in said.items():
        judged = judge(forecasts, values)
        for measure in ("mae", "rmse", "r2", "coverage", "least_coverage"):
            yield Record(name, seed, (), ERRORS, measure, getattr(judged, measure))
        if name != OURS:
            gap = paired(mine, absolute_errors(forecasts, values), forecasts.target, seed=seed)
            for part in ("value", "low", "high"):
                yield Record(name, seed, (), ERRORS, f"mae of ours less this, {part}", getattr(gap, part))


def _as_forecast(tier: str, said: Said, parts: Parts, seed: int) -> Iterator[Record]:
    """Take a forecast at its word: red where the median, or the .7 quantile, is over the threshold of red."""
    outcomes = parts.outcomes[tier].part(parts.tested)
    thresholds = parts.tiers[tier].at(outcomes.target)
    for name, forecasts in said.items():
        for level, row in ((0.5, name), (0.7, f"{name}, .7 quantile")):
            if level == 0.5 or name in HIGHER:
                value = forecasts.quantile(level)
                levels = thresholds.levels(value)
                scores = of_alarm(outcomes, levels == Level.RED, value - thresholds.red)
                yield from means(of_levels(outcomes, levels).joined(scores), row, tier, seed)


def _by_alarm(
    tier: str, red: Chance, made: list[Alarm], parts: Parts, config: dict[str, Any], seed: int
) -> Iterator[Record]:
    """Judge alarms by chance and budget, thresholds renewed daily from the 30 known days before."""
    outcomes, tested = parts.outcomes[tier], parts.tested
    judged = outcomes.part(tested)
    for name, chance in red.items():
        error = reliability(chance[:, tested][judged.counted], judged.red[judged.counted]).error
        yield Record(name, seed, (), f"tier {tier}", "calibration error", error)
    for alarm in made:
        chance = red[alarm.name.partition(",")[0]]
        scores = of_alarm(judged, alarm.on[:, tested], chance[:, tested])
        yield from means(scores, alarm.name, tier, seed)
        if alarm.name == STEADY.format(config["budget"]):
            yield from by_sensor(scores, alarm.name, tier, seed)
            yield from _weeks(weeks_of(judged, None, alarm.on[:, tested], seed), alarm.name, tier, seed)


def _three_classes(
    tier: str, red: Floats, yellow: Floats, parts: Parts, config: dict[str, Any], seed: int
) -> Iterator[Record]:
    outcomes, tested = parts.outcomes[tier], parts.tested
    levels = three_classes(outcomes, red, yellow, config)[:, tested]
    judged = outcomes.part(tested)
    on = levels == Level.RED
    scores = of_levels(judged, levels).joined(of_alarm(judged, on, red[:, tested]))
    yield from means(scores, DECISION, tier, seed)
    yield from by_sensor(scores, DECISION, tier, seed)
    yield from _weeks(weeks_of(judged, levels, on, seed), DECISION, tier, seed)


def _weeks(found: dict[str, Any], row: str, tier: str, seed: int) -> Iterator[Record]:
    """Write intervals by weeks as records."""
    for measure, estimate in found.items():
        for part in ("value", "low", "high"):
            yield Record(row, seed, (), f"tier {tier}, weeks", f"{measure}, {part}", getattr(estimate, part))


def _drawn(
    said: Said, red: Floats, made: list[Alarm], parts: Parts, config: dict[str, Any]
) -> Iterator[Record]:
    """Keep what figures show, and how far any alarm could go."""
    tier, tested = "A", parts.tested
    outcomes = parts.outcomes[tier].part(tested)
    thresholds = parts.tiers[tier].at(outcomes.target)
    known = hindsight(tier, parts, config)
    joined = red[:, tested]
    chances: dict[str, NDArray[np.floating]] = {
        name: one.chance_over(thresholds.red) for name, one in said.items()
    }
    yield from shown.curves(outcomes, {**chances, JOINED: joined, HINDSIGHT: known})
    yield from shown.bins(outcomes, joined, JOINED)
    for alarm in made:
        yield from shown.leads(outcomes, alarm.on[:, tested], alarm.name)
        if alarm.name == STEADY.format(config["budget"]):
            values = parts.panel.values[:, parts.test.start : parts.test.stop]
            pair = (joined, alarm.on[:, tested])
            yield from shown.week(outcomes, values, thresholds, said[OURS], pair)
    # the theta of hindsight too: this is a bound, not an alarm
    yield from means(
        of_alarm(outcomes, known > best_theta(outcomes, known, config["budget"]), known),
        HINDSIGHT,
        tier,
        0,
    )
