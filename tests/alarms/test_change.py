"""Change points: the stated number of false reports, shifts found and dated, one day at a time."""

import json

import numpy as np
import pytest

from unseen.alarms.change import DailyLevels, Drift, Sums, daily_levels, least_bound, run_length
from unseen.errors import ConfigError, DataError
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel
from unseen.series.profile import Profile


def noise(seed, sensors, days, memory=0.0, degrees=None):
    rng = np.random.default_rng(seed)
    shocks = rng.normal(size=(sensors, days)) if degrees is None else rng.standard_t(degrees, (sensors, days))
    for place in range(1, days):
        shocks[:, place] += memory * shocks[:, place - 1]
    return shocks


def levels(values):
    return DailyLevels(np.arange(values.shape[1]), values)


def test_run_lengths_of_the_formula_are_those_of_chance():
    rng = np.random.default_rng(0)
    for bound, allowance in ((3.0, 0.5), (4.0, 0.4)):
        total, ends = np.zeros((2, 4000)), np.zeros(4000)
        for day in range(1, 1500):
            shock = rng.normal(size=4000)
            total = np.maximum(total + np.stack([shock, -shock]) - allowance, 0)
            ends = np.where((ends == 0) & (total > bound).any(axis=0), day, ends)
        assert (ends > 0).mean() > 0.97
        ends = np.where(ends == 0, 1500, ends)
        assert ends.mean() == pytest.approx(run_length(bound, allowance), rel=0.08)
        assert least_bound(run_length(bound, allowance), allowance) == pytest.approx(bound)


@pytest.mark.parametrize(("memory", "degrees"), [(0.0, None), (0.5, None), (0.3, 3)], ids=str)
def test_false_reports_are_as_many_as_stated(memory, degrees):
    """200 streets without change, days that depend on each other, or heavy tails: one report in 5 days."""
    values = noise(1, 200, 900, memory, degrees)
    fitted = Drift(run_length=5).fit(levels(values[:, :400]))
    changes, _ = fitted.run(levels(values[:, 400:]))
    assert 500 / 5 * 0.6 < len(changes.day) < 500 / 5 * 1.5


def test_a_lasting_shift_is_found_and_dated():
    values = noise(2, 40, 500, 0.3)
    values[:10, 400:] += 2.0
    values[10:20, 400:] -= 2.0
    fitted = Drift(run_length=365).fit(levels(values[:, :300]))
    changes, _ = fitted.run(levels(values[:, 300:430]))
    first = {int(s): (int(d), int(b), int(w)) for s, d, b, w in reversed(list(zip(
        changes.sensor, changes.day, changes.since, changes.direction, strict=True)))}  # fmt: skip
    assert [first[place][2] for place in range(20)] == 10 * [1] + 10 * [-1]
    assert np.median([first[place][0] for place in range(20)]) <= 110
    dated = [first[place][0] - first[place][1] + 1 for place in range(20)]
    assert np.median(np.abs(np.array(dated) - 100)) <= 2
    assert len(set(first) - set(range(20))) <= 2


def test_one_day_at_a_time_is_the_batch_even_through_json():
    values = noise(3, 30, 300, 0.3)
    values[np.random.default_rng(3).random(values.shape) < 0.1] = np.nan
    values[7] = np.nan  # a sensor that never spoke
    values[:5, 200:] += 1.5
    fitted = Drift(run_length=20).fit(levels(values[:, :150]))
    changes, after = fitted.run(levels(values[:, 150:]))
    now, found = fitted.start(), []
    for place in range(150):
        now = Sums.from_dict(json.loads(json.dumps(now.to_dict())))
        changed = fitted.step(now, values[:, 150 + place])
        now = changed.after
        found += [(int(s), place, int(changed.since[s])) for s in np.flatnonzero(changed.direction)]
    batch = zip(changes.sensor.tolist(), changes.day.tolist(), changes.since.tolist(), strict=True)
    assert len(found) > 5
    assert sorted(found) == list(batch)
    assert now.to_dict() == after.to_dict()
    assert 7 not in changes.sensor


def test_levels_of_days(streets):
    panel = streets(0, sensors=2, days=40).panel
    values = panel.values.copy()
    values[0, 48 * 3 : 48 * 3 + 10] = np.nan  # 10 of 48 slots: less than 80 % is known
    values[1, 48 * 5 :] += 30
    gaps = Panel(values, panel.start, panel.step, panel.sensors, Calendar("UTC"))
    profile = Profile.fit(panel)
    found = daily_levels(gaps, profile)
    mean, sd = profile.at(panel.times[48 * 4 : 48 * 5])
    assert found.level[0, 4] == pytest.approx(
        ((values[0, 48 * 4 : 48 * 5] - mean[0]) / sd[0]).mean(), rel=1e-4
    )
    assert np.isnan(found.level[0, 3])
    assert np.isfinite(found.level).sum() == 2 * 40 - 1
    assert found.level[1, 5:].min() > found.level[1, :5].max()


@pytest.mark.parametrize(
    "settings", [{"run_length": 1}, {"run_length": np.inf}, {"allowance": 0}, {"allowance": np.nan}], ids=str
)
def test_settings_out_of_bounds(settings):
    with pytest.raises(ConfigError, match="accepted"):
        Drift(**settings)


def test_too_few_days_and_broken_sums_are_refused():
    with pytest.raises(DataError, match="four weeks"):
        Drift().fit(levels(noise(0, 3, 20)))
    fitted = Drift().fit(levels(noise(0, 2, 60)))
    good = fitted.start().to_dict()
    for broken in ({}, {**good, "sum": [[0.0]]}, {**good, "last": ["x", 1]}, {**good, "length": None}):
        with pytest.raises(DataError, match="stored sums"):
            Sums.from_dict(broken)


def test_a_constant_street_is_never_reported():
    values = np.zeros((1, 100))
    fitted = Drift(run_length=10).fit(levels(values))
    changes, _ = fitted.run(levels(values))
    assert len(changes.day) == 0
