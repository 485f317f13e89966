"""The tables of a watch: how the database of sensors, slots, forecasts and alarms is laid out."""

from __future__ import annotations

VERSION = 1
"""Raised with every change of the tables; a database of a newer version is refused, not changed."""
APPLICATION = 0x554E5345
"""What marks a SQLite file as one of these ("UNSE")."""

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of the quantiles that are kept: the bands of 50 and 90 %, and the median."""

# A slot is one row with all sensors in it: little-endian arrays, the sensor's place first. A place is given
# once and for ever, so that arrays written before a sensor came are merely shorter. Times are whole seconds
# of UTC; what a clock said is a real number of seconds.
TABLES = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sensors (
  place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, lon REAL, lat REAL,
  since INTEGER NOT NULL
);
CREATE TABLE slots (
  time INTEGER PRIMARY KEY, value BLOB NOT NULL, state BLOB NOT NULL, closed REAL NOT NULL,
  seconds REAL NOT NULL
);
CREATE TABLE readings (
  number INTEGER PRIMARY KEY, slot INTEGER NOT NULL, place BLOB NOT NULL, stamp BLOB NOT NULL,
  value BLOB NOT NULL
);
CREATE INDEX readings_of_slot ON readings (slot);
CREATE TABLE forecasts (
  issued INTEGER PRIMARY KEY, target INTEGER NOT NULL, model TEXT NOT NULL, mean BLOB NOT NULL,
  quantile BLOB NOT NULL, raw BLOB NOT NULL, threshold BLOB NOT NULL, p_red BLOB NOT NULL, tier BLOB NOT NULL,
  alarm BLOB NOT NULL, score BLOB
);
CREATE INDEX forecasts_by_target ON forecasts (target);
CREATE TABLE alarms (
  id INTEGER PRIMARY KEY, sensor INTEGER NOT NULL REFERENCES sensors (place), issued INTEGER NOT NULL,
  target INTEGER NOT NULL, tier TEXT NOT NULL, p REAL NOT NULL, forecast REAL, low REAL, high REAL,
  threshold REAL, raised REAL NOT NULL, model TEXT NOT NULL, UNIQUE (sensor, issued)
);
CREATE INDEX alarms_by_issued ON alarms (issued);
CREATE TABLE transitions (
  number INTEGER PRIMARY KEY, alarm INTEGER NOT NULL REFERENCES alarms (id),
  kind TEXT NOT NULL CHECK (kind IN ('raised', 'cleared', 'acknowledged', 'outcome')),
  time INTEGER NOT NULL, clock REAL NOT NULL, who TEXT NOT NULL DEFAULT '', word TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX transitions_once ON transitions (alarm, kind) WHERE kind <> 'acknowledged';
CREATE INDEX transitions_of_alarm ON transitions (alarm, kind);
CREATE TABLE sinks (name TEXT PRIMARY KEY, told INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE state (name TEXT PRIMARY KEY, time INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE scores (target INTEGER PRIMARY KEY, counts TEXT NOT NULL);
CREATE TABLE feed (
  number INTEGER PRIMARY KEY, clock REAL NOT NULL, kind TEXT NOT NULL, word TEXT NOT NULL,
  count INTEGER NOT NULL
);
CREATE VIEW alarm_log AS
  SELECT alarms.*, sensors.id AS sensor_id, sensors.name AS sensor_name, cleared.time AS cleared,
    first.clock AS acknowledged, first.who AS acknowledged_by, first.word AS note, known.word AS outcome,
    came.word AS why
  FROM alarms JOIN sensors ON sensors.place = alarms.sensor
  LEFT JOIN transitions AS cleared ON cleared.alarm = alarms.id AND cleared.kind = 'cleared'
  LEFT JOIN transitions AS came ON came.alarm = alarms.id AND came.kind = 'raised'
  LEFT JOIN transitions AS known ON known.alarm = alarms.id AND known.kind = 'outcome'
  LEFT JOIN transitions AS first ON first.number = (
    SELECT min(number) FROM transitions WHERE alarm = alarms.id AND kind = 'acknowledged');
"""

# Alarms and what became of them are written once; not even a fault of ours can change them afterwards.
GUARDS = "".join(
    f"CREATE TRIGGER {table}_never_{verb} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} are only ever added'); END;\n"
    for table in ("alarms", "transitions")
    for verb in ("UPDATE", "DELETE")
)
