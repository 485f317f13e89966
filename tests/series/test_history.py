"""Months as Parquet: what is written comes back, joined, overlaid and never half."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unseen.errors import DataError
from unseen.series.calendar import Calendar
from unseen.series.history import History, write_csv
from unseen.series.month_file import KEY
from unseen.series.panel import Panel, State
from unseen.series.settings import SeriesSettings
from unseen.series.source import open_panel

MADRID = Calendar("Europe/Madrid", frozenset({dt.date(2017, 1, 6)}))
START = 1483225200  # 2017-01-01 00:00 in Madrid, 23:00 UTC of the month before


def made(slots, sensors=("a", "b"), start=START, seed=0, calendar=MADRID):
    values = np.random.default_rng(seed).integers(0, 900, (len(sensors), slots)).astype(np.float32)
    values[0, slots // 2] = np.nan
    states = np.where(np.isnan(values), State.STUCK, State.OK).astype(np.uint8)
    places = np.array([[-3.7 - k, 40.4] for k in range(len(sensors))])
    names = tuple(f"Street {name}" for name in sensors)
    return Panel(
        values, start=start, step=3600, sensors=tuple(sensors), calendar=calendar, states=states,
        places=places, names=names,
    )  # fmt: skip


def test_a_year_comes_back_as_it_was(tmp_path):
    panel = made(24 * 365)
    assert len(History(tmp_path / "h").append(panel)) == 13
    found = open_panel(tmp_path / "h", settings=SeriesSettings(zone="Europe/Madrid"))
    for part in ("values", "states", "places"):
        np.testing.assert_array_equal(getattr(found, part), getattr(panel, part))
    for part in ("start", "step", "sensors", "names", "calendar"):
        assert getattr(found, part) == getattr(panel, part)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 900), min_size=1, max_size=3), st.integers(0, 9))
def test_pieces_written_one_after_the_other_are_the_whole(tmp_path_factory, lengths, seed):
    folder = tmp_path_factory.mktemp("pieces")
    whole = made(sum(lengths) + 3, seed=seed)
    first = 0
    for length in [*lengths, 3]:
        History(folder).append(whole.slice(first, first + length))
        first += length
    found = History(folder).read()
    shift = (found.start - whole.start) // 3600
    np.testing.assert_array_equal(found.values, whole.values[:, shift : shift + found.slots])


def test_later_values_win_and_what_is_missing_wins_nothing(tmp_path):
    history = History(tmp_path)
    one, other = made(48), made(48, ("b", "c"), seed=1)
    other.values[0, :10], other.states[0, :10] = np.nan, State.MISSING
    other.values[0, 10], other.states[0, 10] = np.nan, State.STUCK
    history.append(one)
    history.append(other)
    found = history.read()
    assert found.sensors == ("a", "b", "c")
    np.testing.assert_array_equal(found.values[1, :11], one.values[1, :11])
    np.testing.assert_array_equal(found.values[1, 12:24], other.values[0, 12:24])
    np.testing.assert_array_equal(found.values[[0]], one.values[[0]])
    assert found.names == ("Street a", "Street b", "Street c")
    assert found.places[2].tolist() == [-4.7, 40.4]


def test_dates_and_sensors_are_chosen_and_months_between_are_missing(tmp_path):
    history = History(tmp_path)
    history.append(made(72))
    history.append(made(72, ("a", "d"), start=START + 86_400 * 90))
    assert history.months == ["2016-12", "2017-01", "2017-03", "2017-04"]
    found = history.read(dt.date(2017, 1, 2), dt.date(2017, 1, 3), sensors=["b"])
    assert found.shape == (1, 48)
    whole = history.read()
    assert whole.sensors == ("a", "b", "d")
    assert (whole.states[:, 100:2000] == State.MISSING).all()
    assert (whole.states[1, -10:] == State.MISSING).all()
    with pytest.raises(DataError, match="has 2016-12 to 2017-04, and none of 2019-01-01 to any"):
        history.read(dt.date(2019, 1, 1))


def test_other_slots_zones_and_versions_are_refused_and_nothing_is_changed(tmp_path):
    history = History(tmp_path)
    history.append(made(24))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(DataError, match="is of Europe/Madrid, and Europe/Rome came"):
        history.append(made(24, calendar=Calendar("Europe/Rome")))
    quarters = Panel(np.ones((1, 96), np.float32), start=START, step=900, sensors=("a",), calendar=MADRID)
    with pytest.raises(DataError, match=r"slots of 3600 s .* slots of 900 s"):
        history.append(quarters)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    with pytest.raises(DataError, match="by the clock of Europe/Madrid, but the zone UTC came"):
        open_panel(tmp_path, settings=SeriesSettings(zone="UTC"))
    path = tmp_path / "2017-01.parquet"
    table = pq.read_table(path)
    about = table.schema.metadata[KEY].replace(b'"version": 1', b'"version": 2')
    pq.write_table(table.replace_schema_metadata({KEY: about}), path)
    with pytest.raises(DataError, match="is of version 2, written by a newer release"):
        history.read()


@pytest.mark.parametrize("content", [b"", b"PAR1", "cut", "foreign"])
def test_broken_months_are_one_line(content, tmp_path):
    History(tmp_path).append(made(24))
    path = tmp_path / "2017-01.parquet"
    if content == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif content == "foreign":
        pq.write_table(pa.table({"x": [1]}), path)
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"2017-01\.parquet cannot be read as a month") as caught:
        History(tmp_path).read()
    assert "\n" not in str(caught.value)


def test_a_csv_of_a_panel_is_read_as_the_same_values(tmp_path):
    panel = made(24 * 40, start=START + 86_400 * 70)  # over the change of the clock in March
    write_csv(panel, tmp_path / "long.csv")
    found = open_panel(tmp_path / "long.csv", settings=SeriesSettings(zone="Europe/Madrid"))
    assert (found.start, found.step, found.sensors) == (panel.start, panel.step, panel.sensors)
    np.testing.assert_array_equal(found.values, panel.values)
