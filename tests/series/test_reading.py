"""Series from files: the same rows from every format, clocks, slots, and one line for every fault."""

import datetime as dt
import json
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unseen.errors import ConfigError, DataError
from unseen.series.feed import Reading
from unseen.series.gathering import panel_of
from unseen.series.panel import State
from unseen.series.settings import SeriesSettings
from unseen.series.source import open_panel, take
from unseen.series.stamps import NOT_A_TIME, read_stamps

START = dt.datetime(2024, 3, 4)
FLOWS = np.array([[12, 40, 55, np.nan], [7, 9, 8, 30]], np.float32)
ROME = SeriesSettings(zone="Europe/Rome", clock="wall", slot=60)


def stamps(count, minutes=60, first=START):
    return [(first + dt.timedelta(minutes=minutes * k)).strftime("%Y-%m-%d %H:%M") for k in range(count)]


def long_rows():
    return [
        (name, stamp, "" if np.isnan(value) else f"{value:g}")
        for name, flows in zip(("a", "b"), FLOWS, strict=True)
        for stamp, value in zip(stamps(4), flows, strict=True)
    ]


def write_long(path, rows=None, header="sensor,time,value"):
    lines = [header, *(",".join(map(str, row)) for row in (long_rows() if rows is None else rows))]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_wide(path):
    rows = [
        ",".join([stamp, *(f"{v:g}" if v == v else "" for v in FLOWS[:, k])])
        for k, stamp in enumerate(stamps(4))
    ]
    path.write_text("\n".join(["time,a,b,v_a", *(row + ",S" for row in rows)]) + "\n")
    return path


def write_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(write_long(path.with_suffix(".csv")), "inner.csv")
    return path


def write_parquet(path):
    sensors, times, values = zip(*long_rows(), strict=True)
    moments = [dt.datetime.fromisoformat(word) for word in times]
    numbers = [float(word) if word else None for word in values]
    pq.write_table(pa.table({"sensor": sensors, "time": moments, "value": numbers}), path)
    return path


def write_npz(path):
    np.savez(path, values=FLOWS.T, sensor_ids=np.array(["a", "b"]))
    return path


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_long, "l.csv"),
        (write_wide, "w.csv"),
        (write_zip, "z.zip"),
        (write_parquet, "p.parquet"),
        (write_npz, "n.npz"),
    ],
)
def test_every_format_gives_the_same_panel(write, name, tmp_path):
    settings = ROME.model_copy(update={"drop": ("v_*",), "first": START})
    panel = open_panel(write(tmp_path / name), settings=settings)
    assert panel.sensors == ("a", "b")
    assert panel.start == START.replace(tzinfo=dt.UTC).timestamp() - 3600
    np.testing.assert_array_equal(panel.values, FLOWS)
    assert panel.states.tolist() == [[0, 0, 0, State.MISSING], [0, 0, 0, 0]]


def test_a_file_with_months_left_out_is_one_span(tmp_path):
    rows = [("a", "2024-01-01 00:00", 1), ("a", "2024-01-01 05:00", 2)]
    panel = open_panel(write_long(tmp_path / "l.csv", rows), settings=ROME)
    assert panel.slots == 6
    assert np.isfinite(panel.values).sum() == 2


def test_identifiers_keep_their_zeros(tmp_path):
    rows = [("007", stamp, 5) for stamp in stamps(3)] + [("7", stamp, 6) for stamp in stamps(3)]
    assert open_panel(write_long(tmp_path / "l.csv", rows), settings=ROME).sensors == ("007", "7")


def test_readings_at_any_moment_are_averaged_and_repeats_count_once(tmp_path):
    rows = [
        ("a", "2024-03-04 00:01", 10),
        ("a", "2024-03-04 00:01", 10),
        ("a", "2024-03-04 00:14", 40),
        ("a", "2024-03-04 00:31", 8),
    ]
    taken = take(write_long(tmp_path / "l.csv", rows), settings=ROME.model_copy(update={"slot": 15}))
    np.testing.assert_array_equal(taken.panel.values, [[25, np.nan, 8]])
    assert taken.repeated == 1


