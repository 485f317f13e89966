"""A screener judged on labelled films: source by source, changed, and beside pictures that are no films."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.evaluation import Estimate, roc_auc
from unseen.evaluation.decisions import decisions_at, wilson
from unseen.pictures.disturb import DISTURBANCES, disturbed
from unseen.screening.film_table import read_table
from unseen.screening.films import Films, read_medmnist
from unseen.screening.halves import by_halves
from unseen.screening.judging import Seen, SourceNumbers, changed, frozen_threshold, judge
from unseen.screening.records import LEAST, Record
from unseen.screening.screener import Readings, Screener
from unseen.training.progress import tell

Floats = NDArray[np.float64]

MOST_CHANGED = 600
"""Films that are changed and read again; a change is measured well enough on these."""
AS_THEY_ARE = "as they are"


@dataclass(frozen=True, eq=False)
class JudgedFilms:
    """What was found.

    Attributes:
        films, readings, seen: Source -> its films, what the model says of them, the same with labels.
        numbers: Source -> its numbers.
        halves: Source -> what a record made from half of its films brings, where there are enough.
        changed: Change -> numbers, of the films of the source with the most.
        threshold: Logit, frozen on validation films.
        record: By which films were answered; None where there is none.
        refused: What was refused on reading.

    """

    films: Mapping[str, Films]
    readings: Mapping[str, Readings]
    seen: Mapping[str, Seen]
    numbers: Mapping[str, SourceNumbers]
    halves: Mapping[str, Mapping[str, Estimate]]
    changed: Mapping[str, Mapping[str, Estimate]]
    threshold: float
    record: Record | None = None
    refused: tuple[str, ...] = field(default=())


def films_by_source(
    path: Path, screener: Screener, *, normal: str = "normal"
) -> tuple[dict[str, Films], tuple[str, ...]]:
    """Read labelled films by source: the parts of a MedMNIST file, or the sources of a table of paths.

    Raises:
        DataError: Neither, or not sound.

    """
    if path.suffix.lower() == ".npz":
        sets = read_medmnist(path, allow_other=True)
        return {"train": sets.train, "validation": sets.validation, **sets.tests}, ()
    listed = read_table(path, screener.framing, screener.limits, normal=normal)
    sources = dict.fromkeys(row.source for row in listed.rows)
    return {source: listed.labelled(source) for source in sources}, listed.refused


def judge_films(
    screener: Screener, films: Mapping[str, Films], *, record: Record | None = None, photographs: bool = False
) -> JudgedFilms:
    """Judge a screener on labelled films of one or more sources.

    Args:
        screener: Fitted.
        films: Source -> films, some of each class.
        record: Of the source, made from other films; None where there is none.
        photographs: Whether the films are photographs.

    Raises:
        DataError: A source with films of one class alone.

    """
    threshold = frozen_threshold(screener.base_)
    readings, seen, numbers, halves = {}, {}, {}, {}
    for place, (source, some) in enumerate(films.items()):
        tell("sources", place, len(films))
        readings[source] = screener.read(some.pixels)
        seen[source] = Seen(readings[source].logits, some.findings, readings[source].gate)
        numbers[source] = judge(
            seen[source],
            source=source,
            threshold=threshold,
            base=screener.base_,
            record=record,
            rule=screener.rule,
            photograph=photographs,
        )
        if min(some.counts) >= 2 * LEAST:
            found = by_halves(seen[source], rule=screener.rule, seed=screener.seed)
            halves[source] = {name: Estimate(float(values.mean())) for name, values in found.items()}
    last = list(films)[-1]
    moved = changed_numbers(screener, films[last], threshold)
    return JudgedFilms(films, readings, seen, numbers, halves, moved, threshold, record)


def changed_numbers(
    screener: Screener, films: Films, threshold: float, *, seed: int = 0
) -> dict[str, dict[str, Estimate]]:
    """Rank and call films as they are and after each disturbance; refused are those the gate refuses."""
    some = films.take(_spread(films, MOST_CHANGED))
    before = screener.read(some.pixels)
    clean = Seen(before.logits, some.findings, before.gate)
    found = {AS_THEY_ARE: _moved(screener, clean, clean, threshold)}
    for place, name in enumerate(DISTURBANCES):
        tell("changes", place, len(DISTURBANCES))
        read = screener.read(disturbed(some.pixels, name, seed))
        found[name] = _moved(screener, clean, Seen(read.logits, some.findings, read.gate), threshold)
    return found


def _moved(screener: Screener, clean: Seen, after: Seen, threshold: float) -> dict[str, Estimate]:
    calls = decisions_at(after.logits, after.findings, threshold)
    refused = screener.base_.gate_p_values(after.gate) <= screener.rule.refuse
    return {
        "films": Estimate(float(len(after.logits))),
        "AUC": Estimate(roc_auc(*after.sides)),
        "sensitivity": calls.sensitivity,
        "specificity": calls.specificity,
        "calls changed": wilson(int(changed(clean, after, threshold).sum()), len(after.logits)),
        "refused": wilson(int(refused.sum()), len(after.logits)),
    }


def _spread(films: Films, most: int) -> NDArray[np.intp]:
    """Places of at most so many films, spread over the whole, some of each class."""
    places = [np.flatnonzero(films.findings == label) for label in (0, 1)]
    share = min(1.0, most / len(films))
    kept = [
        part[np.linspace(0, len(part) - 1, max(1, round(share * len(part)))).astype(int)] for part in places
    ]
    return np.sort(np.concatenate(kept))
