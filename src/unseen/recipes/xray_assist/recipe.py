"""A chest film screened on a phone: what may be said of it, and what not.

A small network learns pneumonia on PneumoniaMNIST, a gate learns what is a film at all. The official test
films come from another folder than those of training, and everything that was set on validation films moves
on them: that is shown, source by source, and so is what a record of the same source mends. The classifier is
rounded to 8 bits, films are disturbed and photographed, pictures that are no films knock at the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from unseen.evaluation import Record
from unseen.recipes.results import Results
from unseen.recipes.running import over_seeds, settings
from unseen.recipes.xray_assist.changed import Changed, changed_films
from unseen.recipes.xray_assist.gates import of_gates
from unseen.recipes.xray_assist.outcome import conclude
from unseen.recipes.xray_assist.trained import film_sets, in_8_bits, of_changed, of_sources, screener_of


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run the study and settle the claims."""
    config = settings(__file__, quick=quick)
    test = film_sets(config, data).tests["test"]
    # the same changed films for every seed: photographs take longer than reading them
    changed = changed_films(test.pixels, photographs=config["photographs"], seed=0)
    seeds = config["seeds"] if seeds is None else seeds
    records = over_seeds(partial(study, changed), seeds, config, data)
    return conclude("xray-assist" + (" (quick)" if quick else ""), records, config)


def study(
    changed: Mapping[str, Changed], seed: int, config: dict[str, Any], data: Path | None
) -> list[Record]:
    """Train one screener, and write down what it says of every film and of every other picture."""
    sets = film_sets(config, data)
    screener = screener_of(sets, config, seed)
    return [
        *of_sources(screener, sets, seed),
        *(in_8_bits(screener, sets, seed) if config["in_8_bits"] else ()),
        *of_changed(screener, sets.tests["test"], changed, seed),
        *of_gates(screener, sets, config, seed, data),
    ]