@pytest.mark.parametrize(("how", "value"), [("mean", 15.0), ("last", 20.0)])
def test_two_values_at_one_stamp(how, value, tmp_path):
    path = write_long(tmp_path / "l.csv", [("a", stamps(1)[0], 10), ("a", stamps(1)[0], 20)])
    with pytest.raises(
        DataError,
        match="row 1, column 'time': sensor 'a' has another value at this stamp; pass duplicates mean or",
    ):
        open_panel(path, settings=ROME)
    assert open_panel(path, settings=ROME.model_copy(update={"duplicates": how})).values.tolist() == [[value]]


def test_directions_are_summed_and_one_alone_is_missing(tmp_path):
    hours = stamps(2)
    rows = [(1, 0, hours[0], 10, 2), (1, 1, hours[0], 11, 2), (1, 0, hours[1], 10, 2), (2, 0, hours[0], 5, 1)]
    path = write_long(tmp_path / "l.csv", rows, "id,direction,time,light,heavy")
    settings = ROME.model_copy(update={"sensor": "id", "value": ("light", "heavy"), "part": "direction"})
    taken = take(path, settings=settings)
    np.testing.assert_array_equal(taken.panel.values, [[25, np.nan], [6, np.nan]])
    assert taken.incomplete == 1


# -- clocks ------------------------------------------------------------------------------------------


def test_the_skipped_hour_is_set_aside_and_the_doubled_one_split(tmp_path):
    spring = [("a", stamp, 10 * k) for k, stamp in enumerate(stamps(5, first=dt.datetime(2024, 3, 31)))]
    taken = take(write_long(tmp_path / "s.csv", spring), settings=ROME)
    assert taken.panel.values.tolist() == [[0, 10, 30, 40]]
    assert [(one.change, one.values.tolist()) for one in taken.skipped] == [(1711846800, [[20.0]])]
    autumn = stamps(4, first=dt.datetime(2024, 10, 27))
    rows = [("a", stamp, k) for k, stamp in enumerate([*autumn[:3], autumn[2], autumn[3]])]
    taken = take(write_long(tmp_path / "a.csv", rows), settings=ROME)
    assert taken.panel.values.tolist() == [[0, 1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("doubled", "values"), [("once", [3, 4, 12, np.nan, 7]), ("added", [3, 4, np.nan, np.nan, 7])]
)
def test_two_hours_added_up_in_one_row(doubled, values, tmp_path):
    rows = [
        ("a", stamp, v)
        for stamp, v in zip(stamps(4, first=dt.datetime(2024, 10, 27)), (3, 4, 12, 7), strict=True)
    ]
    taken = take(write_long(tmp_path / "a.csv", rows), settings=ROME.model_copy(update={"doubled": doubled}))
    np.testing.assert_array_equal(taken.panel.values, [values])
    assert taken.added == (doubled == "added")


def test_wide_tables_know_both_days_too(tmp_path):
    for first, slots in ((dt.datetime(2024, 3, 31), 23), (dt.datetime(2024, 10, 27), 25)):
        rows = [(stamp, k, 2 * k) for k, stamp in enumerate(stamps(24, first=first))]
        panel = open_panel(write_long(tmp_path / "w.csv", rows, "time,x,y"), settings=ROME)
        assert panel.shape == (2, slots)
        assert panel.values[1, -1] == 46


@settings(max_examples=60, deadline=None)
@given(st.integers(631_238_400, 4_000_000_000), st.sampled_from(["UTC", "+01:00", "-03:30", "UTC+1"]))
def test_stamps_on_a_fixed_clock_come_back(second, clock):
    settings = SeriesSettings(zone="Europe/Rome", clock=clock)
    shown = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=second + settings.offset)
    assert read_stamps([shown.isoformat(" "), shown], settings).times.tolist() == [second, second]


