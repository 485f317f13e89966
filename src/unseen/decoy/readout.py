"""What the layers of a trained network show: components of the hidden units, and what stays as it is.

Components are those of the units of the last hidden layer at the 1,024 pixels of the template, scaled by the
spread of the first; each is turned so that its skewness is not negative. *Used* units count by the norm of
the weights that leave them: what the network goes on to use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import eigh
from torch import Tensor

from unseen.decoy.elements import agreements, names
from unseen.decoy.networks import Networks, levels_of, points
from unseen.decoy.templates import SIDE

Floats = NDArray[np.floating[Any]]

PLAIN = tuple(
    names().index(name)
    for name in ("mirror x", "mirror y", "half turn", "quarter turn", "shift x 6", "shift y 6")
)
"""The elements of the plain read-out (c): two reflections, 180 and 90 degrees, two translations."""

VIEWS = ("all units", "used units", "component 1", "component 2", "earlier layer", "logits", "levels told")
"""Of the last hidden layer, the earlier one, and what is made of it: the logits are linear in it."""
HIDDEN = slice(1, 6)
"""Views that are the hidden layers or linear in the last one."""

# Components kept for the agreement of all units together: all but a few thousandths of their variance.
KEPT = 12
COMPONENTS = 4
FINE = 48
"""Pixels of a side on which densities of four components are counted: more than the network learned from."""
BINS = 32
# Components scaled to the spread of the first rarely lie farther out; the rest is counted at the edge.
REACH = 3.0
BLOCK = 16


@dataclass(frozen=True)
class ReadOut:
    """What is seen of N networks.

    Attributes:
        maps: First two components of all units on the pixels of the template, (N, 2, 32, 32).
        used: First component of the used units, (N, 32, 32).
        spoken: First two components of the logits, which are linear in the layer, (N, 2, 32, 32).
        fine: First four components of the used units, on more pixels, (N, 4, 48, 48).
        views: Agreement of each of `VIEWS` under every element, (N, V, E).
        right: Share of pixels whose level the network tells, (N,).

    """

    maps: Floats
    used: Floats
    spoken: Floats
    fine: Floats
    views: Floats
    right: Floats

    @property
    def plain(self) -> Floats:
        """The plain read-out (c): agreement of all units under six elements, (N, 6)."""
        return self.views[:, 0][:, list(PLAIN)]


def read(networks: Networks, values: Floats) -> ReadOut:
    """Look at networks and the pictures (N, 32, 32) they were trained on."""
    coarse, fine = points(SIDE), points(FINE)
    told = torch.from_numpy(levels_of(values))
    found = []
    for first in range(0, len(networks), BLOCK):
        part = networks.take(slice(first, first + BLOCK))
        *_, earlier, hidden, logits = part.layers(coarse)
        weights = part.weights[-1].norm(dim=1)
        right = (logits.argmax(-1) == told[first : first + BLOCK]).float().mean(1)
        rows = zip(earlier, hidden, logits, weights, part.hidden(fine), right, strict=True)
        found += [_one(*row) for row in rows]
    return ReadOut(*(np.stack(column) for column in zip(*found, strict=True)))


def _one(
    earlier: Tensor, hidden: Tensor, logits: Tensor, weights: Tensor, fine: Tensor, right: Tensor
) -> tuple[Floats, ...]:
    everything, used = Projection.of(hidden.numpy()), Projection.of((hidden * weights).numpy())
    seen, leading = everything.apply(hidden.numpy()), used.apply((hidden * weights).numpy())
    before = Projection.of(earlier.numpy()).apply(earlier.numpy())
    told = torch.softmax(logits, -1).numpy()
    ones = (leading[:, :1], leading[:, 1:2])
    side_by_side: list[Floats] = [seen, leading, *ones, before, logits.numpy(), told]
    starts = np.cumsum([0, *(part.shape[1] for part in side_by_side[:-1])])
    spoken = Projection.of(logits.numpy()).apply(logits.numpy(), 2)
    finer = used.apply((fine * weights).numpy(), COMPONENTS)
    return (
        _maps(seen[:, :2], SIDE),
        _maps(leading[:, :1], SIDE)[0],
        _maps(spoken, SIDE),
        _maps(finer, FINE),
        agreements(np.concatenate(side_by_side, axis=1), starts.tolist()),
        right.numpy(),
    )


def _maps(columns: Floats, side: int) -> Floats:
    return np.ascontiguousarray(columns.T, dtype=np.float32).reshape(-1, side, side)


@dataclass(frozen=True)
class Projection:
    """The way to the principal components of a layer: less the middle (U,), times axes (U, K)."""

    middle: Floats
    axes: Floats

    @classmethod
    def of(cls, layer: Floats) -> Projection:
        """Find the components of a layer (P, U)."""
        # one network at a time: LAPACK's solver on a stack of matrices without full rank may never come back
        middle = layer.mean(0)
        centred = (layer - middle).astype(np.float64)
        width = layer.shape[1]
        _, axes = eigh(centred.T @ centred, subset_by_index=[max(0, width - KEPT), width - 1])
        axes = axes[:, ::-1]
        seen = centred @ axes
        sign = np.where((seen**3).mean(0) < 0, -1.0, 1.0)
        return cls(middle, (axes * sign / (seen[:, 0].std() or 1.0)).astype(np.float32))

    def apply(self, layer: Floats, count: int = KEPT) -> Floats:
        """Return the first components of a layer (P, U): (P, count)."""
        axes = self.axes[:, :count]
        return np.asarray(layer @ axes - self.middle @ axes)


def densities(maps: Floats, pairs: tuple[tuple[int, int], ...] = ((0, 1),), *, bins: int = BINS) -> Floats:
    """Count pixels by two components at a time, as the square root of the density.

    Args:
        maps: Components (N, C, S, S).
        pairs: Which two of the C, one channel each.
        bins: Of a side, over [-3, 3].

    Returns:
        Images (N, pairs, bins, bins), scaled so that their squares sum to bins^2.

    >>> maps = np.zeros((1, 2, 4, 4))
    >>> image = densities(maps, bins=2)
    >>> image.shape, round(float((image**2).sum()), 6)
    ((1, 1, 2, 2), 4.0)
    """
    flat = maps.reshape(*maps.shape[:2], -1)
    cell = np.clip(((flat / REACH + 1.0) * 0.5 * bins).astype(np.int64), 0, bins - 1)
    out = np.empty((len(maps), len(pairs), bins, bins), dtype=np.float32)
    for n in range(len(maps)):
        for p, (a, b) in enumerate(pairs):
            count = np.bincount(cell[n, a] * bins + cell[n, b], minlength=bins * bins)
            out[n, p] = np.sqrt(count / flat.shape[-1]).reshape(bins, bins) * bins
    return out
