"""What every forecaster is: fitted on a panel, it says what slots to come will hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, DataError
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Slots = range | Sequence[int] | NDArray[np.integer]

LEVELS = np.array([0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99])
"""Levels of the quantiles of every forecast; those of alarms lie between .4 and .99."""
MEDIAN = 7
DAY_MINUTES = 24 * 60


class Forecaster(Protocol):
    """Something that forecasts the values of sensors a fixed time ahead.

    A forecast of slot t is issued at the end of slot t, from values up to and including t, for slot
    t + horizon.
    """

    @property
    def horizon(self) -> int:
        """Slots between the last slot that is known and the one that is forecast."""

    def fit(self, panel: Panel) -> Self:
        """Learn from all slots of a panel."""

    def forecast(self, panel: Panel, slots: Slots) -> Forecasts:
        """Forecast slot t + horizon for every t of `slots`, for all sensors of the panel."""


def slots_ahead(minutes: float, step: int) -> int:
    """Slots of `step` seconds that cover so many minutes, H = ceil(60 minutes / step).

    Raises:
        ConfigError: The time is not above 0, or longer than a day.

    >>> slots_ahead(30, 900), slots_ahead(30, 600), slots_ahead(30, 3600)
    (2, 3, 1)
    """
    if not 0 < minutes <= DAY_MINUTES:
        raise ConfigError(f"{minutes} minutes ahead came; accepted: above 0, at most a day ({DAY_MINUTES})")
    return int(-(-minutes * 60 // step))


def as_slots(panel: Panel, slots: Slots) -> Ints:
    """Return slots as an array.

    Raises:
        DataError: One lies outside of the panel, or there is none.

    """
    asked = np.asarray(slots, dtype=np.int64)
    if asked.ndim != 1 or not len(asked):
        raise DataError(f"slots of shape {asked.shape} came; accepted: at least one, as a range or a list")
    if asked.min() < 0 or asked.max() >= panel.slots:
        odd = int(asked.min()) if asked.min() < 0 else int(asked.max())
        raise DataError(f"slot {odd} lies outside of the panel of {panel.slots} slots ({panel.span()})")
    return asked


def as_forecasts(panel: Panel, slots: Ints, horizon: int, quantiles: Floats) -> Forecasts:
    """Put quantiles (S, N, Q) at `LEVELS` of slots into a record, with the mean that follows from them."""
    quantiles = np.asarray(quantiles, dtype=np.float32)
    mean = quantiles @ mean_weights(LEVELS)
    issued = panel.start + (slots + 1) * panel.step
    return Forecasts(panel.sensors, issued, issued + (horizon - 1) * panel.step, mean, LEVELS, quantiles)


def mean_weights(levels: NDArray[np.float64]) -> Floats:
    """Weights (Q,) that turn quantiles into the mean of the distribution: the trapezium rule over levels.

    >>> mean_weights(np.array([0.1, 0.5, 0.9])).tolist()
    [0.30000001192092896, 0.4000000059604645, 0.30000001192092896]
    """
    edges = np.concatenate([[0.0], (levels[1:] + levels[:-1]) / 2, [1.0]])
    return np.diff(edges).astype(np.float32)
