"""What a screener says of each film, as records and back: enough to conclude anew without training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from unseen.evaluation import Record
from unseen.screening.judging import Seen

FLOAT, INTEGERS = "film, fp32", "film, int8"
DIGITS = 4
"""Decimals that are kept: far below what any number here moves by."""


def film_records(name: str, seed: int, part: str, seen: Seen) -> Iterator[Record]:
    """Yield logit and gate score of each film of a part; `labels` is 1 where it shows the finding."""
    for place, (logit, gate, finding) in enumerate(zip(seen.logits, seen.gate, seen.findings, strict=True)):
        kind = f"{part} {place}"
        yield Record(name, seed, (), kind, "logit", round(float(logit), DIGITS), int(finding))
        if name == FLOAT:
            yield Record(name, seed, (), kind, "gate", round(float(gate), DIGITS), int(finding))


def seen_of(records: Sequence[Record], name: str, seed: int, part: str) -> Seen:
    """Gather what `film_records` wrote of one part; films in 8 bits pass the same gate as the others."""
    mine = [r for r in records if r.seed == seed and r.kind.partition(" ")[0] == part]
    logits = [r for r in mine if r.detector == name and r.metric == "logit"]
    gate = [r.value for r in mine if r.detector == FLOAT and r.metric == "gate"]
    return Seen(
        np.array([r.value for r in logits]),
        np.array([r.labels for r in logits], dtype=np.int64),
        np.array(gate),
    )


def is_film(record: Record) -> bool:
    """Whether a record is of one film rather than a number of many."""
    return record.detector in (FLOAT, INTEGERS)
