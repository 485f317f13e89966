"""What goes wrong on made-up streets, at stated rates: incidents, and sensors that fail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError
from unseen.seeds import generator
from unseen.series.calendar import DAY
from unseen.series.panel import HOUR
from unseen.series.roads import Roads

INCIDENTS, FAULTS = 2, 3  # purposes of streams of random numbers
LASTING = 1.5 * HOUR  # median length of an incident
NEAR = 0.4  # kilometres within which an incident is felt
DETOUR = 0.4  # share of what a closed road loses that comes back on roads near by
GAP, STUCK = 2.0 * HOUR, 8.0 * HOUR  # mean lengths; a stuck sensor is stuck for 3 hours at least
LEAST_STUCK = 3.0 * HOUR


@dataclass(frozen=True)
class Mishaps:
    """How much goes wrong.

    Args:
        incidents: Incidents a day for a hundred sensors; each is felt by those near it.
        gaps: Share of slots without a reading.
        stuck: Share of slots in which a sensor repeats a value.
        dead: Share of sensors that end for good some day.

    Raises:
        ConfigError: A share is not between 0 and a half, or a rate is negative.

    """

    incidents: float = 0.1
    gaps: float = 0.01
    stuck: float = 0.001
    dead: float = 0.01

    def __post_init__(self) -> None:
        if not 0 <= self.incidents <= 100:
            raise ConfigError(f"incidents={self.incidents} a day for 100 sensors; accepted: 0 to 100")
        for name in ("gaps", "stuck", "dead"):
            if not 0 <= getattr(self, name) <= 0.5:
                raise ConfigError(f"{name}={getattr(self, name)} is not a share; accepted: 0 to 0.5")


@dataclass(frozen=True)
class Incident:
    """A road that is partly closed: slots [first, last), where, and the share of its flow that is lost."""

    first: int
    last: int
    road: int
    east: float
    north: float
    depth: float


@dataclass(frozen=True)
class Fault:
    """A sensor that fails in the slots [first, last): `gap`, `stuck` or `dead`."""

    kind: str
    first: int
    last: int


def draw_incidents(rate: float, roads: Roads, slots: int, step: int, seed: int) -> tuple[Incident, ...]:
    """Draw the incidents of a city, each beside a sensor, earliest first."""
    rng = generator(seed, INCIDENTS)
    count = rng.poisson(rate * len(roads.sensors) / 100 * slots * step / DAY)
    places = rng.integers(len(roads.sensors), size=count)
    first = np.sort(rng.integers(slots, size=count))
    length = np.ceil(LASTING * rng.lognormal(0.0, 0.5, count) / step).astype(np.int64)
    last = np.minimum(first + length, slots)
    depths = rng.uniform(0.3, 0.9, count)
    return tuple(
        Incident(int(begin), int(end), int(roads.road[one]), *_at(roads, int(one)), float(depth))
        for begin, end, one, depth in zip(first, last, places, depths, strict=True)
    )


def _at(roads: Roads, sensor: int) -> tuple[float, float]:
    east, north = roads.at[sensor].tolist()
    return east, north


def felt(incidents: tuple[Incident, ...], roads: Roads, sensor: int) -> list[tuple[Incident, float]]:
    """Incidents that a sensor feels, with the factor of its flow: below 1 on the road, above 1 beside it."""
    if not incidents:
        return []
    where = np.array([(one.east, one.north) for one in incidents])
    away = np.linalg.norm(where - roads.at[sensor], axis=1)
    found = []
    for place in np.flatnonzero(away < 3 * NEAR):
        one = incidents[place]
        change = one.depth * float(np.exp(-((away[place] / NEAR) ** 2) / 2))
        found.append((one, 1 - change if one.road == roads.road[sensor] else 1 + DETOUR * change))
    return found


def draw_faults(mishaps: Mishaps, sensor: int, slots: int, step: int, seed: int) -> tuple[Fault, ...]:
    """Draw the faults of one sensor."""
    rng = generator(seed, FAULTS, sensor)
    faults = []
    if rng.random() < mishaps.dead:
        faults.append(Fault("dead", int(rng.integers(slots)), slots))
    for kind, share, mean, least in (
        ("gap", mishaps.gaps, GAP, 0.0), ("stuck", mishaps.stuck, STUCK, LEAST_STUCK),
    ):  # fmt: skip
        count = rng.poisson(share * slots * step / mean)
        lengths = np.maximum(np.round((least + rng.exponential(mean - least, count)) / step), 1)
        for begin, length in zip(rng.integers(slots, size=count), lengths, strict=True):
            faults.append(Fault(kind, int(begin), int(min(begin + length, slots))))
    return tuple(sorted(faults, key=lambda one: (one.first, one.kind)))


def fail(flow: NDArray[np.float32], faults: tuple[Fault, ...]) -> None:
    """Make the readings of a sensor those of a failing one, in place."""
    for one in sorted(faults, key=lambda fault: fault.kind != "stuck"):  # a gap hides a stuck value
        flow[one.first : one.last] = max(flow[one.first], 1.0) if one.kind == "stuck" else np.nan
