"""States: what is believed, on sensors whose faults are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unseen.series.calendar import Calendar
from unseen.series.filled import filled, straight
from unseen.series.gathering import panel_of
from unseen.series.panel import Panel, State
from unseen.series.profile import Profile
from unseen.series.settings import SeriesSettings
from unseen.series.source import open_panel
from unseen.series.states import longest_runs, marked, runs_of

DAY = 96
SLOTS = 28 * DAY


def street(seed=0, days=28, level=200.0, night=0.0):
    """Counts of a street by quarter of an hour; at night `night` of the day's level."""
    hours = np.arange(days * DAY) % DAY / 4
    shape = np.clip(np.sin((hours - 6) / 16 * np.pi), 0, 1) ** 0.5 + night
    return np.random.default_rng(seed).poisson(level * shape + 0.02).astype(np.float32)


def panel(*rows):
    values = np.stack(rows)
    names = tuple(f"s{k}" for k in range(len(values)))
    return Panel(values, start=0, step=900, sensors=names, calendar=Calendar("UTC"))


def counts(found):
    return {state.name: (found.states == state).sum(axis=1).tolist() for state in State}


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(1, 12)),
        elements=st.sampled_from([0, 1, 2, np.nan]),
    )
)
def test_runs_are_those_of_a_plain_loop(values):
    expected = []
    for row, line in enumerate(values):
        start = 0
        for slot in range(1, len(line) + 1):
            if slot == len(line) or line[slot] != line[start]:
                if np.isfinite(line[start]):
                    expected.append((row, start, slot - start, line[start] == 0))
                start = slot
    found = runs_of(values)
    assert list(zip(found.sensor, found.start, found.length, found.zero, strict=True)) == expected
    zeros, still = longest_runs(values)
    for row in range(len(values)):
        assert zeros[row] == max([n for r, _, n, zero in expected if r == row and zero], default=0)
        assert still[row] == max([n for r, _, n, zero in expected if r == row and not zero], default=0)


def test_a_quiet_street_counts_zeros_all_night_and_is_believed():
    quiet = street(level=3.0)
    found = marked(panel(quiet))
    assert longest_runs(quiet[None])[0][0] > 12
    assert counts(found)["STUCK"] == [0]


def test_a_zero_run_by_day_a_stuck_value_and_a_dead_sensor_are_not():
    silent, stuck = street(1), street(2)
    silent[10 * DAY + 40 : 10 * DAY + 54] = 0
    stuck[5 * DAY + 50 : 5 * DAY + 62] = 77
    found = marked(panel(silent, stuck, np.zeros(SLOTS, np.float32), street(3)))
    assert counts(found)["STUCK"] == [14, 12, SLOTS, 0]
    assert np.isnan(found.values[0, 10 * DAY + 40 : 10 * DAY + 54]).all()
    assert np.array_equal(np.isnan(found.values), found.states != State.OK)


def test_eleven_slots_are_not_enough():
    short = street(1)
    short[10 * DAY + 40 : 10 * DAY + 51] = 55
    assert counts(marked(panel(short)))["STUCK"] == [0]


def test_a_sensor_dead_for_weeks_twice_does_not_excuse_itself():
    dead = street(4, days=70)
    dead[7 * DAY : 28 * DAY] = 0
    dead[40 * DAY : 61 * DAY] = 0
    by_day = (marked(panel(dead)).states[0] == State.STUCK).sum()
    assert by_day >= 2 * 21 * DAY


def test_impossible_values():
    odd = street(5)
    odd[[100, 200]] = -1, 50_000
    found = marked(panel(odd))
    assert found.states[0, [100, 200]].tolist() == [State.IMPOSSIBLE, State.IMPOSSIBLE]
    assert counts(found)["IMPOSSIBLE"] == [2]
    cold = marked(panel(street(5) - 20), lowest=-np.inf)
    assert counts(cold)["IMPOSSIBLE"] == [0]


