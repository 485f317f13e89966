"""Trees read level by level from the leaves up: every row asks every question, none has to be looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Rows read at a time, so that a level of all trees stays in cache.
ROWS = 512


@dataclass(frozen=True, eq=False)
class Level:
    """Nodes equally far from their roots, siblings side by side, parents in the order of the level above.

    Attributes:
        rank: Least rank of the leaves below each node, shape (n, 1).
        inner: Places of the m nodes that are no leaves.
        feature: Column each of these looks at, shape (m,).
        threshold: Shape (m, 1).

    """

    rank: NDArray[Any]
    inner: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Ranked:
    """Trees whose leaves are ranked from left to right.

    All ranks to the right of a node are larger than those to its left, so the rank that a row arrives at
    below it is max(left, over x right), with over = 1 where the row exceeds the threshold: two operations on
    small integers, many at once, where a walk down the tree waits for memory at each step.

    Attributes:
        levels: From the roots to the deepest leaves.
        starts: Place of the first leaf of each tree among `values`, shape (T,).
        values: Value of each leaf, tree by tree, in the order of ranks.

    """

    levels: tuple[Level, ...]
    starts: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, feature: Tensor, threshold: Tensor, child: Tensor, value: Tensor, roots: Tensor) -> Ranked:
        """Rank the leaves of trees, given node by node as in `unseen.models.forest.Grown`."""
        children = child.numpy()
        levels = _levels(children, roots.numpy())
        leaves = np.ones(len(children), dtype=np.int64)
        for nodes, inner in reversed(levels):
            split = nodes[inner]
            leaves[split] = leaves[children[split]] + leaves[children[split] + 1]
        each = leaves[levels[0][0]]
        starts = np.cumsum(each) - each
        rank = np.zeros(len(children), dtype=np.int64)
        tree, order = np.zeros_like(rank), np.empty(int(each.sum()), dtype=np.int64)
        tree[levels[0][0]] = np.arange(len(each))
        found = []
        for nodes, inner in levels:
            split, leaf = nodes[inner], np.delete(nodes, inner)
            left = children[split]
            rank[left], rank[left + 1] = rank[split], rank[split] + leaves[left]
            tree[left] = tree[left + 1] = tree[split]
            order[starts[tree[leaf]] + rank[leaf]] = leaf
            ranks = rank[nodes].astype(np.min_scalar_type(int(each.max()) - 1))
            found.append(
                Level(ranks[:, None], inner, feature.numpy()[split], threshold.numpy()[split][:, None])
            )
        return cls(tuple(found), starts, value.numpy()[order].astype(np.float64))

    def share(self, x: Tensor) -> Tensor:
        """Mean value of the leaves of each row (N, P), shape (N,)."""
        room = Room.of(self.levels)
        return torch.cat([self._share(block.numpy(), room) for block in torch.split(x, ROWS)])

    def _share(self, rows: NDArray[np.float32], room: Room) -> Tensor:
        columns, n = np.ascontiguousarray(rows.T), len(rows)
        for depth in reversed(range(len(self.levels) - 1)):
            level, below = self.levels[depth], room.ranks[depth + 1][:, :n]
            m = len(level.inner)
            seen, over = room.seen[:m, :n], room.over[:m, :n]
            np.take(columns, level.feature, axis=0, out=seen, mode="clip")  # "raise" would copy
            np.greater(seen, level.threshold, out=over.view(np.bool_))
            right = np.multiply(over, below[1::2], out=room.right[:m, :n])
            room.ranks[depth][level.inner, :n] = np.maximum(right, below[0::2], out=right)
        found = self.values.take(room.ranks[0][:, :n] + self.starts[:, None])
        # added tree by tree, whatever the number of rows
        return torch.from_numpy((np.add.reduce(found, axis=0) / len(found)).astype(np.float32))


@dataclass(frozen=True, eq=False)
class Room:
    """Arrays that are written anew for each block of rows: fresh memory would cost more than the sums in it.

    Attributes:
        ranks: Of the nodes of each level, shape (n, ROWS); those of leaves stay.
        seen: Values that a level looks at, shape (m, ROWS).
        over: 1 where they exceed the threshold, uint8, shape (m, ROWS).
        right: Ranks to the right, shape (m, ROWS).

    """

    ranks: tuple[NDArray[Any], ...]
    seen: NDArray[np.float32]
    over: NDArray[np.uint8]
    right: NDArray[Any]

    @classmethod
    def of(cls, levels: tuple[Level, ...]) -> Room:
        """Make room for the widest level."""
        shape = max(len(level.inner) for level in levels), ROWS
        ranks = tuple(np.repeat(level.rank, ROWS, axis=1) for level in levels)
        return cls(
            ranks, np.empty(shape, np.float32), np.empty(shape, np.uint8), np.empty(shape, ranks[0].dtype)
        )


def _levels(
    child: NDArray[np.int64], roots: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Nodes of each level, and the places among them of those that are no leaves."""
    levels, nodes = [], np.asarray(roots)
    while nodes.size:
        inner = np.flatnonzero(child[nodes] != nodes)
        levels.append((nodes, inner))
        nodes = (child[nodes[inner]][:, None] + np.arange(2)).ravel()
    return levels
