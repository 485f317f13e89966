"""Margins that make quantiles honest, from the outcomes of the last two weeks that the store holds."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from unseen.forecasting.conformal import PAIRS, YOUNG_DAYS, Conformal, Rolling, conformal_quantile
from unseen.forecasting.forecaster import LEVELS
from unseen.live.arrays import unpacked
from unseen.live.store import Store
from unseen.series.panel import HOUR

Floats = NDArray[np.float32]

DAY = 86_400
POOLED = 2_000_000
"""Scores that sensors with a short past share, at most; of a city every n-th sensor gives some."""


class Margins:
    """Rolling conformal quantile regression (`forecasting.conformal`) whose memory is the store.

    The scores of a slot stand at a place of its own in a ring, so that a restart finds the same ring, with
    the same holes. Margins are computed anew once an hour.

    Args:
        settings: How long outcomes count.
        step: Seconds a slot.
        store: Where scores and margins were kept.
        sensors: How many there are.

    """

    def __init__(self, settings: Conformal, step: int, store: Store, sensors: int) -> None:
        self.settings, self.step = settings, step
        self.slots = round(settings.days * DAY / step)
        self._rules = self._ruled(sensors)
        self.pairs = len(PAIRS)
        self._ring = np.full((sensors, self.pairs, self.slots), np.nan, np.float32)
        self.margins = np.zeros((sensors, self.pairs), np.float32)
        self.hour = -1
        self.newest: int | None = None
        self._restore(store)

    def grow(self, sensors: int) -> None:
        """Make room for sensors that came; they take the pooled margins at the next hour."""
        more = sensors - len(self.margins)
        if more > 0:
            self._rules = self._ruled(sensors)
            self._ring = np.pad(self._ring, ((0, more), (0, 0), (0, 0)), constant_values=np.nan)
            self.margins = np.pad(self.margins, ((0, more), (0, 0)))

    def widen(self, target: int, quantiles: Floats) -> Floats:
        """Return the quantiles (S, Q) of a slot, made honest."""
        hour = int(target // round(self.settings.renew_hours * HOUR))
        if hour != self.hour:
            self.hour, self.margins = hour, self._computed()
        return self._rules.widened(quantiles, self.margins)

    def learn(self, target: int, raw: Floats, value: Floats) -> Floats | None:
        """Take in what came (S,), NaN where nothing did; return scores (S, P), None without a forecast."""
        if not raw.shape[1]:
            return None
        self._skip(target)
        score = self._rules.scores_of(raw[:, None], value[:, None])[..., 0]
        self._ring[:, :, target // self.step % self.slots] = score
        return score

    def kept(self) -> bytes:
        """Return the margins, for the next start."""
        body = io.BytesIO()
        np.savez(body, hour=np.array([self.hour]), margins=self.margins)
        return body.getvalue()

    def _ruled(self, sensors: int) -> Rolling:
        """Return what knows pairs and widths; its own memory is a single slot."""
        one = Conformal(days=self.step / DAY)
        return Rolling(one, LEVELS, step=self.step, clusters=np.zeros(sensors, np.int64))

    def _skip(self, target: int) -> None:
        """Empty the places of slots that have passed without an outcome."""
        first = target if self.newest is None else self.newest + self.step
        for slot in range(max(first, target - (self.slots - 1) * self.step), target, self.step):
            self._ring[:, :, slot // self.step % self.slots] = np.nan
        self.newest = target

    def _restore(self, store: Store) -> None:
        body = store.kept("margins")
        if body is not None:
            with np.load(io.BytesIO(body), allow_pickle=False) as file:
                self.hour = int(file["hour"][0])
                found = file["margins"]
                self.margins[: len(found)] = found
        last = store.db.execute("SELECT max(target) FROM forecasts WHERE score IS NOT NULL").fetchone()[0]
        if last is None:
            return
        self.newest = int(last)
        rows = store.db.execute(
            "SELECT target, score FROM forecasts WHERE target > ? AND length(score) > 0",
            (last - self.slots * self.step,),
        )
        for target, score in rows:
            scores = unpacked(score, "<f4", len(self.margins), np.nan, self.pairs)
            self._ring[:, :, target // self.step % self.slots] = scores

    def _computed(self) -> Floats:
        """Margins (S, P) from the scores that are there now."""
        known = np.isfinite(self._ring[:, 0]).sum(axis=1)
        old = known * self.step >= YOUNG_DAYS * DAY
        shares = np.broadcast_to(np.array([high - low for low, high in PAIRS]), self.margins.shape)
        found = np.zeros_like(self.margins)
        if old.any():
            found[old] = conformal_quantile(self._ring[old], shares[old])
        if not old.all() and known.any():
            thin = max(1, self._ring[:, 0].size // POOLED)
            pool = self._ring[known > 0][::thin]
            pool = pool.transpose(1, 0, 2).reshape(1, self.pairs, -1)
            found[~old] = conformal_quantile(pool, shares[:1])
        return found
