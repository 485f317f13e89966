"""Music neurons: a melody VAE of 512 units, trained here, and what the units it uses stand for.

The study of arXiv 2308.00015 (which read a published network of two million melodies) on folk tunes that come
with music21: most units of the code are noise, a few dozen are music; the first ones go with pitch and with
rhythm; melody is said to have units of its own only where windows are long. Windows are divided by tune; one
beta for all lengths, no free bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unseen.evaluation import Estimate, Record
from unseen.evaluation import over_seeds as interval
from unseen.music.corpus import chorales
from unseen.music.tunes import Tunes
from unseen.music.windows import Parts, chosen, cut
from unseen.recipes.datasets import existing, folder
from unseen.recipes.music_neurons import measures, trainings
from unseen.recipes.music_neurons.verdicts import claims, verdicts
from unseen.recipes.results import Results
from unseen.recipes.running import settings
from unseen.studies.melody_analysis import Analysis, analyse
from unseen.studies.melody_training import Trained
from unseen.training.progress import tell

CHORALES = Path("music") / "jsb" / "jsb-chorales-16th.json"
HELD = {"accuracy": 0.02, "music units": 6.0, "lost without": 0.02, "Spearman": 0.1}


@dataclass(frozen=True, eq=False)
class Main:
    """The network of one seed with what was found on unseen tunes."""

    trained: Trained
    found: Analysis


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run the study and settle the claims; trainings are taken from the cache folder where they are there."""
    config = settings(__file__, quick=quick)
    seeds = config["seeds"] if seeds is None else seeds
    tunes = trainings.tunes(config)
    parts = trainings.parts(tunes, config)
    outside = _outside(config, data)
    mains, records = [], []
    for seed in range(seeds):
        main, rows = study(seed, parts, outside, config)
        mains.append(main)
        records += rows
        tell("seeds", seed + 1, seeds)
    records += lengths(tunes, config)
    return conclude("music-neurons" + (" (quick)" if quick else ""), records, config, parts, tunes, mains)


def _outside(config: dict[str, Any], data: Path | None) -> Parts | None:
    """Windows of the chorales, which nobody learns from; None where they are not asked for."""
    if not config["chorales"]:
        return None
    windows = cut(chorales(existing(folder(data) / CHORALES)), 2)
    some = chosen(windows, config["test"], trainings.DIVISION)
    return Parts(some, some, some, 0)


def study(
    seed: int, parts: Parts, outside: Parts | None, config: dict[str, Any]
) -> tuple[Main, list[Record]]:
    """Train on windows of 2 bars, read the units on unseen tunes, and set the controls beside."""
    setting = trainings.setting(config, seed)
    trained = trainings.trained(parts, setting)
    found = analyse(
        trained, parts.test.tokens, permutations=config["permutations"], top=config["top"], seed=seed
    )
    records = measures.main_records(trained, found, seed) + measures.block_records(found, seed)
    records += measures.control_records(parts, found, setting, config, seed)
    if outside is not None:
        records += measures.outside_records(trained, outside.test.tokens, seed)
    return Main(trained, found), records


def lengths(tunes: Tunes, config: dict[str, Any]) -> list[Record]:
    """Train shorter, on the same tunes and as many windows, for each length; and once without transposing."""
    plan = config["lengths"]
    records: list[Record] = []
    for bars in plan["bars"]:
        parts = trainings.equal_parts(tunes, bars, config)
        for seed in range(plan["seeds"]):
            trained = trainings.trained(parts, trainings.short(config, bars, seed))
            records += measures.length_records(trained, parts.test.tokens, bars, config, seed)
    parts = trainings.equal_parts(tunes, 2, config)
    for seed in range(plan["seeds"]):
        trained = trainings.trained(parts, trainings.short(config, 2, seed, semitones=0))
        kind = "2 bars, equal windows, never transposed"
        records += measures.length_records(trained, parts.test.tokens, 2, config, seed, kind)
    return records


def conclude(
    name: str,
    records: list[Record],
    config: dict[str, Any],
    parts: Parts,
    tunes: Tunes,
    mains: list[Main],
) -> Results:
    """Means over seeds, the claims, a sentence on each claim of the paper, figures and files."""
    from unseen.recipes.music_neurons.showing import figures, files

    groups: dict[str, list[float]] = {}
    for r in records:
        words = "" if r.detector == measures.MAIN else f"{r.detector}, "
        groups.setdefault(f"{words}{r.kind}: {r.metric}", []).append(r.value)
    numbers = {title: interval(values) for title, values in groups.items()}
    first, every = mains[0], [main.found for main in mains]
    units, setting = first.found.relevance.units, first.trained.setting
    notes = [
        f"{len(tunes):,} tunes; {len(parts.learn):,} different windows of 2 bars to learn from, "
        f"{len(parts.test):,} of unseen tunes to judge on; {parts.leaked} of their windows were dropped "
        "because a tune learned from has the same",
        f"beta {setting.beta} against a likelihood summed over steps, no free bits, "
        f"{units} units, {setting.steps:,} steps of {setting.batch} windows",
        *verdicts(records, config, units),
    ]
    held = {title: tolerance(title) for title in numbers if tolerance(title)}
    return Results(
        name,
        numbers,
        claims(records, units),
        records,
        notes,
        figures=figures(first.found, first.trained, every),
        files=files(name, first.found, first.trained, every, notes),
        tolerances=held,
    )


def tolerance(title: str) -> float:
    """How far a rerun may move a number; 0 where it is not held."""
    if not title.startswith("2 bars: ") or "minutes" in title or "chance" in title:
        return 0.0
    return next((value for words, value in HELD.items() if words in title), 0.0)


def mean_of(records: list[Record], kind: str, metric: str, detector: str = measures.MAIN) -> Estimate:
    """Mean over seeds of one measure."""
    values = [r.value for r in records if (r.kind, r.metric, r.detector) == (kind, metric, detector)]
    return interval(values) if values else Estimate(float(np.nan))
