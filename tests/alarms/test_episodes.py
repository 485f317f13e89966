"""Runs, leads and false episodes: known answers, and a slow reading of the same definitions."""

import numpy as np
import pytest

from unseen.alarms.episodes import Windows, match, spans

STEP = 900


def flags(*texts):
    return np.array([[sign == "x" for sign in text] for text in texts])


RUNS = {
    ("..xx..x", 0, 1): [(2, 3), (6, 6)],
    ("..xx..x", 2, 1): [(2, 6)],
    ("x.x..xx", 1, 2): [(0, 2), (5, 6)],
    ("x..x.x.", 1, 3): [(3, 5)],
    (".......", 1, 1): [],
    ("xxxxxxx", 1, 2): [(0, 6)],
}


@pytest.mark.parametrize("case", RUNS, ids=str)
def test_runs(case):
    text, bridge, least = case
    found = spans(flags(text), bridge=bridge, least=least)
    assert list(zip(found.first.tolist(), found.last.tolist(), strict=True)) == RUNS[case]


def test_runs_never_join_two_sensors():
    found = spans(flags("...xx", "x...."), bridge=5)
    assert found.sensor.tolist() == [0, 1]


# `on` stands where the slot is that is spoken of, issued two slots before; leads are in slots
LEADS = {
    ("......xxx...", "......xx...."): 2,
    ("......xxx...", "....xxxx...."): 4,
    ("......xxx...", "..xxxxxx...."): 4,  # an hour at most
    ("......xxx...", ".....x......"): np.nan,  # off again before the window
    ("......xxx...", ".......xx..."): 1,
    ("......xxx...", ".........x.."): -1,
    ("......xxx...", "..........x."): np.nan,  # issued at its last slot: too late
    ("......xxx...", "............"): np.nan,
}


@pytest.mark.parametrize("case", LEADS, ids=str)
def test_leads(case):
    red, on = case
    found = match(flags(red), flags(on), STEP, Windows(ahead=2))
    assert np.array_equal(found.lead, [LEADS[case]], equal_nan=True)


# false if no issue time (two slots before those marked) lies in [start - 4, end]
FALSE = {
    ("........xx....", "....x........."): True,  # issued at 2
    ("........xx....", "......x......."): False,  # issued at 4 = start - 4
    ("........xx....", "...........x.."): False,  # issued at 9 = end
    ("........xx....", "............x."): True,
    ("........xx....", "xxxxxxx......."): False,  # a run counts once it touches
    ("........x.....", "........x....."): True,  # one red slot is no episode
}


@pytest.mark.parametrize("case", FALSE, ids=str)
def test_false_episodes(case):
    red, on = case
    assert match(flags(red), flags(on), STEP, Windows(ahead=2)).false.tolist() == [FALSE[case]]


def slowly(red, on, windows, most):
    """Leads and false runs, read word by word from the definition."""
    issues = {place - windows.ahead for place in np.flatnonzero(on)}
    runs = spans(red[None], bridge=windows.bridge, least=windows.least)
    episodes = list(zip(runs.first.tolist(), runs.last.tolist(), strict=True))
    leads = []
    for start, end in episodes:
        met = [i for i in range(start - windows.before, end) if i in issues]
        lead = np.nan
        if met:
            first = met[0]
            while first - 1 in issues:
                first -= 1
            lead = min(start - first, most)
        leads.append(lead)
    alarms = spans(on[None])
    false = [
        not any(
            start - windows.near <= i <= end
            for i in range(a - windows.ahead, b + 1 - windows.ahead)
            for start, end in episodes
        )
        for a, b in zip(alarms.first, alarms.last, strict=True)
    ]
    return leads, false


@pytest.mark.parametrize("ahead", [1, 2, 3])
def test_matching_is_its_definition(ahead):
    rng = np.random.default_rng(ahead)
    for _ in range(60):
        red = np.repeat(rng.random(30) < 0.3, 2)
        on = np.repeat(rng.random(20) < 0.3, 3)
        windows = Windows(ahead, before=int(rng.integers(0, 4)), near=int(rng.integers(2, 6)))
        found = match(red[None], on[None], STEP, windows)
        leads, false = slowly(red, on, windows, 4)
        assert np.array_equal(found.lead, leads, equal_nan=True)
        assert found.false.tolist() == false