def test_formats_of_stamps():
    every = {
        "iso": "2024-03-04T01:00+01:00",
        "s": 1709510400,
        "ms": "1709510400000",
        "%Y%m%d%H%M%S%z": "20240304000000+0000",
    }
    for pattern, word in every.items():
        settings = SeriesSettings(zone="Europe/Rome", time_format=pattern)
        found = read_stamps([word, None, "", "x"], settings)
        assert found.times.tolist() == [1709510400, NOT_A_TIME, NOT_A_TIME, NOT_A_TIME]
        assert found.bad.tolist() == [3]
    assert read_stamps([0, "0", None], SeriesSettings(zone="UTC", time_format="ms")).bad.tolist() == []


def test_a_clock_is_never_guessed(tmp_path):
    with pytest.raises(ConfigError, match="no clock is stated; accepted: clock utc, wall"):
        open_panel(write_long(tmp_path / "l.csv"), settings=SeriesSettings(zone="Europe/Rome"))
    with pytest.raises(ConfigError, match="the zone is not stated"):
        SeriesSettings.from_mapping({"clock": "wall"})


# -- gathering ---------------------------------------------------------------------------------------

readings = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 7200), st.integers(0, 500)),
    min_size=1, max_size=40, unique_by=lambda one: one[:2],
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(readings)
def test_slots_are_means_of_their_readings(rows):
    settings = SeriesSettings(zone="Europe/Rome", slot=10)
    base = 1709510400
    panel = panel_of([Reading(name, base + time, float(value)) for name, time, value in rows], settings)
    for row, name in enumerate(panel.sensors):
        for slot, begin in enumerate(panel.times - base):
            inside = [value for mine, time, value in rows if mine == name and begin <= time < begin + 600]
            expected = np.mean(inside) if inside else np.nan
            np.testing.assert_allclose(panel.values[row, slot], expected, rtol=1e-6)
    assert np.isfinite(panel.values).any(axis=0)[[0, -1]].all()


def test_the_slot_is_taken_from_regular_stamps_only(tmp_path):
    loose = ROME.model_copy(update={"slot": None})
    rows = [("a", stamp, 1) for stamp in stamps(20, minutes=15)]
    assert open_panel(write_long(tmp_path / "l.csv", rows), settings=loose).step == 900
    rows = [("a", f"2024-03-04 00:{minute:02d}", 1) for minute in (0, 7, 9, 31, 44)]
    with pytest.raises(ConfigError, match="state slot, in minutes"):
        open_panel(write_long(tmp_path / "l.csv", rows), settings=loose)


# -- faults ------------------------------------------------------------------------------------------

