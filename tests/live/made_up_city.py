"""A made-up city on an island that is not there: streets, a day of traffic, jams and alarms, from one seed.

It fills the store of a watch without training anything, as large as the cities that have thousands of loops.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unseen.live.alarm_table import acknowledge
from unseen.live.scoring import counted
from unseen.live.store import Change, Closed, Judged, Outlook, Raise, Store
from unseen.live.words import Shown

STEP, AHEAD, HOUR, DAY = 600, 3, 3600, 86_400
NOW = 1_773_332_400  # 2026-03-12 16:20 UTC, 17:20 in Madrid: the last closed slot ends here
MODEL = "lstm 3f9a1c"
KINDS = ("Calle", "Avenida", "Ronda", "Paseo", "Camino", "Plaza", "Puente", "Travesía")
WORDS = (
    "del Faro", "de la Mar", "Vieja", "de los Álamos", "del Puerto", "Núñez", "de la Sal", "Nueva",
    "del Molino", "de las Torres", "del Norte", "de la Huerta", "San Telmo", "del Arsenal", "de los Pinos",
    "de la Fuente", "del Rey", "de Levante", "Santa Clara", "del Mercado", "de la Estación", "del Río",
)  # fmt: skip
JAMS = ((-1.8, 1.4, 0.9), (2.2, -2.0, 0.6), (0.4, -0.6, 0.5), (-0.9, -3.0, 0.7), (1.2, 3.1, 0.5))
LEVELS = np.array([-1.64, -0.67, 0.0, 0.67, 1.64])


def roads(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places (count, 2) in km from the centre and their road: on rings, on roads outward, in quarters."""
    parts, names = [], []
    for radius in (1.1, 2.2, 3.6, 5.4):
        angle = np.linspace(0, 2 * np.pi, int(radius * 34), endpoint=False)
        wave = radius * (1 + 0.05 * np.sin(3 * angle + radius))
        parts.append(np.stack([wave * np.cos(angle), 0.85 * wave * np.sin(angle)], axis=1))
    for angle in np.linspace(0.2, 2 * np.pi + 0.2, 13, endpoint=False):
        along = np.linspace(0.3, 8.0, 60)
        bend = angle + 0.1 * np.sin(along)
        parts.append(np.stack([along * np.cos(bend), along * np.sin(bend)], axis=1))
    names = [np.full(len(part), number) for number, part in enumerate(parts)]
    while sum(map(len, parts)) < 1.9 * count:
        centre, turn = rng.normal(0, 2.3, 2), rng.uniform(0, np.pi / 2)
        across = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), axis=-1).reshape(-1, 2) * 0.16
        rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        parts.append(centre + across @ rotate + rng.normal(0, 0.012, across.shape))
        names.append(int(names[-1].max()) + 1 + np.repeat(np.arange(7), 7))
    places, road = np.concatenate(parts), np.concatenate(names)
    land = places[:, 0] < 3.6 + 0.5 * np.sin(places[:, 1]) + 0.15 * places[:, 1]
    kept = rng.permutation(np.flatnonzero(land))[:count]
    return places[kept], road[kept]


@dataclass
class City:
    """`count` streets over `hours` before `NOW`, and the same hours a week before."""

    count: int = 3500
    hours: int = 25
    seed: int = 7
    placed: bool = True

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.places, road = roads(rng, self.count)
        self.names = self._names(road)
        self.size = rng.lognormal(5.9, 0.55, self.count)
        self.limits = (self.size[:, None] * np.array([1.16, 1.34])).astype(np.float32)
        jam = sum(np.exp(-((np.hypot(*(self.places - (x, y)).T) / reach) ** 2)) for x, y, reach in JAMS)
        self.jam = np.clip(jam + rng.normal(0, 0.12, self.count), 0, None)
        self.times = np.arange(NOW - self.hours * HOUR, NOW + AHEAD * STEP, STEP)
        self.usual = self._usual(self.times)
        # jams build up over the last hours before now, street by street
        rise = 1 / (1 + np.exp(-(self.times - NOW + 0.5 * HOUR) / 2400))
        morning = np.exp(-(((self.times - NOW + 8.8 * HOUR) / 3600) ** 2))
        self.drift = 1 + 0.5 * self.jam[:, None] * rise + 0.55 * np.roll(self.jam, 40)[:, None] * morning
        shape = self.usual.shape
        noise = rng.normal(0, 0.045, shape) + np.cumsum(rng.normal(0, 0.008, shape), axis=1)
        self.values = np.clip(self.usual * (self.drift + noise), 0, None).astype(np.float32)
        self.silent = rng.random(self.count) < 0.03
        self.young = rng.random(self.count) < 0.006
        self.rng = rng

    def _names(self, road: np.ndarray) -> list[str]:
        seen: Counter[str] = Counter()
        found = []
        for number in road:
            name = f"{KINDS[number % len(KINDS)]} {WORDS[number * 7 % len(WORDS)]}"
            seen[name] += 1
            found.append(f"{name} {seen[name]}")
        return found

    def _usual(self, times: np.ndarray) -> np.ndarray:
        """Two rush hours a day on the clock of Madrid in winter; vehicles an hour, (street, time)."""
        hour = (times / HOUR + 1) % 24
        rush = np.exp(-(((hour - 8.3) / 1.5) ** 2)) + 1.05 * np.exp(-(((hour - 18.2) / 2.2) ** 2))
        return self.size[:, None] * (0.12 + 0.9 * rush + 0.55 * np.exp(-(((hour - 13) / 3.2) ** 2)))[None, :]

    def outlook(self, slot: int, on: np.ndarray) -> Outlook:
        """What was expected at the close of a slot; `on` is whether alarms were on before it."""
        target = slot + AHEAD
        mean = (self.usual[:, target] * (1 + 0.93 * (self.drift[:, target] - 1))).astype(np.float32)
        wide = (0.02 * self.size + 0.05 * mean).astype(np.float32)
        grid = np.clip(mean[:, None] + wide[:, None] * LEVELS, 0, None).astype(np.float32)
        p_red = (1 / (1 + np.exp(-1.7 * (mean - self.limits[:, 1]) / wide))).astype(np.float32)
        alarm = (p_red > np.where(on, 0.4, 0.5)) & ~self.silent & ~self.young
        tier = np.where(alarm, Shown.RED, np.where(mean > self.limits[:, 0], Shown.YELLOW, Shown.GREEN))
        mute = [self.silent, self.young]
        tier = np.select(mute, [Shown.NO_DATA, Shown.NOT_ENOUGH_HISTORY], tier).astype(np.uint8)
        blank = np.where(self.silent | self.young, np.nan, 1).astype(np.float32)
        issued, aim = int(self.times[slot]) + STEP, int(self.times[target])
        return Outlook(
            issued, aim, MODEL, mean * blank, grid * blank[:, None], grid[:, ::4], self.limits,
            p_red * blank, tier, alarm,
        )  # fmt: skip

    def measured(self, slot: int) -> np.ndarray:
        """Values of a slot; silent streets stopped 4 h ago, a third said nothing for an hour at night."""
        value = self.values[:, slot].copy()
        gone = self.silent & (self.times[slot] > NOW - 4 * HOUR)
        if NOW - 16 * HOUR <= self.times[slot] < NOW - 15 * HOUR:
            gone = gone | (np.arange(self.count) % 3 == 0)
        value[gone] = np.nan
        return value


