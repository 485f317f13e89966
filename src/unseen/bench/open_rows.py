"""Rows of the open-set bench, on disk as text and in memory as numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from unseen.bench import sheet

COLUMNS = (
    "bench", "set", "told", "k", "variant", "seed", "kind", "seen", "method", "aucroc", "aucpr", "tpr_1e2",
    "tpr_1e3", "gain", "fit_seconds", "score_seconds", "versions", "commit",
)  # fmt: skip
NUMBERS = ("aucroc", "aucpr", "tpr_1e2", "tpr_1e3", "gain", "fit_seconds")
KEY = ("set", "told", "k", "variant", "seed", "method")
"""Rows of one fit: one for each judged kind."""


@dataclass(frozen=True)
class Result:
    """One judged kind of one fit; measures in percent, NaN where there is none.

    Attributes:
        set: Name of the set.
        told, k: Kind whose rows were labelled, and how many.
        variant: "clean", or "dirty" with unlabelled anomalies among the rows to learn from.
        seed: Of split, draw and training.
        kind: Judged against all normal test rows.
        seen: Whether it is the told kind.
        method: Name of the detector.
        aucroc, aucpr, tpr_1e2, tpr_1e3: Of the kind.
        gain: AUC minus that of the detector's own first stage, in points.
        fit_seconds: CPU seconds of the fit.
        versions: `name=version` of what took part.

    """

    set: str
    told: str
    k: int
    variant: str
    seed: int
    kind: str
    seen: bool
    method: str
    aucroc: float
    aucpr: float
    tpr_1e2: float
    tpr_1e3: float
    gain: float
    fit_seconds: float
    versions: str


def results(rows: Iterable[sheet.Row]) -> list[Result]:
    """Read numbers from the text of rows."""
    return [
        Result(
            set=row["set"],
            told=row["told"],
            k=int(row["k"]),
            variant=row["variant"],
            seed=int(row["seed"]),
            kind=row["kind"],
            seen=row["seen"] == "1",
            method=row["method"],
            versions=row["versions"],
            **{name: _number(row[name]) for name in NUMBERS},
        )
        for row in rows
    ]


def _number(text: str) -> float:
    return math.nan if text in ("", "undefined") else float(text)
