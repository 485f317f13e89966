"""Readings into slots: each counts once, late ones are told of, wrong clocks stop everything."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from rehearsing import settings

from unseen.live.delivery import Delivery
from unseen.live.engine import Engine
from unseen.live.fitted import Renewal
from unseen.live.intake import Intake, second_pass, zone_fault
from unseen.live.store import Store
from unseen.live.watch import CATCH_UP, Watch
from unseen.series.feed import Answer, Reading, read_answer
from unseen.series.panel import State

NOW = 1_490_565_600.0
SLOT = int(NOW)


def reading(stamp, value, sensor="a"):
    return Reading(sensor, stamp, value)


def taken(intake, *readings, received):
    return dict(intake.admit([0] * len(readings), readings, received).counts)


@pytest.fixture
def intake():
    found = Intake(900, closed=SLOT - 900)
    found.grow(2)
    return found


def test_a_slot_is_the_mean_of_its_distinct_readings(intake):
    assert taken(intake, reading(SLOT + 60, 10.0), reading(SLOT + 60, 99.0), received=NOW + 100) == {
        "new": 1, "repeated": 1
    }  # fmt: skip
    assert taken(intake, reading(SLOT + 240, 20.0), reading(SLOT + 60, 10.0), received=NOW + 300) == {
        "new": 1, "repeated": 1
    }  # fmt: skip
    means, states = intake.close(SLOT)
    assert means[0] == 15.0
    assert states.tolist() == [State.OK, State.MISSING]


def test_what_comes_after_the_close_is_late_once_and_old_news_after(intake):
    taken(intake, reading(SLOT + 60, 10.0), received=NOW + 100)
    intake.close(SLOT)
    assert taken(intake, reading(SLOT + 600, 12.0), received=NOW + 1100) == {"late": 1}
    assert taken(intake, reading(SLOT + 600, 12.0), received=NOW + 1160) == {"repeated": 1}
    assert intake.close(SLOT + 900)[1][0] == State.MISSING
    assert intake.close(SLOT + 1800)[1][0] == State.STALE


def test_a_null_stamp_is_no_reading_and_a_future_one_neither(intake):
    counts = taken(intake, reading(None, 0.0), reading(SLOT + 90_000, 5.0), received=NOW + 10)
    assert counts == {"without stamp": 1, "ahead": 1}
    means, states = intake.close(SLOT)
    assert np.isnan(means).all()
    assert (states == State.MISSING).all()


@pytest.mark.parametrize(
    ("offset", "odd"),
    [
        (3600, True),
        (-3600, True),
        (7200 + 800, True),
        (-7200, True),
        (200, False),
        (2400, False),
        (10_800, False),
    ],
)
def test_offsets_near_one_or_two_hours_are_those_of_zones(offset, odd):
    assert (zone_fault(offset, 900) is not None) is odd


def test_the_second_pass_of_a_doubled_hour_is_told_by_when_it_came():
    first = 1_509_235_200  # 2017-10-29 00:00 UTC is 02:00 in Madrid, for the first time
    late, early = reading(first + 600, 1.0), reading(first - 600, 2.0)
    assert [one.time for one in second_pass([late, early], "Europe/Madrid", first + 700.0)] == [
        first + 600, first - 600
    ]  # fmt: skip
    assert [one.time for one in second_pass([late, early], "Europe/Madrid", first + 4300.0)] == [
        first + 4200, first - 600
    ]  # fmt: skip


@pytest.fixture
def watch(tmp_path):
    told = settings(tmp_path)
    with Store(told.store) as store:
        store.db.execute("PRAGMA synchronous = OFF")
        yield Watch(told, store, Engine(store, told, Renewal(told, told.series.calendar())))


def answered(*readings, received):
    return Delivery(received, Answer(tuple(readings)))


def test_a_clock_of_another_zone_stops_ingestion_until_it_is_right(watch):
    watch.take(answered(reading(SLOT - 3500, 5.0), received=NOW + 100))
    assert watch.store.setting("stopped") == "the newest stamp lies 1 h before its receipt: time zone?"
    assert watch.places == {}
    watch.take(answered(reading(SLOT + 100, 5.0), received=NOW + 160))
    assert watch.store.setting("stopped") == ""
    assert list(watch.places) == ["a"]
    assert watch.store.db.execute("SELECT count(*) FROM feed WHERE kind = 'clock'").fetchone()[0] == 2


def test_a_feed_that_hangs_is_no_matter_of_zones(watch):
    for minute in range(0, 70, 3):
        watch.take(answered(reading(SLOT + 10, 5.0), received=NOW + 20 + 60 * minute))
        watch.advance(NOW + 20 + 60 * minute)
    assert not watch.store.setting("stopped")
    assert watch.store.last_slot() == SLOT + 3 * 900


def test_readings_of_open_slots_survive_a_restart(watch):
    watch.take(answered(reading(SLOT + 60, 10.0), received=NOW + 100))
    again = Watch(watch.settings, watch.store, Engine(watch.store, watch.settings, watch.engine.renewal))
    again.take(answered(reading(SLOT + 60, 10.0), reading(SLOT + 300, 30.0), received=NOW + 400))
    (report,) = again.advance(NOW + 900 + 120)
    assert report.known == 1
    assert watch.store.slots(SLOT, SLOT + 900, 900, 1)[0].tolist() == [[20.0]]


def test_after_a_long_stop_only_the_last_slots_are_closed_one_by_one(watch):
    watch.take(answered(reading(SLOT + 60, 10.0), received=NOW + 100))
    watch.advance(NOW + 1100)
    reports = watch.advance(NOW + 30 * 86_400)
    assert len(reports) == CATCH_UP
    assert reports[-1].slot == SLOT + 30 * 86_400 - 1800


def test_new_sensors_find_room_while_it_runs(watch):
    watch.take(answered(reading(SLOT + 60, 10.0), received=NOW + 100))
    watch.advance(NOW + 1100)
    watch.take(answered(reading(SLOT + 960, 4.0, "b"), reading(SLOT + 960, 11.0), received=NOW + 1200))
    again = Watch(watch.settings, watch.store, Engine(watch.store, watch.settings, watch.engine.renewal))
    (report,) = again.advance(NOW + 2000)
    assert report.known == 2
    assert report.tiers["not_enough_history"] == 2


@pytest.mark.parametrize("midnight", [1_490_482_800, 1_509_228_000], ids=["spring", "autumn"])
def test_a_feed_by_the_clock_on_the_wall_fills_every_slot_of_both_odd_nights(tmp_path, midnight):
    clock = {"clock": "wall", "time_format": "iso", "time": "when", "sensor": "id", "value": "flow"}
    told = settings(tmp_path, series=clock)
    with Store(told.store) as store:
        store.db.execute("PRAGMA synchronous = OFF")
        watch = Watch(told, store, Engine(store, told, Renewal(told, told.series.calendar())))
        zone = ZoneInfo("Europe/Madrid")
        for number, moment in enumerate(range(midnight, midnight + 5 * 3600, 900)):
            wall = dt.datetime.fromtimestamp(moment + 60, zone).strftime("%Y-%m-%d %H:%M:%S")
            body = f'[{{"id": 1, "when": "{wall}", "flow": {number}}}]'.encode()
            watch.take(Delivery(moment + 100.0, read_answer(body, told.series)))
            watch.advance(moment + 100.0)
        watch.advance(midnight + 5 * 3600 + 120.0)
        values, _ = store.slots(midnight, midnight + 5 * 3600, 900, 1)
        assert values[0].tolist() == list(range(20))
        assert not store.setting("stopped")
