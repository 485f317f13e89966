"""Answers of feeds: every shape gives the same readings, and what is no answer is one line."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unseen.errors import DataError
from unseen.series.feed import MOST_FAULTS, Reading, read_answer
from unseen.series.settings import SeriesSettings

STREETS = SeriesSettings(
    zone="Europe/Madrid", sensor="idpm", value="ih", time="fecha", time_format="ms", name="street"
)
NOW = 1_700_000_000_000
ROWS = [
    {"idpm": 7, "ih": 120, "fecha": NOW, "street": "Colón"},
    {"idpm": "A-8", "ih": 0, "fecha": NOW + 60_000, "street": "<script>"},
    {"idpm": 9, "ih": 0, "fecha": None, "street": None},
]


def arcgis(rows=ROWS, **more):
    features = [{"attributes": row, "geometry": {"x": -0.37, "y": 39.47}} for row in rows]
    return json.dumps({"features": features, **more}).encode()


def geojson(rows=ROWS):
    features = [
        {
            "properties": row,
            "geometry": {"type": "LineString", "coordinates": [[0, 0], [-0.37, 39.47], [1, 1]]},
        }
        for row in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def lines(rows=ROWS):
    return "\n".join(json.dumps(row) for row in rows).encode()


def table(rows=ROWS):
    words = [";".join("" if row[key] is None else str(row[key]) for key in ROWS[0]) for row in rows]
    return "\n".join([";".join(ROWS[0]), *words]).encode()


@pytest.mark.parametrize("make", [arcgis, geojson, lines, table, lambda: json.dumps(ROWS).encode()])
def test_every_shape_gives_the_same_readings(make):
    readings = read_answer(make(), STREETS).readings
    assert [(one.sensor, one.time) for one in readings] == [
        ("7", NOW // 1000),
        ("A-8", NOW // 1000 + 60),
        ("9", None),
    ]
    assert [one.value for one in readings[:2]] == [120.0, 0.0]
    assert [one.name or None for one in readings] == ["Colón", "<script>", None]
    places = {one.place for one in readings}
    assert places in ({(-0.37, 39.47)}, {None})


def test_a_zero_beside_a_null_stamp_is_no_zero():
    assert math.isnan(read_answer(arcgis(), STREETS).readings[2].value)


def test_a_cut_answer_says_so():
    assert not read_answer(arcgis(), STREETS).cut
    assert read_answer(arcgis(exceededTransferLimit=True), STREETS).cut
    assert read_answer(arcgis(properties={"exceededTransferLimit": True}), STREETS).cut


NO_ANSWERS = {
    "html": (b"<!doctype html><p>busy</p>", "HTML or XML came"),
    "error": (b'{"error": {"code": 500, "message": "busy"}}', "an error came in place of data.*500"),
    "no features": (b'{"features": []}', "an empty list came"),
    "no rows": (b"[]", "an empty list came"),
    "cut": (arcgis()[:90], "JSON is broken or cut short"),
    "cut line": (lines()[:-9], "line 3 is no JSON"),
    "empty": (b" \n", "an empty body came"),
    "latin": (b'[{"idpm": "\xf1"}]', "byte 11 is not UTF-8"),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "numbers": (b"[1, 2]", "1 came as a row; accepted: objects with named fields"),
    "features": (b'{"features": 5}', "'features' is 5; accepted: a list"),
    "bare": (b'{"features": [{"x": 1}]}', "neither attributes nor properties"),
    "field": (
        b'[{"idpm": 1, "flow": 2, "fecha": 3}]',
        "no row has the field 'ih'; there are: idpm, flow, fecha",
    ),
    "ragged": (b"idpm,ih,fecha\n1,2\n", "row 0 has 2 values for 3 columns"),
    "words": (b"Service Unavailable", "'Service Unavailable' came"),
    "nothing": (b"null", "'null' came"),
}


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_what_is_no_answer_is_one_line(name):
    body, words = NO_ANSWERS[name]
    with pytest.raises(DataError, match=words) as caught:
        read_answer(body, STREETS, where="https://city.example/feed")
    assert str(caught.value).startswith("https://city.example/feed: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ih", "NaN"), ("ih", "1e999"), ("ih", "9" * 5000), ("ih", "true"), ("ih", '"many"'), ("ih", "[1]"),
        ("fecha", "17"), ("fecha", '"soon"'), ("fecha", "1e300"), ("fecha", "NaN"),
        ("idpm", "null"), ("idpm", "1.5"), ("idpm", '""'), ("idpm", "{}"),
    ],
)  # fmt: skip
def test_a_broken_row_is_left_out_and_told_of(field, value):
    row = {"idpm": "3", "ih": "5", "fecha": str(NOW), field: value}
    broken = "{" + ", ".join(f'"{key}": {word}' for key, word in row.items()) + "}"
    answer = read_answer(f"[{json.dumps(ROWS[0])}, {broken}]".encode(), STREETS)
    if (field, value) == ("fecha", "NaN"):  # no stamp at all
        assert answer.readings[1].time is None
        return
    assert [one.sensor for one in answer.readings] == ["7"]
    assert answer.left_out == 1
    assert f"row 1, field '{field}'" in answer.faults[0]
    assert len(answer.faults[0]) < 200


def test_many_broken_rows_are_counted_and_few_are_told():
    answer = read_answer(arcgis([ROWS[0], *({**ROWS[0], "ih": "x"} for _ in range(50))]), STREETS)
    assert answer.left_out == 50
    assert len(answer.faults) == MOST_FAULTS
    with pytest.raises(DataError, match="none of 2 rows can be read: row 0, field 'ih': 'x'"):
        read_answer(arcgis([{**ROWS[0], "ih": "x"}] * 2), STREETS)


def test_a_body_beyond_the_bound_is_refused_before_it_is_read():
    with pytest.raises(DataError, match="accepted: at most 33,554,432"):
        read_answer(b" " * ((1 << 25) + 1), STREETS)


FIELDS = ("features", "attributes", "properties", "geometry", "coordinates", "idpm", "ih", "fecha")
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=80)
    | st.text(max_size=80).map(str.encode)
    | anything.map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_are_read_or_refused_in_one_line(body):
    try:
        readings, words = read_answer(body, STREETS).readings, ""
    except DataError as error:
        readings, words = (), str(error)
    assert bool(readings) != bool(words)
    assert "\n" not in words
    assert all(isinstance(one, Reading) for one in readings)
    assert all(math.isnan(one.value) for one in readings if one.time is None)
