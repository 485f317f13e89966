"""The gate on trial: unaware, aware, and with a family of kinds left out of what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.evaluation import Record
from unseen.recipes.xray_assist.foreign import families, foreign_kinds
from unseen.report.film_curves import QUANTILES
from unseen.screening.films import FilmSets, Pixels
from unseen.screening.gate import EVERY_KIND, gate_score, told_rows, train_gate
from unseen.screening.records import upper_tail
from unseen.screening.screener import Screener
from unseen.training.progress import tell

Floats = NDArray[np.float64]
Scores = Callable[[Pixels], Floats]

GATE, SPREADS = "gate", "gate scores"
UNAWARE, AWARE, LEFT_OUT = "unaware", "aware", "its family left out"
TEST_FILMS = "test films"


def of_gates(
    screener: Screener, sets: FilmSets, config: dict[str, Any], seed: int, data: Path | None
) -> Iterator[Record]:
    """Refuse the strangest 2 % of validation films, and count what else is refused, kind by kind."""
    test = sets.tests["test"].pixels
    kinds = foreign_kinds(test, data, each=config["each"], seed=seed)
    judged: dict[str, Pixels] = {TEST_FILMS: test, **kinds}
    share = screener.rule.refuse

    def refused(gate: Any, names: Mapping[str, Pixels]) -> dict[str, float]:
        known = np.sort(gate_score(gate, sets.validation.pixels))
        return {
            name: float((upper_tail(known, gate_score(gate, rows)) <= share).mean())
            for name, rows in names.items()
        }

    yield from _records(AWARE, seed, refused(screener.gate_, judged))
    yield from _spreads(screener, judged, seed)
    plain = train_gate(sets.train.pixels, told={}, seed=seed, settings=screener.gate)
    yield from _records(UNAWARE, seed, refused(plain, judged))
    out = {name: members for name, members in families(kinds).items() if name in config["left_out"]}
    for place, without in enumerate(out.values()):
        tell("gates", place, len(out))
        told = {kind: given for kind, given in EVERY_KIND.items() if kind not in without}
        rows, names = told_rows(told, sets.train.pixels, seed=seed, settings=screener.gate)
        plain.fine_tune(rows, kinds=names)  # told again, it starts anew from films alone
        yield from _records(LEFT_OUT, seed, refused(plain, {kind: judged[kind] for kind in without}))


def _records(way: str, seed: int, shares: Mapping[str, float]) -> Iterator[Record]:
    yield from (Record(GATE, seed, (), kind, way, share) for kind, share in shares.items())


def _spreads(screener: Screener, judged: Mapping[str, Pixels], seed: int) -> Iterator[Record]:
    for name, rows in judged.items():
        scores = gate_score(screener.gate_, rows)
        for share, value in zip(QUANTILES, np.quantile(scores, QUANTILES), strict=True):
            yield Record(SPREADS, seed, (), name, f"{share:g}", round(float(value), 4))
