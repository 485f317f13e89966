"""From what was said of each film to numbers: source by source, and with a record of half of the films."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from unseen.evaluation import Estimate, Record, over_seeds, roc_auc
from unseen.evaluation.decisions import decisions_at
from unseen.evaluation.reliability import brier, reliability
from unseen.recipes.xray_assist.reading import FLOAT, INTEGERS, is_film, seen_of
from unseen.screening.halves import ANY_DAY, by_halves
from unseen.screening.judging import Seen, SourceNumbers, frozen_threshold, judge
from unseen.screening.outcome import Rule
from unseen.screening.records import Record as SourceRecord
from unseen.screening.records import calibrate

SOURCE, HALVES, TEST = "source", "halves", "test"

Floats = NDArray[np.float64]

Table = dict[str, dict[str, Estimate]]
"""Row -> measure -> mean over seeds."""


def base_of(records: Sequence[Record], seed: int) -> SourceRecord:
    """Make the record of the validation films again."""
    seen = seen_of(records, FLOAT, seed, "validation")
    return calibrate(
        seen.logits, seen.findings, seen.gate, source="validation", date=ANY_DAY, least=Rule().least, draws=1
    )


def judged(records: Sequence[Record], seed: int, part: str) -> SourceNumbers:
    """Judge the films of a part of one seed, without a record of their own."""
    base = base_of(records, seed)
    return judge(
        seen_of(records, FLOAT, seed, part), source=part, threshold=frozen_threshold(base), base=base
    )


def derived(records: Sequence[Record], config: dict[str, Any]) -> list[Record]:
    """Conclude from single films what is a number: the same records give the same numbers."""
    films = [r for r in records if is_film(r)]
    return [
        Record(name, seed, (), row, measure, value)
        for seed in sorted({r.seed for r in films})
        for name, row, measure, value in _of_seed([r for r in films if r.seed == seed], seed, config)
    ]


def _of_seed(
    films: Sequence[Record], seed: int, config: dict[str, Any]
) -> Iterator[tuple[str, str, str, float]]:
    for part in ("validation", TEST):
        numbers = judged(films, seed, part)
        yield SOURCE, part, "films", float(numbers.films)
        yield SOURCE, part, "prevalence", numbers.prevalence
        for name, estimate in numbers.estimates().items():
            yield SOURCE, part, name, estimate.value
    test, base = seen_of(films, FLOAT, seed, TEST), base_of(films, seed)
    yield from ((SOURCE, row, name, value) for row, name, value in _other_ways(films, seed, test, base))
    halves = by_halves(test, rule=Rule(), splits=config["splits"], seed=seed)
    for name, values in halves.items():
        yield HALVES, TEST, name, float(values.mean())


def _other_ways(
    films: Sequence[Record], seed: int, test: Seen, base: SourceRecord
) -> Iterator[tuple[str, str, float]]:
    """Test films at the usual threshold of one half, by the calibration of another source, and in 8 bits."""
    ways = {"test, called from .5 on": (test.logits, 0.0)}
    if any(r.detector == INTEGERS for r in films):
        ways["test, in 8 bits"] = (seen_of(films, INTEGERS, seed, TEST).logits, frozen_threshold(base))
    for row, (logits, threshold) in ways.items():
        yield from _about(row, test)
        yield from ((row, name, value) for name, value in _called(logits, test, threshold))
    row, chance = "test, calibrated on validation", base.probability(test.logits)
    yield from _about(row, test)
    yield row, "accuracy", float(((chance >= 0.5) == (test.findings == 1)).mean())
    yield row, "ECE", reliability(chance, test.findings).error
    yield row, "Brier", brier(chance, test.findings)


def _about(row: str, seen: Seen) -> Iterator[tuple[str, str, float]]:
    yield row, "films", float(len(seen.findings))
    yield row, "prevalence", float(seen.findings.mean())


def _called(logits: Floats, test: Seen, threshold: float) -> Iterator[tuple[str, float]]:
    calls = decisions_at(logits, test.findings, threshold)
    yield "AUC", roc_auc(logits[test.findings == 0], logits[test.findings == 1])
    yield "sensitivity", calls.sensitivity.value
    yield "specificity", calls.specificity.value
    yield "accuracy", calls.accuracy.value
    yield "ECE", reliability(expit(logits), test.findings).error
    yield "Brier", brier(expit(logits), test.findings)


def tables_of(records: Sequence[Record]) -> dict[str, Table]:
    """Average over seeds: section -> row -> measure; what is the same for every seed has no interval."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for r in records:
        if not is_film(r):
            found.setdefault(r.detector, {}).setdefault(r.kind, {}).setdefault(r.metric, []).append(r.value)
    return {
        section: {
            row: {
                name: Estimate(values[0]) if len(set(values)) == 1 else over_seeds(values)
                for name, values in measures.items()
            }
            for row, measures in rows.items()
        }
        for section, rows in found.items()
    }
