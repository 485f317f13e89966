"""Windows: drawn evenly, read without a copy, from profiles that leave the own value out."""

from dataclasses import replace

import numpy as np
import pytest

from unseen.errors import ConfigError
from unseen.forecasting.forecaster import slots_ahead
from unseen.forecasting.history import History
from unseen.forecasting.inputs import Columns
from unseen.forecasting.learning import Schedule
from unseen.forecasting.naive import RULES, Baseline
from unseen.forecasting.plain_inputs import PLAIN_WIDTH, PlainReader
from unseen.forecasting.related import related
from unseen.forecasting.training_set import training_set
from unseen.forecasting.usual import Weeks, from_few_days, learned, scales


@pytest.fixture(scope="module")
def made(panel):
    return training_set(panel, horizon=1, neighbours=2, held_back=14 * panel.a_day, seed=0)


def test_a_training_slot_is_not_in_its_own_profile(panel):
    """(n m - x) / (n - 1) is the mean over the other weeks, by hand."""
    rows, leave = np.arange(4), np.ones(4, bool)
    ones = History(panel, learned(panel), rows, 1, leave)
    many = replace(ones, usual=replace(ones.usual, count=ones.usual.count + 2))  # above the least of eight
    week = panel.a_day * 7
    others = [panel.values[2, 100 + k * week] for k in range(1, 8)]
    whole = History(panel, learned(panel), rows, 1, ~leave).expected(np.array([2]), np.array([100]))
    n = float(many.usual.count[2, many.week_slots[100]])
    left = many.expected(np.array([2]), np.array([100]))
    assert left[0] == pytest.approx((n * whole[0] - panel.values[2, 100]) / (n - 1), rel=1e-4)
    assert n == 10
    assert abs(left[0] - np.mean(others)) < abs(whole[0] - panel.values[2, 100])


def test_windows_have_their_columns_and_no_holes(panel, made):
    drawn = made.windowed.read(np.array([0, 1, 2, 3]), np.array([800, 801, 802, 803]))
    assert drawn.windows.x.shape == (4, Columns(2).width)
    assert np.isfinite(drawn.windows.x).all()
    values = drawn.windows.base + drawn.windows.scale * drawn.target
    assert np.allclose(values, panel.values[[0, 1, 2, 3], [801, 802, 803, 804]], rtol=1e-4)
    lag = made.reader.columns.places["lags"]
    history = replace(made.reader, gaps=None).read(np.array([1]), np.array([900]))
    assert history.x[0, lag][-1] == pytest.approx(
        made.reader.history.residual(np.array([1]), np.array([900]))[0]
    )


