"""The gate on trial: unaware, aware, and with a family of kinds left out of what it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from unseen.evaluation import Record
from unseen.recipes.xray_assist.foreign import foreign_kinds
from unseen.report.film_curves import QUANTILES
from unseen.screening.films import FilmSets, Pixels
from unseen.screening.gate import gate_score
from unseen.screening.gate_study import FAMILIES, study_gate
from unseen.screening.screener import Screener

GATE, SPREADS = "gate", "gate scores"
TEST_FILMS = "test films"


def of_gates(
    screener: Screener, sets: FilmSets, config: dict[str, Any], seed: int, data: Path | None
) -> Iterator[Record]:
    """Refuse the strangest 2 % of validation films, and count what else is refused, kind by kind."""
    test = sets.tests["test"].pixels
    judged = {TEST_FILMS: test, **foreign_kinds(test, data, each=config["each"], seed=seed)}
    found = study_gate(
        sets.train.pixels,
        sets.validation.pixels,
        judged,
        seed=seed,
        families={name: FAMILIES[name] for name in config["left_out"]},
        refuse=screener.rule.refuse,
        settings=screener.gate,
    )
    for one in found:
        yield Record(GATE, seed, (), one.kind, one.way, one.refused / one.of, one.of)
    yield from _spreads(screener, judged, seed)


def _spreads(screener: Screener, judged: Mapping[str, Pixels], seed: int) -> Iterator[Record]:
    for name, rows in judged.items():
        scores = gate_score(screener.gate_, rows)
        for share, value in zip(QUANTILES, np.quantile(scores, QUANTILES), strict=True):
            yield Record(SPREADS, seed, (), name, f"{share:g}", round(float(value), 4))
