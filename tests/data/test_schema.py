"""Columns of mixed kinds and the features they become."""

import datetime as dt
import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unseen.data import Schema
from unseen.data.columns import image_column
from unseen.errors import ConfigError, DataError

TRAIN = pa.table(
    {
        "bytes": [1.0, 5.0, 2.0, 4.0],
        "service": ["http", "dns", "http", "mail"],
        "time": pa.array([dt.datetime(2024, 1, day, 6) for day in (1, 2, 3, 4)], pa.timestamp("ns")),
        "secure": [True, False, True, True],
        "label": ["ok", "ok", "ok", "ok"],
    }
)


def test_features_and_their_owners():
    schema = Schema.fit(TRAIN, exclude=["label"])
    assert schema.columns == ("bytes", "service", "time", "secure")
    assert schema.features == (
        "bytes",
        "service=http",  # the most frequent first, then by name
        "service=dns",
        "service=mail",
        "service (other)",
        "time.hour.sin",
        "time.hour.cos",
        "time.weekday.sin",
        "time.weekday.cos",
        "secure=true",
        "secure=false",
        "secure (other)",
    )
    assert schema.owner.tolist() == [0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3]
    assert schema.binary.tolist() == [False] + [True] * 4 + [False] * 4 + [True] * 3
    assert schema.shape is None


def test_encoding_has_known_values():
    X = Schema.fit(TRAIN, exclude=["label"]).encode(TRAIN)
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    assert X[:, 0].tolist() == [1, 5, 2, 4]
    assert X[:, 1:5].tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]]
    assert np.allclose(X[:, 5], 1)  # six o'clock is a quarter of the day
    assert np.allclose(X[0, 7:9], [0, 1])  # 1 January 2024 was a Monday
    assert np.allclose(X[3, 7:9], [np.sin(6 * np.pi / 7), np.cos(6 * np.pi / 7)])
    assert X[:, 9:].tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0]]


def test_hours_are_those_of_the_zone_and_days_before_1970_have_weekdays():
    zoned = pa.array([dt.datetime(2024, 7, 1, 22, tzinfo=dt.UTC)], pa.timestamp("ns", "Europe/Berlin"))
    plain = pa.array([dt.datetime(1969, 7, 21, 0)], pa.timestamp("us"))  # a Monday
    date = pa.array([dt.date(2024, 7, 2)])
    for column, weekday in ((zoned, 1), (plain, 0), (date, 1)):
        turn = 2 * np.pi * weekday / 7
        row = Schema.fit(pa.table({"t": column})).encode(pa.table({"t": column}))[0]
        assert np.allclose(row, [0, 1, np.sin(turn), np.cos(turn)], atol=1e-6)


def test_unknown_and_missing_words_have_their_own_feature():
    schema = Schema.fit(pa.table({"w": ["a", None, "b", "a"]}))
    assert schema.features == ("w=a", "w=b", "w (other)", "w (missing)")
    encoded = schema.encode(pa.table({"w": ["new", None, "b"]}))
    assert encoded.tolist() == [[0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]]
    nothing = schema.encode(pa.table({"w": pa.nulls(2)}))
    assert nothing.tolist() == [[0, 0, 0, 1]] * 2


def test_rare_words_join_other():
    schema = Schema.fit(pa.table({"w": ["c", "b", "a", "b", "a", "d"]}), max_words=3)
    assert schema.features == ("w=a", "w=b", "w=c", "w (other)")
    assert schema.encode(pa.table({"w": ["d"]})).tolist() == [[0, 0, 0, 1]]


def test_dictionaries_and_words_are_the_same():
    words = pa.array(["x", "y", None, "x"])
    schema = Schema.fit(pa.table({"w": words}))
    assert schema == Schema.fit(pa.table({"w": words.dictionary_encode()}))
    assert np.array_equal(
        schema.encode(pa.table({"w": words})), schema.encode(pa.table({"w": words.dictionary_encode()}))
    )


def test_missing_numbers_take_the_median():
    schema = Schema.fit(pa.table({"a": [1.0, None, 3.0, np.inf, 100.0]}), missing="median")
    encoded = schema.encode(pa.table({"a": [None, np.nan, -np.inf, 7.0]}))
    assert encoded.ravel().tolist() == [3, 3, 3, 7]


def test_missing_dates_are_the_centre_of_the_circles():
    moments = pa.array([dt.datetime(2024, 1, 1), None], pa.timestamp("ns"))
    schema = Schema.fit(pa.table({"t": moments}), missing="median")
    assert schema.encode(pa.table({"t": moments})).tolist()[1] == [0, 0, 0, 0]


def test_numbers_beyond_float32_are_its_largest():
    schema = Schema.fit(pa.table({"a": [1.0]}))
    encoded = schema.encode(pa.table({"a": [1e300, -1e39, 5.0]})).ravel()
    top = np.finfo(np.float32).max
    assert encoded.tolist() == [top, -top, 5]


