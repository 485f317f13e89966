"""Numbers printed in papers, shown beside what was run and marked as such."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unseen.bench.sets import CLEAN

_FILE = Path(__file__).with_name("published.csv")
_MEAN = "mean"


@dataclass(frozen=True)
class Published:
    """One printed value: AUCROC and AUCPR in percent, NaN where not printed; set "mean" is that of `CLEAN`.

    Reference: Han et al., ADBench, NeurIPS 2022 (arXiv 2206.09426), tables of label-using methods.
    """

    set: str
    ratio: float
    method: str
    aucroc: float
    aucpr: float


def published() -> list[Published]:
    """Return every printed value."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return [
            Published(
                row["set"],
                float(row["ratio"]),
                row["method"],
                float(row["aucroc"] or math.nan),
                float(row["aucpr"] or math.nan),
            )
            for row in csv.DictReader(file)
        ]


def published_means(ratio: float, sets: Collection[str]) -> dict[str, tuple[float, float]]:
    """Return the printed mean over some sets by method, where every one of them was printed.

    >>> [round(value, 1) for value in published_means(0.01, CLEAN)["CatBoost"]]
    [84.0, 47.4]
    """
    found: dict[str, dict[str, tuple[float, float]]] = {}
    whole: dict[str, tuple[float, float]] = {}
    for value in published():
        if value.ratio in (ratio, 0.0) and value.set == _MEAN:
            whole[value.method] = (value.aucroc, value.aucpr)
        elif value.ratio == ratio and value.set in sets:
            found.setdefault(value.method, {})[value.set] = (value.aucroc, value.aucpr)
    means = {
        method: (
            float(np.mean([v[0] for v in per_set.values()])),
            float(np.mean([v[1] for v in per_set.values()])),
        )
        for method, per_set in found.items()
        if len(per_set) == len(set(sets))
    }
    return {**means, **whole} if set(sets) == set(CLEAN) else means
