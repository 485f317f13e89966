"""Members that each give evidence in nats, joined so that none can cost more than its share of false alarms.

Member m turns its raw score into evidence e_m = -ln p_m against held-out normal rows. With shares w_m that
add up to 1 the joined score is

    max_m (e_m + ln w_m) - ln w_lead, at least 0,

the weighted Bonferroni combination of the p-values. P(any p_m <= w_m a) <= a on normal rows whatever the
dependence between members, and for every kind of anomaly TPR(joined, a) >= TPR(m, w_m a): a member loses at
most the false-alarm budget given to the others, never its ranking.

Reference: Genovese, Roeder and Wasserman, Biometrika 93 (2006) 509 (weighted p-values).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from unseen.detectors.readers import Reader
from unseen.thresholds import Calibration

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Member:
    """One reader with the scale of its evidence and its share of the false-alarm budget.

    Attributes:
        name: What a report calls it.
        reader: Raw scores and parts.
        calibration: Raw scores of held-out normal rows.
        share: w, between 0 and 1.

    """

    name: str
    reader: Reader
    calibration: Calibration
    share: float

    @classmethod
    def fit(
        cls, name: str, reader: Reader, held_out: Tensor, share: float, weights: Floats | None = None
    ) -> Member:
        """Calibrate a reader on held-out normal rows (n, *shape) of weights (n,)."""
        return cls(name, reader, Calibration.fit(reader.rows(held_out), weights), share)

    def own_evidence(self, x: Tensor) -> Floats:
        """E of each row, shape (N,), nats."""
        return self.calibration.evidence(self.reader.rows(x))

    def evidence(self, x: Tensor) -> Floats:
        """E + ln w of each row, shape (N,), nats."""
        return self.own_evidence(x) + math.log(self.share)


def join(members: Sequence[Member], x: Tensor) -> Floats:
    """Return the joined evidence of each row, shape (N,), nats, at least 0."""
    return join_scores(members, [member.reader.rows(x) for member in members])


def join_scores(members: Sequence[Member], scores: Sequence[Floats]) -> Floats:
    """Return the joined evidence, shape (N,), of the raw scores of each member, shape (N,) each."""
    evidence = [
        member.calibration.evidence(raw) + math.log(member.share)
        for member, raw in zip(members, scores, strict=True)
    ]
    best = np.max(evidence, axis=0) - math.log(max(member.share for member in members))
    return np.asarray(np.maximum(best, 0.0))


def speakers(members: Sequence[Member], x: Tensor) -> NDArray[np.intp]:
    """Place of the member whose evidence decides each row, shape (N,)."""
    return np.asarray(np.argmax([member.evidence(x) for member in members], axis=0))


def explain(members: Sequence[Member], x: Tensor, features: Sequence[str]) -> tuple[tuple[str, ...], Floats]:
    """Names and parts (N, M) of the joined evidence; each row adds up to its score.

    A row is explained by the member that decides it, in proportion to that member's own parts.
    """
    names = tuple(dict.fromkeys(name for member in members for name in member.reader.names(features)))
    place = {name: column for column, name in enumerate(names)}
    total, speaker = join(members, x), speakers(members, x)
    parts = np.zeros((len(x), len(names)))
    for turn, member in enumerate(members):
        mine = np.flatnonzero(speaker == turn)
        if mine.size:
            own = member.reader.parts(x[mine])
            columns = np.array([place[name] for name in member.reader.names(features)])
            parts[mine[:, None], columns] = own / np.maximum(own.sum(1, keepdims=True), 1e-300)
    # a row without any part (score 0 everywhere) is shared evenly, so that parts always add up
    empty = parts.sum(1) < 0.5
    parts[empty] = 1.0 / len(names)
    return names, parts * (total / parts.sum(1))[:, None]
