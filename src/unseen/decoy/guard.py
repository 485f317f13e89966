"""Lazy training refused: a hidden layer that only keeps the place says nothing of the picture.

A network may fit its picture while its hidden layer stays as it began; then the first components are x and y,
whatever the picture, and every read-out is at chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.decoy.readout import ReadOut
from unseen.decoy.templates import grid
from unseen.errors import TrainingError

Floats = NDArray[np.floating[Any]]

RIGHT, NETWORKS, KNOWN = 0.9, 0.9, 0.5
"""Level accuracy of a network, share of networks that reach it, median R^2 of the first component."""


@dataclass(frozen=True)
class Guard:
    """Whether hidden layers have learned their pictures.

    Attributes:
        right: Share of pixels whose level each network tells, (N,).
        known: R^2 of the first component on the picture, (N,).
        place: R^2 of the first component on x and y, (N,).

    """

    right: Floats
    known: Floats
    place: Floats

    @classmethod
    def of(cls, seen: ReadOut, values: Floats) -> Guard:
        """Measure read-outs of networks and their pictures (N, 32, 32)."""
        x, y = grid()
        place = np.stack([x.ravel(), y.ravel()], axis=1)
        leading = seen.maps[:, 0].reshape(len(values), -1)
        known = [_explained(p, v.reshape(-1, 1)) for p, v in zip(leading, values, strict=True)]
        return cls(seen.right, np.array(known), np.array([_explained(p, place) for p in leading]))

    @property
    def share(self) -> float:
        """Share of the networks that tell enough levels."""
        return float((self.right >= RIGHT).mean())

    def check(self) -> None:
        """Refuse read-outs of lazy networks.

        Raises:
            TrainingError: Fewer than 90 % of the networks reach a level accuracy of 0.9, or the median R^2
                of the first component on the picture is below 0.5.

        """
        median = float(np.median(self.known))
        if self.share < NETWORKS or median < KNOWN:
            raise TrainingError(
                f"lazy: read-out not valid; {self.share:.0%} of the networks tell {RIGHT:.0%} of the levels"
                f" ({NETWORKS:.0%} must), and the first component follows the picture with a median R^2 of"
                f" {median:.2f} ({KNOWN} or more must). Train longer, from smaller weights."
            )


def _explained(target: Floats, by: Floats) -> float:
    """R^2 of the linear regression of a target (P,) on columns (P, K)."""
    centred, columns = target - target.mean(), by - by.mean(0)
    fitted = columns @ np.linalg.lstsq(columns, centred, rcond=None)[0]
    whole = float(centred @ centred)
    return float(fitted @ fitted) / whole if whole > 0 else 0.0
