"""Alarms whose outcome is not known yet, judged slot by slot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.log import Outcome
from unseen.live.store import Change, Raise, Store

Floats = NDArray[np.float32]


@dataclass
class Waiting:
    """One alarm: the slots it warns of, first to last, where `last` is None while it is on."""

    alarm: int
    place: int
    first: int
    last: int | None = None
    known: bool = False


@dataclass
class Awaiting:
    """All alarms that are on or not judged, by number.

    An outcome is "true" as soon as one of the slots that were warned of is red; "false" when the last of them
    is over and none was; "unknown" where none of them was measured.
    """

    step: int
    every: dict[int, Waiting] = field(default_factory=dict)

    @classmethod
    def read(cls, store: Store, step: int) -> Awaiting:
        """Take up the alarms of a store, and what has come since they were raised."""
        found = cls(step)
        ahead = dict(store.db.execute("SELECT issued, target FROM forecasts"))
        for alarm, place, first, cleared, issued in store.db.execute(
            "SELECT id, sensor, target, cleared, issued FROM alarm_log "
            "WHERE outcome IS NULL OR cleared IS NULL"
        ):
            horizon = ahead.get(issued, first) - issued
            last = None if cleared is None else max(cleared + horizon - step, first)
            found.every[alarm] = Waiting(
                alarm, place, first, last, found._was_known(store, place, first, last)
            )
        judged = {row[0] for row in store.db.execute("SELECT alarm FROM transitions WHERE kind = 'outcome'")}
        found.judged = judged & set(found.every)
        return found

    judged: set[int] = field(default_factory=set)

    def on(self) -> dict[int, int]:
        """Place -> alarm of those that are on."""
        return {one.place: one.alarm for one in self.every.values() if one.last is None}

    def add(self, numbers: Iterable[int], raised: Iterable[Raise]) -> None:
        """Wait for alarms that were raised just now."""
        for number, one in zip(numbers, raised, strict=True):
            self.every[number] = Waiting(number, one.sensor, one.target)

    def clear(self, places: Iterable[int], issued: int, target: int) -> list[Change]:
        """End the alarms of sensors; the last slot they warned of is the one before this target."""
        on = self.on()
        changes = []
        for place in places:
            one = self.every[on[place]]
            one.last = max(target - self.step, one.first)
            changes.append(Change(one.alarm, "cleared", issued))
        return changes

    def judge(self, slot: int, value: Floats, red: Floats) -> list[Change]:
        """Judge by a slot that is over: its values, NaN where none is known, and where red begins."""
        changes = []
        for one in list(self.every.values()):
            if one.first <= slot and (one.last is None or slot <= one.last):
                measured = bool(np.isfinite(value[one.place]) and np.isfinite(red[one.place]))
                one.known = one.known or measured
                if measured and value[one.place] >= red[one.place]:
                    changes += self._say(one, Outcome.TRUE, slot)
            if one.last is not None and slot >= one.last:
                changes += self._say(one, Outcome.FALSE if one.known else Outcome.UNKNOWN, slot)
                del self.every[one.alarm]
                self.judged.discard(one.alarm)
        return changes

    def _say(self, one: Waiting, outcome: Outcome, slot: int) -> list[Change]:
        if one.alarm in self.judged:
            return []
        self.judged.add(one.alarm)
        return [Change(one.alarm, "outcome", slot + self.step, outcome.value)]

    def _was_known(self, store: Store, place: int, first: int, last: int | None) -> bool:
        end = 2**62 if last is None else last
        row = store.db.execute(
            "SELECT 1 FROM slots JOIN forecasts ON forecasts.target = slots.time "
            "WHERE slots.time BETWEEN ? AND ? AND substr(slots.state, ?, 1) = x'00' LIMIT 1",
            (first, end, place + 1),
        ).fetchone()
        return row is not None
