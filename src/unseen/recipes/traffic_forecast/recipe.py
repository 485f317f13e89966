"""Traffic half an hour ahead: one model for all streets, beside every usual forecaster, split by time.

Ten sensors of Madrid in 2017 by quarters of an hour, the public set of arXiv 2012.02260; trained on January
to September, judged on October to December. Every forecaster is given the same days, the same calendar, and
a weekly profile from which a training slot's own value is taken out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unseen.evaluation import Record
from unseen.recipes.results import Results
from unseen.recipes.running import over_seeds, settings
from unseen.recipes.traffic_forecast.conditions import cold_start, gap_rule, intervals
from unseen.recipes.traffic_forecast.measures import measured
from unseen.recipes.traffic_forecast.outcome import conclude
from unseen.recipes.traffic_forecast.parts import OURS, baselines, ours, parts_of


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run the study and settle the claims."""
    config = settings(__file__, quick=quick)
    seeds = config["seeds"] if seeds is None else seeds
    records = over_seeds(study, seeds, config, data)
    return conclude("traffic-forecast" + (" (quick)" if quick else ""), records)


def study(seed: int, config: dict[str, Any], data: Path | None) -> list[Record]:
    """Fit every forecaster with one seed and judge it; then ours under conditions."""
    parts = parts_of(config, data)
    mine = ours(seed, config).fit(parts.train)
    found = measured(mine.forecast(parts.panel, parts.slots), parts.panel, OURS, seed)
    for name, forecaster in baselines(seed, config).items():
        forecasts = forecaster.fit(parts.train).forecast(parts.panel, parts.slots)
        found += measured(forecasts, parts.panel, name, seed)
    found += intervals(mine, parts, seed)
    found += cold_start(ours(seed, config), parts, config, seed)
    if seed == 0:
        found += gap_rule(mine, parts, config, seed)
    return found