def write(city: City, path: Path) -> Store:
    """Write the store of a watch that has looked at this city."""
    store = Store(path)
    store.db.execute("PRAGMA synchronous = OFF")
    store.settle({"zone": "Europe/Madrid", "slot_seconds": str(STEP)})
    settings = {"horizon_seconds": "1800", "unit": "veh/h", "model": MODEL, "feed": "127.0.0.1/loops",
                "name": "Portavela (made up)"}  # fmt: skip
    for name, value in settings.items():
        store.write_setting(name, value)
    lon, lat = -30 + city.places[:, 0] / 85.4, 39.8 + city.places[:, 1] / 111.2
    store.add_sensors(
        [(f"P{i:04d}", name, float(lon[i]), float(lat[i])) if city.placed else (f"P{i:04d}", name, None, None)
         for i, name in enumerate(city.names)],
        since=NOW - 60 * DAY,
    )  # fmt: skip
    _week_before(city, store)
    _day(city, store)
    poll = {"clock": NOW + 95, "result": "ok", "newest": NOW + 40, "offset": 1.4}
    store.write_setting("last_poll", json.dumps(poll))
    rows = [
        (NOW - 9 * HOUR, "error", "HTTP 503, asked again after 4 s", 2),
        (NOW - 2 * HOUR, "late", "14 readings after their slot", 14),
    ]
    store.db.executemany("INSERT INTO feed VALUES (NULL, ?, ?, ?, ?)", rows)
    return store


def _week_before(city: City, store: Store) -> None:
    ago = city.usual * (1 + city.rng.normal(0, 0.06, city.usual.shape))
    states = np.zeros(city.count, np.uint8)
    for slot, time in enumerate(city.times):
        value = ago[:, slot].astype(np.float32)
        store.commit(Closed(int(time) - 7 * DAY, value, states, float(time), seconds=2.1))


def _day(city: City, store: Store) -> None:
    on: dict[int, int] = {}
    before: list[Outlook] = []
    for slot in range(len(city.times) - AHEAD):
        time, value = int(city.times[slot]), city.measured(slot)
        seen = city.outlook(slot, np.isin(np.arange(city.count), list(on)))
        raised = [_raise(seen, place) for place in np.flatnonzero(seen.alarm).tolist() if place not in on]
        over = [place for place in on if not seen.alarm[place]]
        came = value > 0.95 * city.limits[:, 1]
        changes = [Change(on[place], "cleared", seen.issued) for place in over]
        changes += [
            Change(on[place], "outcome", seen.issued, str(bool(came[place])).lower()) for place in over
        ]
        judged = None
        if slot > AHEAD:
            judged = Judged(counted(before[slot - AHEAD], value, city.measured(slot - AHEAD)))
        before.append(seen)
        state = np.where(np.isnan(value), 1, 0).astype(np.uint8)
        closed = Closed(time, value, state, time + STEP + 122.0, seen, raised, changes, judged=judged,
                        seconds=float(city.rng.uniform(1.8, 3.1)))  # fmt: skip
        numbers = store.commit(closed)
        on = {place: number for place, number in on.items() if place not in over}
        on.update({one.sensor: number for one, number in zip(raised, numbers, strict=True)})
    for number in range(1, store.db.execute("SELECT count(*) FROM alarms").fetchone()[0] + 1, 3):
        acknowledge(store, number, by="Marta", note="", clock=NOW + 60.0)


def _raise(seen: Outlook, place: int) -> Raise:
    grid = seen.quantile[place]
    numbers = (seen.p_red[place], seen.mean[place], grid[0], grid[-1], seen.threshold[place, 1])
    return Raise(place, seen.issued, seen.target, "red", *(round(float(one), 3) for one in numbers), MODEL)
