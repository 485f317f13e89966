"""A made-up city whose streets behave like real ones, of any size, written sensor by sensor."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError
from unseen.seeds import generator
from unseen.series import rhythms
from unseen.series.calendar import Calendar
from unseen.series.mapped import Header, finish, free_place, is_mapped, writing
from unseen.series.mishaps import Fault, Incident, Mishaps, draw_faults, draw_incidents, fail, felt
from unseen.series.panel import HOUR, Panel
from unseen.series.roads import Roads, lay_roads
from unseen.series.streets import SCORES, StreetLaw

Floats = NDArray[np.float32]

COMMON, STREET = 4, 5  # purposes of streams of random numbers
BEYOND = 1.7  # standard deviations of log size beyond which no street is drawn: such were not seen
SHIFT = 0.4 * HOUR  # standard deviation of how early or late the course of a street is
TOGETHER = 64  # sensors between two notes of how far the work is
DONE, FAULTS_FILE, INCIDENTS_FILE = "done.json", "faults.csv", "incidents.csv"

Tell = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class City:
    """A city to be made up; the same settings give the same flows, bit for bit.

    A street's flow in slot t is

        x(t) = mu(t) + sqrt(V(mu) a / step) e(t),   mu(t) = m(t) + sigma(m) Q(c(t) + n(t) + o(t)),

    where m is its usual flow (its size, a course mixed of two real ones and moved a little, season and kind
    of day, incidents), c, n and o are Gaussian series of the city, the neighbourhood and the street with
    the rhythms of the law, Q gives them the tails of real deviations, and V is the noise of counting in
    slots of a seconds. Flows are whole and not negative.

    Args:
        sensors: How many, 1 to 100,000.
        days: Local days, 1 to 3,660.
        first: The first of them.
        step: Seconds a slot: 300, 600, 900, 1200, 1800 or 3600.
        calendar: Zone and holidays.
        law: How streets behave.
        mishaps: How much goes wrong.
        seed: Of everything that is drawn.

    Raises:
        ConfigError: A number is out of its bounds.

    """

    sensors: int
    days: int
    first: dt.date = dt.date(2017, 1, 1)
    step: int = 600
    calendar: Calendar = field(default_factory=lambda: Calendar("Europe/Madrid"))
    law: StreetLaw = field(default_factory=StreetLaw.shipped)
    mishaps: Mishaps = field(default_factory=Mishaps)
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, most in (("sensors", self.sensors, 100_000), ("days", self.days, 3_660)):
            if not 1 <= value <= most:
                raise ConfigError(f"{name}={value} came; accepted: 1 to {most:,}")
        if self.step not in (300, 600, 900, 1200, 1800, 3600):
            raise ConfigError(f"slots of {self.step} s came; accepted: 5, 10, 15, 20, 30 or 60 minutes")
        if not 1970 < self.first.year < 2200:
            raise ConfigError(f"first day {self.first} came; accepted: 1971 to 2199")

    @property
    def start(self) -> int:
        """Second of UTC at which the first day begins."""
        return self.calendar.moment(self.first)

    @cached_property
    def slots(self) -> int:
        """Slots of all days; the local clock decides when these end."""
        end = self.calendar.moment(self.first + dt.timedelta(days=self.days))
        return (end - self.start) // self.step

    @cached_property
    def roads(self) -> Roads:
        """Where the sensors are."""
        return lay_roads(self.sensors, self.seed)

    @cached_property
    def incidents(self) -> tuple[Incident, ...]:
        """What happens on the roads, earliest first."""
        return draw_incidents(self.mishaps.incidents, self.roads, self.slots, self.step, self.seed)

    def faults(self, sensor: int) -> tuple[Fault, ...]:
        """When the sensor of this number, from 0, fails."""
        return draw_faults(self.mishaps, sensor, self.slots, self.step, self.seed)

    def header(self) -> Header:
        """Say what the panel is, beside its values."""
        return Header(
            self.roads.sensors, self.slots, self.start, self.step, self.calendar,
            f"simulated, seed {self.seed}, from the law of {self.law.origin}",
            self.roads.places, self.roads.names,
        )  # fmt: skip

    def digest(self) -> str:
        """Hash of all settings: a run goes on only where it was begun with the same."""
        law = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in asdict(self.law).items()
        }
        settings = (
            law, asdict(self.mishaps), self.sensors, self.days, self.first.isoformat(), self.step,
            self.calendar.zone, sorted(day.isoformat() for day in self.calendar.holidays), self.seed,
        )  # fmt: skip
        return hashlib.sha256(json.dumps(settings).encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """A city on disk: where, how many sensors were made now, how many were there before."""

    path: Path
    made: int
    kept: int


def simulate(city: City, path: str | os.PathLike[str], tell: Tell | None = None) -> Outcome:
    """Write a city as a folder that `open_mapped` opens; stopped at any time, the same call goes on.

    Beside the values stand `incidents.csv` and `faults.csv`, what was made to happen. Memory holds a few
    sensors at a time, whatever the size of the city.

    Args:
        city: What to make.
        path: Folder to write; it appears when all is done.
        tell: Called with the number of sensors that are done, and of all.

    Raises:
        DataError: Something else is there, or it cannot be written.

    """
    target = Path(path)
    if is_mapped(target) and _noted(target, city) == city.sensors:
        return Outcome(target, 0, city.sensors)
    free_place(target)
    aside = target.with_name(target.name + ".part")
    kept = _noted(aside, city)
    if not kept:
        shutil.rmtree(aside, ignore_errors=True)
    with writing(city.header(), aside) as writer:
        for row, flow in enumerate(flows(city, range(kept, city.sensors)), kept):
            writer.put(row, flow)
            if (row + 1) % TOGETHER == 0 or row + 1 == city.sensors:
                writer.sync()
                _note(aside, city, row + 1)
                if tell is not None:
                    tell(row + 1, city.sensors)
    _write_truth(city, aside)
    finish(city.header(), aside, target)
    return Outcome(target, city.sensors - kept, kept)


def simulated(city: City) -> Panel:
    """Make a small city in memory.

    >>> panel = simulated(City(sensors=3, days=2, step=3600))
    >>> panel.shape, bool((panel.values[np.isfinite(panel.values)] >= 0).all())
    ((3, 48), True)
    """
    return city.header().panel(np.stack(list(flows(city, range(city.sensors)))))


def flows(city: City, sensors: Iterable[int]) -> Iterator[Floats]:
    """Make the flows of sensors by number, each of shape (T,); each depends on the city and itself alone."""
    make = _Street(city)
    for sensor in sensors:
        flow = make(sensor)
        fail(flow, city.faults(sensor))
        yield flow


class _Street:
    """Makes one street after the other from what they have in common."""

    def __init__(self, city: City) -> None:
        law, step, slots = city.law, city.step, city.slots
        times = city.start + step * np.arange(slots, dtype=np.int64)
        self.city = city
        self.week_slots = city.calendar.week_slots(times, step)
        self.factors = law.factors(times, city.calendar)
        self.courses = law.courses(step)
        self.noise = np.float32(law.step / step)
        length = rhythms.length_for(slots, step)
        self.waves = rhythms.spectrum(law.own, step, length)
        self.common = rhythms.draw(
            generator(city.seed, COMMON), rhythms.spectrum(law.city, step, length), slots
        )
        self.which, self.weights, count = city.roads.districts()
        near = rhythms.spectrum(law.near, step, length)
        self.near = [rhythms.draw(generator(city.seed, COMMON, 1 + one), near, slots) for one in range(count)]

    def __call__(self, sensor: int) -> Floats:
        rng = generator(self.city.seed, STREET, sensor)
        law = self.city.law
        size = self._size(sensor)
        usual = size * self._course(rng)
        for one, factor in felt(self.city.incidents, self.city.roads, sensor):
            usual[one.first : one.last] *= np.float32(factor)
        of_spread, of_noise = rng.standard_normal(2)
        mean = usual + size * law.spread.at(usual / size, of_spread) * self._deviation(sensor, rng)
        np.maximum(mean, 0, out=mean)
        counted = np.sqrt(law.noise.at(mean, of_noise) * self.noise)
        counted *= rng.standard_normal(len(mean), dtype=np.float32)
        return np.asarray(np.rint(np.maximum(mean + counted, 0)), dtype=np.float32)

    def _size(self, sensor: int) -> np.float32:
        """Mean flow; few streets are much larger or smaller than most, none more than any."""
        mean, sd = self.city.law.log_size
        rank = float(np.clip(self.city.roads.rank[sensor], -BEYOND, BEYOND))
        return np.float32(np.exp(mean + sd * rank))

    def _course(self, rng: np.random.Generator) -> Floats:
        """Usual flow of mean 1: between two real courses, moved a little, with season and kind of day."""
        first, second = rng.choice(len(self.courses), 2, replace=False)
        share = np.float32(rng.uniform(0.5, 1.0))
        course = share * self.courses[first] + (1 - share) * self.courses[second]
        late = rng.normal(0.0, SHIFT) / self.city.step
        whole = int(np.floor(late))
        part = np.float32(late - whole)
        course = (1 - part) * np.roll(course, whole) + part * np.roll(course, whole + 1)
        return np.asarray(course[self.week_slots] * self.factors, dtype=np.float32)

    def _deviation(self, sensor: int, rng: np.random.Generator) -> Floats:
        """Draw what lasts of the deviations from the usual, in units of their spread."""
        normal = self.common + rhythms.draw(rng, self.waves, len(self.common))
        for one, weight in zip(self.which[sensor], self.weights[sensor], strict=True):
            normal += np.float32(weight) * self.near[one]
        return np.asarray(np.interp(normal, SCORES, self.city.law.tails), dtype=np.float32)


def _noted(folder: Path, city: City) -> int:
    """Sensors that a run with the same settings has finished in this folder."""
    try:
        noted: dict[str, Any] = json.loads((folder / DONE).read_text(encoding="utf-8"))
        return int(noted["sensors"]) if noted["settings"] == city.digest() else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _note(folder: Path, city: City, sensors: int) -> None:
    aside = folder / f"{DONE}.tmp"
    aside.write_text(json.dumps({"settings": city.digest(), "sensors": sensors}), encoding="utf-8")
    os.replace(aside, folder / DONE)


def _write_truth(city: City, folder: Path) -> None:
    """Write what was made to happen: incidents, and when sensors fail."""
    stamp = _stamps(city)
    with (folder / INCIDENTS_FILE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["begins", "ends", "road", "km_east", "km_north", "share_lost"])
        for one in city.incidents:
            where = (one.road, f"{one.east:.3f}", f"{one.north:.3f}", f"{one.depth:.3f}")
            table.writerow([stamp(one.first), stamp(one.last), *where])
    with (folder / FAULTS_FILE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["sensor", "kind", "begins", "ends"])
        for place, sensor in enumerate(city.roads.sensors):
            for fault in city.faults(place):
                table.writerow([sensor, fault.kind, stamp(fault.first), stamp(fault.last)])


def _stamps(city: City) -> Callable[[int], str]:
    def stamp(slot: int) -> str:
        moment = dt.datetime.fromtimestamp(city.start + slot * city.step, dt.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    return stamp
