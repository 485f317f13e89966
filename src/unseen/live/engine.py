"""The close of a slot: values in; forecasts, tiers and alarms out, written at once.

What it does depends on the store, the slot and nothing else: a process that was killed goes on as if it had
not been, and a run over stored values says what a live one said.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.machine import Moved, Standing, Status
from unseen.forecasting.conformal import Conformal
from unseen.live.awaiting import Awaiting
from unseen.live.config import WatchSettings
from unseen.live.fitted import START_THETA, Renewal, keep, machine
from unseen.live.margins import Margins
from unseen.live.schema import LEVELS
from unseen.live.scoring import counted
from unseen.live.store import Change, Closed, Judged, Outlook, Raise, Store
from unseen.live.window import Window
from unseen.live.words import Shown
from unseen.series.forecasts import Forecasts

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]

WINDOW_DAYS = 9
"""Days a forecaster looks at: a week before the target, and what it takes to bridge a gap."""
LEAST_DAYS = 1.0
"""Days of values without which a street is not forecast."""


@dataclass(frozen=True)
class Report:
    """What the close of a slot brought.

    Attributes:
        slot: Second at which it began.
        raised: Numbers of the alarms that were raised.
        tiers: Streets by what they are shown as.
        known: Streets with a value.
        seconds: From the close to the written tiers.

    """

    slot: int
    raised: tuple[int, ...]
    tiers: Mapping[str, int]
    known: int
    seconds: float


class Engine:
    """Closes slots one after the other.

    Args:
        store: Where everything is kept.
        settings: Of the watch.
        renewal: How what is renewed daily is made.

    """

    def __init__(self, store: Store, settings: WatchSettings, renewal: Renewal) -> None:
        self.store, self.settings, self.renewal = store, settings, renewal
        self.step = settings.step
        self.machine = machine(settings)
        self.muted = False
        self.last = store.last_slot()
        start = 0 if self.last is None else self.last
        slots = WINDOW_DAYS * 86_400 // self.step
        self.window = Window.read(store, renewal.calendar, step=self.step, slots=slots, last=start)
        self.fitted = renewal.load(store) or renewal.fit(store, start)
        if store.kept("fitted") is None and self.last is not None:
            self._keep_fitted(start)
        self.margins = Margins(Conformal(), self.step, store, len(self.window.ids))
        self._margins_kept = self.margins.hour
        self.awaiting = Awaiting.read(store, self.step)
        self.standing = self._stored_standing()
        if self.last is not None:
            self._renew_if_due(self.last)

    def grow(self) -> None:
        """Make room for sensors that came to the store."""
        ids = tuple(sensor.id for sensor in self.store.sensors())
        if len(ids) > len(self.window.ids):
            self.window.grow(ids)
            self.margins.grow(len(ids))
            self.standing = self._grown(self.standing)

    def close(
        self, slot: int, value: Floats, state: Codes, clock: float, kept: Mapping[str, bytes]
    ) -> Report:
        """Close a slot and write everything that follows from it in one transaction.

        Args:
            slot: Second at which it begins.
            value: Shape (S,), NaN where nothing came.
            state: Shape (S,).
            clock: What the clock of the watch says.
            kept: What others need at the next start, written in the same transaction.

        """
        started = time.perf_counter()
        before = self._before(slot)
        judged = self.window.add(
            slot,
            value,
            state,
            lowest=self.settings.series.lowest,
            limit=self._padded(self.fitted.limit, np.nan),
        )
        clean = self.window.values[:, -1]
        self.last = slot
        changes, seen = self._judge(slot, clean, before)
        outlook, moved = self._look_ahead(slot, clean)
        raised = [] if self.muted else self._raises(outlook, moved)
        if not self.muted:
            changes += self.awaiting.clear(
                np.flatnonzero(moved.ended).tolist(), outlook.issued, outlook.target
            )
        self.standing = moved.after
        closed = Closed(
            slot, value, judged, clock, outlook, raised, changes, {**kept, **self._kept()}, seen,
            time.perf_counter() - started,
        )  # fmt: skip
        numbers = self.store.commit(closed)
        self.awaiting.add(numbers, raised)
        taken = time.perf_counter() - started
        tiers = np.bincount(outlook.tier, minlength=len(Shown))
        words = {one.word: int(tiers[one]) for one in Shown}
        report = Report(slot, tuple(numbers), words, int(np.isfinite(clean).sum()), taken)
        self._renew_if_due(slot)
        return report

    # -- what is over

    def _before(self, slot: int) -> Floats | None:
        """Values that persistence expects in this slot: the last ones known when it was forecast."""
        forecaster = self.fitted.forecaster
        if forecaster is None:
            return None
        since = (slot - self.window.last) // self.step
        column = self.window.values.shape[1] - 1 - (forecaster.horizon - since)
        return self.window.values[:, column].copy() if 0 <= column < self.window.values.shape[1] else None

    def _judge(self, slot: int, clean: Floats, before: Floats | None) -> tuple[list[Change], Judged | None]:
        seen = next(self.store.outlooks(slot, slot + 1, len(clean)), None)
        if seen is None:
            nothing = np.full(len(clean), np.nan, np.float32)
            return self.awaiting.judge(slot, nothing, nothing), None
        changes = self.awaiting.judge(slot, clean, seen.threshold[:, 1])
        score = self.margins.learn(slot, seen.raw, clean)
        none = np.full(len(clean), np.nan, np.float32)
        return changes, Judged(counted(seen, clean, none if before is None else before), score)

    # -- what is to come

    def _look_ahead(self, slot: int, clean: Floats) -> tuple[Outlook, Moved]:
        enough = self.window.days_known >= LEAST_DAYS
        raw, target = self._forecast(slot, enough)
        bounds = self.fitted.bounds(target, len(clean))
        mean, grid, chance = self._honest(raw, target, bounds)
        # a chance from a street that shows nothing now is not one to raise or to clear by
        chance = np.where(np.isfinite(clean), chance, np.float32(np.nan))
        judged = enough & np.isfinite(bounds[:, 1])
        moved = self.machine.step(self.standing, chance, self._theta(), judged)
        outlook = Outlook(
            issued=slot + self.step,
            target=target,
            model=self.fitted.model,
            mean=mean,
            quantile=grid,
            raw=np.empty((len(clean), 0), np.float32) if raw is None else raw.quantiles[:, 0],
            threshold=bounds,
            p_red=chance,
            tier=_tiers(moved.after, mean, bounds),
            alarm=moved.after.on,
        )
        return outlook, moved

    def _honest(self, raw: Forecasts | None, target: int, bounds: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean, kept quantiles and chance of red, once margins have made the quantiles honest."""
        if raw is None:
            nothing = np.full(len(bounds), np.nan, np.float32)
            return nothing, np.full((len(bounds), len(LEVELS)), np.nan, np.float32), nothing
        honest = self.margins.widen(target, raw.quantiles[:, 0])
        wide = replace(raw, quantiles=honest[:, None])
        grid = np.stack([wide.quantile(level)[:, 0] for level in LEVELS], axis=1)
        return wide.mean[:, 0], grid, wide.chance_over(bounds[:, 1:])[:, 0]

    def _forecast(self, slot: int, enough: NDArray[np.bool_]) -> tuple[Forecasts | None, int]:
        forecaster = self.fitted.forecaster
        if forecaster is None or self.fitted.tier is None:
            ahead = -(-60 * self.settings.forecast.ahead // self.step)
            return None, slot + ahead * self.step
        panel = self.window.panel()
        found = forecaster.forecast(panel, [panel.slots - 1])
        mean = np.where(enough[:, None], found.mean, np.float32(np.nan))
        quantiles = np.where(enough[:, None, None], found.quantiles, np.float32(np.nan))
        return replace(found, mean=mean, quantiles=quantiles), int(found.target[0])

    def _raises(self, outlook: Outlook, moved: Moved) -> list[Raise]:
        return [
            Raise(
                place, outlook.issued, outlook.target, "red",
                float(outlook.p_red[place]), float(outlook.mean[place]), float(outlook.quantile[place, 0]),
                float(outlook.quantile[place, -1]), float(outlook.threshold[place, 1]), outlook.model,
            )
            for place in np.flatnonzero(moved.raised).tolist()
        ]  # fmt: skip

    # -- what is renewed and kept

    def _renew_if_due(self, slot: int) -> None:
        """Renew once the local day is over; from the store alone, so that it can be done after a restart."""
        local = self.renewal.calendar.local([self.fitted.slot + self.step, slot + self.step]).day
        if local[0] != local[1]:
            self.renew(slot)

    def renew(self, slot: int) -> None:
        """Look back from a closed slot, and keep what was found."""
        self.fitted = self.renewal.fit(self.store, slot)
        self._keep_fitted(slot)

    def _keep_fitted(self, slot: int) -> None:
        body = keep(self.fitted, self.window.ids)
        with self.store.whole():
            self.store.keep(slot, {"fitted": body})

    def _theta(self) -> Floats:
        """Raise thresholds; a sensor that came since takes the middle one, and muted ones never raise."""
        if self.muted:
            return np.full(len(self.window.ids), np.inf, np.float32)
        theta = self.fitted.theta
        return self._padded(theta, float(np.median(theta)) if len(theta) else START_THETA)

    def _padded(self, values: Floats, fill: float) -> Floats:
        more = len(self.window.ids) - len(values)
        return np.pad(values, (0, more), constant_values=fill) if more > 0 else values

    def _kept(self) -> dict[str, bytes]:
        """Gather what the next start needs to know."""
        found = {"standing": json.dumps(self.standing.to_dict()).encode()}
        if self.margins.hour != self._margins_kept:
            self._margins_kept = self.margins.hour
            found["margins"] = self.margins.kept()
        return found

    def _stored_standing(self) -> Standing:
        body = self.store.kept("standing")
        if body is None:
            return self.machine.start(len(self.window.ids))
        return self._grown(Standing.from_dict(json.loads(body)))

    def _grown(self, standing: Standing) -> Standing:
        """Let sensors that came since stand where all begin."""
        new = self.machine.start(len(self.window.ids) - len(standing.status))
        parts = (np.concatenate([getattr(standing, part), getattr(new, part)]) for part in PARTS)
        return Standing(*parts)


PARTS = ("status", "low", "missing")


def _tiers(standing: Standing, mean: Floats, bounds: Floats) -> Codes:
    """Say what streets are shown as: red while an alarm is on, else by the forecast; no silent green."""
    with np.errstate(invalid="ignore"):
        calm = np.where(mean >= bounds[:, 0], Shown.YELLOW, Shown.GREEN)
    calm = np.where(np.isfinite(mean) & np.isfinite(bounds[:, 0]), calm, Shown.NOT_ENOUGH_HISTORY)
    found = np.where(standing.on, Shown.RED, calm)
    found = np.where(standing.status == Status.NO_DATA, Shown.NO_DATA, found)
    return np.where(standing.status == Status.NOT_ENOUGH_HISTORY, Shown.NOT_ENOUGH_HISTORY, found).astype(
        np.uint8
    )
