"""How far the hidden layers stay the same when the picture is mirrored, turned or shifted.

Per network one row of numbers: agreements (see `elements`) of several views of what it computes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unseen.decoy.elements import agreement, agreements, elements
from unseen.decoy.networks import Networks, points
from unseen.decoy.readout import BLOCK
from unseen.decoy.templates import SIDE

Floats = NDArray[np.floating[Any]]

PLAIN = ("mirror x", "mirror y", "half turn", "quarter turn", "shift x 6", "shift y 6")
"""The elements of the plain read-out (c): two reflections, 180 and 90 degrees, two translations."""

VIEWS = (
    "used units",
    "all units",
    "component 1",
    "component 2",
    "component 3",
    "earlier layer",
    "levels told",
)
# Components of the used units that are kept for the agreement of all together: all but a thousandth.
KEPT = 24


def plain(networks: Networks) -> Floats:
    """Agreement of the last hidden layer, every unit as it is, under `PLAIN`: (N, 6)."""
    acting = [element for element in elements(SIDE) if element.name in PLAIN]
    return np.array(
        [
            [agreement(hidden.numpy(), element) for element in acting]
            for first in range(0, len(networks), BLOCK)
            for hidden in networks.take(slice(first, first + BLOCK)).hidden(points(SIDE))
        ]
    )


def views(networks: Networks) -> Floats:
    """Agreement of each of `VIEWS` under every element: (N, V, E).

    Used units are those of the last hidden layer, weighted by the norm of what leaves them; components are
    theirs; levels told are the probabilities of the five levels.
    """
    where = points(SIDE)
    found = []
    for first in range(0, len(networks), BLOCK):
        part = networks.take(slice(first, first + BLOCK))
        *_, earlier, hidden, logits = part.layers(where)
        used = hidden * part.weights[-1].norm(dim=1).unsqueeze(1)
        told = torch.softmax(logits, -1)
        rows = zip(used, hidden, earlier, told, strict=True)
        found += [_views(*(values.numpy() for values in row)) for row in rows]
    return np.array(found)


def _views(used: Floats, hidden: Floats, earlier: Floats, told: Floats) -> list[Floats]:
    leading = reduced(used, KEPT)
    seen = [leading, reduced(hidden, KEPT), *(leading[:, [c]] for c in range(3))]
    return [agreements(maps) for maps in (*seen, reduced(earlier, KEPT), told)]


def reduced(maps: Floats, count: int) -> Floats:
    """Return the first principal components of maps (P, U): (P, count); agreements are those of the maps."""
    centred = (maps - maps.mean(0)).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ axes[:, ::-1][:, :count])
