"""A made-up city and what its watch would answer: streets with places, values, forecasts and alarms, from one seed.

Its answers follow the interface of `unseen watch`; tests show them to the dashboard without training anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

SLOT = 600
HORIZON = 1800
TIERS = ("green", "yellow", "red")
KINDS = ("Calle", "Avenida", "Ronda", "Paseo", "Camino", "Plaza", "Puente", "Travesía")
WORDS = (
    "del Faro", "de la Mar", "Vieja", "de los Álamos", "del Puerto", "Núñez", "de la Sal", "Nueva", "del Molino",
    "de las Torres", "del Norte", "de la Huerta", "San Telmo", "del Arsenal", "de los Pinos", "de la Fuente",
    "del Rey", "de Levante", "Santa Clara", "del Mercado", "de la Estación", "del Río", "de las Flores",
)  # fmt: skip


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _roads(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places (count, 2) in km around the centre, on rings, on roads outward and in quarters; a road each."""
    parts, roads, road = [], [], 0
    for radius in (1.1, 2.2, 3.6, 5.4):
        angle = np.linspace(0, 2 * np.pi, int(radius * 34), endpoint=False)
        wave = radius * (1 + 0.05 * np.sin(3 * angle + radius))
        parts.append(np.stack([wave * np.cos(angle), 0.85 * wave * np.sin(angle)], axis=1))
        roads.append(np.full(len(angle), road := road + 1))
    for angle in np.linspace(0.2, 2 * np.pi + 0.2, 13, endpoint=False):
        along = np.linspace(0.3, 8.0, 60)
        bend = angle + 0.1 * np.sin(along)
        parts.append(np.stack([along * np.cos(bend), along * np.sin(bend)], axis=1))
        roads.append(np.full(len(along), road := road + 1))
    while sum(map(len, parts)) < 1.9 * count:
        centre, turn = rng.normal(0, 2.3, 2), rng.uniform(0, np.pi / 2)
        across = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), axis=-1).reshape(-1, 2) * 0.16
        rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        parts.append(centre + across @ rotate + rng.normal(0, 0.012, across.shape))
        roads.append(road + 1 + np.repeat(np.arange(7), 7))
        road += 7
    places, names = np.concatenate(parts), np.concatenate(roads)
    coast = places[:, 0] < 3.6 + 0.5 * np.sin(places[:, 1]) + 0.15 * places[:, 1]
    kept = rng.permutation(np.flatnonzero(coast))[:count]
    return places[kept], names[kept]