def test_drawing_shows_every_sensor_and_hour_alike(panel, made):
    drawn = next(iter(made.windowed.stratified(20_000, seed=1, epoch=0)))
    known = drawn.windows.sensor > 0
    assert 0.05 < 1 - known.mean() < 0.15  # sensors as if new: a tenth
    sensors = np.bincount(drawn.windows.sensor[known], minlength=5)[1:]
    assert sensors.min() > 0.9 * sensors.max()
    hours = np.bincount(drawn.windows.slot_of_day // 2, minlength=24)
    assert hours.min() > 0.8 * hours.max()
    again = next(iter(made.windowed.stratified(20_000, seed=1, epoch=0)))
    assert np.array_equal(drawn.target, again.target)
    other = next(iter(made.windowed.stratified(20_000, seed=1, epoch=1)))
    assert not np.array_equal(drawn.target[:100], other.target[:100])


def test_days_held_back_are_not_drawn(panel, made):
    slots = np.flatnonzero(made.windowed.allowed)
    assert slots.max() + 1 < panel.slots - 14 * panel.a_day
    assert made.held_back.min() > slots.max()
    every = made.windowed.all_of_them()
    assert len(every) <= made.windowed.every()


def test_a_mapped_panel_is_read_and_not_changed(panel, tmp_path):
    np.save(tmp_path / "values.npy", panel.values)
    mapped = replace(panel, values=np.load(tmp_path / "values.npy", mmap_mode="r"))
    first, second = (
        training_set(one, horizon=1, neighbours=2, held_back=672, seed=0).windowed.read(
            np.array([0, 3]), np.array([700, 900])
        )
        for one in (panel, mapped)
    )
    assert np.array_equal(first.windows.x, second.windows.x)


def test_the_sensor_that_leads_is_found(panel):
    """One sensor repeats another an hour later: it is the one to look at."""
    rng = np.random.default_rng(4)
    values = panel.values * (1 + 0.2 * rng.normal(size=panel.shape)).astype(np.float32)
    lead = 1 + np.convolve(rng.normal(size=panel.slots), np.ones(3) / 3, "same").astype(np.float32) * 0.5
    values[2] *= lead
    values[0, 1:] *= lead[:-1]
    told = replace(panel, values=values)
    history = History(told, learned(told), np.arange(4), 1, np.zeros(4, bool))
    assert related(history, np.array([0]), np.arange(4), 2, horizon=1)[0, 0] == 2
    alone = related(history, np.array([0]), np.array([0]), 2, horizon=1)
    assert alone.tolist() == [[-1, -1]]


def test_a_few_days_lean_on_the_weeks_of_others(panel):
    known = learned(panel.select(["north", "east", "west"]))
    week = panel.slice(20 * 48, 27 * 48).select(["south"])
    usual = from_few_days(week, Weeks.of(known))
    truth = learned(panel.select(["south"])).mean[0]
    own = learned(week).mean[0]
    assert np.abs(usual.mean[0] - truth).mean() < 0.8 * np.abs(own - truth).mean()
    assert np.isfinite(usual.sd).all()
    short = from_few_days(panel.slice(0, 40).select(["south"]), Weeks.of(known))
    assert np.isnan(short.scale).all()
    assert np.isnan(scales(replace(week, values=np.full_like(week.values, 3.0)))).all()


def test_rules_are_what_they_say(panel):
    train = panel.slice(0, 42 * 48)
    slot = 50 * 48 + 11
    said = {
        name: Baseline(rule).fit(train).forecast(panel, [slot]).quantile(0.5)[1, 0]
        for name, rule in RULES.items()
    }
    usual = learned(train).mean[1]
    week = panel.week_slots
    now, then = usual[week[slot]], usual[week[slot + 1]]
    value = panel.values[1, slot]
    assert said["persistence"] == pytest.approx(value, rel=1e-5)
    assert said["same slot last week"] == pytest.approx(panel.values[1, slot + 1 - 7 * 48], rel=1e-5)
    assert said["weekly profile"] == pytest.approx(then, rel=1e-5)
    assert said["profile + .7 residual"] == pytest.approx(then + 0.7 * (value - now), rel=1e-4)


def test_plain_windows_hold_z_scores(panel):
    history = History(panel, learned(panel), np.arange(4), 1, np.zeros(4, bool))
    windows = PlainReader(history, 1, np.arange(4)).read(np.array([1]), np.array([1000]))
    assert windows.x.shape == (1, PLAIN_WIDTH)
    z = (panel.values[1, 989:1001] - windows.base) / windows.scale
    assert np.allclose(windows.x[0, :12], z, rtol=1e-4)
    assert windows.scale[0] == pytest.approx(panel.values[1].std(), rel=1e-3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Schedule(epochs=0), "epochs 0 came; accepted: 1 or more"),
        (lambda: Schedule(unknown=1.0), "unknown 1.0 came; accepted: at least 0 and below 1"),
        (lambda: Schedule(rate=0), "rate 0 came; accepted: above 0"),
        (lambda: slots_ahead(0, 900), "0 minutes ahead came; accepted: above 0, at most a day"),
    ],
)
def test_settings_out_of_their_bounds_are_refused(call, said):
    with pytest.raises(ConfigError, match=said):
        call()
