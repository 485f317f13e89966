"""The check: what it says of series whose clock, week and holidays are known."""

import datetime as dt
import os
from pathlib import Path

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.series.calendar import DAY, SUNDAY, Calendar
from unseen.series.changes import changes_of, drawn_over
from unseen.series.checking import check
from unseen.series.panel import Panel, State
from unseen.series.settings import SeriesSettings
from unseen.series.source import open_panel, take

DATA = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data")) / "traffic"
MADRID = DATA / "madrid_15min_2017_10sensors.npz"
BOLOGNA = DATA / "bologna2024"
HOLIDAYS = frozenset({dt.date(2024, 5, 1), dt.date(2024, 8, 15), dt.date(2024, 11, 1), dt.date(2024, 4, 25)})
TRUE = Calendar("Europe/Rome", HOLIDAYS)


def city(stamped_by="wall", *, first=dt.datetime(2024, 1, 1), seed=0):
    """Rows of a year of three streets by quarter of an hour, on the clock asked for."""
    start = TRUE.moment(first.date())
    times = start + 900 * np.arange(366 * 96)
    local = TRUE.local(times)
    hour = local.second / 3600
    work = np.exp(-((hour - 8) ** 2) / 3) + 0.8 * np.exp(-((hour - 18) ** 2) / 6) + 0.05
    rest = 0.7 * np.exp(-((hour - 14) ** 2) / 16) + 0.05
    shape = np.where(local.weekday >= 5, np.where(local.weekday == SUNDAY, rest, 1.2 * rest), work)
    flows = np.random.default_rng(seed).poisson(np.array([[200], [500], [900]]) * shape).astype(np.float32)
    offsets = {"utc": 0, "+01:00": 3600}
    return local.day * DAY + local.second if stamped_by == "wall" else times + offsets[stamped_by], flows


