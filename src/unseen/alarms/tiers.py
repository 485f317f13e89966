"""Three tiers per street: from which value on a slot is yellow or red."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError, DataError, unknown
from unseen.series.panel import Panel
from unseen.series.profile import Profile

Floats = NDArray[np.float32]
Levels = NDArray[np.int8]


class Level(IntEnum):
    """How a slot stands; UNKNOWN where the value or its threshold is not known, never green."""

    UNKNOWN = -1
    GREEN = 0
    YELLOW = 1
    RED = 2


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Values from which on slots are yellow and red, each of shape (S, N), unit of the sensors.

    >>> Thresholds(np.array([[10.0]]), np.array([[20.0]])).levels(np.array([[5.0, 10, 25, np.nan]])).tolist()
    [[0, 1, 2, -1]]
    """

    yellow: Floats
    red: Floats

    def levels(self, values: ArrayLike) -> Levels:
        """Level of each value, shape (S, N), by `Level`."""
        given = np.asarray(values)
        known = np.isfinite(given) & np.isfinite(self.yellow) & np.isfinite(self.red)
        found = (given >= self.yellow).astype(np.int8) + (given >= self.red)
        return np.where(known, found, Level.UNKNOWN).astype(np.int8)


@dataclass(frozen=True)
class Bound:
    """The larger of a quantile of the street and of so many deviations over its profile.

    Args:
        quantile: Share of the street's own slots below it; None asks nothing.
        deviations: k in m + k d, of the profile at this hour of the week; None asks nothing.

    """

    quantile: float | None = None
    deviations: float | None = None


class Tier(Protocol):
    """What thresholds can be fitted by."""

    def fit(self, panel: Panel, profile: Profile) -> FittedTier:
        """Take thresholds from training slots alone."""
        ...


@dataclass(frozen=True)
class OwnTier:
    """Thresholds from the street's own past.

    threshold = max(quantile of the street, m(w) + k d(w)), either part left out where it is None.

    Args:
        name: As `TIERS` calls it.
        yellow: Where yellow begins.
        red: Where red begins.

    >>> from unseen.series.calendar import Calendar
    >>> rows = np.tile(np.arange(100, dtype=np.float32), 7)[None]
    >>> panel = Panel(rows, start=0, step=3600, sensors=("a",), calendar=Calendar("UTC"))
    >>> fitted = tier("A").fit(panel, Profile.fit(panel))
    >>> round(fitted.at([0]).red.item(), 1)
    89.1
    """

    name: str
    yellow: Bound
    red: Bound

    def fit(self, panel: Panel, profile: Profile) -> FittedTier:
        """Take quantiles of the OK slots of a panel, and the profile for what is usual at an hour.

        Raises:
            DataError: Panel and profile have other sensors.

        """
        if panel.sensors != profile.sensors:
            raise DataError("panel and profile have other sensors; fit the profile on the same panel")
        bounds = (self.yellow, self.red)
        floor = np.stack([_quantiles(panel.values, bound.quantile) for bound in bounds], axis=1)
        steps = tuple(np.nan if bound.deviations is None else bound.deviations for bound in bounds)
        return FittedTier(self.name, panel.sensors, floor, (steps[0], steps[1]), profile)


