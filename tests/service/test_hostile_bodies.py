"""Bodies from strangers: the right code, one line, never a fault of the server."""

import gzip
import io
import json
import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from served import ARROW, as_arrow, as_json, asked, committee, normal, pictures

from unseen.data.kinds import Category, Image, Moment, Number
from unseen.errors import DataError
from unseen.service import arrow_rows, scoring
from unseen.service.arrow_rows import read_arrow
from unseen.service.columns import Sizes
from unseen.service.json_rows import read_json
from unseen.service.problems import Problem

COLUMNS = (Number("n"), Category("w", ("a", "b")), Moment("t"))
SIZES = Sizes(rows=100, columns=20)
ROW = '{"n": 1, "w": "a", "t": "2024-03-06T16:32:05"}'
TABLE = pa.table(
    {
        "n": [1.0, 2.0],
        "w": ["a", "b"],
        "t": pa.array([0, 1], pa.timestamp("s")),
        "beside": pa.array([[1], []], pa.list_(pa.int8())),
    }
)


def with_(old, new):
    """A body of one row, changed at one place."""
    return f"[{ROW.replace(old, new)}]".encode()


def refused(read, body, columns=COLUMNS):
    with pytest.raises(Problem) as caught:
        read(body, columns, SIZES, SIZES.rows)
    assert "\n" not in caught.value.detail
    assert 10 < len(caught.value.detail) <= 500
    return caught.value


def outcome(read, body):
    """The status a body would get; any other exception is a fault."""
    try:
        read(body, COLUMNS, SIZES, SIZES.rows)
    except Problem as problem:
        return problem.status
    return 200


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "not JSON or is cut short: Expecting value (line 1, column 1)"),
        (b"hello", 400, "not JSON"),
        (f"[{ROW}".encode(), 400, "cut short"),
        (f"[{ROW}]]".encode(), 400, "Extra data"),
        (b"\xff\xfe[]", 400, "not UTF-8 text (byte 0)"),
        (f"[{ROW}]".encode("utf-16"), 400, "not UTF-8"),
        (ROW.replace("a", "\udcff", 1).encode("utf-8", "surrogateescape"), 400, "not UTF-8 text"),
        (b"[" * 100_000, 400, "nests too deep"),
        (b'{"n":' * 100_000, 400, "nests too deep"),
        (with_("1,", "NaN,"), 400, "the number 'NaN' came; JSON numbers are finite"),
        (with_("1,", "-Infinity,"), 400, "the number '-Infinity'"),
        (with_("1,", "1e999,"), 400, "the number '1e999'"),
        (with_("1,", "9" * 400_000 + ","), 400, "the number '999"),
        (f"[{ROW[:-1]}, \"n\": 2}}]".encode(), 400, "the key 'n' comes twice"),
        (b'[{"x": {"y": 1, "y": 2}}]', 400, "the key 'y' comes twice"),
        (b"[]", 422, "no row came; accepted: 1 or more"),
        (b"{}", 422, "the body has no column 'n'; there is: nothing"),
        (b"3", 422, "the body is a number; accepted: a list of objects"),
        (b"null", 422, "the body is null"),
        (b'"rows"', 422, "the body is the text 'rows'"),
        (b"[1]", 422, "row 0 is a number; accepted: an object"),
        (f"[{ROW}, null]".encode(), 422, "row 1 is null"),
        (f"[{ROW}, [1, 2, 3]]".encode(), 422, "row 1 is a list"),
        (b'[{"m": 1, "w": "a"}]', 422, "row 0 has no column 'n'; there is: 'm', 'w'."),
        (f'[{ROW}, {{"n": 1, "tt": ""}}]'.encode(), 422, "row 1 has no column 'w'"),
        (f"[{', '.join([ROW] * 101)}]".encode(), 422, "101 rows came; accepted: at most 100"),
        (json.dumps([{str(k): 1 for k in range(21)}]).encode(), 422, "21 columns came; accepted: at most 20"),
        (json.dumps({str(k): [1] for k in range(21)}).encode(), 422, "21 columns came"),
        (b'{"n": 1, "w": "a", "t": ""}', 422, "column 'n' is a number; accepted: a list"),
        (b'{"n": [1], "w": ["a", "b"], "t": [""]}', 422, "column 'n' has 1 values where another has 2"),
        (b'{"n": [], "w": [], "t": []}', 422, "no row came"),
        (with_("1,", '"1",'), 422, "column 'n', row 0: the text '1' came"),
        (with_("1,", "true,"), 422, "row 0: true or false came"),
        (with_("1,", "null,"), 422, "null (a missing value) came"),
        (with_("1,", "[1],"), 422, "column 'n', row 0: a list came"),
        (with_('"a"', "7"), 422, "column 'w', row 0: a number came"),
        (with_('"a"', '"\\ud800"'), 422, "column 'w' holds text that is"),
        (with_("2024-03-06", "2024-13-06"), 422, "column 't': '2024-13-06T"),
        (with_('"2024-03-06T16:32:05"', "1709742725"), 422, "column 't', row 0: a number"),
    ],
    ids=str,
)  # fmt: skip
def test_json(body, status, says):
    problem = refused(read_json, body)
    assert (problem.status, says in problem.detail) == (status, True), problem.detail


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ([[1, 2], [3, 4]], "images of shape (1, 2, 2)"),
        ([[[1, 2], [3]]], "images of shape (1, 2, 2)"),
        ([[[1, 2], [3, 256]]], "no integers from 0 to 255"),
        ([[[1, 2], [3, 0.5]]], "no integers from 0 to 255"),
        ([[[1, 2], [3, "4"]]], "pixels that are no numbers"),
        ([[[1, 2], [3, None]]], "pixels that are no numbers"),
        ([[[1, 2], 3]], "images of shape (1, 2, 2)"),
        ("picture", "the text 'picture' came; the model was trained on images"),
    ],
)
def test_json_images(image, says):
    problem = refused(read_json, json.dumps([{"i": image}]).encode(), (Image("i", (1, 2, 2)),))
    assert (problem.status, says in problem.detail) == (422, True), problem.detail


