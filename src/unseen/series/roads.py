"""Made-up roads with sensors on them: where they are, how busy, who is whose neighbour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.seeds import generator

Floats = NDArray[np.float64]

DENSITY = 24.0  # sensors a square kilometre, as in a city of 3,500 on 12 by 12 km
BETWEEN = 0.45  # kilometres from road to road, on average
TURN = 0.35  # radians between the roads and north
KILOMETRE = 1 / 111.2  # degrees of latitude
ALIKE = 0.5  # share of the variance of log flow that sensors of a road have in common
NEIGHBOURHOOD = 1.5  # kilometres over which deviations are alike
MOST_DISTRICTS = 12
"""Districts along one side of the largest city; beyond, they grow."""
ROADS = 1  # purpose of a stream of random numbers


@dataclass(frozen=True, eq=False)
class Roads:
    """Sensors on a turned, irregular grid of two-way roads.

    Attributes:
        sensors: S identifiers.
        names: S names: road and kilometre.
        road: Shape (S,), which road.
        at: Shape (S, 2), kilometres east and north of the centre.
        places: Shape (S, 2), longitude and latitude.
        rank: Shape (S,), standard-normal: how busy.

    """

    sensors: tuple[str, ...]
    names: tuple[str, ...]
    road: NDArray[np.int64]
    at: Floats
    places: Floats
    rank: Floats

    def districts(self) -> tuple[NDArray[np.int64], Floats, int]:
        """Say how much of which district's deviations each sensor has.

        Returns four districts a sensor, their weights (whose squares add up to 1), and how many there are.
        Deviations blend from one district to the next (bilinear), so that near sensors are alike.
        """
        low, high = self.at.min(axis=0), self.at.max(axis=0)
        side = np.clip(np.ceil((high - low) / NEIGHBOURHOOD), 1, MOST_DISTRICTS).astype(np.int64)
        inside = (self.at - low) / np.maximum(high - low, 1e-9) * side
        corner = np.minimum(inside.astype(np.int64), side - 1)
        part = inside - corner
        which, weight = [], []
        for east in (0, 1):
            for north in (0, 1):
                which.append((corner[:, 0] + east) * (side[1] + 1) + corner[:, 1] + north)
                weight.append(
                    (part[:, 0] if east else 1 - part[:, 0]) * (part[:, 1] if north else 1 - part[:, 1])
                )
        weights = np.stack(weight, axis=1)
        weights /= np.sqrt((weights**2).sum(axis=1, keepdims=True))
        return np.stack(which, axis=1), weights, int((side[0] + 1) * (side[1] + 1))


def lay_roads(sensors: int, seed: int, centre: tuple[float, float] = (0.0, 40.0)) -> Roads:
    """Lay roads and place sensors on them.

    Args:
        sensors: How many, one or more.
        seed: Same seed, same roads.
        centre: Longitude and latitude of the centre, degrees.

    >>> roads = lay_roads(50, seed=0)
    >>> roads.sensors[0], roads.places.shape
    ('s00001', (50, 2))
    """
    rng = generator(seed, ROADS)
    side = max(np.sqrt(sensors / DENSITY), 4 * BETWEEN)
    count = max(int(side / BETWEEN), 2)
    across = np.sort(rng.uniform(-side / 2, side / 2, (2, count)), axis=1)
    road = rng.integers(2 * count, size=sensors)
    along = rng.triangular(-side / 2, 0.0, side / 2, sensors)  # more of them in the middle
    offset = across.ravel()[road] + rng.normal(0.0, 0.01, sensors)
    eastward = road < count
    flat = np.where(eastward[:, None], np.stack([along, offset], 1), np.stack([offset, along], 1))
    turned = flat @ np.array([[np.cos(TURN), np.sin(TURN)], [-np.sin(TURN), np.cos(TURN)]])
    of_road, of_sensor = rng.standard_normal(2 * count), rng.standard_normal(sensors)
    scale = KILOMETRE * np.array([1 / np.cos(np.radians(centre[1])), 1.0])
    kinds = np.where(eastward, "Street", "Avenue")
    return Roads(
        sensors=tuple(f"s{place:05d}" for place in range(1, sensors + 1)),
        names=tuple(
            f"{kind} {number + 1}, km {kilometre:.2f}"
            for kind, number, kilometre in zip(kinds, road % count, along + side / 2, strict=True)
        ),
        road=road,
        at=turned,
        places=np.asarray(centre) + turned * scale,
        rank=np.sqrt(ALIKE) * of_road[road] + np.sqrt(1 - ALIKE) * of_sensor,
    )
