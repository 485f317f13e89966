"""What each member of a detector says of a row, and how much of the joined score it makes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from unseen.detectors.committee import Member, join, speakers
from unseen.detectors.telling import Joining

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Voices:
    """Evidence of M members on N rows.

    Attributes:
        names: Of the members, those of stage 1 first, shape (M,).
        told: How many of them, the last ones, were told.
        evidence: -ln p of each row against held-out normal rows, each member by itself, (N, M), nats.
        added: What each member added to the score, (N, M); a row of it adds up to the score. Of stage 1 the
            member that decides the row speaks for all.

    """

    names: tuple[str, ...]
    told: int
    evidence: Floats
    added: Floats

    def loudest(self) -> tuple[str, ...]:
        """Name of the member that added most to each row."""
        return tuple(self.names[place] for place in np.argmax(self.added, axis=1))


def voices(
    stage1: Sequence[Member], stage2: Sequence[Member], handicap: float, x: Tensor, joining: Joining
) -> Voices:
    """Let every member speak of scaled rows (N, *shape); the arguments are those of the joined score."""
    members = (*stage1, *stage2)
    evidence = np.column_stack([member.own_evidence(x) for member in members])
    unaided = join(stage1, x)
    added = np.zeros_like(evidence)
    told = [] if math.isinf(handicap) else list(evidence.T[len(stage1) :])
    kept = joining.keeps if told else 1.0
    added[np.arange(len(x)), speakers(stage1, x)] = kept * unaided
    for place, extra in enumerate(joining.extras(unaided, told, handicap) if told else []):
        added[:, len(stage1) + place] = extra
    return Voices(tuple(member.name for member in members), len(stage2), evidence, added)
