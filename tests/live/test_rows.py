"""A detector of rows at work: odd sources have alarms within a budget, through stops and broken rows."""

import json

import numpy as np
import pytest

import unseen
from unseen.errors import ConfigError
from unseen.live.alarm_table import Wanted, acknowledge, alarms
from unseen.live.config import WatchSettings
from unseen.live.delivery import Delivery
from unseen.live.payload import table_rows
from unseen.live.rows import RowWatch
from unseen.live.store import Store

NOW = 1_000_000.0


@pytest.fixture(scope="module")
def detector():
    import pyarrow as pa

    rng = np.random.default_rng(0)
    rows = pa.table(
        {"bytes": rng.normal(500, 50, 4000), "seconds": rng.normal(2, 0.3, 4000), "src": ["x"] * 4000}
    )
    return unseen.CommitteeDetector(seed=0).fit(rows.drop_columns(["src"]))


def flows(rng, count, source="10.0.0.1", odd=False):
    size = rng.normal(9000 if odd else 500, 5, count)
    return [{"bytes": float(one), "seconds": 2.0, "src": source} for one in size]


@pytest.fixture
def told(tmp_path):
    return WatchSettings.from_mapping(
        {
            "store": str(tmp_path / "watch.db"),
            "feed": {"lines": "-"},
            "series": {"zone": "UTC"},
            "rows": {"detector": "model", "source": "src", "alarms_per_day": 100, "rows_per_day": 20_000,
                     "every": 10, "quiet": 60},
        }
    )  # fmt: skip


@pytest.fixture
def store(told):
    with Store(told.store) as store:
        store.settle({"zone": "UTC", "slot_seconds": "10"})
        yield store


def batch(watch, time, rows, **more):
    watch.take(Delivery(time, rows=tuple(rows), **more))
    return watch.advance(time - time % 10 + 10)


def test_an_odd_source_has_one_alarm_until_it_is_quiet(told, store, detector):
    watch, rng = RowWatch(told, store, detector), np.random.default_rng(1)
    batch(watch, NOW, flows(rng, 50))
    (report,) = batch(watch, NOW + 10, [*flows(rng, 50), *flows(rng, 3, "6.6.6.6", odd=True)])
    assert report.tiers["red"] == len(report.raised) == 1
    for more in (20, 30):
        (report,) = batch(watch, NOW + more, [*flows(rng, 20), *flows(rng, 2, "6.6.6.6", odd=True)])
        assert not report.raised
    (record,), _ = alarms(store, Wanted())
    assert (record.sensor, record.tier, record.cleared) == ("6.6.6.6", "red", None)
    assert record.p <= 100 / 20_000
    assert record.why.startswith("bytes ")
    assert acknowledge(store, record.id, by="Ana", clock=NOW).acknowledged_by == "Ana"
    for more in range(40, 110, 10):
        batch(watch, NOW + more, flows(rng, 20))
    (record,), _ = alarms(store, Wanted())
    assert record.cleared == NOW + 100


def test_a_stop_in_the_middle_of_an_alarm_raises_it_once_and_goes_on_in_the_file(told, store, detector):
    rng = np.random.default_rng(2)
    watch = RowWatch(told, store, detector)
    batch(watch, NOW, flows(rng, 5, "6.6.6.6", odd=True), place=123)
    watch.take(Delivery(NOW + 10, rows=tuple(flows(rng, 5)), place=456))
    assert store.kept("place") == b"123"
    again = RowWatch(told, store, detector)
    (report,) = batch(again, NOW + 10, flows(rng, 5, "6.6.6.6", odd=True), place=456)
    assert not report.raised
    assert alarms(store, Wanted())[1] == 1
    assert store.kept("place") == b"456"


def test_rows_that_cannot_be_read_are_left_out_and_told_of(told, store, detector):
    watch, rng = RowWatch(told, store, detector), np.random.default_rng(3)
    rows = flows(rng, 20)
    rows[7] = {"bytes": "many", "seconds": 1.0, "src": "a"}
    rows[12] = {"seconds": 1.0}
    (report,) = batch(watch, NOW, [*rows, *flows(rng, 1, "6.6.6.6", odd=True)])
    assert len(report.raised) == 1
    assert store.db.execute("SELECT sum(count) FROM feed WHERE kind = 'content'").fetchone()[0] == 2


def test_a_budget_that_could_never_raise_is_refused(told, store, detector):
    rows = told.rows.model_copy(update={"alarms_per_day": 1})
    says = (
        r"1 alarms on 20000 rows is a rate of 5e-05, and the \d+ rows held out in training vouch for no less"
    )
    with pytest.raises(ConfigError, match=says):
        RowWatch(told.model_copy(update={"rows": rows}), store, detector)


def test_a_feed_that_falls_silent_is_no_green(told, store, detector):
    watch, rng = RowWatch(told, store, detector), np.random.default_rng(5)
    (report,) = batch(watch, NOW, flows(rng, 5))
    assert report.tiers["green"] == 1
    (report,) = watch.advance(NOW + 200)
    assert report.tiers["no_data"] == 1


def test_rows_come_as_json_or_csv_and_broken_lines_are_counted():
    rows, faults = table_rows(b'{"a": 1}\n[1]\n{"a": 2}\n{"a"\n')
    assert (rows, len(faults)) == ([{"a": 1}, {"a": 2}], 2)
    rows, faults = table_rows(b"a,b\n1,2\n3\n")
    assert (rows, faults) == ([{"a": 1, "b": 2}], ["row 2 has 1 values for 2 columns"])
    assert json.dumps(table_rows(b"")) == "[[], []]"