HEAD = "sensor,time,value\n"
FAULTS = {
    "text": (f"{HEAD}a,2024-03-04,1\na,2024-03-05,many\n", r"row 1.*column 'value': 'many' is not a number"),
    "stamp": (f"{HEAD}a,2024-03-04,1\na,soon,1\n", r"row 1, column 'time': 'soon' is no stamp of the format"),
    "negative": (f"{HEAD}a,2024-03-04,1\na,2024-03-05,-4\n", r"row 1, column 'value': -4 is below 0"),
    "no sensor": (f"{HEAD},2024-03-04,1\n", r"row 0, column 'sensor': empty; every row needs one"),
    "infinite": (f"{HEAD}a,2024-03-04,inf\n", r"row 0, column 'value': infinite"),
    "columns": ("id,time,value\na,2024-03-04,1\n", r"row 0, column 'id': 'a' is not a number"),
    "no time": ("sensor,when,value\na,2024-03-04,1\n", r"column 'time' is not known; accepted: sensor, when"),
    "empty": ("", "is empty"),
    "header": (HEAD, "has a header and no rows"),
    "no stamps": (f"{HEAD}a,,1\n", "no reading has a stamp"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_tables_name_file_row_and_column(name, tmp_path):
    text, words = FAULTS[name]
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words) as caught:
        open_panel(path, settings=ROME)
    assert "bad.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_broken_files(tmp_path):
    for name, content, words in (
        ("a.zip", b"PK\x03\x04 no", "cannot be read as"),
        ("b.npz", b"PK\x03\x04 no", "cannot be read as .npz"),
        ("c.parquet", b"PAR1 no", "c.parquet"),
        ("d.csv", b"\xff\xfes\0e\0", "UTF-16"),
        ("e.geojson", b'{"features": [', "broken or cut short"),
        ("f.csv", b"a\0b", "f.csv"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=words):
            open_panel(tmp_path / name, settings=ROME.model_copy(update={"first": START}))
    with pytest.raises(DataError, match=r"nothing.csv does not exist\."):
        open_panel(tmp_path / "nothing.csv", settings=ROME)
    with pytest.raises(DataError, match="is a folder without a series"):
        open_panel(tmp_path, settings=ROME)


def test_a_zip_holds_one_table(tmp_path):
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "x\n")
        archive.writestr("b.csv", "x\n")
    with pytest.raises(DataError, match=r"holds 2 files \(a.csv, b.csv\); accepted: a zip of one table"):
        open_panel(tmp_path / "two.zip", settings=ROME)


def test_arrays_need_their_clock_and_their_shape(tmp_path):
    write_npz(tmp_path / "n.npz")
    with pytest.raises(ConfigError, match="state first, slot and clock"):
        open_panel(tmp_path / "n.npz", settings=SeriesSettings(zone="UTC", clock="utc"))
    np.savez(tmp_path / "o.npz", values=np.zeros((3, 4)), sensor_ids=np.array(["a"]))
    settings = ROME.model_copy(update={"first": START})
    with pytest.raises(DataError, match=r"values is float64 of shape \(3, 4\)"):
        open_panel(tmp_path / "o.npz", settings=settings)
    np.savez(tmp_path / "p.npz", X=np.zeros((3, 4)))
    with pytest.raises(DataError, match="has X; accepted: values and sensor_ids"):
        open_panel(tmp_path / "p.npz", settings=settings)


# -- settings, holidays, places ----------------------------------------------------------------------


def test_settings_from_toml_name_every_fault(tmp_path):
    (tmp_path / "map.toml").write_text('zone = "Europe/Rome"\nslot = 7\nsensr = "id"\nclock = "summer"\n')
    with pytest.raises(
        ConfigError,
        match=r"map.toml: clock = 'summer': accepted.*slot = 7: accepted.*'sensr' is not known. Did you mean",
    ):
        SeriesSettings.read(tmp_path / "map.toml")
    (tmp_path / "map.toml").write_text('zone = "Europe/Rome"\nholidays = "own.csv"\n')
    (tmp_path / "own.csv").write_text("date,name\n2024-10-04,San Petronio\n")
    settings = SeriesSettings.read(tmp_path / "map.toml", slot=15, country=None)
    assert settings.step == 900
    assert settings.calendar().holidays == {dt.date(2024, 10, 4)}
    (tmp_path / "own.csv").write_text("date\nFriday\n")
    with pytest.raises(ConfigError, match=r"own\.csv: row 0, column 'date': 'Friday' is no date"):
        settings.calendar()


def test_places_come_from_geojson_or_a_table_by_the_identifier_that_fits(tmp_path):
    features = [
        {
            "properties": {"street": "x", "key": name},
            "geometry": {"type": "Point", "coordinates": [11 + k, 44.5]},
        }
        for k, name in enumerate("ab")
    ]
    (tmp_path / "p.geojson").write_text(json.dumps({"features": features}))
    (tmp_path / "p.csv").write_text(
        "NAME,LAT_MM1,LAT_WGS84,LONG_WGS84\na,4891390,44.5,11\nc,4891390,44.5,12\n"
    )
    path = write_long(tmp_path / "l.csv")
    panel = open_panel(path, settings=ROME.model_copy(update={"places": tmp_path / "p.geojson"}))
    assert panel.places.tolist() == [[11, 44.5], [12, 44.5]]
    panel = open_panel(path, settings=ROME.model_copy(update={"places": tmp_path / "p.csv"}))
    np.testing.assert_array_equal(panel.places, [[11, 44.5], [np.nan, np.nan]])
    (tmp_path / "p.csv").write_text("NAME,lon,lat\nz,11,44\n")
    with pytest.raises(DataError, match="places none of the 2 sensors, such as 'a'"):
        open_panel(path, settings=ROME.model_copy(update={"places": tmp_path / "p.csv"}))