def test_images_are_pixels_in_order():
    images = np.arange(2 * 3 * 2 * 2, dtype=np.uint8).reshape(2, 3, 2, 2)
    table = pa.table({"image": image_column(images), "y": [0, 1]})
    schema = Schema.fit(table, exclude=["y"])
    assert schema.shape == (3, 2, 2)
    assert schema.features[5] == "image[1,0,1]"
    assert schema.owner.tolist() == [0] * 12
    assert np.array_equal(schema.encode(table), images.reshape(2, -1))
    assert np.array_equal(schema.encode(table.slice(1)), images[1:].reshape(1, -1))
    both = Schema.fit(table)
    assert both.shape is None
    assert np.array_equal(both.encode(table)[:, -1], [0, 1])


def test_extra_columns_and_order_do_not_matter():
    schema = Schema.fit(TRAIN, exclude=["label"])
    other = TRAIN.select(["label", "secure", "time", "service", "bytes"])
    assert np.array_equal(schema.encode(other), schema.encode(TRAIN))


def test_blanks_around_names_do_not_matter():
    schema = Schema.fit(pa.table({" Flow Duration": [1.0]}))
    assert schema.columns == ("Flow Duration",)
    assert schema.encode(pa.table({"Flow Duration ": [2.0]})).tolist() == [[2.0]]


def test_a_constant_column_is_kept():
    assert Schema.fit(pa.table({"a": [3.0, 3.0]})).encode(pa.table({"a": [4.0]})).tolist() == [[4.0]]


def test_no_rows_encode_to_no_rows():
    schema = Schema.fit(TRAIN)
    assert schema.encode(TRAIN.slice(0, 0)).shape == (0, len(schema.features))


def test_fit_leaves_no_way_to_encode_training_rows_wrong():
    """Every training row of words is exactly one word."""
    X = Schema.fit(TRAIN, exclude=["label", "time", "bytes"]).encode(TRAIN)
    assert np.array_equal(X.sum(axis=1), [2, 2, 2, 2])


words = st.sampled_from(["a", "b", "c", "rare", None, "", " a"])
number = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.integers(-5, 5).map(float))
moment = st.one_of(st.none(), st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)))
row = st.tuples(number, words, moment)


def table_of(rows):
    columns = [list(column) for column in zip(*rows, strict=True)]
    return pa.table(
        {
            "n": pa.array(columns[0], pa.float64()),
            "w": pa.array(columns[1], pa.string()),
            "t": pa.array(columns[2], pa.timestamp("us")),
        }
    )


FITTED = Schema.fit(
    table_of([(1.0, "a", dt.datetime(2024, 1, 1)), (2.0, "b", dt.datetime(2024, 1, 2)), (9.0, "c", None)]),
    missing="median",
)


@settings(max_examples=60, deadline=None)
@given(st.lists(row, min_size=1, max_size=30), st.data())
def test_rows_are_encoded_one_by_one(rows, data):
    table = table_of(rows)
    whole = FITTED.encode(table)
    assert np.isfinite(whole).all()
    cuts = sorted({0, len(rows), *data.draw(st.lists(st.integers(0, len(rows)), max_size=4))})
    parts = [FITTED.encode(table.slice(a, b - a)) for a, b in pairwise(cuts)]
    assert np.array_equal(np.concatenate(parts), whole)
    chunked = pa.concat_tables([table.slice(a, b - a) for a, b in pairwise(cuts)])
    assert np.array_equal(FITTED.encode(chunked), whole)
    order = data.draw(st.permutations(range(len(rows))))
    assert np.array_equal(FITTED.encode(table.take(order)), whole[order])


@settings(max_examples=40, deadline=None)
@given(st.lists(row, min_size=2, max_size=20), st.data())
def test_fitting_does_not_depend_on_the_order_of_rows(rows, data):
    table = table_of([(1.0, "a", dt.datetime(2024, 1, 1)), *rows])
    order = data.draw(st.permutations(range(table.num_rows)))
    schema = Schema.fit(table, missing="median", max_words=2)
    assert schema == Schema.fit(table.take(order), missing="median", max_words=2)
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


