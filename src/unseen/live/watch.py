"""What a watch does with what comes: readings into open slots, slots closed when their time is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from unseen.live.config import WatchSettings
from unseen.live.delivery import Delivery
from unseen.live.engine import Engine, Report
from unseen.live.intake import Batch, Intake, newest_of, second_pass, zone_fault
from unseen.live.store import Store
from unseen.series.feed import Answer, Reading

CATCH_UP = 12
"""Slots missed while nothing ran that are closed one by one; what lies before them stays without a row."""
MOST_SENSORS = 100_000
"""More are ignored: a broken feed must not fill the disk with identifiers."""
ODD = {
    "late": "readings that came after their slot was closed",
    "ahead": "readings with stamps in the future",
}


class Watch:
    """Readings in, reports out; without a thread or a clock of its own.

    Args:
        settings: Of the watch.
        store: Where everything is kept.
        engine: Closes slots.

    """

    def __init__(self, settings: WatchSettings, store: Store, engine: Engine) -> None:
        self.settings, self.store, self.engine = settings, store, engine
        self.places = {sensor.id: sensor for sensor in store.sensors()}
        self.intake = Intake(settings.step, store.last_slot())
        self.intake.take_up(store.kept("newest"), len(self.places))
        self.intake.restore(Batch.of_bodies(*row) for row in store.open_readings())
        self._newest: int | None = None
        self._stopped = store.setting("stopped") or ""

    def take(self, delivery: Delivery) -> None:
        """Take in one delivery: log what was wrong, keep what is new."""
        faults = [] if delivery.fault is None else [(delivery.kind, delivery.fault)]
        for kind, word in (*delivery.passed, *faults):
            self.store.log(delivery.received, kind, word)
        poll: dict[str, object] = {"clock": delivery.received, "result": delivery.kind}
        if delivery.answer is None:
            if self._newest is not None:
                poll |= {"newest": self._newest, "offset": round(delivery.received - self._newest, 1)}
            self.store.keep_readings([], poll)
            return
        answer = self._placed(delivery.answer, delivery.received)
        newest = newest_of(answer.readings)
        offset = None if newest is None else round(delivery.received - newest, 1)
        poll |= {"newest": newest, "offset": offset}
        self._log_rows(answer, delivery.received)
        if self._runs(newest, offset, delivery.received):
            self.store.keep_readings(self._admitted(answer.readings, delivery.received), poll)
        else:
            self.store.keep_readings([], poll)

    def advance(self, now: float) -> list[Report]:
        """Close the slots whose time is over."""
        reports = []
        for slot in self._due(now):
            value, state = self.intake.close(slot)
            kept = {"newest": self.intake.kept()}
            reports.append(self.engine.close(slot, value, state, now, kept))
            if self.engine.fitted.slot == slot:
                self._tidy()
        return reports

    def finish(self, now: float) -> list[Report]:
        """Close what is over now; a slot that is open still stays so, for the next start."""
        return self.advance(now)

    def _tidy(self) -> None:
        """Once a day: write the month that is over, then forget what is old."""
        from unseen.live.past import prune, write_months

        keep = self.settings.keep
        if keep.history is not None:
            write_months(self.store, keep.history)
        prune(self.store, days=keep.days, forecasts=keep.forecasts)

    def next_due(self) -> float | None:
        """When the next slot is to be closed; None before the first reading."""
        if self.intake.closed is None:
            return None
        return self.intake.closed + 2 * self.settings.step + self.settings.feed.grace

    def _due(self, now: float) -> range:
        if self.intake.closed is None:
            return range(0)
        step = self.settings.step
        newest = self._over(now)
        first = max(self.intake.closed + step, newest - (CATCH_UP - 1) * step)
        return range(first, newest + 1, step)

    def _over(self, now: float) -> int:
        """Begin of the last slot whose time is over."""
        step = self.settings.step
        return int((now - self.settings.feed.grace) // step) * step - step

    def _placed(self, answer: Answer, received: float) -> Answer:
        """Read the second pass of a wall clock's doubled hour as what it is."""
        if self.settings.series.clock != "wall":
            return answer
        moved = second_pass(answer.readings, self.settings.series.zone, received)
        return replace(answer, readings=tuple(moved))

    def _log_rows(self, answer: Answer, received: float) -> None:
        if answer.left_out:
            self.store.log(
                received, "content", f"rows left out, such as: {answer.faults[0]}", answer.left_out
            )

    def _runs(self, newest: int | None, offset: float | None, received: float) -> bool:
        """Whether readings are taken in; not while the clock of the feed looks like one of another zone.

        A feed that hangs shows the same old stamp again and again: that is no matter of zones.
        """
        moves = newest is not None and newest != self._newest
        fault = None if offset is None or not moves else zone_fault(offset, self.settings.step)
        if moves:
            self._newest = newest
            if (fault or "") != self._stopped:
                self._stopped = fault or ""
                self.store.write_setting("stopped", self._stopped)
                self.store.log(received, "clock", fault or "the clock of the feed is right again")
        return not self._stopped

    def _admitted(
        self, readings: Sequence[Reading], received: float
    ) -> list[tuple[int, bytes, bytes, bytes]]:
        if self.intake.closed is None:
            self.intake.closed = self._over(received)
        known = self._known(readings, received)
        places = [self.places[reading.sensor].place for reading in known]
        admitted = self.intake.admit(places, known, received)
        for kind, word in ODD.items():
            if admitted.counts.get(kind):
                self.store.log(received, kind, word, admitted.counts[kind])
        return [(batch.slot, *batch.bodies()) for batch in admitted.batches]

    def _known(self, readings: Sequence[Reading], received: float) -> Sequence[Reading]:
        """Give places to sensors that are new, or have another name or place than before."""
        changed = {}
        for reading in readings:
            known = self.places.get(reading.sensor)
            where = reading.place or (None, None)
            name = reading.name or (reading.sensor if known is None else known.name)
            if (
                known is None
                or known.name != name
                or (where[0] is not None and where != (known.lon, known.lat))
            ):
                changed[reading.sensor] = (reading.sensor, name, *where)
        room = MOST_SENSORS - len(self.places)
        new = [key for key in changed if key not in self.places]
        if len(new) > room:
            self.store.log(
                received, "content", f"sensors beyond {MOST_SENSORS:,} are ignored", len(new) - room
            )
            for key in new[room:]:
                del changed[key]
        if changed:
            sensors = self.store.add_sensors(list(changed.values()), since=int(received))
            self.places = {sensor.id: sensor for sensor in sensors}
            self.intake.grow(len(sensors))
            self.engine.grow()
        return [reading for reading in readings if reading.sensor in self.places]


