"""Readings as they come, sorted into open slots: duplicates, late ones and wrong clocks told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unseen.live.arrays import packed, unpacked
from unseen.series.calendar import from_wall
from unseen.series.feed import Reading
from unseen.series.panel import HOUR, State

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]

NEVER = np.iinfo(np.int64).min
ZONE_HOURS = (1, 2)
NEAR = 900
"""Seconds from a whole hour within which an offset of the clock looks like one of zones."""
AHEAD = 900
"""Seconds a single stamp may lie in the future."""
STALE_SLOTS = 2


@dataclass(frozen=True, eq=False)
class Batch:
    """Distinct readings of one slot: place of the sensor, stamp and value, each of shape (N,)."""

    slot: int
    place: NDArray[np.int32]
    stamp: Ints
    value: Floats

    def bodies(self) -> tuple[bytes, bytes, bytes]:
        """Return the arrays as the store has them."""
        return packed(self.place, "<i4"), packed(self.stamp, "<i8"), packed(self.value, "<f4")

    @classmethod
    def of_bodies(cls, slot: int, place: bytes, stamp: bytes, value: bytes) -> Batch:
        """Read what `bodies` gave."""
        return cls(
            slot, np.frombuffer(place, "<i4"), np.frombuffer(stamp, "<i8"), np.frombuffer(value, "<f4")
        )


@dataclass(frozen=True, eq=False)
class Admitted:
    """What became of the readings of one answer.

    Attributes:
        batches: New readings, by slot.
        counts: How many were new, repeated, late, ahead, without a stamp.
        newest: Newest stamp that is no outlier; None where no reading had one.

    """

    batches: tuple[Batch, ...]
    counts: Mapping[str, int]
    newest: int | None


@dataclass
class Intake:
    """Readings of the slots that are open.

    Args:
        step: Seconds a slot.
        closed: Second at which the last closed slot began; None where none was closed.
        newest: Newest stamp that each sensor has shown, shape (S,), `NEVER` where none.

    """

    step: int
    closed: int | None = None
    newest: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    slots: dict[int, list[Batch]] = field(default_factory=dict)
    seen: dict[int, set[tuple[int, int]]] = field(default_factory=dict)

    def grow(self, sensors: int) -> None:
        """Make room for sensors that came."""
        more = sensors - len(self.newest)
        if more > 0:
            self.newest = np.concatenate([self.newest, np.full(more, NEVER, np.int64)])

    def admit(self, places: Sequence[int], readings: Sequence[Reading], received: float) -> Admitted:
        """Sort readings into slots; each (sensor, stamp) counts once, whatever comes with it later.

        Args:
            places: Place of the sensor of each reading.
            readings: As the feed gave them.
            received: What the clock said when they came.

        """
        counts: Counter[str] = Counter()
        taken: dict[int, list[tuple[int, int, float]]] = {}
        for place, reading in zip(places, readings, strict=True):
            kind = self._kind(place, reading, received)
            counts[kind] += 1
            if kind == "new" and reading.time is not None:
                slot = reading.time - reading.time % self.step
                self.seen.setdefault(slot, set()).add((place, reading.time))
                taken.setdefault(slot, []).append((place, reading.time, reading.value))
            if reading.time is not None and reading.time <= received + AHEAD:
                self.newest[place] = max(self.newest[place], reading.time)
        batches = tuple(_batch(slot, rows) for slot, rows in sorted(taken.items()))
        for batch in batches:
            self.slots.setdefault(batch.slot, []).append(batch)
        return Admitted(batches, counts, newest_of(readings))

    def restore(self, batches: Iterable[Batch]) -> None:
        """Take back readings of open slots that the store had kept."""
        for batch in batches:
            self.slots.setdefault(batch.slot, []).append(batch)
            pairs = zip(batch.place.tolist(), batch.stamp.tolist(), strict=True)
            self.seen.setdefault(batch.slot, set()).update(pairs)
            np.maximum.at(self.newest, batch.place, batch.stamp)

    def close(self, slot: int) -> tuple[Floats, Codes]:
        """Return means and states of a slot, and forget its readings; both of shape (S,)."""
        sensors = len(self.newest)
        batches = self.slots.pop(slot, [])
        self.seen.pop(slot, None)
        self.closed = slot
        total, count = np.zeros(sensors), np.zeros(sensors)
        if batches:
            place = np.concatenate([batch.place for batch in batches])
            # in the order of their stamps, so that the rounding of a mean does not depend on when they came
            stamp, value = (
                np.concatenate([getattr(b, name) for b in batches]) for name in ("stamp", "value")
            )
            order = np.lexsort((stamp, place))
            known = np.isfinite(value[order])
            np.add.at(total, place[order][known], value[order][known].astype(np.float64))
            np.add.at(count, place[order][known], 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = (total / count).astype(np.float32)
        end = slot + self.step
        stale = (self.newest != NEVER) & (self.newest < end - STALE_SLOTS * self.step)
        states = np.where(count > 0, State.OK, np.where(stale, State.STALE, State.MISSING)).astype(np.uint8)
        return means, states

    def _kind(self, place: int, reading: Reading, received: float) -> str:
        if reading.time is None:
            return "without stamp"
        if reading.time > received + AHEAD:
            return "ahead"
        slot = reading.time - reading.time % self.step
        if self.closed is not None and slot <= self.closed:
            # what an idle point shows again and again was told of once
            return "repeated" if reading.time <= self.newest[place] else "late"
        return "repeated" if (place, reading.time) in self.seen.get(slot, ()) else "new"

    def kept(self) -> bytes:
        """Return what a restart needs beside the readings of open slots."""
        return packed(self.newest, "<i8")

    def take_up(self, body: bytes | None, sensors: int) -> None:
        """Read what `kept` gave."""
        self.newest = unpacked(body or b"", "<i8", sensors, NEVER)


def newest_of(readings: Sequence[Reading]) -> int | None:
    """Return the newest stamp; of many readings the one above which 1 % lie, so that no outlier decides."""
    stamps = np.array([reading.time for reading in readings if reading.time is not None], np.int64)
    return int(np.quantile(stamps, 0.99, method="lower")) if stamps.size else None


def zone_fault(offset: float, step: int) -> str | None:
    """Say what is odd about a clock whose newest stamps lie `offset` seconds before their receipt.

    Near one or two hours it is the zone that was stated wrongly. Slots of an hour may lag so much by nature.

    >>> zone_fault(3_700, 600)
    'the newest stamp lies 1 h before its receipt: time zone?'
    >>> zone_fault(-7_200, 600)
    'the newest stamp lies 2 h after its receipt: time zone?'
    >>> zone_fault(200, 600) is None, zone_fault(3_700, 3600) is None
    (True, True)
    """
    hours = round(offset / HOUR)
    if abs(hours) not in ZONE_HOURS or abs(offset - hours * HOUR) > NEAR or (hours > 0 and step >= HOUR):
        return None
    return (
        f"the newest stamp lies {abs(hours)} h {'before' if hours > 0 else 'after'} its receipt: time zone?"
    )


def second_pass(readings: Sequence[Reading], zone: str, received: float) -> list[Reading]:
    """Move stamps of a wall clock into the second of its doubled hours, where that is the one that was meant.

    The hour that comes twice in autumn is read as the first; a stamp that came more than half an hour before
    its receipt, within it, is of the second.
    """
    stamped = [reading.time for reading in readings if reading.time is not None]
    if not stamped:
        return list(readings)
    doubled = _doubled(np.array(stamped, np.int64), zone)
    moved = dict(zip(stamped, (np.array(stamped) + HOUR * doubled).tolist(), strict=True))
    return [
        reading
        if reading.time is None or received - reading.time < HOUR / 2
        else Reading(
            reading.sensor, _latest(reading.time, moved, received), reading.value, reading.place, reading.name
        )
        for reading in readings
    ]


def _latest(time: int, moved: Mapping[int, int], received: float) -> int:
    later = moved[time]
    return later if later <= received + AHEAD else time


def _doubled(times: Ints, zone: str) -> NDArray[np.bool_]:
    from unseen.series.calendar import Calendar

    local = Calendar(zone).local(times)
    wall = local.day * 86_400 + local.second
    return from_wall(wall, zone).doubled


def _batch(slot: int, rows: list[tuple[int, int, float]]) -> Batch:
    place, stamp, value = zip(*rows, strict=True)
    return Batch(slot, np.array(place, np.int32), np.array(stamp, np.int64), np.array(value, np.float32))
