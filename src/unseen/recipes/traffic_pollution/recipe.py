"""Traffic and nitrogen dioxide: what goes together, at which lag, once month, day and hour are taken out.

Hourly counts of seven loop stations and NO2 at five stations in Bologna, 2024. The panel of loops is fixed:
it never jumps where one starts or stops. Both clocks are stated, and brought to one. Ranks are correlated at
each lag, raw and with means of months, of days, of hours of each month taken out of both series, and with
ozone and CO held fixed. Intervals come from whole weeks. None of it says what causes what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from unseen.evaluation import Estimate, Record
from unseen.recipes.results import Claim, Results
from unseen.recipes.running import settings
from unseen.recipes.traffic_pollution import pages
from unseen.recipes.traffic_pollution.sets import Bologna, bologna
from unseen.series.association import Correlation
from unseen.studies.air import NETWORK, Question, Related, relate

NEAR = 0.01
TOLERANCE = 0.002
"""A rerun moves a correlation by rounding alone."""
MEAN = NETWORK.format(5)
FIXED, HELD, STAMPED = "fixed panel", "five stations, held", "sum of those present, as stamped"


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run the study and settle the claims."""
    config = settings(__file__, quick=quick)
    seeds = config["seeds"] if seeds is None else seeds
    known = bologna(config, data)
    records = [record for seed in range(seeds) for record in study(seed, known, config)]
    results = conclude("traffic-pollution" + (" (quick)" if quick else ""), records, config)
    answer = answers(known, 0, config)
    return replace(
        results,
        notes=notes(known, answer),
        figures=pages.figures(known, answer.fixed, config),
        files={"traffic-and-air.html": lambda: pages.page(known, answer.fixed, answer.held, config).encode()},
    )


@dataclass(frozen=True)
class Answers:
    """What was asked of the same year in three ways.

    Attributes:
        fixed: The fixed panel, under every removal.
        held: Five stations, those present, with ozone and then CO held fixed.
        stamped: The sum of whatever reports, joined as stamped: the way not to do it.

    """

    fixed: Related
    held: Related
    stamped: Related


def answers(known: Bologna, seed: int, config: dict[str, Any]) -> Answers:
    """Ask all three questions with the weeks of one seed."""
    no2, lags = known.air["NO2"], range(config["lags"][0], config["lags"][1] + 1)
    asked = Question(
        tuple(config["panel"]),
        removals=tuple(config["removals"]),
        lags=lags,
        offset=known.offset,
        resamples=config["resamples"],
        seed=seed,
    )
    raw = replace(asked, removals=("raw",))
    wide = replace(raw, sensors=tuple(config["wide_panel"]), panel="mean-of-present")
    given = {name: known.air[name] for name in ("ozone", "CO")}
    plain = replace(raw, sensors=(), panel="sum-of-present", stations=(config["quoted"]["station"],))
    return Answers(
        relate(known.counts.panel, no2, asked, clocks=known.clocks),
        relate(known.counts.panel, no2, wide, given=given, clocks=known.clocks),
        relate(known.stamped, no2, plain),
    )


def study(seed: int, known: Bologna, config: dict[str, Any]) -> list[Record]:
    """Correlations with the ends of their intervals, from the weeks of one seed."""
    found = answers(known, seed, config)
    records = []
    for way, related in ((FIXED, found.fixed), (HELD, found.held), (STAMPED, found.stamped)):
        for row in related.rows:
            kind = f"{row.station}: {' and '.join(row.given) or row.removed}"
            if way == HELD and not row.given:
                continue
            records += [
                Record(way, seed, (), f"{kind} {one.lag:+d} h", name, value, one.pairs)
                for one in row.found
                for name, value in _parts(one)
            ]
    for name, means in found.fixed.days.items():
        records += [Record("mean", seed, (), f"{name}: {day}", "mean", value) for day, value in means.items()]
    return records


def _parts(one: Correlation) -> Iterator[tuple[str, float]]:
    yield from (("rho", one.value), ("low", one.low), ("high", one.high))


def conclude(name: str, records: list[Record], config: dict[str, Any]) -> Results:
    """Gather correlations with their intervals, and set them beside the reference values."""
    groups: dict[str, dict[str, list[float]]] = {}
    for record in records:
        parts = groups.setdefault(f"{record.detector}: {record.kind}", {})
        parts.setdefault(record.metric, []).append(record.value)
    numbers = {title: _estimate(parts) for title, parts in groups.items()}
    held = dict.fromkeys((*_cells(config), *_held_fixed(config), _quoted(config)), TOLERANCE)
    return Results(name, numbers, _claims(numbers, config), records, tolerances=held)


def _cells(config: dict[str, Any]) -> dict[str, float]:
    """Names of the numbers of the reference table, each with its reference value."""
    return {
        f"{FIXED}: {station}: {removed} {lag:+d} h": value
        for station, table in config["reference"].items()
        for removed, values in table.items()
        for lag, value in enumerate(values)
    }


def _held_fixed(config: dict[str, Any]) -> dict[str, float]:
    return {
        f"{HELD}: {MEAN}: {given} {lag:+d} h": value
        for given, values in config["held"].items()
        for lag, value in enumerate(values)
    }


def _quoted(config: dict[str, Any]) -> str:
    return f"{STAMPED}: {config['quoted']['station']}: raw +0 h"


def _estimate(parts: dict[str, list[float]]) -> Estimate:
    """Value with the mean ends of its intervals; a mean of concentrations has none."""
    value = float(np.mean(parts.get("rho") or parts["mean"]))
    low, high = (float(np.mean(parts.get(end, [np.nan]))) for end in ("low", "high"))
    return Estimate(value, low, high)


def _claims(numbers: dict[str, Estimate], config: dict[str, Any]) -> list[Claim]:
    """Largest distances from the reference values; one more says how much the loose panel inflates."""
    cells, held = (
        [abs(numbers[title].value - value) for title, value in table.items()]
        for table in (_cells(config), _held_fixed(config))
    )
    loose = numbers[_quoted(config)].value
    tight = numbers[_quoted(config).replace(STAMPED, FIXED)].value
    target = f"<= {NEAR}"
    return [
        Claim(f"largest distance of {len(cells)} cells from the reference table", max(cells), target),
        Claim(f"largest distance of {len(held)} partial correlations from the reference", max(held), target),
        Claim(
            "distance of the sum of those present from the value often quoted",
            abs(loose - config["quoted"]["sum_of_present"]),
            target,
        ),
        Claim(
            "what the sum of those present adds to the correlation of the fixed panel", loose - tight, "> 0.1"
        ),
    ]


def notes(known: Bologna, found: Answers) -> list[str]:
    """Say what a reader must know: clocks, panel, hours dropped."""
    fixed, counts = found.fixed, known.counts
    return [
        f"Traffic: {fixed.traffic}. Air: {fixed.air}.",
        f"Fixed panel: stations {', '.join(fixed.sensors)}, {fixed.how}; {fixed.hours:,} hours, "
        f"{fixed.dropped:,} dropped.",
        f"Left out on reading: {counts.incomplete} station-hours with one direction only, and {counts.added} "
        "that hold the two hours of 27 October added up.",
        f"The sum of those present: {found.stamped.warning}.",
        "Intervals are those of draws of whole weeks; seeds differ in the draws alone.",
        "Correlation is not cause: weather, ozone and the habits of a day move both.",
    ]
