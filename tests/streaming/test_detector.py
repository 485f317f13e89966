"""The stream detector: what it finds, what it leaves alone, and that it goes on bit for bit."""

import json

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.seeds import generator
from unseen.streaming import StreamDetector, reference, score_series

WARMUP, AT, LENGTH = 600, 2000, 2100
TIMES = np.arange(LENGTH) * 300.0
DAY = np.sin(2 * np.pi * TIMES / 86_400)


def noise(seed=0):
    return generator(seed, 5).normal(size=LENGTH)


def at_rest():
    return 5 * DAY + 0.5 * noise() + 20


def spike():
    return at_rest() + 12 * (np.arange(LENGTH) == AT)


def shift():
    return at_rest() + 6 * (np.arange(LENGTH) >= AT)


def dip():
    return at_rest() - 12 * (np.arange(LENGTH) == AT)


def unrest():
    return at_rest() + np.where(np.arange(LENGTH) >= AT, 2.5, 0.0) * noise(1)


def still():
    return np.where(np.arange(LENGTH) >= AT, at_rest()[AT], at_rest())


def wrong_hour():
    """The level of noon in the middle of the night: within the range of the day, but not of its hour."""
    night = 2000 - (2000 % 288) + 216
    return np.where(np.arange(LENGTH) >= night, 20 + 0.5 * noise(), at_rest()), night


def scored(values, **settings):
    return score_series(TIMES[: len(values)], values, StreamDetector(warmup=WARMUP, **settings))


@pytest.mark.parametrize("event", [spike, shift, dip, unrest, still], ids=lambda event: event.__name__)
def test_an_event_raises_one_alarm_within_a_few_readings(event):
    alarms = np.flatnonzero(scored(event()).alarm)
    assert len(alarms[alarms < AT]) <= 2
    assert len(alarms[alarms >= AT]) == 1
    assert alarms[-1] - AT < 24


def test_a_value_that_is_ordinary_at_another_hour_is_strange_at_this_one():
    values, night = wrong_hour()
    assert [place for place in np.flatnonzero(scored(values).alarm) if 0 <= place - night < 48]


@pytest.mark.parametrize("scale", [2.0**-20, 2.0**30])
def test_unit_and_scale_do_not_matter(scale):
    ours, theirs = scored(spike()), scored(spike() * scale)
    assert np.array_equal(ours.score, theirs.score)
    assert np.array_equal(ours.alarm, theirs.alarm)


def test_a_whole_series_gives_the_bits_of_one_reading_at_a_time():
    values = spike()
    detector = StreamDetector(warmup=WARMUP)
    verdicts = [detector.update(time, value) for time, value in zip(TIMES, values, strict=True)]
    whole = scored(values)
    assert np.array_equal(whole.score, [verdict.score for verdict in verdicts])
    assert np.array_equal(whole.p, [verdict.p for verdict in verdicts])
    assert np.array_equal(whole.alarm, [verdict.alarm for verdict in verdicts])


@pytest.mark.parametrize(("cut", "through_json"), [(0, False), (30, True), (777, False), (777, True)])
def test_a_restart_goes_on_bit_for_bit(cut, through_json):
    values = shift()[-1000:]
    whole = scored(values, memory=500)
    first = StreamDetector(warmup=WARMUP, memory=500)
    score_series(TIMES[:cut], values[:cut], first)
    state = first.state()
    if through_json:
        state = json.loads(json.dumps({name: array.tolist() for name, array in state.items()}))
    rest = score_series(TIMES[cut:1000], values[cut:], StreamDetector.from_state(state))
    assert np.array_equal(rest.score, whole.score[cut:])
    assert np.array_equal(rest.alarm, whole.alarm[cut:])


def test_memory_is_bounded():
    detector = StreamDetector(warmup=100, memory=200)

    def size():
        return sum(array.nbytes for array in detector.state().values())

    sizes = set()
    for number, (time, value) in enumerate(zip(TIMES, at_rest(), strict=True)):
        detector.update(time, value)
        if number > 600 and number % 100 == 0:
            sizes.add(size())
    assert len(sizes) == 1