def test_lines_drawn_over_gaps_are_found_in_counts_only():
    drawn = street(6)
    drawn[500:530] = np.linspace(drawn[499], drawn[530], 32)[1:-1]
    drawn[500] += 0.0
    assert filled(drawn[None])[0, 501:529].all()
    assert counts(marked(panel(drawn)))["FILLED"][0] >= 28
    assert not filled(street(6)[None]).any()
    concentrations = street(6) / 7
    concentrations[500:530] = np.linspace(concentrations[499], concentrations[530], 32)[1:-1]
    assert not filled(concentrations[None]).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_a_line_is_found_where_it_was_drawn(count, at, seed):
    rows = np.random.default_rng(seed).integers(0, 1000, (3, 24)).astype(np.float32)
    rows[:, at + count + 1] = rows[:, at] + 40
    rows[:, at : at + count + 2] = np.linspace(
        rows[:, at], rows[:, at + count + 1], count + 2, axis=1
    ).round()
    assert straight(rows, count, 0.5001)[:, at].all()


def test_states_given_before_are_kept_and_files_are_not_touched():
    values = street(7)[None]
    values.flags.writeable = False
    states = np.zeros(values.shape, np.uint8)
    states[0, 3] = State.STALE
    one = Panel(values, start=0, step=900, sensors=("a",), calendar=Calendar("UTC"), states=states)
    found = marked(one)
    assert found.states[0, 3] == State.STALE
    assert np.isnan(found.values[0, 3])
    assert not np.isnan(values[0, 3])


# -- the set of gaps: what every step after reading must live with ---------------------------------------


@pytest.fixture(scope="module")
def gappy(tmp_path_factory):
    """Five streets with a fifth of the slots gone, one three days; a dead one; zeros with null stamps."""
    rng = np.random.default_rng(11)
    whole = np.stack([street(seed, days=56, level=150 + 60 * seed, night=0.1) for seed in range(5)])
    kept = rng.random(whole.shape) > 0.2
    kept[2, 20 * DAY : 23 * DAY] = False
    lines = ["sensor,time,value"]
    for row, values in enumerate(whole):
        slots = np.flatnonzero(kept[row])
        lines += [f"s{row},{1_700_006_400 + 900 * int(slot)},{values[slot]:g}" for slot in slots]
    lines += [f"dead,{1_700_006_400 + 900 * slot},0" for slot in range(whole.shape[1])]
    lines += [f"s{row},,0" for row in range(5) for _ in range(300)]
    path = tmp_path_factory.mktemp("gaps") / "gappy.csv"
    path.write_text("\n".join(lines) + "\n")
    chosen = SeriesSettings(zone="Europe/Madrid", time_format="s", slot=15)
    return open_panel(path, settings=chosen), whole, kept


def test_gaps_are_missing_not_zero_and_a_dead_sensor_is_none(gappy):
    found, whole, kept = gappy
    assert found.sensors == ("dead", "s0", "s1", "s2", "s3", "s4")
    assert counts(found)["STUCK"][0] == whole.shape[1]
    np.testing.assert_array_equal(found.states[1:] == State.MISSING, ~kept)
    np.testing.assert_array_equal(found.values[1:][kept], whole[kept])


def test_profiles_of_a_series_with_gaps_are_near_those_of_the_whole(gappy):
    found, whole, _ = gappy
    profile = Profile.fit(found.slice(0, 42 * DAY))
    usual = found.slice(42 * DAY, 56 * DAY)
    at = profile.at(usual.times)[0][1:]
    whole_panel = Panel(
        whole, start=found.start, step=900, sensors=found.sensors[1:], calendar=found.calendar
    )
    full = Profile.fit(whole_panel.slice(0, 42 * DAY)).at(usual.times)[0]
    known = np.isfinite(usual.values[1:])
    truth = whole[:, 42 * DAY :]
    errors = [np.abs(guess - truth)[known].mean() for guess in (at, full)]
    assert np.isfinite(at).all()
    assert errors[0] <= 1.1 * errors[1]
    assert np.isnan(profile.at(usual.times)[0][0]).all()


def test_readings_without_any_stamp_are_an_error():
    from unseen.errors import DataError
    from unseen.series.feed import Reading

    with pytest.raises(DataError, match="no reading has a stamp"):
        panel_of([Reading("a", None, 0.0)], SeriesSettings(zone="UTC", slot=15))
