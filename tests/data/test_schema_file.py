"""Schemas from model files that nobody can trust."""

import copy
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unseen.data import Schema
from unseen.data.columns import image_column
from unseen.errors import ModelFileError

RECORD = Schema.fit(
    pa.table(
        {
            "n": [1.0, None],
            "w": ["a", "b"],
            "t": pa.array([0, 1], pa.timestamp("s")),
            "image": image_column(np.zeros((2, 1, 3, 3), dtype=np.uint8)),
        }
    ),
    missing="median",
).to_dict()


def test_a_record_is_json_and_comes_back():
    assert Schema.from_dict(json.loads(json.dumps(RECORD))).to_dict() == RECORD
    assert RECORD["version"] == 1


def changed(path, value):
    record = copy.deepcopy(RECORD)
    at = record
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return record


CASES = {
    "none": None,
    "a list": [],
    "no columns": {"version": 1},
    "later version": changed(["version"], 2),
    "version as true": changed(["version"], True),
    "version as text": changed(["version"], "1"),
    "extra field": {**RECORD, "code": "x"},
    "empty": changed(["columns"], []),
    "columns as text": changed(["columns"], "n"),
    "too many columns": changed(["columns"], [RECORD["columns"][0]] * 100_001),
    "name twice": changed(["columns"], [RECORD["columns"][0]] * 2),
    "column as text": changed(["columns", 0], "n"),
    "unknown kind": changed(["columns", 0, "kind"], "pickle"),
    "kind as list": changed(["columns", 0, "kind"], []),
    "name as number": changed(["columns", 0, "name"], 3),
    "endless name": changed(["columns", 0, "name"], "x" * 10_001),
    "median as text": changed(["columns", 0, "median"], "1"),
    "median as true": changed(["columns", 0, "median"], True),
    "median not finite": changed(["columns", 0, "median"], float("nan")),
    "median too large": changed(["columns", 0, "median"], 10**400),
    "words as text": changed(["columns", 1, "words"], "ab"),
    "words twice": changed(["columns", 1, "words"], ["a", "a"]),
    "word as number": changed(["columns", 1, "words"], [1]),
    "no words": changed(["columns", 1, "words"], []),
    "missing as number": changed(["columns", 1, "missing"], 1),
    "field of another kind": changed(["columns", 2, "words"], ["a"]),
    "two axes": changed(["columns", 3, "shape"], [1, 2]),
    "axis of nothing": changed(["columns", 3, "shape"], [1, 0, 2]),
    "axis as true": changed(["columns", 3, "shape"], [True, 2, 2]),
    "absurd image": changed(["columns", 3, "shape"], [1, 100_000, 100_000]),
    "overflowing image": changed(["columns", 3, "shape"], [2**33, 2**33, 2**33]),
    "unknown pixel": changed(["columns", 3, "pixel"], "object"),
    "pixel as list": changed(["columns", 3, "pixel"], ["uint8"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_record_gets_one_line(case):
    with pytest.raises(ModelFileError) as caught:
        Schema.from_dict(CASES[case])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
paths = st.sampled_from(
    [["version"], ["columns"]]
    + [["columns", i] for i in range(4)]
    + [["columns", i, key] for i, column in enumerate(RECORD["columns"]) for key in column]
)


@settings(max_examples=80, deadline=None)
@given(paths, json_values)
def test_any_change_is_refused_or_a_schema(path, value):
    try:
        schema = Schema.from_dict(changed(path, value))
    except ModelFileError:
        return
    assert len(schema.features) == len(schema.owner) == len(schema.binary)
