"""What real streets have in common, in so many numbers that a city can be drawn from them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from unseen.series.calendar import Calendar, DayType
from unseen.series.panel import HOUR

Floats = NDArray[np.float64]

SCORES = np.linspace(-4.0, 4.0, 33)
"""Normal scores at which the deviations of real streets are kept."""
SHIPPED = "streets_madrid_2017.json"


@dataclass(frozen=True)
class PowerLaw:
    """exp(log_factor) * level ** power, where the logarithm of the factor varies by `sd` among streets.

    Levels below `least` are taken for it.

    >>> PowerLaw(0.0, 0.5, 0.1, least=1.0).at(np.array([4.0, 9.0])).tolist()
    [2.0, 3.0]
    """

    log_factor: float
    power: float
    sd: float
    least: float

    def at(self, level: NDArray[np.floating[Any]], own: float = 0.0) -> NDArray[np.float32]:
        """Value at a level of flow, for a street `own` standard deviations from the usual."""
        factor = np.float32(np.exp(self.log_factor + self.sd * own))
        return np.asarray(
            factor * np.maximum(level, np.float32(self.least)) ** np.float32(self.power), dtype=np.float32
        )


@dataclass(frozen=True, eq=False)
class StreetLaw:
    """How flows of streets behave; `street_fit.fit_streets` fits it, `simulate.simulate` draws from it.

    A flow is the usual one, times season and kind of day, plus a deviation that lasts (`spread`, `tails` and
    the rhythms of three origins: the city, the neighbourhood, the street), plus the noise of counting.

    Attributes:
        origin: What it was fitted to.
        step: Seconds a slot of `shapes` and `noise`.
        shapes: Shape (K, W), weekly courses of K streets, mean 1.
        log_size: Mean and standard deviation of the logarithm of the mean flow.
        spread: Standard deviation of what lasts, by usual flow; both as shares of the street's mean flow.
        noise: Variance of what does not, by flow in vehicles an hour, for slots of `step`.
        tails: Shape (33,), deviations in units of `spread` at the normal scores `SCORES`.
        city: Shape (B,), shares of the rhythms that all streets have in common.
        near: Shape (B,), shares that neighbours have in common; with `city` and `own` they add up to 1.
        own: Shape (B,), shares of a street alone.
        season: Shape (53,), factor by week of the year; 1 where none was seen.
        holiday: Shape (24,), factor by hour over the usual Sunday.
        bridge: Shape (24,), factor by hour over the usual day of that name.

    """

    origin: str
    step: int
    shapes: Floats
    log_size: tuple[float, float]
    spread: PowerLaw
    noise: PowerLaw
    tails: Floats
    city: Floats
    near: Floats
    own: Floats
    season: Floats
    holiday: Floats
    bridge: Floats

    @classmethod
    def shipped(cls) -> Self:
        """Return the law that comes with the package: ten streets of Madrid in 2017.

        >>> StreetLaw.shipped().shapes.shape
        (10, 672)
        """
        text = resources.files("unseen.series").joinpath(SHIPPED).read_text(encoding="utf-8")
        return cls._read(json.loads(text))

    def write(self, path: Path) -> None:
        """Write as JSON, whole or not at all; numbers are rounded to four digits."""
        plain = {
            name: [_short(one) for one in value.tolist()] if isinstance(value, np.ndarray) else value
            for name, value in asdict(self).items()
        }
        aside = path.with_name(path.name + ".tmp")
        aside.write_text(json.dumps(plain, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(aside, path)

    def factors(self, times: NDArray[np.int64], calendar: Calendar) -> NDArray[np.float32]:
        """Season and kind of day as one factor a slot, shape (T,)."""
        local = calendar.local(times)
        hour = local.second // HOUR
        of_day = np.where(local.day_type == DayType.HOLIDAY, self.holiday[hour], 1.0)
        of_day = np.where(local.day_type == DayType.BRIDGE, self.bridge[hour], of_day)
        return np.asarray(self.season[week_of_year(local.day)] * of_day, dtype=np.float32)

    def courses(self, step: int) -> NDArray[np.float32]:
        """Weekly courses in slots of `step` seconds, means over their time, shape (K, 604800 / step)."""
        width = self.shapes.shape[1]
        whole = np.concatenate([np.zeros((len(self.shapes), 1)), self.shapes.cumsum(axis=1)], axis=1)
        edges = np.linspace(0.0, width, width * self.step // step + 1)
        cut = np.stack([np.interp(edges, np.arange(width + 1), one) for one in whole])
        return np.asarray(np.diff(cut, axis=1) * self.step / step, dtype=np.float32)

    @classmethod
    def _read(cls, plain: dict[str, Any]) -> Self:
        made: dict[str, Any] = {}
        for name in (field.name for field in fields(cls)):
            value = plain[name]
            if isinstance(value, dict):
                made[name] = PowerLaw(**value)
            else:
                made[name] = np.array(value) if isinstance(value, list) and name != "log_size" else value
        return cls(**made | {"log_size": (made["log_size"][0], made["log_size"][1])})


def week_of_year(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Weeks since 1 January, of days counted since 1970-01-01: 0 to 52."""
    dates = day.astype("datetime64[D]")
    return np.asarray((dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) // 7)


def _short(value: Any) -> Any:
    return [_short(one) for one in value] if isinstance(value, list) else float(f"{value:.4g}")