def test_sound_json_is_read():
    found = read_json(f"[{ROW}, {ROW}]".encode(), COLUMNS, SIZES, 2)
    assert found.to_pydict()["n"] == [1.0, 1.0]
    assert found.column_names == ["n", "w", "t"]
    large = read_json(b'{"n": [12345678901234567890123], "w": ["a"], "t": ["2024-03-06"]}', COLUMNS, SIZES, 1)
    assert large["n"].to_pylist() == [12345678901234567890123.0]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60) | st.text('[]{}",:ntw1e-.0 \\u', max_size=60).map(str.encode))
def test_any_bytes_are_a_problem_or_rows(body):
    assert {outcome(read, body) for read in (read_json, read_arrow)} <= {200, 400, 413, 415, 422}


# -- Arrow -------------------------------------------------------------------------------------------


def put(name, column):
    place = TABLE.column_names.index(name)
    return TABLE.set_column(place, name, column)


def twins():
    return TABLE.rename_columns(["n", "w", "t", "n"])


def many_nulls():
    """A column of nulls has rows without bytes."""
    return pa.table({name: pa.nulls(10**7) for name in ("n", "w", "t")})


def long_words():
    """A few bytes a row, and a long word for each of them."""
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100, np.int8)), pa.array(["x" * 2**20]))
    return pa.table({"n": np.ones(100), "w": words, "t": pa.array([0] * 100, pa.timestamp("s"))})


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "not an Arrow stream"),
        (b"ARROW1\0\0", 400, "not an Arrow stream"),
        (b"hello, world" * 9, 400, "not an Arrow stream"),
        (as_arrow(TABLE, compression="zstd"), 415, "the Arrow buffers are compressed"),
        (as_arrow(TABLE, compression="lz4", file=True), 415, "the Arrow buffers are compressed"),
        (as_arrow(long_words(), compression="zstd"), 415, "the Arrow buffers are compressed"),
        (as_arrow(long_words()), 413, "column 'w' holds 104,857,600 bytes of text"),
        (as_arrow(many_nulls()), 422, "column 'n' is of type null"),
        (as_arrow(TABLE.slice(0, 0)), 422, "no row came"),
        (as_arrow(TABLE.select(["n", "t"])), 422, "there is no column 'w'; there is: 'n', 't'."),
        (as_arrow(twins()), 422, "column 'n' comes 2 times"),
        (as_arrow(put("n", TABLE["beside"])), 422, "column 'n' is of type list<item: int8"),
        (as_arrow(put("w", pa.array(["a", "b"], pa.string_view()))), 422, "is of type string_view"),
        (as_arrow(put("n", pa.array([1, 2], pa.decimal128(5)))), 422, "is of type decimal128(5, 0)"),
        (as_arrow(pa.concat_tables([TABLE] * 51)), 422, "more than 100 rows came"),
        (as_arrow(pa.table({str(k): [1] for k in range(21)})), 422, "21 columns came"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_arrow(body, status, says):
    problem = refused(read_arrow, body)
    assert (problem.status, says in problem.detail) == (status, True), problem.detail


def test_too_many_batches(monkeypatch):
    monkeypatch.setattr(arrow_rows, "MOST_MESSAGES", 20)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, TABLE.schema) as writer:
        for _ in range(30):
            writer.write_table(TABLE.slice(0, 1))
    assert refused(read_arrow, sink.getvalue()).status == 413


