"""Where each detector of the open-set bench stands: means over unseen and seen kinds, and regret."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from unseen.bench import standing
from unseen.bench.kinds import SHOWN_ONLY
from unseen.bench.open_methods import CONTROL, STAGE1
from unseen.bench.open_rows import Result
from unseen.evaluation import Bias, Estimate, Record, biases

FALLBACK = "kNN-5"
"""What stands in for stage 1 where no detector of our own was run."""

Pair = tuple[str, str, int, str]
"""A set, the told kind, a seed and the judged kind."""


@dataclass(frozen=True)
class Group:
    """Rows of one variant and one number of labels.

    Attributes:
        variant, k: Which.
        rows: Averaged kinds only.

    """

    variant: str
    k: int
    rows: tuple[Result, ...]

    @property
    def title(self) -> str:
        """Name in numbers and headings."""
        return f"{self.variant}, {self.k} label{'s' if self.k > 1 else ''}"

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of all detectors that have rows, in the order of the file."""
        return tuple(dict.fromkeys(row.method for row in self.rows))

    @property
    def own(self) -> str | None:
        """Our own detector: the one whose first stage is there too; `unseen` before others."""
        own = [name for name in self.methods if name + STAGE1 in self.methods]
        return min(own, key=lambda name: (name != "unseen", name), default=None)

    @property
    def reference(self) -> str | None:
        """What regret is measured against: stage 1 of our own, else `FALLBACK`."""
        name = FALLBACK if self.own is None else self.own + STAGE1
        return name if name in self.methods else None

    @property
    def peers(self) -> tuple[str, ...]:
        """Detectors that are not ours."""
        own = [name for name in self.methods if name + STAGE1 in self.methods]
        mine = {name + end for name in own for end in ("", STAGE1, CONTROL)}
        return tuple(name for name in self.methods if name not in mine)

    def values(self, method: str, metric: str, *, seen: bool = False) -> dict[Pair, float]:
        """Return one value for each judged pair of one detector, NaN left out."""
        return {
            (row.set, row.told, row.seed, row.kind): getattr(row, metric)
            for row in self.rows
            if row.method == method and row.seen == seen and not math.isnan(getattr(row, metric))
        }


def groups(rows: Iterable[Result]) -> list[Group]:
    """Cut rows by variant and number of labels; kinds of too few rows are left out."""
    found: dict[tuple[str, int], list[Result]] = defaultdict(list)
    for row in rows:
        if (row.set, row.kind) not in SHOWN_ONLY:
            found[row.variant, row.k].append(row)
    return [Group(variant, k, tuple(found[variant, k])) for variant, k in sorted(found)]


def mean(values: Mapping[Pair, float]) -> Estimate:
    """Mean over the (told, judged) pairs of a set and seed, then over seeds, then over sets.

    The 95 % interval resamples sets, and seeds within each drawn set.

    >>> mean({("a", "x", 0, "y"): 1.0, ("a", "y", 0, "x"): 3.0, ("b", "x", 0, "y"): 6.0}).value
    4.0
    """
    cells: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (name, _, seed, _), value in values.items():
        cells[name][seed].append(value)
    means = {name: {seed: float(np.mean(v)) for seed, v in seeds.items()} for name, seeds in cells.items()}
    found = standing.mean(means)
    # one set and one seed have no interval
    return Estimate(found.value) if sum(map(len, means.values())) < 2 else found


def difference(group: Group, method: str, other: str, metric: str = "aucroc") -> Estimate:
    """Mean of method minus other on unseen kinds, over the pairs that both were judged on."""
    left, right = group.values(method, metric), group.values(other, metric)
    return mean({pair: left[pair] - right[pair] for pair in left if pair in right})


def incomplete(group: Group) -> dict[str, float]:
    """Return the share of all (told, unseen) pairs and seeds of those detectors that lack some."""
    pairs = {name: group.values(name, "aucroc").keys() for name in group.methods}
    every = set().union(*pairs.values())
    return {name: len(mine) / len(every) for name, mine in pairs.items() if len(mine) < len(every)}


def best_peer(group: Group, own: str) -> str | None:
    """Return the detector, not ours, that does best on unseen pairs; one that lacks some is passed over."""
    mine = group.values(own, "aucroc").keys()
    whole = [name for name in group.peers if mine and mine <= group.values(name, "aucroc").keys()]
    return max(whole, key=lambda name: difference(group, name, own).value, default=None)


def regrets(group: Group) -> tuple[Bias, ...]:
    """Gain and regret of each detector on unseen kinds against the group's reference, AUC from 0 to 1.

    Kinds carry their set, as in "6_cardio/type 1", so that pairs of different sets stay apart. A pair counts
    as harmed by its mean over seeds.
    """
    if group.reference is None:
        return ()
    base = group.values(group.reference, "aucroc")
    records = [
        Record(
            row.method,
            row.seed,
            (f"{row.set}/{row.told}",),
            f"{row.set}/{row.kind}",
            "auc",
            row.aucroc / 100.0,
            group.k,
        )
        for row in group.rows
        if not row.seen and (row.set, row.told, row.seed, row.kind) in base and not math.isnan(row.aucroc)
    ]
    return biases(records, reference=group.reference)
