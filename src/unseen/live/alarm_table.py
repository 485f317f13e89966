"""Alarms as the store has them: lists, one by its number, and acknowledging."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from unseen.alarms.log import AlarmRecord, Outcome
from unseen.errors import DataError
from unseen.live.store import Store

STATES = {
    "on": "cleared IS NULL",
    "off": "cleared IS NOT NULL",
    "open": "acknowledged IS NULL",
    "acknowledged": "acknowledged IS NOT NULL",
    "true": "outcome = 'true'",
    "false": "outcome = 'false'",
    "unknown": "outcome = 'unknown'",
}
"""What alarms may be asked for, and how the store says it."""
COLUMNS = (
    "id, sensor_id, sensor_name, issued, target, tier, p, forecast, low, high, threshold, raised, model, "
    "cleared, acknowledged, acknowledged_by, note, outcome, why"
)
LONGEST_NOTE = 2_000


@dataclass(frozen=True)
class Wanted:
    """Which alarms: `state` is one of `STATES`, moments are seconds of UTC."""

    state: str | None = None
    sensor: str | None = None
    tier: str | None = None
    since: int | None = None
    until: int | None = None

    def clause(self) -> tuple[str, list[object]]:
        """Write it as the condition of a query, with its values.

        Raises:
            DataError: The state is not known.

        """
        parts: list[str] = []
        values: list[object] = []
        if self.state is not None:
            if self.state not in STATES:
                raise DataError(f"state {self.state!r} is not known; accepted: {', '.join(STATES)}")
            parts.append(STATES[self.state])
        for condition, value in (
            ("sensor_id = ?", self.sensor), ("tier = ?", self.tier),
            ("issued >= ?", self.since), ("issued < ?", self.until),
        ):  # fmt: skip
            if value is not None:
                parts.append(condition)
                values.append(value)
        return (f"WHERE {' AND '.join(parts)}" if parts else ""), values


def alarms(
    store: Store, wanted: Wanted, *, limit: int = 200, offset: int = 0
) -> tuple[list[AlarmRecord], int]:
    """Return the alarms asked for, newest first, and how many there are in all.

    Raises:
        DataError: The state asked for is not known.

    """
    clause, values = wanted.clause()
    total = store.db.execute(f"SELECT count(*) FROM alarm_log {clause}", values).fetchone()[0]  # noqa: S608
    rows = store.db.execute(
        f"SELECT {COLUMNS} FROM alarm_log {clause} ORDER BY issued DESC, id DESC LIMIT ? OFFSET ?",  # noqa: S608
        [*values, limit, offset],
    )
    return [_record(row) for row in rows], int(total)


def alarm(store: Store, number: int) -> AlarmRecord | None:
    """Return one alarm, None where there is no such number."""
    row = store.db.execute(f"SELECT {COLUMNS} FROM alarm_log WHERE id = ?", (number,)).fetchone()  # noqa: S608
    return None if row is None else _record(row)


def acknowledge(store: Store, number: int, *, by: str, note: str = "", clock: float) -> AlarmRecord:
    """Write that a person has seen an alarm; the first of several stands in the log.

    Raises:
        DataError: There is no such alarm, nobody is named, or the texts are too long.

    """
    by, note = by.strip(), note.strip()
    if not by or len(by) > 200 or len(note) > LONGEST_NOTE:
        raise DataError(
            f"name who acknowledges in 1 to 200 letters, and a note of at most {LONGEST_NOTE:,}; "
            f"{len(by)} and {len(note)} came"
        )
    with store.whole():
        if alarm(store, number) is None:
            raise DataError(f"there is no alarm {number}")
        store.db.execute(
            "INSERT INTO transitions (alarm, kind, time, clock, who, word) "
            "VALUES (?, 'acknowledged', ?, ?, ?, ?)",
            (number, int(clock), clock, by, note),
        )
    found = alarm(store, number)
    if found is None:
        raise DataError(f"there is no alarm {number}")
    return found


def _record(row: Any) -> AlarmRecord:
    record = AlarmRecord(*row)
    return replace(record, outcome=None if record.outcome is None else Outcome(record.outcome))