def write(path, shown, flows):
    words = np.datetime_as_string(shown.astype("datetime64[s]"), unit="m")
    rows = [
        ",".join([word.replace("T", " "), *map(str, flows[:, k].astype(int))]) for k, word in enumerate(words)
    ]
    path.write_text("\n".join(["time,a,b,c", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def by_wall(tmp_path_factory):
    return write(tmp_path_factory.mktemp("city") / "wall.csv", *city())


@pytest.fixture(scope="module")
def by_utc(tmp_path_factory):
    return write(tmp_path_factory.mktemp("city") / "utc.csv", *city("utc"))


def settings_of(folder, **more):
    (folder / "days.csv").write_text("date\n" + "\n".join(map(str, HOLIDAYS)) + "\n")
    given = {"zone": "Europe/Rome", "slot": 15, "holidays": folder / "days.csv", **more}
    return SeriesSettings(**given)


def said(checked, kind):
    return " | ".join(one.sentence for one in checked.findings if one.kind == kind)


def test_the_right_clock_and_calendar_are_right(by_wall, tmp_path):
    checked = check(take(by_wall, settings=settings_of(tmp_path, clock="wall")))
    assert not checked.wrong
    assert (
        said(checked, "clock")
        == "mornings stay where they are on the local clock at 2024-03-31 and 2024-10-27"
    )
    assert said(checked, "doubled") == "2024-10-27: the hour that comes twice is there twice"
    assert said(checked, "week") == "Sunday looks like Sunday: Saturday and Sunday are the weekend"
    assert said(checked, "holidays") == "4 of 4 holidays from Monday to Saturday look like a Sunday"
    assert {one.sunday for one in checked.sensors} == {"yes"}
    assert checked.sensors[0].first == "2024-01-01 00:00"


@pytest.mark.parametrize(
    ("clock", "cause"), [("utc", "follows the clock on the wall"), ("+01:00", "follows the clock")]
)
def test_a_wall_clock_taken_for_a_fixed_one_is_found(by_wall, clock, cause, tmp_path):
    settings = settings_of(tmp_path, clock=clock, duplicates="mean")
    checked = check(take(by_wall, settings=settings))
    assert checked.wrong
    assert "mornings move by 1 h" in said(checked, "clock")
    assert cause in said(checked, "clock")


def test_a_fixed_clock_taken_for_the_wall_is_found_too(by_utc, tmp_path):
    assert not check(take(by_utc, settings=settings_of(tmp_path, clock="utc"))).wrong
    checked = check(take(by_utc, settings=settings_of(tmp_path, clock="wall")))
    assert checked.wrong
    assert "runs on one fixed clock" in said(checked, "clock")
    assert "values for the hour that the clock of Europe/Rome left out" in said(checked, "skipped")


def test_a_calendar_that_is_off_by_a_day_is_found(by_wall, tmp_path):
    text = by_wall.read_text().replace("2024-", "2023-")  # a year later, days of the week are others
    text = "\n".join(line for line in text.splitlines() if "-02-29" not in line)
    (tmp_path / "old.csv").write_text(text)
    checked = check(
        take(tmp_path / "old.csv", settings=settings_of(tmp_path, clock="wall", duplicates="last"))
    )
    assert checked.wrong
    assert "look like the weekend: the first day is another one" in said(checked, "week")
    assert {one.sunday for one in checked.sensors} == {"no"}


def test_holidays_of_another_country_are_wrong_and_the_real_ones_are_found(by_wall, tmp_path):
    settings = settings_of(tmp_path, clock="wall")
    (tmp_path / "days.csv").write_text("date\n2024-02-06\n2024-06-12\n2024-09-17\n")
    checked = check(take(by_wall, settings=settings))
    assert checked.wrong
    assert "0 of 3 holidays" in said(checked, "holidays")
    assert set(checked.holidays.unstated) == HOLIDAYS


def test_too_short_a_series_is_refused(by_wall, tmp_path):
    taken = take(by_wall, settings=settings_of(tmp_path, clock="wall"))
    with pytest.raises(DataError, match=r"13\.0 days came .* a check needs 14 at least"):
        check(type(taken)(taken.panel.slice(0, 13 * 96)))


def test_changes_of_zones_that_change_otherwise():
    start, end = 1704067200, 1735689600
    assert changes_of("UTC", start, end) == ()
    assert [one.forward for one in changes_of("Australia/Lord_Howe", start, end)] == [-1800, 1800]
    assert [one.forward for one in changes_of("America/Santiago", start, end)] == [-3600, 3600]


@pytest.mark.parametrize("late", [-3, 0, 2])
@pytest.mark.parametrize("minutes", [10, 15, 30])
def test_a_line_over_the_hour_left_out_is_found_where_it_is(late, minutes):
    step = 60 * minutes
    (change,) = changes_of("Europe/Madrid", 1483225200, 1500000000)
    count, middle = 3600 // step, 40
    values = np.random.default_rng(1).integers(100, 900, (6, 80)).astype(np.float32)
    begin = middle + late
    for row in values:
        row[begin : begin + count] = np.linspace(row[begin - 1], row[begin + count], count + 2)[1:-1]
    panel = Panel(
        values, start=change.moment - middle * step, step=step, sensors=tuple("abcdef"),
        calendar=Calendar("Europe/Madrid"),
    )  # fmt: skip
    (found,) = drawn_over(panel, ())
    assert (found.late, found.slots, found.sensors.sum()) == (late, tuple(range(begin, begin + count)), 6)
    untouched = Panel(
        np.random.default_rng(2).integers(100, 900, (6, 80)).astype(np.float32), start=panel.start, step=step,
        sensors=panel.sensors, calendar=panel.calendar,
    )  # fmt: skip
    assert drawn_over(untouched, ()) == ()


# -- the real files ----------------------------------------------------------------------------------

needs_madrid = pytest.mark.skipif(not MADRID.exists(), reason=f"{MADRID.name} is not here")
needs_bologna = pytest.mark.skipif(not BOLOGNA.exists(), reason=f"{BOLOGNA.name} is not here")


def madrid(**more):
    given = {
        "zone": "Europe/Madrid",
        "clock": "wall",
        "first": "2017-01-01",
        "slot": 15,
        "country": "ES",
        "subdivision": "MD",
    }
    return SeriesSettings(**{**given, **more})


@needs_madrid
def test_madrid_has_four_filled_slots_on_26_march_and_the_holidays_of_2017():
    checked = check(take(MADRID, settings=madrid()))
    assert not checked.wrong
    assert said(checked, "drawn").startswith(
        "2017-03-26: a straight line of 4 filled slots over the hour that the clock left out, in 10 of 10 "
        "sensors; it begins 30 minutes early"
    )
    assert "12 of 12 holidays" in said(checked, "holidays")
    assert {dt.date(2017, 5, 15), dt.date(2017, 11, 9)} <= set(checked.holidays.unstated)  # of the city alone


@needs_madrid
def test_madrid_begins_half_an_hour_later_than_it_is_said_to():
    taken = take(MADRID, settings=madrid(first="2017-01-01 00:30"))
    assert [(one.late, int(one.sensors.sum()), one.slots) for one in taken.drawn] == [(0, 10, ())]
    early = open_panel(MADRID, settings=madrid())
    assert (early.states[:, [8070, 8071]] == State.FILLED).all()


@needs_madrid
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"clock": "utc"}, "mornings move by 1 h"),
        ({"first": "2017-01-02"}, "Sunday and Monday look like the weekend"),
        ({"first": "2018-01-01"}, "Sunday and Monday look like the weekend"),
        ({"country": "IN", "subdivision": None}, "holidays from Monday to Saturday look like a Sunday; not"),
    ],
)
def test_madrid_under_a_wrong_clock_or_calendar_is_wrong(more, words):
    checked = check(take(MADRID, settings=madrid(**more)))
    assert checked.wrong
    assert any(one.wrong and words in one.sentence for one in checked.findings)


@needs_bologna
def test_bologna_holds_two_hours_in_one_and_its_air_another_clock():
    counts = {
        "zone": "Europe/Rome", "clock": "wall", "slot": 60, "sensor": "MTSStationID", "time": "datetime",
        "value": ("Heavy", "Light", "Medium", "Others"), "part": "DirectionCode",
        "places": BOLOGNA / "monitoring_stations.xlsx",
    }  # fmt: skip
    taken = take(BOLOGNA / "traffic_counts_hourly_mts_v2.zip", settings=SeriesSettings(**counts))
    checked = check(taken)
    assert "2024-10-27: that hour seems to hold two hours added up" in said(checked, "doubled")
    assert (taken.incomplete, taken.panel.shape) == (65, (7, 8784))
    assert np.isfinite(taken.panel.places).all()
    air = {"zone": "Europe/Rome", "time": "data", "drop": ("v_*",)}
    for clock, wrong in (("+01:00", False), ("wall", True)):
        checked = check(take(BOLOGNA / "NO2_hourly.csv", settings=SeriesSettings(clock=clock, **air)))
        assert checked.wrong == wrong