@dataclass
class City:
    """Answers for `count` streets; `issued` is the end of the last slot."""

    count: int = 300
    seed: int = 7
    placed: bool = True
    issued: datetime = datetime(2026, 3, 12, 16, 10, tzinfo=UTC)
    zone: str = "Europe/Madrid"
    odd_names: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.places, roads = _roads(rng, self.count)
        self.size = rng.lognormal(5.9, 0.55, self.count)
        names = [f"{KINDS[road % len(KINDS)]} {WORDS[road * 7 % len(WORDS)]}" for road in roads]
        self.names = [f"{name} {self.names_before(names, i) + 1}" for i, name in enumerate(names)]
        for place, name in self.odd_names.items():
            self.names[place] = name
        # jams: three spots from which the chance of red falls off
        near = [np.hypot(*(self.places - spot).T) for spot in ((-1.8, 1.4), (2.4, -2.2), (0.4, -0.6))]
        heat = sum(np.exp(-((d / 0.55) ** 2)) for d in near) + rng.normal(0, 0.16, self.count)
        self.p = 1 / (1 + np.exp(-6.5 * (heat - 0.86)))
        self.tier = np.array(TIERS)[(self.p > 0.2).astype(int) + (self.p > 0.5)]
        self.tier[rng.random(self.count) < 0.035] = "no_data"
        self.tier[rng.random(self.count) < 0.01] = "not_enough_history"
        self.rng = rng
        self.alarms = self._alarms(rng)

    @staticmethod
    def names_before(names: list[str], place: int) -> int:
        return names[:place].count(names[place])

    def usual(self, places: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Two rush hours a day: vehicles an hour, (street, time)."""
        day = 0.18 + np.exp(-(((hours - 8.3) / 1.7) ** 2)) + 1.1 * np.exp(-(((hours - 18.3) / 2.4) ** 2))
        return self.size[places, None] * (day + 0.55 * np.exp(-(((hours - 13) / 3.2) ** 2)))

    def _hours(self, times: list[datetime]) -> np.ndarray:
        return np.array([t.hour + t.minute / 60 + 1 for t in times]) % 24  # winter in Madrid: UTC + 1

    def _alarms(self, rng: np.random.Generator) -> list[dict[str, Any]]:
        red = np.flatnonzero(self.tier == "red")
        old = rng.choice(self.count, min(140, 2 * self.count))
        found = [self._alarm(rng, int(i), self.issued - timedelta(seconds=SLOT * int(rng.integers(0, 4))), None) for i in red]
        for place in old:
            raised = self.issued - timedelta(seconds=SLOT * int(rng.integers(30, 900)))
            found.append(self._alarm(rng, int(place), raised, raised + timedelta(seconds=SLOT * int(rng.integers(2, 9)))))
        found.sort(key=lambda alarm: alarm["issued"], reverse=True)
        for number, alarm in enumerate(found):
            alarm["id"] = len(found) - number
        return found

    def _alarm(self, rng: np.random.Generator, place: int, raised: datetime, cleared: datetime | None) -> dict[str, Any]:
        target = raised + timedelta(seconds=HORIZON)
        limit = float(self.size[place] * 1.15)
        mean = limit * float(rng.uniform(1.0, 1.18))
        seen = cleared is not None and rng.random() < 0.6
        return {
            "id": 0, "sensor": f"P{place:04d}", "name": self.names[place], "issued": iso(raised),
            "issued_local": raised.isoformat(), "target": iso(target), "tier": "red", "p": round(float(rng.uniform(0.5, 0.93)), 3),
            "forecast": round(mean), "low": round(0.82 * mean), "high": round(1.2 * mean), "threshold": round(limit),
            "raised": iso(raised), "cleared": cleared and iso(cleared),
            "acknowledged": iso(raised + timedelta(minutes=7)) if seen else None, "acknowledged_by": "Marta" if seen else None,
            "outcome": None if cleared is None else ("true" if rng.random() < 0.7 else "false"), "model": "lstm 3f9a1c",
        }  # fmt: skip

    # -- answers -----------------------------------------------------------------------------------------

    def tiers(self) -> dict[str, Any]:
        open_alarms = {alarm["sensor"]: alarm["id"] for alarm in self.alarms if not alarm["cleared"]}
        now = self.usual(np.arange(self.count), self._hours([self.issued]))[:, 0]
        noisy = now * (1 + 0.1 * np.sin(np.arange(self.count)))
        sensors = []
        for i in range(self.count):
            told = self.tier[i] in TIERS
            lon, lat = (-30 + self.places[i, 0] / 85.4, 39.8 + self.places[i, 1] / 111.2) if self.placed else (None, None)
            sensors.append(
                {
                    "id": f"P{i:04d}", "name": self.names[i], "lon": lon, "lat": lat, "tier": str(self.tier[i]),
                    "p_red": round(float(self.p[i]), 3) if told else None,
                    "value": None if self.tier[i] == "no_data" else round(float(noisy[i])),
                    "forecast": round(float(noisy[i] * (1 + 0.35 * self.p[i]))) if told else None,
                    "target": iso(self.issued + timedelta(seconds=HORIZON)), "alarm": open_alarms.get(f"P{i:04d}"),
                }
            )  # fmt: skip
        return {
            "issued": iso(self.issued), "slot_seconds": SLOT, "horizon_seconds": HORIZON, "zone": self.zone, "sensors": sensors,
        }  # fmt: skip

    def street(self, sensor: str) -> dict[str, Any] | None:
        place = next((i for i in range(self.count) if f"P{i:04d}" == sensor), None)
        if place is None:
            return None
        rng = np.random.default_rng([self.seed, place])
        times = [self.issued + timedelta(seconds=SLOT * k) for k in range(-143, 4)]
        usual = self.usual(np.array([place]), self._hours(times))[0]
        drift = 1 + 0.25 * self.p[place] * np.linspace(-0.5, 1.3, len(times)) + np.convolve(rng.normal(0, 0.05, len(times) + 4), np.ones(5) / 5, "valid")
        values = usual * drift + rng.normal(0, 0.035 * self.size[place], len(times))
        mean = usual * (0.55 + 0.45 * drift)
        wide = 0.05 * self.size[place] + 0.1 * mean
        states = ["ok"] * 144
        states[40:46] = ["missing"] * 6
        if self.tier[place] == "no_data":
            states[-5:] = ["missing"] * 5
        tier, p = str(self.tier[place]), round(100 * self.p[place])
        local = (times[-1] + timedelta(hours=1)).strftime("%H:%M")
        words = {"red": f"red expected {local}, {p} %", "yellow": f"yellow expected {local}, red {p} %", "green": f"green expected {local}"}
        own = [alarm for alarm in self.alarms if alarm["sensor"] == sensor]
        sensors = self.tiers()["sensors"][place]
        return {
            "id": sensor, "name": self.names[place], "lon": sensors["lon"], "lat": sensors["lat"],
            "words": words.get(tier, tier.replace("_", " ")),
            "past": [
                {"time": iso(t), "value": round(float(v), 1) if s == "ok" else None, "state": s}
                for t, v, s in zip(times[:144], values, states, strict=False)
            ],
            "forecasts": [
                {"target": iso(t), "mean": round(float(m), 1), "q05": round(float(max(m - 1.64 * w, 0)), 1), "q25": round(float(m - 0.67 * w), 1),
                 "q75": round(float(m + 0.67 * w), 1), "q95": round(float(m + 1.64 * w), 1)}
                for t, m, w in zip(times[60:], mean[60:], wide[60:], strict=True)
            ],
            "last_week": [
                {"time": iso(t - timedelta(days=7)), "value": round(float(v * f), 1)}
                for t, v, f in zip(times, usual, rng.normal(1, 0.06, len(times)), strict=True)
            ],
            "thresholds": [
                {"time": iso(t), "yellow": round(float(0.95 * self.size[place])), "red": round(float(1.15 * self.size[place]))}
                for t in times
            ],
            "alarms": own,
        }  # fmt: skip

    def health(self) -> dict[str, Any]:
        with_data = int((self.tier != "no_data").sum())
        return {
            "kind": "series", "name": "Portavela (made up)", "now": iso(self.issued + timedelta(seconds=38)), "zone": self.zone,
            "slot_seconds": SLOT, "horizon_seconds": HORIZON, "issued": iso(self.issued), "last_poll": iso(self.issued + timedelta(seconds=30)),
            "last_reading": iso(self.issued - timedelta(seconds=45)), "stale": False, "stale_seconds": 83.0,
            "sensors": self.count, "with_data": with_data, "share_with_data": with_data / max(self.count, 1),
            "states": {"ok": with_data, "missing": self.count - with_data}, "clock_offset_seconds": 1.4,
            "slot_latency_seconds": {"last": 2.3, "worst": 4.9},
            "errors": [{"time": iso(self.issued - timedelta(hours=5)), "text": "HTTP 503 from the feed, tried again after 4 s", "count": 2}],
            "open_alarms": sum(not alarm["cleared"] for alarm in self.alarms), "model": "lstm 3f9a1c", "polls": 1440, "duplicates_ignored": 12873,
        }  # fmt: skip

    def scores(self) -> dict[str, Any]:
        return {
            "tables": [
                {
                    "title": "Forecast 30 min ahead, last 30 days", "note": "Made-up numbers of a made-up city.",
                    "columns": ["model", "MAE", "RMSE", "R²", "covered by 90 %"],
                    "rows": [["lstm", 41.2, 63.8, 0.91, 0.899], ["profile + residual", 47.9, 71.3, 0.88, 0.871], ["persistence", 66.0, 94.1, 0.79, None]],
                },
                {
                    "title": "Alarms, last 30 days", "columns": ["measure", "value"],
                    "rows": [["red recall", 0.66], ["red precision", 0.71], ["false red slots per sensor-day", 1.9], ["onset recall", 0.5]],
                },
            ]
        }  # fmt: skip
