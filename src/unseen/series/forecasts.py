"""What is expected, how surely, and when it was known: the border between forecasting and alarms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Expected values of S sensors at N moments, made from what was known a fixed time before.

    Args:
        sensors: S identifiers.
        issued: Shape (N,), second of UTC at which the last slot that was used had ended.
        target: Shape (N,), second of UTC at which the slot that is forecast begins.
        mean: Shape (S, N), unit of the sensors; NaN where too little was known for a forecast.
        levels: Shape (Q,), rising, between 0 and 1.
        quantiles: Shape (S, N, Q), never falling along Q.

    Raises:
        DataError: Shapes do not fit each other.

    >>> grid = np.array([[[10.0, 20.0, 30.0]]], np.float32)
    >>> levels = np.array([0.25, 0.5, 0.75])
    >>> one = Forecasts(("a",), np.array([0]), np.array([900]), grid[..., 1], levels, grid)
    >>> one.chance_over(np.array([[20.0]])).tolist(), one.quantile(0.5).tolist()
    ([[0.5]], [[20.0]])
    """

    sensors: tuple[str, ...]
    issued: NDArray[np.int64]
    target: NDArray[np.int64]
    mean: Floats
    levels: NDArray[np.float64]
    quantiles: Floats

    def __post_init__(self) -> None:
        expected = (len(self.sensors), len(self.target), len(self.levels))
        if (
            self.quantiles.shape != expected
            or self.mean.shape != expected[:2]
            or len(self.issued) != expected[1]
        ):
            raise DataError(
                f"forecasts of shapes {self.mean.shape} and {self.quantiles.shape}; "
                f"{expected[0]} sensors, {expected[1]} moments and {expected[2]} levels need {expected}"
            )

    def quantile(self, level: float) -> Floats:
        """One quantile, linear between those of the grid, shape (S, N).

        Raises:
            DataError: The level lies outside of the grid.

        """
        if not self.levels[0] <= level <= self.levels[-1]:
            raise DataError(f"quantile {level} lies outside of {self.levels[0]} to {self.levels[-1]}")
        upper = int(np.clip(np.searchsorted(self.levels, level), 1, len(self.levels) - 1))
        low, high = self.levels[upper - 1], self.levels[upper]
        share = np.float32((level - low) / (high - low))
        return np.asarray((1 - share) * self.quantiles[..., upper - 1] + share * self.quantiles[..., upper])

    def chance_over(self, thresholds: ArrayLike) -> Floats:
        """P(value >= threshold), shape (S, N): linear between the quantiles, exponential outside.

        Args:
            thresholds: Broadcasts to (S, N), unit of the sensors.

        """
        wanted = np.broadcast_to(np.asarray(thresholds, np.float32), self.mean.shape)
        chance = np.full(wanted.shape, np.nan, np.float32)
        for left in range(len(self.levels) - 1):
            low, high = self.quantiles[..., left], self.quantiles[..., left + 1]
            width = np.maximum(high - low, 1e-6)
            inside = (wanted >= low) & (wanted <= high)
            below = self.levels[left] + (self.levels[left + 1] - self.levels[left]) * (wanted - low) / width
            chance = np.where(inside, 1 - below, chance)
        chance = np.where(wanted > self.quantiles[..., -1], self._beyond(wanted, -1, -2), chance)
        return np.where(wanted < self.quantiles[..., 0], 1 - self._beyond(wanted, 0, 1), chance).astype(
            np.float32
        )

    def _beyond(self, wanted: Floats, outer: int, inner: int) -> Floats:
        """Mass beyond a threshold outside of the grid; it falls as between the two outer quantiles."""
        mass = [min(self.levels[place], 1 - self.levels[place]) for place in (outer, inner)]
        edge, next_to = self.quantiles[..., outer], self.quantiles[..., inner]
        scale = np.maximum(np.abs(edge - next_to), 1e-6) / max(np.log(mass[1] / mass[0]), 1e-6)
        return np.asarray(mass[0] * np.exp(-np.abs(wanted - edge) / scale), dtype=np.float32)