class PastWatch(Watch):
    """Readings of the past as if they had come when their stamps say: slots close as the stamps move on."""

    def __init__(self, settings: WatchSettings, store: Store, engine: Engine) -> None:
        super().__init__(settings, store, engine)
        self._reports: list[Report] = []
        self._clock = 0

    def take(self, delivery: Delivery) -> None:
        """Take in readings in their order, and close slots on the way."""
        if delivery.answer is None:
            super().take(delivery)
            return
        readings = delivery.answer.readings
        stamps = np.array([0 if one.time is None else one.time for one in readings], np.int64)
        clock = np.maximum(np.maximum.accumulate(stamps), self._clock)
        cuts = np.flatnonzero(np.diff(clock // self.settings.step)) + 1
        for part in np.split(np.arange(len(stamps)), cuts):
            self._clock = int(clock[part[-1]])
            self._reports += super().advance(self._clock)
            some = replace(delivery.answer, readings=readings[part[0] : part[-1] + 1])
            super().take(replace(delivery, received=float(self._clock), answer=some))

    def advance(self, now: float) -> list[Report]:
        """Return what was closed; the clock of the machine means nothing here."""
        reports, self._reports = self._reports, []
        return reports

    def next_due(self) -> float | None:
        """Return None: what closes slots is what comes."""
        return None

    def finish(self, now: float) -> list[Report]:
        """Close the last slot too: nothing will follow."""
        step = self.settings.step
        over = self._clock - self._clock % step + step + self.settings.feed.grace
        return self.advance(now) + Watch.advance(self, over)
