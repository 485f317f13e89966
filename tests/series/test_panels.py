"""Panels, calendars, profiles and forecasts: known answers, and what is refused."""

import datetime as dt

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.series.calendar import Calendar, DayType, from_wall
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel
from unseen.series.profile import Profile
from unseen.series.wall import wall_panel

MADRID = Calendar("Europe/Madrid")
HOUR = 3600


def hourly(values, start=0, calendar=None):
    values = np.atleast_2d(np.asarray(values, np.float32))
    sensors = tuple("abcdefgh"[: len(values)])
    return Panel(values, start=start, step=HOUR, sensors=sensors, calendar=calendar or Calendar("UTC"))


def test_days_have_types():
    calendar = Calendar("Europe/Madrid", frozenset({dt.date(2017, 10, 12), dt.date(2017, 8, 15)}))
    days = [dt.date(2017, 10, day) for day in range(11, 16)] + [dt.date(2017, 8, 14)]
    local = calendar.local([calendar.moment(day) + 12 * HOUR for day in days])
    expected = [
        DayType.WORKDAY,
        DayType.HOLIDAY,
        DayType.BRIDGE,
        DayType.SATURDAY,
        DayType.SUNDAY,
        DayType.BRIDGE,
    ]
    assert local.day_type.tolist() == expected
    assert local.weekday.tolist() == [2, 6, 4, 5, 6, 0]


def test_holidays_of_a_country():
    pytest.importorskip("holidays")
    calendar = Calendar.of_country("Europe/Madrid", "ES", "MD")
    assert dt.date(2017, 5, 2) in calendar.holidays  # the day of the Community of Madrid
    with pytest.raises(ConfigError, match="country 'XX' is not known"):
        Calendar.of_country("Europe/Madrid", "XX")


def test_both_changes_of_the_clock():
    spring = MADRID.moment(dt.date(2017, 3, 26))
    assert MADRID.week_slots(spring + HOUR * np.arange(3), HOUR).tolist() == [144, 145, 147]
    autumn = MADRID.moment(dt.date(2017, 10, 29))
    assert MADRID.week_slots(autumn + HOUR * np.arange(4), HOUR).tolist() == [144, 145, 146, 146]


def test_wall_clock_and_back():
    placed = from_wall(np.arange(0, 400 * 86_400, HOUR), "Europe/Madrid")
    local = MADRID.local(placed.times)
    kept = ~placed.skipped
    assert np.array_equal((local.day * 86_400 + local.second)[kept], np.arange(0, 400 * 86_400, HOUR)[kept])


def test_unknown_zone_offers_the_nearest():
    with pytest.raises(ConfigError, match=r"Did you mean 'Europe/Madrid'"):
        Calendar("Europe/Madird")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"step": 700}, "do not divide an hour"),
        ({"sensors": ("a", "a")}, "comes twice"),
        ({"sensors": ("a",)}, "one row a sensor"),
        ({"states": np.zeros((2, 3), np.uint8)}, "states of shape"),
        ({"places": np.zeros((3, 2))}, "places of shape"),
    ],
)
def test_panels_that_do_not_fit(change, words):
    good = {"values": np.zeros((2, 4), np.float32), "start": 0, "step": 900, "sensors": ("a", "b")}
    with pytest.raises(DataError, match=words):
        Panel(**{**good, "calendar": MADRID, **change})


def test_parts_of_a_panel():
    panel = hourly(np.arange(96).reshape(2, 48), start=MADRID.moment(dt.date(2017, 1, 1)), calendar=MADRID)
    assert panel.between(dt.date(2017, 1, 2), dt.date(2017, 1, 5)).values[0].tolist() == list(range(24, 48))
    assert panel.select(["b"]).values.tolist() == panel.values[1:].tolist()
    with pytest.raises(DataError, match="the panel has 2017-01-01 00:00 to 2017-01-02 23:00"):
        panel.between(dt.date(2018, 1, 1), dt.date(2018, 1, 2))
    with pytest.raises(DataError, match="sensor 'z' is not known"):
        panel.select(["z"])


def test_a_profile_is_the_mean_of_the_week():
    rng = np.random.default_rng(0)
    weeks = rng.normal(100, 10, (2, 12, 168)).astype(np.float32)
    weeks[0, 3, 5] = np.nan
    panel = hourly(weeks.reshape(2, -1), start=4 * 86_400)  # a Monday
    profile = Profile.fit(panel)
    np.testing.assert_allclose(profile.mean, np.nanmean(weeks, axis=1), rtol=1e-5)
    np.testing.assert_allclose(profile.sd, np.nanstd(weeks, axis=1), rtol=1e-3)
    left = profile.without_own(panel).reshape(2, 12, 168)
    np.testing.assert_allclose(left[1, 4], np.delete(weeks[1], 4, axis=0).mean(axis=0), rtol=1e-5)


def test_few_values_lean_on_days_of_the_same_type():
    two_weeks = np.zeros((1, 14, 24), np.float32)
    two_weeks[0, :, 8] = [10, 20, 30, 40, 50, 1, 2] * 2
    profile = Profile.fit(hourly(two_weeks.reshape(1, -1), start=4 * 86_400))
    assert profile.mean[0, 8] == pytest.approx((2 * 10 + 8 * 30) / 10)
    assert profile.mean[0, 5 * 24 + 8] == pytest.approx(1)
    assert np.isfinite(profile.sd).all()


def test_chances_follow_the_distribution():
    from scipy.stats import norm

    levels = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    grid = (100 + 10 * norm.ppf(levels)).astype(np.float32)[None, None]
    one = Forecasts(("a",), np.array([0]), np.array([0]), grid[..., 2], levels, grid)
    for threshold in (70.0, 85.0, 95.0, 100.0, 112.0, 120.0, 130.0):
        assert one.chance_over(threshold)[0, 0] == pytest.approx(norm.sf(threshold, 100, 10), abs=0.03)
    assert one.quantile(0.85)[0, 0] == pytest.approx(grid[0, 0, 3] / 2 + grid[0, 0, 4] / 2)
    with pytest.raises(DataError, match="outside"):
        one.quantile(0.99)


def test_wall_tables_that_do_not_fit():
    with pytest.raises(DataError, match="without one"):
        wall_panel(
            np.zeros((4, 1)),
            first=dt.datetime(2017, 1, 1, tzinfo=dt.UTC),
            step=900,
            sensors=["a"],
            calendar=MADRID,
        )
    with pytest.raises(DataError, match="one column a sensor"):
        wall_panel(np.zeros((4, 2)), first=dt.datetime(2017, 1, 1), step=900, sensors=["a"], calendar=MADRID)
