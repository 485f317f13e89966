"""From a column of labels to normal, known and left out."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from unseen.data import read_labels
from unseen.errors import ConfigError, DataError

WORDS = ["ok", "DoS", "scan", "ok", "DoS", "ok", "bot"]


def test_rows_are_normal_known_or_left_out():
    labels = read_labels(WORDS, normal=["ok"], known=["DoS"])
    assert labels.y.tolist() == [0, 1, -1, 0, 1, 0, -1]
    assert labels.kinds.tolist() == WORDS
    assert dict(labels.counts) == {"ok": 3, "DoS": 2, "bot": 1, "scan": 1}
    assert labels.unseen == ("bot", "scan")


FORMS = {
    "list": WORDS,
    "array": np.array(WORDS),
    "objects": np.array(WORDS, dtype=object),
    "series": pd.Series(WORDS),
    "categorical": pd.Series(WORDS, dtype="category"),
    "arrow": pa.array(WORDS),
    "dictionary": pa.chunked_array(
        [pa.array(WORDS[:3]).dictionary_encode(), pa.array(WORDS[3:]).dictionary_encode()]
    ),
    "chunks": pa.chunked_array([WORDS[:2], WORDS[2:]]),
    "blanks": [f" {word} " for word in WORDS],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_column(form):
    labels = read_labels(FORMS[form], normal=["ok"], known=["DoS", "bot"])
    assert labels.y.tolist() == [0, 1, -1, 0, 1, 0, 1]
    assert labels.kinds.tolist() == WORDS


@pytest.mark.parametrize(
    "values", [[0, 1, 2], [0.0, 1.0, 2.0], ["0", "1", "2"], np.array([0, 1, 2], np.uint8)]
)
@pytest.mark.parametrize("known", [1, "1", 1.0, "1.0"])
def test_numbers_are_compared_as_written(values, known):
    labels = read_labels(values, normal=["0"], known=[known])
    assert labels.y.tolist() == [0, 1, -1]
    assert labels.kinds.tolist() == ["0", "1", "2"]


def test_true_and_false():
    assert read_labels([True, False], normal=["false"], known=["true"]).y.tolist() == [1, 0]


@pytest.mark.parametrize(
    "values", [["a", None, "b"], pa.array(["a", None, "b"]), pd.Series(["a", None, "b"])]
)
def test_missing_labels_are_left_out_unless_named_normal(values):
    labels = read_labels(values, normal=["a"], known=["b"])
    assert labels.y.tolist() == [0, -1, 1]
    assert labels.kinds.tolist() == ["a", "unlabelled", "b"]
    assert labels.unseen == ()
    assert read_labels(values, normal=["a", "unlabelled"]).y.tolist() == [0, 0, -1]


def test_missing_numbers_are_unlabelled():
    labels = read_labels([0.0, np.nan, 1.5], normal=["0"], known=["1.5"])
    assert labels.kinds.tolist() == ["0", "unlabelled", "1.5"]


MANY = [f"kind {i:02}" for i in range(30)]
CASES = {
    "near": (
        (["Normal Traffic", "DoS"], ["Normal Trafic"], []),
        DataError,
        "label 'Normal Trafic' is not in column 'label' (values: DoS, Normal Traffic)."
        " Did you mean 'Normal Traffic'?",
    ),
    "part of a name": (
        (["Normal Traffic", "DoS"], ["normal"], []),
        DataError,
        "Did you mean 'Normal Traffic'?",
    ),
    "unknown anomaly": ((WORDS, ["ok"], ["DDoS"]), DataError, "Did you mean 'DoS'?"),
    "many": ((MANY, ["zzz"], []), DataError, "kind 11, ... 18 more)"),
    "no normal": ((WORDS, [], ["DoS"]), ConfigError, "no normal label is given"),
    "both": ((WORDS, ["ok", "DoS"], ["DoS"]), ConfigError, "label 'DoS' is given both as normal and"),
    "no rows": (([], ["ok"], []), DataError, "holds no labels"),
    "mixed": (([1, "a", {}], ["ok"], []), DataError, "mixes kinds of labels"),
    "lists": (
        (pa.array([[1], [2]]), ["ok"], []),
        DataError,
        "accepted as labels: words, numbers, true/false",
    ),
    "matrix": ((np.ones((2, 2)), ["1"], []), DataError, "mixes kinds of labels"),
}


@pytest.mark.parametrize("case", CASES)
def test_labels_that_cannot_be_read(case):
    (values, normal, known), error, message = CASES[case]
    with pytest.raises(error) as caught:
        read_labels(values, normal=normal, known=known)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