def test_a_missing_value_changes_nothing_and_says_so():
    values = at_rest()
    whole = scored(values[:1000])
    detector = StreamDetector(warmup=WARMUP)
    kept = []
    for place in range(1000):
        if place % 7 == 0:
            assert detector.update(TIMES[place], float("nan")).state == "missing"
        kept.append(detector.update(TIMES[place], values[place]).score)
    assert np.array_equal(kept, whole.score)


def test_a_constant_stream_is_ordinary_until_it_moves():
    values = np.full(1200, 7.0)
    values[1100:] = 8.0
    alarms = np.flatnonzero(scored(values).alarm)
    assert len(alarms) == 1
    assert 1100 <= alarms[0] < 1112


def test_late_repeated_and_far_stamps_are_borne():
    times = TIMES[:900].copy()
    times[300] -= 3600
    times[400] = times[399]
    times[500:] += 40 * 86_400
    assert np.isfinite(score_series(times, at_rest()[:900]).score).all()


def test_no_alarm_while_learning_nor_while_quiet():
    values = at_rest()
    values[300] += 50
    values[[1000, 1040]] += [300, 900]
    assert np.flatnonzero(scored(values[:1200], quiet=100).alarm).tolist() == [1000]
    assert np.flatnonzero(scored(values[:1200], quiet=30).alarm).tolist() == [1000, 1040]


def test_what_speaks_loudest_is_named():
    detector = StreamDetector(warmup=WARMUP)
    score_series(TIMES[:AT], at_rest()[:AT], detector)
    verdict = detector.update(TIMES[AT], 60.0)
    assert verdict.alarm
    assert verdict.why in ("value high", "step", "off the hour", "step off the hour", "spread of 6 high")


def test_false_alarms_keep_to_what_is_stated():
    """Fresh reference streams: about five alarms in 10,000 readings; the bound has a chance of 1e-4."""
    kinds, readings = ("white noise", "memory 0.9", "exponential", "daily"), 3000
    alarms = sum(int(score_series(*reference.stream(kind, readings, seed=11)).alarm.sum()) for kind in kinds)
    assert alarms <= 15  # expected: 4.5


def test_a_smaller_budget_means_a_higher_threshold():
    assert StreamDetector(alarms=1.0).threshold > StreamDetector(alarms=5.0).threshold


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"warmup": 10}, "warmup 10 came; accepted: 74 readings or more"),
        ({"quiet": -1}, "quiet -1 came"),
        ({"memory": 5}, "memory 5 came; accepted: 100"),
        ({"alarms": 1e9}, "alarms 1000000000.0 came; accepted: 0.057 to 52"),
        ({"alarms": float("nan")}, "alarms nan came"),
    ],
)
def test_settings_that_are_refused(settings, says):
    with pytest.raises(ConfigError, match=says):
        StreamDetector(**settings)


@pytest.mark.parametrize(
    ("time", "value", "says"),
    [
        (float("nan"), 1.0, "time nan came"),
        (0.0, float("inf"), "value inf came"),
        (0.0, -1e200, "value -1e\\+200 came; accepted: numbers up to 1e\\+150"),
    ],
)
def test_readings_that_are_refused(time, value, says):
    with pytest.raises(DataError, match=says):
        StreamDetector().update(time, value)


def test_the_largest_values_leave_finite_scores():
    values = 1e150 * np.sign(noise()[:700])
    assert np.isfinite(scored(values).score).all()


@pytest.mark.parametrize("broken", ["version", "settings", "at", "tails.past", "profile.means"])
def test_a_state_without_a_part_is_refused(broken):
    state = StreamDetector().state()
    del state[broken]
    with pytest.raises(DataError, match=f"not the state of a stream detector: '{broken}'"):
        StreamDetector.from_state(state)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 2),
        ("settings", [1, 2]),
        ("at", ["a", "b", "c"]),
        ("windows.views", np.zeros((3, 5))),
        ("settings", [100, 10, 1e12, 5]),
        ("tails.at", [10**12, 0]),
        ("tails.past", np.zeros((2, 4))),
        ("tails.top_sizes", [5]),
        ("profile.stays", {"a": 1}),
    ],
)
def test_a_state_with_a_foreign_part_is_refused(name, value):
    with pytest.raises(DataError, match="state"):
        StreamDetector.from_state({**StreamDetector().state(), name: value})


def test_lengths_that_differ_are_refused():
    with pytest.raises(DataError, match="2 times and 3 values"):
        score_series(np.zeros(2), np.zeros(3))
