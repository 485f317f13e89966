"""The alarm's states: known sequences, batch equal to single steps, no flapping, no silent green."""

import json

import numpy as np
import pytest

from unseen.alarms.machine import Machine, Standing, Status
from unseen.errors import ConfigError, DataError

LETTERS = {"N": Status.NORMAL, "R": Status.RAISED, "C": Status.CLEARING, "-": Status.NO_DATA}
NAN = np.nan
CASES = {
    # theta 0.5, so clearing below 0.4
    "raised above theta, not at it": ([0.5, 0.51], "NR"),
    "one low slot does not clear": ([0.6, 0.1, 0.45, 0.1, 0.1], "RCRCN"),
    "clearing goes back to raised without a second raise": ([0.6, 0.1, 0.6], "RCR"),
    "two missing slots hold, the third is no data": ([0.6, NAN, NAN, NAN, 0.6], "RRR-R"),
    "a missing slot does not count as low": ([0.6, 0.1, NAN, 0.1], "RCCN"),
    "normal is held too, but never for long": ([0.1, NAN, NAN, NAN, NAN, 0.1], "NNN--N"),
    "no data before the first slot": ([NAN, 0.1], "-N"),
    "above the clearing threshold it stays for ever": ([0.6] + 9 * [0.41], 10 * "R"),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_known_sequences(case):
    chances, expected = CASES[case]
    run = Machine().run(np.array([chances]), 0.5)
    assert run.status[0].tolist() == [LETTERS[letter] for letter in expected]


def random_case(seed=0, sensors=40, slots=300):
    rng = np.random.default_rng(seed)
    chance = np.clip(np.cumsum(rng.normal(0, 0.12, (sensors, slots)), axis=1) % 1, 0, 1)
    chance[rng.random(chance.shape) < 0.15] = np.nan
    theta = np.repeat(rng.uniform(0.2, 0.8, (sensors, slots // 50)), 50, axis=1)
    enough = np.arange(slots) >= rng.integers(0, 60, sensors)[:, None]
    return chance, theta, enough


def test_one_slot_at_a_time_is_the_batch_even_through_json():
    chance, theta, enough = random_case()
    machine = Machine()
    run = machine.run(chance, theta, enough)
    now = machine.start(len(chance))
    for place in range(chance.shape[1]):
        now = Standing.from_dict(json.loads(json.dumps(now.to_dict())))
        moved = machine.step(now, chance[:, place], theta[:, place], enough[:, place])
        now = moved.after
        assert np.array_equal(now.status, run.status[:, place])
        assert np.array_equal(moved.raised, run.raised[:, place])
        assert np.array_equal(moved.ended, run.ended[:, place])
    assert now.to_dict() == run.after.to_dict()
    assert {int(code) for code in np.unique(run.status)} == set(Status)


def test_a_run_goes_on_where_another_stopped():
    chance, theta, enough = random_case(1)
    machine = Machine()
    whole = machine.run(chance, theta, enough)
    first = machine.run(chance[:, :133], theta[:, :133], enough[:, :133])
    rest = machine.run(chance[:, 133:], theta[:, 133:], enough[:, 133:], before=first.after)
    assert np.array_equal(np.concatenate([first.status, rest.status], axis=1), whole.status)
    assert np.array_equal(np.concatenate([first.raised, rest.raised], axis=1), whole.raised)


def test_every_alarm_that_is_raised_ends_once():
    chance, theta, enough = random_case(2)
    run = Machine().run(chance, theta, enough)
    events = run.raised.astype(int) - run.ended
    assert run.raised.sum() > 100
    assert np.array_equal(np.cumsum(events, axis=1), run.on.astype(int))


def test_noise_round_the_threshold_does_not_flap():
    """A chance that crosses theta three times, with noise of 5 %: never more raises than crossings."""
    rng = np.random.default_rng(5)
    slots = np.arange(600)
    smooth = 0.5 + 0.4 * np.sin(2 * np.pi * slots / 200 - np.pi / 2)
    held = np.full(600, 0.5)
    for curve, crossings in ((smooth, 3), (held, 1)):
        noisy = curve * rng.uniform(0.95, 1.05, (500, 600))
        raises = Machine().run(noisy, 0.5).raised.sum(axis=1)
        assert raises.max() == crossings
        bare = Machine(keep=1, clear_after=1).run(noisy, 0.5).raised.sum(axis=1)
        assert bare.mean() > 1.4 * crossings, "without hysteresis it does flap, so the test can fail"


def test_lanes_of_thresholds_are_independent():
    chance, _, _ = random_case(3)
    grid = np.array([0.3, 0.5, 0.7])
    together = Machine().run(chance[:, None], grid[:, None])
    for place, theta in enumerate(grid):
        assert np.array_equal(together.status[:, place], Machine().run(chance, theta).status)


def test_without_hysteresis_it_is_a_comparison():
    chance, _, _ = random_case(4)
    chance = np.nan_to_num(chance)
    assert np.array_equal(Machine(keep=1, clear_after=1).run(chance, 0.6).on, chance > 0.6)


@pytest.mark.parametrize(
    "settings",
    [{"keep": 0}, {"keep": 1.1}, {"keep": NAN}, {"clear_after": 0}, {"clear_after": 101}, {"hold": -1}],
    ids=str,
)
def test_settings_out_of_bounds(settings):
    with pytest.raises(ConfigError, match="accepted"):
        Machine(**settings)


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"status": [9], "low": [0], "missing": [0]},
        {"status": [0, 0], "low": [0], "missing": [0]},
        {"status": ["x"], "low": [0], "missing": [0]},
        {"status": [0], "low": [10**9], "missing": [0]},
        {"status": None, "low": [0], "missing": [0]},
    ],
    ids=str,
)
def test_broken_states_are_refused(stored):
    with pytest.raises(DataError, match="stored alarm states"):
        Standing.from_dict(stored)


def test_the_short_way_without_hysteresis_says_the_same():
    chance, _, _ = random_case(6)
    chance = np.nan_to_num(chance, nan=0.3)
    bare = Machine(keep=1, clear_after=1)
    short, long = bare.run(chance, 0.6), bare.run(chance, 0.6, before=bare.start(len(chance)))
    for part in ("status", "raised", "ended"):
        assert np.array_equal(getattr(short, part), getattr(long, part))
    assert short.after.to_dict() == long.after.to_dict()
