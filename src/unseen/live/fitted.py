"""What is renewed once a day from the store: forecaster, thresholds of tiers, raise thresholds, limits."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.budget import Budget
from unseen.alarms.machine import Machine
from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import FittedTier, FixedTier, Level, Tier, tier
from unseen.errors import DataError
from unseen.forecasting.forecaster import Forecaster
from unseen.forecasting.history import Usual
from unseen.forecasting.naive import Baseline, usual_and_residual
from unseen.live.config import WatchSettings
from unseen.live.store import Store
from unseen.seeds import generator
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel, State
from unseen.series.profile import Profile

Floats = NDArray[np.float32]

PAST_DAYS = 35
MOST_REPLAYED = 256
"""Sensors on which a pooled raise threshold is chosen: a sample of a city says the same as all of it."""
START_THETA = 0.5
"""Raise threshold before a day of outcomes is known."""
NAME = "usual + .7 residual"


@dataclass(frozen=True, eq=False)
class Fitted:
    """What the next slots are judged by.

    Attributes:
        forecaster: Says what to expect; None while too little is known.
        model: Its name in the log.
        tier: Where yellow and red begin, of the sensors known at `slot`; None while too little is known.
        theta: Shape (S,), raise above this chance.
        limit: Shape (S,), 99.9 % point of each sensor.
        slot: Second at which the last slot that was looked at begins.

    """

    forecaster: Forecaster | None
    model: str
    tier: FittedTier | None
    theta: Floats
    limit: Floats
    slot: int

    def bounds(self, target: int, sensors: int) -> Floats:
        """Where yellow and red begin in a slot, shape (S, 2); NaN for sensors that came since."""
        found = np.full((sensors, 2), np.nan, np.float32)
        if self.tier is not None:
            at = self.tier.at([target])
            found[: len(at.red)] = np.concatenate([at.yellow, at.red], axis=1)
        return found


@dataclass(frozen=True)
class Renewal:
    """How `Fitted` is made from a store.

    Args:
        settings: Of the watch.
        calendar: Zone and holidays.
        forecaster: One from a file; None learns what is usual, anew every day.
        model: Name of the one from a file.

    """

    settings: WatchSettings
    calendar: Calendar
    forecaster: Forecaster | None = None
    model: str = NAME

    def fit(self, store: Store, slot: int) -> Fitted:
        """Look back from a closed slot, itself included."""
        panel = self._past(store, slot)
        known = np.isfinite(panel.values).sum(axis=1)
        limit = limits(panel.values)
        enough = bool((known >= panel.a_day).any())
        if not enough:
            theta = np.full(len(known), START_THETA, np.float32)
            return Fitted(self.forecaster, self.model, None, theta, limit, slot)
        profile = Profile.fit(panel)
        forecaster = self.forecaster
        if forecaster is None:
            forecaster = Baseline(usual_and_residual, self.settings.forecast.ahead).fit(panel)
        tiers = self._tier().fit(panel, profile)
        theta = self._theta(store, panel, slot, forecaster.horizon)
        return Fitted(forecaster, self.model, tiers, theta, limit, slot)

    def load(self, store: Store) -> Fitted | None:
        """Take up what `keep` wrote, None where nothing was."""
        body = store.kept("fitted")
        if body is None:
            return None
        arrays = _arrays(body)
        ids = tuple(arrays["ids"].tolist())
        forecaster, tiers = self.forecaster, None
        if "floor" in arrays:
            profile = Profile(
                ids, self.calendar, self.settings.step, arrays["count"], arrays["mean"], arrays["sd"]
            )
            deviations = (float(arrays["deviations"][0]), float(arrays["deviations"][1]))
            tiers = FittedTier(self.settings.alarm.tier, ids, arrays["floor"], deviations, profile)
            if forecaster is None:
                forecaster = _baseline(arrays, ids, self.settings)
        slot = int(arrays["slot"][0])
        return Fitted(forecaster, self.model, tiers, arrays["theta"], arrays["limit"], slot)

    def _past(self, store: Store, slot: int) -> Panel:
        step = self.settings.step
        slots = PAST_DAYS * 86_400 // step
        sensors = store.sensors()
        oldest = store.db.execute("SELECT min(time) FROM slots").fetchone()[0]
        week = slot - 7 * 86_400 + step
        first = max(slot - (slots - 1) * step, min(week if oldest is None else oldest, week))
        values, states = store.slots(first, slot + step, step, len(sensors))
        clean = np.where(states == State.OK, values, np.float32(np.nan))
        ids = tuple(sensor.id for sensor in sensors)
        return Panel(np.ascontiguousarray(clean), start=first, step=step, sensors=ids, calendar=self.calendar)

    def _tier(self) -> Tier:
        alarm = self.settings.alarm
        return tier(alarm.tier) if alarm.fixed is None else FixedTier.read(alarm.fixed)

    def _theta(self, store: Store, panel: Panel, slot: int, ahead: int) -> Floats:
        alarm = self.settings.alarm
        sensors = len(panel.sensors)
        if alarm.theta is not None:
            return np.full(sensors, alarm.theta, np.float32)
        rows = _replayed(sensors) if alarm.pooled else np.arange(sensors)
        found = _past_chances(store, panel, slot, ahead, rows)
        if found is None:
            return np.full(sensors, START_THETA, np.float32)
        outcomes, chance = found
        budget = Budget(alarm.budget, pooled=alarm.pooled, machine=machine(self.settings))
        theta = budget.thetas(budget.replay(outcomes, chance))[:, -1]
        theta = np.where(np.isfinite(theta), theta, START_THETA).astype(np.float32)
        return np.full(sensors, theta[0], np.float32) if alarm.pooled else theta


def machine(settings: WatchSettings) -> Machine:
    """Return the states of alarms as the settings have them."""
    alarm = settings.alarm
    return Machine(alarm.keep, alarm.clear_after, alarm.hold)


def keep(fitted: Fitted, ids: tuple[str, ...]) -> bytes:
    """Write what `Renewal.load` reads: arrays, nothing that could be run."""
    arrays: dict[str, NDArray[Any]] = {
        "ids": np.array(ids[: len(fitted.theta)], dtype=np.str_),
        "theta": fitted.theta,
        "limit": fitted.limit,
        "slot": np.array([fitted.slot], np.int64),
    }
    if fitted.tier is not None:
        profile = fitted.tier.profile
        arrays |= {
            "floor": fitted.tier.floor,
            "deviations": np.array(fitted.tier.deviations),
            "mean": profile.mean,
            "sd": profile.sd,
            "count": profile.count,
        }
    if isinstance(fitted.forecaster, Baseline):
        arrays |= {
            "scale": fitted.forecaster.usual_.scale,
            "errors": fitted.forecaster.errors_,
            "least": np.array([fitted.forecaster.floor_]),
        }
    body = io.BytesIO()
    np.savez(body, **arrays)  # type: ignore[arg-type]
    return body.getvalue()


def limits(values: Floats) -> Floats:
    """99.9 % point of each sensor, NaN with less than a thousand values; (S, T) -> (S,)."""
    ordered = np.sort(values, axis=1)  # NaN come last
    known = np.isfinite(values).sum(axis=1)
    place = np.ceil(0.999 * np.maximum(known - 1, 0)).astype(np.int64)
    found = ordered[np.arange(len(values)), place] if values.shape[1] else np.full(len(values), np.nan)
    return np.where((known >= 1_000) & (found > 0), found, np.nan).astype(np.float32)


def _arrays(body: bytes) -> Mapping[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, KeyError) as error:
        raise DataError(f"what the store kept for the next start cannot be read: {error}") from error


def _baseline(arrays: Mapping[str, NDArray[Any]], ids: tuple[str, ...], settings: WatchSettings) -> Baseline:
    found = Baseline(usual_and_residual, settings.forecast.ahead)
    found.step_, found.sensors_ = settings.step, ids
    found.usual_ = Usual(arrays["mean"], arrays["sd"], arrays["count"], arrays["scale"])
    found.errors_, found.floor_ = arrays["errors"], float(arrays["least"][0])
    return found


def _replayed(sensors: int) -> NDArray[np.int64]:
    some = min(sensors, MOST_REPLAYED)
    return np.sort(generator(0, 83).choice(sensors, some, replace=False))


def _past_chances(
    store: Store, panel: Panel, slot: int, ahead: int, rows: NDArray[np.int64]
) -> tuple[Outcomes, Floats] | None:
    """Look up what was forecast of some sensors, and what came; None without a whole day of it."""
    width, step = len(panel.sensors), panel.step
    query = "SELECT target, p_red, threshold FROM forecasts WHERE target <= ? ORDER BY target"
    found = store.db.execute(query, (slot,)).fetchall()
    if not found or slot - found[0][0] + step < 86_400:
        return None
    first = int(found[0][0])
    count = (slot - first) // step + 1
    chance = np.full((count, len(rows)), np.nan, np.float32)
    bounds = np.full((count, len(rows), 2), np.nan, np.float32)
    for target, p_red, threshold in found:
        place, own = (target - first) // step, np.frombuffer(p_red, "<f4")
        there = rows < len(own)
        chance[place, there] = own[rows[there]]
        bounds[place, there] = np.frombuffer(threshold, "<f4").reshape(-1, 2)[rows[there]]
    value = panel.values[rows, -count:] if count <= panel.slots else None
    if value is None or len(rows) > width:
        return None
    with np.errstate(invalid="ignore"):
        level = (value >= bounds[..., 0].T).astype(np.int8) + (value >= bounds[..., 1].T)
    level = np.where(np.isfinite(value) & np.isfinite(bounds[..., 1].T), level, Level.UNKNOWN).astype(np.int8)
    target = first + step * np.arange(count, dtype=np.int64)
    local = panel.calendar.local
    outcomes = Outcomes(
        tuple(panel.sensors[row] for row in rows), target, step, ahead, local(target).day,
        local(target - (ahead - 1) * step).day, level, np.roll(level, ahead, axis=1),
    )  # fmt: skip
    return outcomes, chance.T
