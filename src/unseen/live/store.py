"""The database of a watch: one transaction a slot, so that no stop can lose or double an alarm."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, DataError
from unseen.live.arrays import packed, stacked, unpacked
from unseen.live.schema import APPLICATION, GUARDS, LEVELS, TABLES, VERSION

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]

BUSY_SECONDS = 20.0
RECENT = 50
"""Lines of the feed's log among which one that comes again is only counted."""
MISSING = 1  # series.panel.State.MISSING


@dataclass(frozen=True)
class Sensor:
    """A sensor and where it stands; `place` is its row in every array of the store, given once."""

    place: int
    id: str
    name: str
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, eq=False)
class Outlook:
    """What was expected of S sensors at the close of one slot; NaN where there is no forecast.

    Attributes:
        issued: Second of UTC at which the last known slot ended.
        target: Second at which the slot that is forecast begins.
        model: What made it.
        mean: Shape (S,).
        quantile: Shape (S, 5), at the levels of `schema.LEVELS`, calibrated.
        raw: Shape (S, Q), all quantiles of the forecaster before calibration; Q is 0 once they were judged.
        threshold: Shape (S, 2), where yellow and red begin.
        p_red: Shape (S,).
        tier: Shape (S,), values of `words.Shown`.
        alarm: Shape (S,), whether an alarm is on.

    """

    issued: int
    target: int
    model: str
    mean: Floats
    quantile: Floats
    raw: Floats
    threshold: Floats
    p_red: Floats
    tier: Codes
    alarm: NDArray[np.bool_]


@dataclass(frozen=True)
class Raise:
    """An alarm to be written; `sensor` is a place."""

    sensor: int
    issued: int
    target: int
    tier: str
    p: float
    forecast: float | None
    low: float | None
    high: float | None
    threshold: float | None
    model: str
    why: str = ""


@dataclass(frozen=True)
class Change:
    """What became of an alarm: "cleared", or its "outcome" in one word."""

    alarm: int
    kind: str
    time: int
    word: str = ""


@dataclass(frozen=True, eq=False)
class Judged:
    """How the outlook of a slot did, now that the slot is over.

    Attributes:
        counts: Names and numbers of `scoring.counted`.
        score: Shape (S, P), conformal scores; None where there are none.

    """

    counts: Mapping[str, float]
    score: Floats | None = None


@dataclass(frozen=True, eq=False)
class Closed:
    """Everything that the close of one slot writes, at once or not at all."""

    time: int
    value: Floats
    state: Codes
    clock: float
    outlook: Outlook | None = None
    raised: Sequence[Raise] = ()
    changes: Sequence[Change] = ()
    kept: Mapping[str, bytes] = field(default_factory=dict)
    judged: Judged | None = None
    seconds: float = 0.0


