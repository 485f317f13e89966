"""Labels that spread from known anomalies along the neighbourhoods of unlabelled rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor

from unseen.data.scale import Quantiles
from unseen.models.bounds import at_least_one, within
from unseen.models.neighbours import Reference
from unseen.seeds import torch_generator

# Features beyond this many standard deviations of the ranks are no further away.
FARTHEST = 3.0
TINY = 1e-9


@dataclass(frozen=True)
class Spreading:
    """How much of a walk that starts at the known anomalies passes by a row.

    On the graph of the `neighbours` nearest rows, in features mapped to normal distributions by their
    ranks, with weights w_ij = exp(-d_ij^2 / (r_i r_j)) (r is the distance to the last neighbour), labels
    f0 spread as f <- keep W D^-1 f + (1 - keep) f0. The score of a row is ln of the mean of f / D over its
    neighbours, by weight: against what a walk from anywhere would leave there.

    Kinds of anomalies that hide among the unlabelled rows are found as a whole from one of their rows.

    Args:
        neighbours: Neighbours of each row.
        reference: Unlabelled rows in the graph, at most.
        keep: Share of the labels that goes on at each step, 0 to 1.
        steps: Of the spreading.

    Raises:
        ConfigError: A setting is out of its bounds.

    Reference: Zhou et al., NeurIPS 2003 (learning with local and global consistency); local scales:
    Zelnik-Manor and Perona, NeurIPS 2004.

    """

    neighbours: int = 20
    reference: int = 2_000
    keep: float = 0.9
    steps: int = 30

    def __post_init__(self) -> None:
        at_least_one(self, "neighbours", "reference", "steps")
        within(self, 0, 1, "keep")

    def fit(self, unlabelled: Tensor, known: Tensor, *, seed: int) -> Spread:
        """Spread the labels of known anomalies (K, *shape) among unlabelled rows (N, *shape), both scaled."""
        order = torch.randperm(len(unlabelled), generator=torch_generator(seed, 6))
        kept = unlabelled[order[: self.reference]].flatten(1)
        scaler = Quantiles.fit(torch.cat([unlabelled[order[: 4 * self.reference]].flatten(1)]).numpy())
        told = known.flatten(1)
        rows = torch.cat([told, kept])
        codes = _ranks(scaler, rows)
        count = min(self.neighbours, len(codes) - 1)
        distance, place = (found[:, 1:] for found in Reference(codes).nearest(codes, count + 1))
        reach = distance[:, -1].double().numpy() + TINY
        level = self._levels(distance.double().numpy(), place.numpy(), reach, len(told))
        return Spread(scaler, codes, torch.from_numpy(reach).float(), torch.from_numpy(level).float(), count)

    def _levels(
        self,
        distance: NDArray[np.float64],
        place: NDArray[np.int64],
        reach: NDArray[np.float64],
        told: int,
    ) -> NDArray[np.float64]:
        """Return f / D of each row of the graph, the first `told` of which are labelled."""
        n, k = place.shape
        weights = np.exp(-(distance**2) / (reach[:, None] * reach[place]))
        graph = csr_matrix((weights.ravel(), (np.repeat(np.arange(n), k), place.ravel())), shape=(n, n))
        graph = graph.maximum(graph.T)
        degree = np.asarray(graph.sum(1)).ravel() + TINY
        start = np.zeros(n)
        start[:told] = 1.0 / told
        labels = start
        for _ in range(self.steps):
            labels = self.keep * (graph @ (labels / degree)) + (1.0 - self.keep) * start
        return np.asarray(labels / degree)


@dataclass(frozen=True, eq=False)
class Spread:
    """Labels on a graph of rows, fitted by `Spreading.fit`.

    Attributes:
        scaler: Ranks of features, learned from unlabelled rows.
        codes: Rows of the graph, shape (R, D).
        reach: Distance of each to its last neighbour, shape (R,).
        level: f / D of each, shape (R,).
        neighbours: Neighbours a row is read from.

    """

    scaler: Quantiles
    codes: Tensor
    reach: Tensor
    level: Tensor
    neighbours: int

    def nearness(self, x: Tensor) -> Tensor:
        """Ln of the mean level of labels around each scaled row (N, *shape), shape (N,)."""
        return self._read(_ranks(self.scaler, x.flatten(1)))

    def _read(self, codes: Tensor) -> Tensor:
        distance, place = self._reference.nearest(codes, self.neighbours)
        distance = distance.double()
        around = (distance[:, -1:] + TINY) * self.reach[place].double()
        weight = torch.exp(-distance.square() / around) + 1e-12
        level = (weight * self.level[place].double()).sum(1) / weight.sum(1)
        return torch.as_tensor((level + TINY).log())

    def parts(self, x: Tensor) -> Tensor:
        """Share of each feature in what sets a row apart from its unlabelled neighbours' mean, (N, D)."""
        codes = _ranks(self.scaler, x.flatten(1))
        parts = (codes - self.codes.median(0).values).square()
        return parts / parts.sum(1, keepdim=True).clamp_min(1e-12)

    @cached_property
    def _reference(self) -> Reference:
        return Reference(self.codes)


def _ranks(scaler: Quantiles, rows: Tensor) -> Tensor:
    return torch.from_numpy(scaler.transform(rows.numpy())).clamp(-FARTHEST, FARTHEST)
