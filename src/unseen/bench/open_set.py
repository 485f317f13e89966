"""Open-set protocol: told a few rows of one anomaly kind, judged on that kind and on every other.

Half of the normal rows and K labelled rows of one kind are learned from; every other kind is absent from
training, and the other half of the normal rows and all kinds are judged. A set with a test file of its own
keeps it. Variant "dirty" leaves unlabelled rows of the other kinds among the normal ones, 2 % of their
number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.bench.kinds import KindSet, chosen, load
from unseen.bench.sets import Floats, Labels
from unseen.data.scale import Scaler
from unseen.errors import ConfigError, unknown
from unseen.recipes.datasets import NORMAL, Kinds
from unseen.seeds import generator

Places = NDArray[np.intp]

KS = (10, 50)
SEEDS = (0, 1, 2, 3, 4)
VARIANTS = ("clean", "dirty")
DIRT = 0.02

ACCEPTED = "accepted: numbers of 1 or more, such as 10,50"


@dataclass(frozen=True)
class Task:
    """One fit and what it is judged on.

    Attributes:
        name: Of the set.
        told: The kind whose rows are labelled.
        k: How many are.
        seed: Of the split and of what is drawn.
        train_rows: Shape (N, D), scaled by the unlabelled ones among them.
        train_labels: 1 for the labelled rows of `told`, 0 for the others, shape (N,).
        test_rows: Shape (M, D), scaled alike.
        test_kinds: "normal" or an anomaly kind, shape (M,).
        averaged: Kinds with enough rows to enter a mean.
        variant: "clean", or "dirty" where unlabelled anomalies of other kinds are among the rows with 0.
        test_places: Places of the test rows among `Split.judged`, shape (M,); the same place is the same row
            for every task of one set and seed.

    """

    name: str
    told: str
    k: int
    seed: int
    train_rows: Floats
    train_labels: Labels
    test_rows: Floats
    test_kinds: Kinds
    averaged: tuple[str, ...]
    variant: str
    test_places: Places

    @property
    def unseen(self) -> tuple[str, ...]:
        """Averaged kinds that nobody told of."""
        return tuple(kind for kind in self.averaged if kind != self.told)


@dataclass(frozen=True)
class Split:
    """One set, split for one seed, before anybody is told.

    Attributes:
        source: The set.
        seed: Of the split.
        normal: Normal rows to learn from, shape (N, D).
        supply, supply_kinds: Anomalies that may be told or left in, shape (S, D) and (S,).
        judged, judged_kinds: Rows that may be judged, shape (M, D) and (M,).
        shared: Whether the supply is the end of `judged`: what is drawn from it is then not judged.

    """

    source: KindSet
    seed: int
    normal: Floats
    supply: Floats
    supply_kinds: Kinds
    judged: Floats
    judged_kinds: Kinds
    shared: bool

    @classmethod
    def of(cls, source: KindSet, seed: int) -> Split:
        """Split a set: half of its normal rows to learn from, or all of them where it has a test file."""
        normal, strange = np.flatnonzero(source.kinds == NORMAL), np.flatnonzero(source.kinds != NORMAL)
        supply, kinds = source.rows[strange], source.kinds[strange]
        if source.judged is not None:
            return cls(source, seed, source.rows[normal], supply, kinds, *source.judged, shared=False)
        mixed = generator(seed, 62).permutation(normal)
        learn, rest = np.split(mixed, [len(mixed) // 2])
        judged = np.concatenate([rest, strange])
        return cls(
            source, seed, source.rows[learn], supply, kinds, source.rows[judged], source.kinds[judged], True
        )

    def most(self, kind: str) -> int:
        """Return how many rows of a kind may be told: as many again are left to judge."""
        count = int((self.supply_kinds == kind).sum())
        return count // 2 if self.shared else count

    def task(self, told: str, k: int, variant: str = "clean") -> Task:
        """Tell k rows of a kind; the rows for a smaller k are among those for a larger one."""
        mine = generator(self.seed, 63).permutation(np.flatnonzero(self.supply_kinds == told))[:k]
        dirt = self._dirt(told) if variant == "dirty" else np.empty(0, dtype=np.intp)
        unlabelled = np.concatenate([self.normal, self.supply[dirt]])
        places = self._left(np.concatenate([mine, dirt]))
        scaler = Scaler.fit(unlabelled, binary=self.source.binary)
        train = np.concatenate([unlabelled, self.supply[mine]])
        return Task(
            name=self.source.name,
            told=told,
            k=k,
            seed=self.seed,
            train_rows=scaler.transform(train).astype(np.float64),
            train_labels=np.repeat([0, 1], [len(unlabelled), k]),
            test_rows=scaler.transform(self.judged[places]).astype(np.float64),
            test_kinds=self.judged_kinds[places],
            averaged=self.source.averaged,
            variant=variant,
            test_places=places,
        )

    def _dirt(self, told: str) -> Places:
        """Places in the supply of unlabelled rows of other kinds, at most half of each kind."""
        wanted = round(DIRT * len(self.normal))
        draw, halves = generator(self.seed, 64), []
        for kind in np.unique(self.supply_kinds[self.supply_kinds != told]):
            mine = draw.permutation(np.flatnonzero(self.supply_kinds == kind))
            halves.append(mine[: len(mine) // 2])
        return draw.permutation(np.concatenate(halves))[:wanted]

    def _left(self, drawn: Places) -> Places:
        """Places of the judged rows that training did not see."""
        every = np.arange(len(self.judged))
        if not self.shared:
            return every
        return np.setdiff1d(every, len(self.judged) - len(self.supply) + drawn)


def tasks(
    data: Path | None = None,
    sets: Sequence[str] | None = None,
    ks: Sequence[int] = KS,
    seeds: Sequence[int] = SEEDS,
    variant: str = "clean",
) -> Iterator[Task]:
    """Yield every task, one set, seed, told kind and number of labels after the other.

    A kind is told k rows only where as many are left to judge, and only where it enters the means. A set
    whose anomalies make no two kinds yields nothing.

    Args:
        data: Folder of the data sets; None takes UNSEEN_DATA, else `../shared/data`.
        sets: Names among `unseen.bench.kinds.chosen`; None takes all.
        ks: Numbers of labelled rows.
        seeds: Of the splits.
        variant: "clean" or "dirty".

    Raises:
        ConfigError: A number of labels below 1, a negative seed, or a variant that is not known.
        DataError: A set is not known, or its file is not there.

    """
    check(ks, seeds, variant)
    for name in chosen(sets, data):
        source = load(name, data)
        if source is None:
            continue
        for seed in seeds:
            split = Split.of(source, seed)
            for told in source.averaged:
                for k in ks:
                    if k <= split.most(told):
                        yield split.task(told, k, variant)


def counts(words: list[str] | None) -> tuple[int, ...] | None:
    """Read numbers of labelled rows as they are typed; None where none were.

    Raises:
        ConfigError: A word is no whole number of 1 or more.

    >>> counts(["10", "50"])
    (10, 50)

    """
    if words is None:
        return None
    for word in words:
        if not word.isdecimal() or int(word) < 1:
            raise ConfigError(f"labelled rows {word!r} came; {ACCEPTED}")
    return tuple(dict.fromkeys(int(word) for word in words))


def check(ks: Sequence[int], seeds: Sequence[int], variant: str) -> None:
    """Refuse numbers of labels, seeds or a variant that no task can have.

    Raises:
        ConfigError: One of them.

    """
    if not ks or min(ks) < 1:
        raise ConfigError(f"labelled rows {list(ks)} came; {ACCEPTED}")
    if not seeds or min(seeds) < 0:
        raise ConfigError(f"seeds {list(seeds)} came; accepted: numbers of 0 or more, such as 0,1,2,3,4")
    if variant not in VARIANTS:
        raise ConfigError(unknown("variant", variant, VARIANTS))