class Store:
    """A connection to the database of a watch, made where there is none.

    Args:
        path: SQLite file.
        read_only: For those who only look.

    Raises:
        ConfigError: The file is of a newer version, or no database of a watch.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "watch.db") as store:
    ...     _ = store.add_sensors([("a", "Calle Mayor", None, None)], since=0)
    ...     values, states = np.ones(1, np.float32), np.zeros(1, np.uint8)
    ...     numbers = store.commit(Closed(0, values, states, clock=720.0))
    ...     store.last_slot(), store.sensors()[0].name
    (0, 'Calle Mayor')
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self.path = Path(path)
        if read_only and not self.path.exists():
            raise ConfigError(f"{self.path} does not exist; `unseen watch` makes it")
        self.db = _opened(self.path, read_only)
        try:
            _check(self.db, self.path, read_only)
        except BaseException:
            self.db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self.db.close()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Write all of what follows, or nothing of it."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def change(self, query: str, values: Sequence[object]) -> None:
        """Write one row, as a transaction of its own."""
        with self.whole():
            self.db.execute(query, values)

    # -- settings and sensors

    def setting(self, name: str) -> str | None:
        """Return a setting, None where it was never written."""
        row = self.db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def settle(self, values: Mapping[str, str]) -> None:
        """Write settings that a store has once and for ever, such as zone and slot length.

        Raises:
            ConfigError: The store was made with another value.

        """
        for name, value in values.items():
            before = self.setting(name)
            if before is not None and before != value:
                raise ConfigError(
                    f"{self.path} was made with {name} {before}, and the settings say {value}; "
                    "keep the old value, or name another store"
                )
        with self.whole():
            self.db.executemany("INSERT OR IGNORE INTO settings VALUES (?, ?)", values.items())

    def write_setting(self, name: str, value: str) -> None:
        """Write a setting that may change, such as the model's name."""
        with self.whole():
            self.db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def sensors(self) -> list[Sensor]:
        """Every sensor that was ever seen, by place."""
        rows = self.db.execute("SELECT place, id, name, lon, lat FROM sensors ORDER BY place")
        return [Sensor(*row) for row in rows]

    def add_sensors(
        self, sensors: Sequence[tuple[str, str, float | None, float | None]], *, since: int
    ) -> list[Sensor]:
        """Give places to new sensors (id, name, longitude, latitude), refresh names of known ones."""
        with self.whole():
            count = self.db.execute("SELECT count(*) FROM sensors").fetchone()[0]
            for row in sensors:
                written = self.db.execute(
                    "INSERT INTO sensors VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                    "name = excluded.name, lon = coalesce(excluded.lon, lon), "
                    "lat = coalesce(excluded.lat, lat) RETURNING place",
                    (count, *row, since),
                ).fetchone()
                count += written[0] == count
        return self.sensors()

    # -- slots

    def last_slot(self) -> int | None:
        """Second of UTC at which the last closed slot began."""
        found = self.db.execute("SELECT max(time) FROM slots").fetchone()[0]
        return None if found is None else int(found)

    def slots(self, first: int, last: int, step: int, width: int) -> tuple[Floats, Codes]:
        """Values and states of the slots from `first` up to, not including, `last`, of shape (S, T)."""
        rows = self.db.execute(
            "SELECT time, value, state FROM slots WHERE time >= ? AND time < ?", (first, last)
        ).fetchall()
        count = max((last - first) // step, 0)
        numbered = [((time - first) // step, value, state) for time, value, state in rows]
        values = stacked(((n, value) for n, value, _ in numbered), "<f4", width, count, np.nan)
        states = stacked(((n, state) for n, _, state in numbered), "u1", width, count, MISSING)
        return values, states

    def outlooks(self, first: int, last: int, width: int) -> Iterator[Outlook]:
        """Outlooks whose target lies from `first` up to, not including, `last`, by target."""
        query = "SELECT * FROM forecasts WHERE target >= ? AND target < ? ORDER BY target, issued"
        for row in self.db.execute(query, (first, last)):
            yield outlook(row, width)

    def commit(self, closed: Closed) -> list[int]:
        """Write the close of one slot in one transaction; return the numbers of the alarms it raised.

        Raises:
            DataError: The slot was closed before, or follows a later one.

        """
        with self.whole():
            last = self.last_slot()
            if last is not None and closed.time <= last:
                raise DataError(f"slot {closed.time} came after slot {last}; slots close in order, each once")
            self.db.execute(
                "INSERT INTO slots VALUES (?, ?, ?, ?, ?)",
                (closed.time, packed(closed.value, "<f4"), packed(closed.state, "u1"), closed.clock,
                 closed.seconds),
            )  # fmt: skip
            if closed.outlook is not None:
                self._write_outlook(closed.outlook)
            numbers = [self._raise(one, closed.clock) for one in closed.raised]
            self.db.executemany(
                "INSERT INTO transitions (alarm, kind, time, clock, word) VALUES (?, ?, ?, ?, ?)",
                [(one.alarm, one.kind, one.time, closed.clock, one.word) for one in closed.changes],
            )
            self.keep(closed.time, closed.kept)
            if closed.judged is not None:
                self._judge(closed.time, closed.judged)
            self.db.execute("DELETE FROM readings WHERE slot <= ?", (closed.time,))
        return numbers

    def _judge(self, time: int, judged: Judged) -> None:
        """Write how the outlook did; its raw quantiles, which only their scores needed, go."""
        self.db.execute("INSERT OR REPLACE INTO scores VALUES (?, ?)", (time, json.dumps(judged.counts)))
        score = None if judged.score is None else packed(judged.score, "<f4")
        self.db.execute("UPDATE forecasts SET raw = x'', score = ? WHERE target = ?", (score, time))

    def keep(self, time: int, bodies: Mapping[str, bytes]) -> None:
        """Write what the next slot needs to know, within a transaction of the caller."""
        self.db.executemany(
            "INSERT OR REPLACE INTO state VALUES (?, ?, ?)",
            [(name, time, body) for name, body in bodies.items()],
        )

    def kept(self, name: str) -> bytes | None:
        """Return what `keep` wrote."""
        row = self.db.execute("SELECT body FROM state WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    # -- readings of open slots, and the log of the feed

    def keep_readings(
        self, batches: Sequence[tuple[int, bytes, bytes, bytes]], poll: Mapping[str, object]
    ) -> None:
        """Write readings of slots that are open (slot, places, stamps, values), and how the feed was."""
        with self.whole():
            self.db.executemany(
                "INSERT INTO readings (slot, place, stamp, value) VALUES (?, ?, ?, ?)", batches
            )
            self.db.execute("INSERT OR REPLACE INTO settings VALUES ('last_poll', ?)", (json.dumps(poll),))

    def open_readings(self) -> list[tuple[int, bytes, bytes, bytes]]:
        """Return what `keep_readings` wrote of slots that are open still."""
        return list(self.db.execute("SELECT slot, place, stamp, value FROM readings ORDER BY number"))

    def log(self, clock: float, kind: str, word: str, count: int = 1) -> None:
        """Write something odd about the feed; the same again only raises its count."""
        with self.whole():
            last = self.db.execute("SELECT max(number) FROM feed WHERE kind = ? AND word = ?", (kind, word))
            number = last.fetchone()[0]
            newest = self.db.execute("SELECT max(number) FROM feed").fetchone()[0]
            if number is not None and number >= newest - RECENT:
                self.db.execute(
                    "UPDATE feed SET count = count + ?, clock = ? WHERE number = ?", (count, clock, number)
                )
            else:
                self.db.execute("INSERT INTO feed VALUES (NULL, ?, ?, ?, ?)", (clock, kind, word, count))

    def _write_outlook(self, one: Outlook) -> None:
        self.db.execute(
            "INSERT INTO forecasts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                one.issued, one.target, one.model, packed(one.mean, "<f4"), packed(one.quantile, "<f4"),
                packed(one.raw, "<f4"), packed(one.threshold, "<f4"), packed(one.p_red, "<f4"),
                packed(one.tier, "u1"), packed(one.alarm, "u1"),
            ),
        )  # fmt: skip

    def _raise(self, one: Raise, clock: float) -> int:
        number = self.db.execute(
            "INSERT INTO alarms (sensor, issued, target, tier, p, forecast, low, high, threshold, raised, "
            "model) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (one.sensor, one.issued, one.target, one.tier, one.p, one.forecast, one.low, one.high,
             one.threshold, clock, one.model),
        ).fetchone()[0]  # fmt: skip
        self.db.execute(
            "INSERT INTO transitions (alarm, kind, time, clock, word) VALUES (?, 'raised', ?, ?, ?)",
            (number, one.issued, clock, one.why),
        )
        return int(number)


def outlook(row: Sequence[Any], width: int) -> Outlook:
    """Read a row of the table of forecasts."""
    issued, target, model, *bodies = row[:10]
    mean, quantile, raw, threshold, p_red, tier, alarm = (bytes(body) for body in bodies)
    known = len(mean) // 4
    levels = len(raw) // (4 * known) if known else 0
    return Outlook(
        issued=int(str(issued)),
        target=int(str(target)),
        model=str(model),
        mean=unpacked(mean, "<f4", width, np.nan),
        quantile=unpacked(quantile, "<f4", width, np.nan, len(LEVELS)),
        raw=unpacked(raw, "<f4", width, np.nan, levels) if levels else np.empty((width, 0), np.float32),
        threshold=unpacked(threshold, "<f4", width, np.nan, 2),
        p_red=unpacked(p_red, "<f4", width, np.nan),
        tier=unpacked(tier, "u1", width, 4),
        alarm=unpacked(alarm, "u1", width, 0).astype(bool),
    )


def _opened(path: Path, read_only: bool) -> sqlite3.Connection:
    try:
        # whoever only looks opens for writing too, else the files of the log stay behind, or cannot be made
        place = f"{path.resolve().as_uri()}?mode={'rw' if read_only else 'rwc'}"
        return sqlite3.connect(
            place, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise ConfigError(f"{path} cannot be opened as a database: {error}") from error


def _check(db: sqlite3.Connection, path: Path, read_only: bool) -> None:
    """Look at the version before anything is written, then make the tables where there are none."""
    try:
        version, application = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
        )
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path} is no database of a watch: {error}; name another store") from error
    if (tables or read_only) and application != APPLICATION:
        raise ConfigError(f"{path} is a database of something else; name another store")
    if version > VERSION:
        raise ConfigError(
            f"{path} has version {version} and this program knows versions up to {VERSION}; "
            "it was left as it is. Use a newer unseen, or name another store"
        )
    if read_only:
        db.execute("PRAGMA query_only = ON")
        return
    # a commit is on disk before an alarm is sent: a second of power can then not raise it twice
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    if not tables:
        db.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
            f"{TABLES}{GUARDS}COMMIT;"
        )
