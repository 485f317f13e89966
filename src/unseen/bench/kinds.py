"""Sets whose anomalies come in kinds: families of attacks and processes, and kinds made by clustering.

ADBench has no anomaly kinds. There they are made: k-means with three centres on the anomalies of a set,
scaled by its normal rows; a cluster with few rows joins the one nearest to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from unseen.bench import sets
from unseen.bench.sets import Floats, Labels
from unseen.data.scale import Scaler
from unseen.data.schema import Schema
from unseen.errors import ConfigError
from unseen.recipes import datasets
from unseen.recipes.collider_sets import opal
from unseen.recipes.datasets import NORMAL, Kinds
from unseen.seeds import generator

CAP = 20_000
"""Rows of a set, or of each of its files: more are drawn down to this, kind by kind."""
LEAST = 20
"""Rows of an anomaly kind: a made kind with fewer is merged, a real one is shown and not averaged."""
CLUSTERS = 3
SHOWN_ONLY = frozenset({("cicids2017", "Web Attacks"), ("cicids2017", "Bots")})
"""Real kinds of fewer than `LEAST` rows, with their sets."""


@dataclass(frozen=True)
class KindSet:
    """Rows of one set with the kind of each, numbers only.

    Attributes:
        name: Of the set.
        rows: Shape (N, D), float64.
        kinds: Shape (N,); "normal" or the name of an anomaly kind.
        binary: Features that are words or flags, shape (D,).
        judged: Rows (M, D) and kinds (M,) of a test file, where the set has one of its own.

    """

    name: str
    rows: Floats
    kinds: Kinds
    binary: NDArray[np.bool_]
    judged: tuple[Floats, Kinds] | None = None

    @property
    def averaged(self) -> tuple[str, ...]:
        """Anomaly kinds with `LEAST` rows or more to judge, by name."""
        kinds = self.kinds if self.judged is None else self.judged[1]
        names, counts = np.unique(kinds[kinds != NORMAL], return_counts=True)
        return tuple(str(n) for n, c in zip(names, counts, strict=True) if c >= LEAST)


def chosen(names: Sequence[str] | None, data: Path | None = None) -> list[str]:
    """Return sets by name, each once; None takes those with real kinds, then ADBench's of 1,000 rows or more.

    Raises:
        ConfigError: No name.
        DataError: A set is not known or not there.

    """
    if names is None:
        return [*REAL, *sets.CLEAN]
    if not names:
        raise ConfigError("no set was named; accepted: names such as nsl_kdd or 6_cardio")
    found = [name if name in REAL else sets.chosen([name], data)[0] for name in names]
    return list(dict.fromkeys(found))


def load(name: str, data: Path | None = None) -> KindSet | None:
    """Read a set, drawn down to about `CAP` rows; None where its anomalies make no two kinds.

    Raises:
        DataError: The file of the set is not there or not sound.

    """
    if name in REAL:
        return REAL[name](data)
    table = sets.read(name, data)
    kept = drawn_down(np.where(table.labels == 1, "anomaly", NORMAL))
    return with_made_kinds(name, table.rows[kept], table.labels[kept])


def with_made_kinds(name: str, rows: Floats, labels: Labels) -> KindSet | None:
    """Give the anomalies (label 1) of a set made kinds; None where fewer than two come out.

    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(np.repeat([0, 9, -9], [300, 40, 30])[:, None], size=(370, 2))
    >>> made = with_made_kinds("two heaps", rows, np.repeat([0, 1], [300, 70]))
    >>> len(made.averaged) >= 2
    True
    """
    anomalies = labels == 1
    scaled = Scaler.fit(rows[~anomalies]).transform(rows[anomalies]).astype(np.float64)
    clusters = merged_clusters(scaled)
    if clusters.max() == 0:
        return None
    kinds = np.full(len(rows), NORMAL, dtype="<U16")
    kinds[anomalies] = [f"type {cluster + 1}" for cluster in clusters]
    return KindSet(name, rows.astype(np.float64), kinds, np.zeros(rows.shape[1], dtype=bool))


def merged_clusters(rows: Floats, *, least: int = LEAST) -> NDArray[np.intp]:
    """Cluster scaled anomalies (N, D): 0 for the largest cluster, and so on, shape (N,).

    The smallest cluster below `least` rows joins the one whose centre is nearest, until none is left.
    """
    count = min(CLUSTERS, len(np.unique(rows, axis=0)))
    if count < 2:
        return np.zeros(len(rows), dtype=np.intp)
    found = KMeans(count, n_init=10, random_state=0).fit(rows).labels_
    while True:
        names, sizes = np.unique(found, return_counts=True)
        if len(names) == 1 or sizes.min() >= least:
            break
        centres = np.stack([rows[found == name].mean(0) for name in names])
        small = int(np.argmin(sizes))
        apart = np.linalg.norm(centres - centres[small], axis=1)
        apart[small] = np.inf
        found = np.where(found == names[small], names[int(np.argmin(apart))], found)
    order = names[np.argsort(-sizes, kind="stable")]
    return np.asarray(np.argmax(found[:, None] == order[None, :], axis=1))


def drawn_down(kinds: Kinds, most: int = CAP) -> NDArray[np.intp]:
    """Places of at most about `most` rows, kind by kind in equal shares, but no kind below `LEAST`.

    The draw is fixed: what is left is the set, and seeds only split it.
    """
    if len(kinds) <= most:
        return np.arange(len(kinds))
    share, kept = most / len(kinds), []
    for number, kind in enumerate(np.unique(kinds)):
        mine = np.flatnonzero(kinds == kind)
        count = max(min(LEAST, len(mine)), round(share * len(mine)))
        kept.append(generator(0, 61, number).permutation(mine)[:count])
    return np.sort(np.concatenate(kept))


# -- real kinds --------------------------------------------------------------------------------------


def _nsl_kdd(data: Path | None) -> KindSet:
    learn, judged = datasets.nsl_kdd(data)
    schema = Schema.fit(learn.where(learn.kinds == NORMAL).table)  # words come from normal rows to learn from
    (rows, kinds), test = (
        (schema.encode(part.table).astype(np.float64), part.kinds)
        for part in (kept.take(drawn_down(kept.kinds)) for kept in (learn, judged))
    )
    return KindSet("nsl_kdd", rows, kinds, schema.binary, test)


def _cicids2017(data: Path | None) -> KindSet:
    flows = datasets.cicids(data)
    schema = Schema.fit(flows.where(flows.kinds == NORMAL).table)
    rows = schema.encode(flows.table).astype(np.float64)
    return KindSet("cicids2017", rows, flows.kinds, schema.binary)


def _opal(data: Path | None) -> KindSet:
    events = opal(data)
    names = [NORMAL if kind == "qq" else kind for kind in events]
    kinds = np.repeat(names, [len(part) for part in events.values()])
    kept = drawn_down(kinds)
    rows = np.concatenate(list(events.values()))[kept]
    return KindSet("opal", rows, kinds[kept], np.zeros(rows.shape[1], dtype=bool))


REAL: dict[str, Callable[[Path | None], KindSet]] = {
    "nsl_kdd": _nsl_kdd,
    "cicids2017": _cicids2017,
    "opal": _opal,
}