@pytest.mark.parametrize("file", [False, True])
def test_every_cut_and_many_flips_of_arrow_are_a_problem_or_rows(file):
    whole = as_arrow(TABLE, file=file)
    rng = np.random.default_rng(0)
    bodies = [whole[:end] for end in range(0, len(whole), 7)]
    for place in rng.integers(8, len(whole), 400):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        bodies.append(bytes(flipped))
    outcomes = [outcome(read_arrow, body) for body in bodies]
    assert set(outcomes) <= {200, 400, 413, 415, 422}
    assert outcomes.count(200) < 3 * len(bodies) // 4


def test_a_dictionary_that_is_compressed_is_seen():
    words = TABLE["w"].combine_chunks().dictionary_encode()
    body = as_arrow(put("w", words), compression="zstd")
    assert refused(read_arrow, body).status == 415
    assert read_arrow(as_arrow(put("w", words)), COLUMNS, SIZES, 2)["w"].to_pylist() == ["a", "b"]


@pytest.mark.parametrize("root", [0, 4, 2**31, 2**32 - 4])
def test_metadata_that_points_anywhere(root):
    """The place of the first table in the metadata of the second message is the attacker's."""
    whole = bytearray(as_arrow(TABLE))
    (schema,) = struct.unpack_from("<I", whole, 4)
    struct.pack_into("<I", whole, 8 + schema + 8, root)
    assert refused(read_arrow, bytes(whole)).status in (400, 415)


# -- over HTTP ---------------------------------------------------------------------------------------

FRESH = normal(20, seed=7)
BODY = json.dumps(as_json(FRESH)).encode()
TYPED = {"content-type": "application/json"}


def post(content, path="/score", **headers):
    return ("POST", path, {"content": content, "headers": {**TYPED, **headers}})


def clocks(seconds):
    table = FRESH.set_column(0, "time", pa.array([seconds] * FRESH.num_rows, pa.timestamp("s")))
    return post(as_arrow(table), **{"content-type": ARROW})