@dataclass(frozen=True, eq=False)
class FixedTier:
    """Thresholds that an operator has given: sensor -> (yellow, red), unit of the sensors.

    Raises:
        DataError: A threshold is not finite, or yellow lies above red.

    """

    bounds: Mapping[str, tuple[float, float]]

    def __post_init__(self) -> None:
        for sensor, pair in self.bounds.items():
            if not all(np.isfinite(pair)) or pair[0] > pair[1]:
                raise DataError(
                    f"sensor {sensor!r}: thresholds {pair[0]} and {pair[1]}; "
                    "give two numbers, yellow not above red"
                )

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a CSV file with the columns sensor, yellow, red.

        Raises:
            DataError: A column is missing, a sensor comes twice, or a threshold is no number; line named.

        """
        found: dict[str, tuple[float, float]] = {}
        try:
            with Path(path).open(encoding="utf-8-sig", newline="") as file:
                for line, row in enumerate(csv.DictReader(file), start=2):
                    sensor, pair = _thresholds(row, f"{path}, line {line}")
                    if sensor in found:
                        raise DataError(f"{path}, line {line}: sensor {sensor!r} comes twice")
                    found[sensor] = pair
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"{path} cannot be read as CSV of sensor, yellow, red: {error}") from error
        return cls(found)

    def fit(self, panel: Panel, profile: Profile) -> FittedTier:
        """Look up each sensor of a panel.

        Raises:
            DataError: A sensor has no thresholds.

        """
        without = [sensor for sensor in panel.sensors if sensor not in self.bounds]
        if without:
            raise DataError(f"no thresholds for sensor {without[0]!r} ({len(without)} in all); add a line")
        floor = np.array([self.bounds[sensor] for sensor in panel.sensors], np.float32).reshape(-1, 2)
        return FittedTier("fixed", panel.sensors, floor, (np.nan, np.nan), profile)


@dataclass(frozen=True, eq=False)
class FittedTier:
    """Thresholds that are known at any time.

    Attributes:
        name: Which tier.
        sensors: S identifiers.
        floor: Shape (S, 2), least yellow and red threshold; NaN where none is set.
        deviations: k of yellow and red in m + k d; NaN where the profile is not asked.
        profile: What is usual at each hour of the week, with the same sensors.

    """

    name: str
    sensors: tuple[str, ...]
    floor: Floats
    deviations: tuple[float, float]
    profile: Profile

    def at(self, times: ArrayLike) -> Thresholds:
        """Thresholds of slots that begin at these seconds of UTC, shape (S, N)."""
        moments = np.asarray(times, dtype=np.int64)
        mean, sd = (None, None) if np.all(np.isnan(self.deviations)) else self.profile.at(moments)
        parts = []
        for place, steps in enumerate(self.deviations):
            bound = np.broadcast_to(self.floor[:, place, None], (len(self.sensors), len(moments)))
            if mean is not None and sd is not None and not np.isnan(steps):
                usual = mean + np.float32(steps) * sd
                # fmax leaves out a floor that asks nothing (NaN); what is usual, if unknown, stays unknown
                bound = np.where(np.isnan(usual), np.nan, np.fmax(bound, usual))
            parts.append(bound.astype(np.float32))
        return Thresholds(parts[0], parts[1])

    def select(self, sensors: Sequence[str]) -> FittedTier:
        """Keep sensors, in the order asked for.

        Raises:
            DataError: One of them is not known.

        """
        places = {name: place for place, name in enumerate(self.sensors)}
        for name in sensors:
            if name not in places:
                raise DataError(unknown("sensor", name, self.sensors))
        rows = [places[name] for name in sensors]
        own = self.profile
        kept = replace(
            own, sensors=tuple(sensors), count=own.count[rows], mean=own.mean[rows], sd=own.sd[rows]
        )
        return replace(self, sensors=tuple(sensors), floor=self.floor[rows], profile=kept)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the profile is stored by whoever stores the forecaster."""
        return {
            "name": self.name,
            "sensors": list(self.sensors),
            "floor": [[_plain(one) for one in row] for row in self.floor.tolist()],
            "deviations": [_plain(one) for one in self.deviations],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], profile: Profile) -> Self:
        """Take up what `to_dict` gave, with its profile.

        Raises:
            DataError: The profile has other sensors.

        """
        sensors = tuple(stored["sensors"])
        if sensors != profile.sensors:
            raise DataError("tiers and profile have other sensors; use those that were stored together")
        floor = np.array(stored["floor"], dtype=np.float32).reshape(-1, 2)
        yellow, red = (np.nan if one is None else float(one) for one in stored["deviations"])
        return cls(stored["name"], sensors, floor, (yellow, red), profile)


TIERS: dict[str, OwnTier] = {
    "A": OwnTier("A", Bound(0.75), Bound(0.9)),
    "B": OwnTier("B", Bound(None, 1.0), Bound(None, 2.0)),
    "B75": OwnTier("B75", Bound(0.5, 1.0), Bound(0.75, 2.0)),
    "AB": OwnTier("AB", Bound(0.75, 1.0), Bound(0.9, 1.0)),
}
"""A: high for this street. B: unusual for this hour. B75: B without nights. AB: high and unusual."""


def tier(name: str) -> OwnTier:
    """Return a tier by its name.

    Raises:
        ConfigError: The name is not known.

    """
    if name not in TIERS:
        raise ConfigError(unknown("tier", name, TIERS))
    return TIERS[name]


def _quantiles(values: Floats, level: float | None) -> Floats:
    """Quantile of each row over its known values; NaN where there is none, or none is asked."""
    if level is None:
        return np.full(len(values), np.nan, np.float32)
    known = (row[np.isfinite(row)] for row in values)
    return np.array([np.quantile(row, level) if row.size else np.nan for row in known], np.float32)


def _thresholds(row: Mapping[str, str | None], place: str) -> tuple[str, tuple[float, float]]:
    cells = [row.get(column) for column in ("sensor", "yellow", "red")]
    if any(cell is None or not cell.strip() for cell in cells):
        raise DataError(f"{place}: columns sensor, yellow and red are needed, none of them empty")
    sensor, yellow, red = (str(cell).strip() for cell in cells)
    try:
        return sensor, (float(yellow), float(red))
    except ValueError as error:
        raise DataError(f"{place}: thresholds {yellow!r} and {red!r}; give two numbers") from error


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
