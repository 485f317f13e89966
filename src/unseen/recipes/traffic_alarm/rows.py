"""Rows of the tables by name, and their means over seeds."""

from __future__ import annotations

from collections.abc import Sequence

from unseen.evaluation import Estimate, Record
from unseen.evaluation import over_seeds as interval

ERRORS = "errors"
DECISION = "three classes by chance"
HINDSIGHT = "hindsight (bound)"
SUMS = ("tier A", "tier B", ERRORS)

Groups = dict[tuple[str, str, str], Estimate]
"""(kind, row, measure) -> mean over seeds."""


def groups_of(records: Sequence[Record]) -> Groups:
    """Average over seeds what is a mean over sensors; intervals by weeks are those of the first seed."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for record in records:
        if record.kind in SUMS:
            found.setdefault((record.kind, record.detector, record.metric), []).append(record.value)
    groups = {name: interval(values) for name, values in found.items()}
    weeks = {
        (r.kind.partition(",")[0], r.detector, r.metric): r.value
        for r in records
        if r.kind.endswith(", weeks") and r.seed == 0
    }
    for (tier, row, metric), value in weeks.items():
        measure, _, part = metric.rpartition(", ")
        if part == "value":
            low, high = (weeks[tier, row, f"{measure}, {end}"] for end in ("low", "high"))
            groups[tier, row, f"{measure}, by weeks"] = Estimate(value, low, high)
    return groups
