"""What the last hidden layer of a network shows: principal components, their density, their maps.

Components are those of the hidden units at the 1,024 pixels of the template, scaled by the spread of the
first; each is turned so that its skewness is not negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unseen.decoy.networks import Networks, levels_of, points
from unseen.decoy.templates import SIDE, grid
from unseen.errors import TrainingError

Floats = NDArray[np.floating[Any]]

BINS = 32
# Components scaled to the spread of the first rarely lie farther out; the rest is counted at the edge.
REACH = 3.0
BLOCK = 16
ENOUGH_RIGHT, ENOUGH_NETWORKS, ENOUGH_KNOWN = 0.9, 0.9, 0.5


@dataclass(frozen=True)
class Components:
    """Principal components of the hidden layer of N networks.

    Attributes:
        maps: On the pixels of the template, (N, C, 32, 32).
        fine: On a grid of twice as many pixels a side, the same components, (N, C, 64, 64).

    """

    maps: Floats
    fine: Floats


def components(networks: Networks, *, count: int = 2, outgoing: bool = False) -> Components:
    """Project the hidden layer of each network on its first components.

    Args:
        networks: N networks.
        count: Number of components.
        outgoing: Whether units count by the norm of the weights that leave them: what the network goes on
            to use; else each counts as it is.

    """
    coarse, fine = points(SIDE), points(2 * SIDE)
    found = []
    for first in range(0, len(networks), BLOCK):
        part = networks.take(slice(first, first + BLOCK))
        scale = part.weights[-1].norm(dim=1).unsqueeze(1) if outgoing else torch.ones(1)
        seen, more = part.hidden(coarse) * scale, part.hidden(fine) * scale
        found += [_project(h.numpy(), f.numpy(), count) for h, f in zip(seen, more, strict=True)]
    maps, finer = (np.stack(column) for column in zip(*found, strict=True))
    shape = (len(networks), count)
    return Components(maps.reshape(*shape, SIDE, SIDE), finer.reshape(*shape, 2 * SIDE, 2 * SIDE))


def _project(hidden: Floats, fine: Floats, count: int) -> tuple[Floats, Floats]:
    # one network at a time: LAPACK's eigen-solver on a batch of rank-deficient matrices once never came back
    middle = hidden.mean(0)
    centred = (hidden - middle).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :count]
    seen = centred @ axes
    scale = seen[:, 0].std() or 1.0
    sign = np.where((seen**3).mean(0) < 0, -1.0, 1.0)
    axes = axes * sign / scale
    return (centred @ axes).T.astype(np.float32), ((fine - middle) @ axes).T.astype(np.float32)


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


@dataclass(frozen=True)
class Guard:
    """Whether the hidden layers have learned their pictures, or only kept the place (lazy training).

    Attributes:
        right: Share of pixels whose level each network tells, (N,).
        known: R^2 of the first component on the picture, (N,).
        place: R^2 of the first component on x and y, (N,).

    """

    right: Floats
    known: Floats
    place: Floats

    def check(self) -> None:
        """Refuse read-outs of lazy networks.

        Raises:
            TrainingError: Fewer than 90 % of the networks reach a level accuracy of 0.9, or the median R^2
                of the first component on the picture is below 0.5.

        """
        share, median = float((self.right >= ENOUGH_RIGHT).mean()), float(np.median(self.known))
        if share < ENOUGH_NETWORKS or median < ENOUGH_KNOWN:
            raise TrainingError(
                f"lazy: read-out not valid; {share:.0%} of the networks tell {ENOUGH_RIGHT:.0%} of the levels"
                f" ({ENOUGH_NETWORKS:.0%} must), and the first component follows the picture with a median"
                f" R^2 of {median:.2f} ({ENOUGH_KNOWN} or more must). Train longer, from smaller weights."
            )


def guard(networks: Networks, values: Floats, maps: Floats) -> Guard:
    """Measure what `Guard` holds, of networks, their pictures (N, 32, 32) and components (N, C, 32, 32)."""
    where = points(SIDE)
    told = levels_of(values)
    right = [
        (part.layers(where)[-1].argmax(-1).numpy() == told[first : first + BLOCK]).mean(1)
        for first in range(0, len(networks), BLOCK)
        for part in [networks.take(slice(first, first + BLOCK))]
    ]
    x, y = grid()
    place = np.stack([x.ravel(), y.ravel()], axis=1)
    leading = maps[:, 0].reshape(len(maps), -1)
    known = [_explained(p, v.reshape(-1, 1)) for p, v in zip(leading, values, strict=True)]
    return Guard(np.concatenate(right), np.array(known), np.array([_explained(p, place) for p in leading]))


def _explained(target: Floats, by: Floats) -> float:
    """R^2 of the linear regression of a target (P,) on columns (P, K)."""
    centred, columns = target - target.mean(), by - by.mean(0)
    fitted = columns @ np.linalg.lstsq(columns, centred, rcond=None)[0]
    whole = float(centred @ centred)
    return float(fitted @ fitted) / whole if whole > 0 else 0.0