GOOD = pa.table({"Flow Bytes/s": np.arange(200.0), "service": ["http", "dns"] * 100})
GAPS = np.where(np.isin(np.arange(200), [118, 119, 150, 151]), np.nan, 1.0)
STAMP = pa.array([dt.datetime(2024, 1, 1)] * 200, pa.timestamp("s"))
ENCODE_CASES = {
    "missing column": (
        GOOD.rename_columns(["Flow Byte/s", "service"]),
        "column 'Flow Bytes/s' is missing; there are: Flow Byte/s, service. Did you mean 'Flow Byte/s'?",
    ),
    "all columns missing": (pa.table({"x": [1.0]}), "column 'Flow Bytes/s' and 1 more are missing"),
    "not finite": (
        GOOD.set_column(0, "Flow Bytes/s", pa.array(GAPS)),
        "column 'Flow Bytes/s' has 4 rows that are not finite (first: row 118)."
        ' Drop or fill them, or pass missing="median".',
    ),
    "one null": (
        GOOD.set_column(0, "Flow Bytes/s", pa.array([1.0] * 199 + [None])),
        "has 1 row that is not finite (first: row 199)",
    ),
    "nothing but nulls": (
        GOOD.set_column(0, "Flow Bytes/s", pa.nulls(200)),
        "has 200 rows that are not finite",
    ),
    "numbers as text": (
        GOOD.set_column(0, "Flow Bytes/s", pa.array(["3.5"] * 200)),
        "column 'Flow Bytes/s' holds text (first: '3.5'); the model was trained on numbers",
    ),
    "dates for numbers": (
        GOOD.set_column(0, "Flow Bytes/s", STAMP),
        "holds dates; the model was trained on numbers",
    ),
    "true for numbers": (
        GOOD.set_column(0, "Flow Bytes/s", pa.array([True] * 200)),
        "holds words; the model was trained on numbers",
    ),
    "lists for numbers": (
        GOOD.set_column(0, "Flow Bytes/s", pa.array([[1.0]] * 200)),
        "holds values of type list<",
    ),
    "numbers for words": (
        GOOD.set_column(1, "service", pa.array([1.0] * 200)),
        "column 'service' holds numbers; the model was trained on words (dns, http, ...)",
    ),
    "missing words": (
        GOOD.set_column(1, "service", pa.array(["dns", None] * 100)),
        "column 'service' has 100 missing words (first: row 1), but training had none",
    ),
}


@pytest.mark.parametrize("case", ENCODE_CASES)
def test_rows_that_cannot_be_encoded(case):
    batch, message = ENCODE_CASES[case]
    with pytest.raises(DataError) as caught:
        Schema.fit(GOOD).encode(batch)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_image_of_another_shape_or_type():
    def table(dtype, *shape):
        return pa.table({"image": image_column(np.zeros((2, *shape), dtype=dtype))})

    schema = Schema.fit(table(np.uint8, 1, 4, 4))
    with pytest.raises(
        DataError, match=r"shape \(1, 5, 4\) in uint8; the model was trained on \(1, 4, 4\) in uint8"
    ):
        schema.encode(table(np.uint8, 1, 5, 4))
    with pytest.raises(DataError, match="in float32; the model was trained on"):
        schema.encode(table(np.float32, 1, 4, 4))
    with pytest.raises(DataError, match="holds numbers; the model was trained on images"):
        schema.encode(pa.table({"image": [1.0]}))
    bright = np.zeros((3, 1, 2, 2), dtype=np.float32)
    bright[2, 0, 1, 1] = np.nan
    with pytest.raises(DataError, match="the image of row 2 has pixels that are not finite"):
        Schema.fit(pa.table({"image": image_column(bright)}))


NUMBERS_AND_ONE_WORD = [str(value) for value in range(199)] + ["oops"]
FIT_CASES = {
    "no rows": (GOOD.slice(0, 0), {}, DataError, "holds no rows"),
    "all missing": (pa.table({"a": pa.nulls(3)}), {}, DataError, "column 'a' is missing in every row"),
    "never finite": (pa.table({"a": [np.nan]}), {"missing": "median"}, DataError, "'a' has no finite value"),
    "not finite": (
        pa.table({"a": [1.0, np.inf]}),
        {},
        DataError,
        "has 1 row that is not finite (first: row 1)",
    ),
    "a list": (pa.table({"a": [[1.0]]}), {}, DataError, "has type list<"),
    "bytes": (pa.table({"a": [b"x"]}), {}, DataError, "has type binary"),
    "twice": (pa.table([[1.0], [2.0]], names=["a", "a "]), {}, DataError, "'a' comes 2 times"),
    "unknown label": (GOOD, {"exclude": ["servise"]}, DataError, "Did you mean 'service'?"),
    "nothing left": (GOOD, {"exclude": GOOD.column_names}, DataError, "every column is excluded"),
    "missing": (
        GOOD,
        {"missing": "mean"},
        ConfigError,
        "missing 'mean' is not known; accepted: error, median",
    ),
    "words": (GOOD, {"max_words": 0}, ConfigError, "max_words=0"),
    "numbers and a word": (
        pa.table({"a": NUMBERS_AND_ONE_WORD}),
        {},
        DataError,
        "column 'a' is text, but 199 of its 200 different words are numbers (first other: 'oops')",
    ),
}


@pytest.mark.parametrize("case", FIT_CASES)
def test_tables_that_cannot_be_learned_from(case):
    table, options, error, message = FIT_CASES[case]
    with pytest.raises(error) as caught:
        Schema.fit(table, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
