"""The measured values of the study, looked up by set, kind and metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from unseen.evaluation import Record

ESTIMATORS = ("TwoNN", "MLE", "lPCA", "CorrInt")
COUNT = "count, rho > 1"


@dataclass(frozen=True)
class Found:
    """Values by set, kind and metric, a value a seed."""

    values: Mapping[tuple[str, str, str], Mapping[int, float]]

    def over(self, name: str, kind: str, metric: str) -> list[float]:
        """Values of all seeds."""
        return list(self.values[name, kind, metric].values())

    def sets(self) -> list[str]:
        """Return the sets whose structure was measured, in their order."""
        return list(dict.fromkeys(name for name, kind, _ in self.values if kind == "structure"))

    def betas(self, name: str) -> list[str]:
        """Kinds of the VAEs of a set, largest beta first."""
        return list(dict.fromkeys(kind for one, kind, _ in self.values if one == name and "beta" in kind))

    def spectrum(self, name: str, kind: str, metric: str) -> list[list[float]]:
        """Values of `metric 1`, `metric 2`, ..., each over the seeds."""
        found, place = [], 1
        while (name, kind, f"{metric} {place}") in self.values:
            found.append(self.over(name, kind, f"{metric} {place}"))
            place += 1
        return found


def gathered(records: Iterable[Record]) -> Found:
    """Sort records by set, kind and metric."""
    values: dict[tuple[str, str, str], dict[int, float]] = {}
    for r in records:
        values.setdefault((r.detector, r.kind, r.metric), {})[r.seed] = r.value
    return Found(values)
