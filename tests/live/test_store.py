"""The database of a watch: whole slots or nothing, alarms that are only added, other databases left alone."""

import sqlite3

import numpy as np
import pytest

from unseen.alarms.log import Outcome
from unseen.errors import ConfigError, DataError
from unseen.live.alarm_table import Wanted, acknowledge, alarms
from unseen.live.running import alone
from unseen.live.store import Change, Closed, Raise, Store


def slot(time, *, raised=(), changes=(), kept=None):
    values = np.array([1.0, np.nan], np.float32)
    return Closed(time, values, np.array([0, 1], np.uint8), time + 720.0, None, raised, changes, kept or {})


def red(place=0, issued=600):
    return Raise(place, issued, issued + 1200, "red", 0.7, 9.0, 5.0, 12.0, 8.0, "m")


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "watch.db") as store:
        store.add_sensors([("a", "A", None, None), ("b", "B", 1.0, 2.0)], since=0)
        yield store


def test_a_slot_is_written_whole_or_not_at_all(store):
    store.commit(slot(0, raised=[red()], kept={"standing": b"one"}))
    twice = slot(600, raised=[red(1, 1200), red(1, 1200)], kept={"standing": b"two"})
    with pytest.raises(sqlite3.IntegrityError):
        store.commit(twice)
    assert store.last_slot() == 0
    assert store.kept("standing") == b"one"
    assert alarms(store, Wanted())[1] == 1


def test_a_slot_closes_once_and_in_order(store):
    store.commit(slot(600))
    for time in (600, 0):
        with pytest.raises(DataError, match=f"slot {time} came after slot 600; slots close in order"):
            store.commit(slot(time))


@pytest.mark.parametrize("query", ["DELETE FROM alarms", "UPDATE alarms SET p = 0", "DELETE FROM transitions",
                                   "UPDATE transitions SET word = ''"])  # fmt: skip
def test_nothing_changes_what_was_written_of_an_alarm(store, query):
    store.commit(slot(0, raised=[red()]))
    with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        store.db.execute(query)


def test_an_alarm_is_raised_cleared_and_judged_once(store):
    (number,) = store.commit(slot(0, raised=[red()]))
    acknowledge(store, number, by="Ana", clock=700.0)
    cleared = Change(number, "cleared", 1200)
    store.commit(slot(600, changes=[cleared, Change(number, "outcome", 1200, "true")]))
    with pytest.raises(sqlite3.IntegrityError):
        store.commit(slot(1200, changes=[cleared]))
    (record,), total = alarms(store, Wanted(sensor="a"))
    assert (record.cleared, record.outcome, record.acknowledged_by, total) == (1200, Outcome.TRUE, "Ana", 1)


def test_sensors_keep_their_places_for_ever(store):
    store.commit(slot(0))
    found = store.add_sensors(
        [("c", "C", None, None), ("a", "New name", 5.0, None), ("d", "D", None, None)], since=9
    )
    assert [(one.place, one.id, one.name) for one in found] == [
        (0, "a", "New name"), (1, "b", "B"), (2, "c", "C"), (3, "d", "D"),
    ]  # fmt: skip
    values, states = store.slots(0, 1200, 600, 4)
    assert values[0, 0] == 1.0
    assert np.isnan(values[2:]).all()
    assert states.tolist() == [[0, 1], [1, 1], [1, 1], [1, 1]]


def test_a_database_of_a_newer_version_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "watch.db"
    Store(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(ConfigError, match="has version 99 and this program knows versions up to 1"):
            Store(path, read_only=read_only)
    assert path.read_bytes() == before


def test_files_that_are_something_else_are_refused(tmp_path):
    other = tmp_path / "other.db"
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE mine (x)")
    db.close()
    with pytest.raises(ConfigError, match="is a database of something else"):
        Store(other)
    text = tmp_path / "text.db"
    text.write_text("no database, but some text that is long enough to be looked at")
    with pytest.raises(ConfigError, match="is no database of a watch"):
        Store(text)
    with pytest.raises(ConfigError, match="does not exist"):
        Store(tmp_path / "none.db", read_only=True)


def test_other_settings_than_it_was_made_with_are_refused(store):
    store.settle({"zone": "Europe/Madrid"})
    with pytest.raises(ConfigError, match="was made with zone Europe/Madrid, and the settings say UTC"):
        store.settle({"zone": "UTC"})


def test_who_only_looks_cannot_write_and_leaves_no_files(tmp_path):
    Store(tmp_path / "watch.db").close()
    with Store(tmp_path / "watch.db", read_only=True) as store, pytest.raises(sqlite3.OperationalError):
        store.write_setting("zone", "UTC")
    assert [file.name for file in tmp_path.iterdir()] == ["watch.db"]


def test_the_same_fault_again_is_counted_on_one_line(store):
    for clock in range(3):
        store.log(float(clock), "error", "HTTP 500")
    store.log(9.0, "content", "empty")
    assert store.db.execute("SELECT clock, kind, count FROM feed").fetchall() == [
        (2.0, "error", 3), (9.0, "content", 1),
    ]  # fmt: skip


def test_two_watches_do_not_share_a_store(tmp_path):
    with alone(tmp_path / "watch.db"):
        with (
            pytest.raises(ConfigError, match="belongs to another `unseen watch` that runs"),
            alone(tmp_path / "watch.db"),
        ):
            pass
        with alone(tmp_path / "other.db"):
            pass
    with alone(tmp_path / "watch.db"):
        pass
