"""Do chances hold what they say? What was said beside what came, in bins; the mean squared distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError
from unseen.seeds import generator

Floats = NDArray[np.float64]

BINS = 15


@dataclass(frozen=True, eq=False)
class Reliability:
    """What was said beside what came.

    Attributes:
        said: Shape (B,), mean chance of the slots of each bin, NaN where there are none.
        came: Shape (B,), share of them that came.
        slots: Shape (B,), their number.

    """

    said: Floats
    came: Floats
    slots: NDArray[np.int64]

    @property
    def error(self) -> float:
        """Expected calibration error: sum_b n_b |said_b - came_b| / n."""
        gap = np.abs(np.nan_to_num(self.said) - np.nan_to_num(self.came))
        return float((gap * self.slots).sum() / max(self.slots.sum(), 1))


def reliability(chance: ArrayLike, came: ArrayLike, bins: int = BINS) -> Reliability:
    """Sort chances into bins of equal width; NaN are left out.

    Args:
        chance: P(event), any shape.
        came: Whether it came, the same shape.
        bins: B.

    Reference: Guo et al., ICML 2017 (equation 3).

    >>> table = reliability([0.1, 0.1, 0.9, 0.9], [False, False, True, False], bins=2)
    >>> table.came.tolist(), round(table.error, 2)
    ([0.0, 0.5], 0.25)
    """
    said, event = np.asarray(chance, np.float64).ravel(), np.asarray(came, np.float64).ravel()
    known = np.isfinite(said)
    said, event = said[known], event[known]
    place = np.minimum((said * bins).astype(np.int64), bins - 1)
    slots = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Reliability(
            np.bincount(place, said, bins) / slots, np.bincount(place, event, bins) / slots, slots
        )


def error_by_chance(chance: ArrayLike, *, bins: int = BINS, draws: int = 200, seed: int = 0) -> float:
    """Return the expected calibration error that chances (N,) would show if every one of them held.

    Outcomes are drawn from the chances themselves. The error is a sum of distances, so it is above 0 for a
    few hundred rows whatever is said; no probability can be seen to hold better than this.

    Reference: Broecker and Smith, Weather and Forecasting 22 (2007) 651 (consistency resampling).

    >>> round(error_by_chance([0.5] * 100), 2)
    0.04
    """
    said, rng = np.asarray(chance, np.float64), generator(seed, 73)
    return float(np.mean([reliability(said, rng.random(len(said)) < said, bins).error for _ in range(draws)]))


def brier(chance: ArrayLike, came: ArrayLike) -> float:
    """Mean squared distance of chances (N,) from what came (N,), 0 or 1; 0 is best, .25 is a coin.

    Raises:
        DataError: Nothing to judge, or columns of another length.

    Reference: Brier, Monthly Weather Review 78 (1950) 1.

    >>> brier([0.0, 0.5], [0, 1])
    0.125
    """
    said, event = np.asarray(chance, np.float64), np.asarray(came, np.float64)
    if said.shape != event.shape or said.ndim != 1 or not len(said):
        raise DataError(f"chances {said.shape} and outcomes {event.shape} came; accepted: (N,) each, N > 0")
    return float(np.mean((said - event) ** 2))
