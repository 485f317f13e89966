"""Trees that tell few known anomalies from many unlabelled rows, each grown on a small balanced draw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.tree import ExtraTreeClassifier
from torch import Tensor

from unseen.models.bounds import at_least_one, positive, within
from unseen.models.ranked import Ranked
from unseen.seeds import generator

Floats = NDArray[np.float64]

# Unlabelled rows whose scores, out of bag, stand for all.
WATCHED = 5_000


@dataclass(frozen=True)
class Forest:
    """Mean share of known anomalies in the leaves a row falls into, over trees grown on balanced draws.

    Each tree sees the known anomalies, drawn with replacement, and a few unlabelled rows at random, at equal
    total weight; splits are extremely randomised. Anomalies among the unlabelled rows then spoil few trees,
    and the mean over trees orders rows by their odds of being like what was told.

    Coarse trees, of few rows and few features a split, carry where labels are fewest; fine ones, with
    `ratio=2, least=100, features=0.5`, where there are more.

    Args:
        trees: How many.
        ratio, least: Unlabelled rows drawn for a tree: `ratio` for each known anomaly, and at least `least`.
        features: Share of the columns that a split may choose from; 0 is the root of their number.
        depth: Of a tree, at most.
        most: Unlabelled rows drawn for a tree, at most; half as many known anomalies.

    Reference: Mordelet and Vert, Pattern Recognition Letters 37 (2014) 201 (bagging for learning from
    positive and unlabelled rows); Geurts et al., Machine Learning 63 (2006) 3 (extremely randomised trees).

    Raises:
        ConfigError: A setting is out of its bounds.

    """

    trees: int = 100
    ratio: float = 5.0
    least: int = 20
    features: float = 0.0
    depth: int = 8
    most: int = 300

    def __post_init__(self) -> None:
        at_least_one(self, "trees", "least", "depth", "most")
        positive(self, "ratio")
        within(self, 0, 1, "features")

    def grow(self, unlabelled: Tensor, known: Tensor, *, seed: int) -> tuple[Grown, OutOfBag]:
        """Grow on unlabelled rows (N, P) and known anomalies (K, P), K of 1 or more."""
        rows = torch.cat([known, unlabelled]).numpy().astype(np.float32)
        told, draw = len(known), generator(seed, 7)
        watched = min(len(rows), told + WATCHED)
        total, count = np.zeros(watched), np.zeros(watched)
        grown = []
        for _ in range(self.trees):
            tree, used = self._tree(rows, told, draw)
            free = np.ones(len(rows), dtype=bool)
            free[used] = False
            free = np.flatnonzero(free[:watched])
            if len(free):
                total[free] += tree.tree_.predict(rows[free])[:, 1]
                count[free] += 1
            grown.append(_broad(tree.tree_))
        mean = np.divide(total, count, out=np.full(watched, np.nan), where=count > 0)
        return Grown.of(grown), OutOfBag(mean[:told], mean[told:])

    def _tree(
        self, rows: NDArray[np.float32], told: int, draw: np.random.Generator
    ) -> tuple[ExtraTreeClassifier, NDArray[np.intp]]:
        """Grow one tree; return it and the places of the rows it saw."""
        mine = draw.integers(0, told, min(told, max(1, self.most // 2)))
        wanted = min(self.most, max(self.least, round(self.ratio * told)), len(rows) - told)
        others = told + draw.choice(len(rows) - told, wanted, replace=False)
        used = np.concatenate([mine, others])
        labels = np.repeat([1, 0], [len(mine), len(others)])
        weights = np.repeat([len(others) / len(mine), 1.0], [len(mine), len(others)])
        tree = ExtraTreeClassifier(
            max_depth=self.depth,
            max_features=self.features or "sqrt",
            random_state=int(draw.integers(2**31)),
        )
        # rows are float32 and finite already; to check so small a draw takes longer than to grow on it
        return tree.fit(rows[used], labels, sample_weight=weights, check_input=False), used


@dataclass(frozen=True, eq=False)
class OutOfBag:
    """Scores of rows by the trees that did not see them; not-a-number where every tree did.

    Attributes:
        known: Shape (K,).
        unlabelled: Of the first unlabelled rows, shape (n,).

    """

    known: Floats
    unlabelled: Floats


Nodes = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Grown:
    """Trees as arrays, node by node, one tree after the other.

    The children of a node lie side by side: a row goes to `child`, or to the one after it where the feature
    exceeds the threshold. A leaf is its own child and has an infinite threshold.

    Attributes:
        feature: Column a node looks at, shape (M,).
        threshold: Shape (M,).
        child: Place of the first child, shape (M,).
        value: Share of known anomalies at a node, shape (M,).
        roots: Places of the roots, shape (T,).
        depth: Steps after which every row is in a leaf.

    """

    feature: Tensor
    threshold: Tensor
    child: Tensor
    value: Tensor
    roots: Tensor
    depth: int

    @classmethod
    def of(cls, trees: list[Nodes]) -> Grown:
        """Join trees."""
        sizes = np.array([len(nodes[0]) for nodes in trees])
        roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        feature, threshold, value = (
            torch.from_numpy(np.concatenate([nodes[part] for nodes in trees])) for part in (0, 1, 3)
        )
        child = np.concatenate([nodes[2] + root for nodes, root in zip(trees, roots, strict=True)])
        depth = max(_depth(nodes[2]) for nodes in trees)
        return cls(feature, threshold, torch.from_numpy(child), value, torch.from_numpy(roots), depth)

    def share(self, x: Tensor) -> Tensor:
        """Mean share of known anomalies in the leaves of each row (N, P), shape (N,), 0 to 1."""
        return self._ranked.share(x)

    def parts(self, x: Tensor) -> Tensor:
        """How far each column raised the share on the way to the leaves, shape (N, P), never below 0."""
        place = self.roots.expand(len(x), -1)
        parts = torch.zeros_like(x)
        for _ in range(self.depth):
            below = self._below(x, place)
            parts.scatter_add_(1, self.feature[place], self.value[below] - self.value[place])
            place = below
        return parts.clamp_min(0.0)

    def _below(self, x: Tensor, place: Tensor) -> Tensor:
        over = x.gather(1, self.feature[place]) > self.threshold[place]
        return torch.as_tensor(self.child[place] + over)

    @cached_property
    def _ranked(self) -> Ranked:
        return Ranked.of(self.feature, self.threshold, self.child, self.value, self.roots)

    @cached_property
    def columns(self) -> int:
        """Columns a row needs, at least."""
        return int(self.feature.max()) + 1


def _broad(tree: Any) -> Nodes:
    """Renumber the nodes of a fitted tree so that children lie side by side."""
    left, right = tree.children_left, tree.children_right
    order, place = [0], 0
    while place < len(order):
        node = order[place]
        if left[node] >= 0:
            order += [left[node], right[node]]
        place += 1
    where = np.empty(len(order), dtype=np.int64)
    where[order] = np.arange(len(order))
    leaf = left[order] < 0
    child = np.where(leaf, np.arange(len(order)), where[left[order]])
    limits = _floor(tree.threshold[order])
    shares = tree.value[order][:, 0]
    value = (shares[:, 1] / shares.sum(1)).astype(np.float32)
    feature = np.where(leaf, 0, tree.feature[order]).astype(np.int64)
    return feature, np.where(leaf, np.float32(np.inf), limits), child, value


def _floor(values: Floats) -> NDArray[np.float32]:
    """Largest single-precision numbers that are not above `values`: x <= v then holds for the same x."""
    single = values.astype(np.float32)
    return np.where(single > values, np.nextafter(single, np.float32(-np.inf)), single)


def _depth(child: NDArray[np.int64]) -> int:
    """Return the steps from the root to the farthest leaf."""
    place, steps = np.zeros(1, dtype=np.int64), 0
    while (inner := place[child[place] != place]).size:
        place, steps = np.concatenate([child[inner], child[inner] + 1]), steps + 1
    return steps