@pytest.mark.parametrize(
    ("request_", "status", "says"),
    [
        (post(BODY, **{"content-type": "text/csv"}), 415, "content type 'text/csv' came; accepted"),
        (post(BODY, **{"content-type": ""}), 415, "no content type came"),
        (post(BODY, **{"content-type": "application/json; charset=latin-1"}), 415, "accepted: UTF-8"),
        (post(gzip.compress(BODY), **{"content-encoding": "gzip"}), 415, "the body is packed (gzip)"),
        (post(BODY, **{"content-type": ARROW}), 400, "not an Arrow stream"),
        (post(as_arrow(FRESH)), 400, "not UTF-8"),
        (post(BODY, "/score?rate=1"), 422, "rate: '1' came; Input should be less than 1"),
        (post(BODY, "/score?rate=nan"), 422, "rate: 'nan' came"),
        (post(BODY, "/score?rate=-0.1"), 422, "rate: '-0.1' came"),
        (post(BODY, "/score?rate="), 422, "rate: '' came"),
        (post(BODY, "/score?rat=0.1"), 422, "parameter 'rat' is not known"),
        (post(BODY, "/score?parts=all"), 422, "parts: 'all' came; Input should be 'none' or 'members'"),
        (post(BODY, "/explain?features=0"), 422, "features: '0' came"),
        (post(BODY, "/explain?features=1e3"), 422, "features: '1e3' came"),
        (clocks(2**62), 422, "would result in out of bounds timestamp"),
        (("GET", "/score", {}), 405, "does not take this method"),
        (("POST", "/model", {}), 405, "does not take this method"),
        (("GET", "/", {}), 404, "this path is not served"),
        (("GET", "/docs", {}), 404, "this path is not served"),
        (("GET", "/model/", {}), 404, "this path is not served"),
        (("GET", "/../../etc/passwd", {}), 404, "this path is not served"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_over_http(request_, status, says):
    answer, after = asked(committee(), request_, post(BODY))
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert "Traceback" not in answer.text
    assert after.status_code == 200


@pytest.mark.parametrize("path", ["/score", "/explain"])
def test_more_rows_than_a_request_may_have(path):
    sizes = Sizes(rows=10, explained=10)
    answers = asked(committee(), *[post(json.dumps(as_json(FRESH.slice(0, rows))).encode(), path)
                                   for rows in (10, 11)], sizes=sizes)  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 422]


def test_of_wide_rows_fewer_are_taken(monkeypatch):
    monkeypatch.setattr(scoring, "MOST_NUMBERS", 10 * len(committee().feature_names()))
    bodies = [json.dumps(as_json(FRESH.slice(0, rows))).encode() for rows in (10, 11)]
    answers = asked(committee(), *map(post, bodies))
    assert [answer.status_code for answer in answers] == [200, 422]
    assert "11 rows came; accepted: at most 10" in answers[1].json()["detail"]


@pytest.mark.parametrize("value", [1e308, -1e308, 3.5e38, 1e-320])
def test_any_finite_number_has_a_score(value):
    rows = [{**as_json(FRESH)[0], "bytes": value}]
    (answer,) = asked(committee(), post(json.dumps(rows).encode()))
    assert answer.status_code == 200
    assert np.isfinite(answer.json()["results"][0]["score"])


def test_what_is_refused_only_when_it_is_scored(monkeypatch):
    """Such as negative energies, which only the scaler looks at; requests beside it are answered."""
    detector = committee()

    def picky(rows):
        if (rows == 7777.0).any():
            raise DataError("row 0 holds the energy -1; accepted: 0 or more")
        return type(detector).score_encoded(detector, rows)

    monkeypatch.setattr(detector, "score_encoded", picky, raising=False)
    bodies = [json.dumps([{**as_json(FRESH)[0], "bytes": bytes_}]).encode() for bytes_ in (5, 7777, 9)]
    answers = asked(detector, *map(post, bodies), at_once=True)
    assert [answer.status_code for answer in answers] == [200, 422, 200]
    assert "row 0 holds the energy -1" in answers[1].json()["detail"]


def test_images_of_another_shape():
    table = pa.table({"image": FRESH["bytes"]})
    body = as_arrow(table)
    (answer,) = asked(pictures(), post(body, **{"content-type": ARROW}))
    assert answer.status_code == 422
    assert "holds numbers; the model was trained on images" in answer.json()["detail"]
