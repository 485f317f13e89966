"""Rows that an export is checked on, and that a quantised one takes its ranges and p-values from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.detectors.two_stage import TwoStage
from unseen.errors import DataError
from unseen.seeds import generator

Rows = NDArray[np.float32]

# Background rows that ranges or the spread of a code are learned from: at least, at most.
LEAST, MOST = 256, 1024


@dataclass(frozen=True, eq=False)
class Samples:
    """Rows as `Detector.encode` gives them, and which of them are anomalies.

    Attributes:
        rows: (n, D), float32.
        anomalous: Labelled anomalies, (n,); None where all rows are background.

    """

    rows: Rows
    anomalous: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, detector: TwoStage, X: ArrayLike, anomalous: ArrayLike | None = None) -> Samples:
        """Encode rows that the detector accepts.

        Raises:
            DataError: Rows that the detector refuses, or not one label a row.

        """
        rows = np.asarray(detector.encode(X), dtype=np.float32)
        mask = None if anomalous is None else np.asarray(anomalous, dtype=bool)
        if mask is not None and mask.shape != (len(rows),):
            raise DataError(f"labels of shape {mask.shape} came for {len(rows)} sample rows")
        return cls(rows, mask)

    @property
    def background(self) -> Rows:
        """Rows that are no labelled anomalies."""
        return self.rows if self.anomalous is None else self.rows[~self.anomalous]


def shared_out(samples: Samples | None, rate: float, *, purpose: str) -> tuple[Rows, Rows]:
    """Split background rows into those to learn from and those that the p-values rest on, by a fixed draw.

    A quarter to learn from, between `LEAST` and `MOST` rows; the others must vouch for the rate.

    Raises:
        DataError: No samples, or too few.

    """
    needed = LEAST + (math.ceil(1.0 / rate) if rate > 0 else 2)
    advice = f"{purpose} needs background rows that took no part in training, {needed:,} or more"
    if samples is None:
        raise DataError(f"{advice}, since a model file holds none; pass samples")
    rows = samples.background
    if len(rows) < needed:
        raise DataError(f"{advice}; {len(rows):,} came")
    rows = rows[generator(0, 12).permutation(len(rows))]
    count = min(MOST, max(LEAST, len(rows) // 4))
    count = min(count, len(rows) - (needed - LEAST))
    return rows[:count], rows[count:]
