"""Sets and splits of the few-label bench: every draw as published, every bad file with its one line."""

import math
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from unseen.bench import sets
from unseen.bench.sets import Table
from unseen.bench.splits import draw
from unseen.errors import ConfigError, DataError

DATA = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data"))

# Labelled anomalies at 1, 5 and 10 % of 70 % of the rows; of sets that are cut to 10,000 rows they scatter.
LABELS = {
    "2_annthyroid": (4, 19, 38), "6_cardio": (2, 7, 13), "8_celeba": (2, 8, 16), "10_cover": (1, 4, 7),
    "11_donors": (5, 21, 42), "12_fault": (5, 24, 48), "17_InternetAds": (3, 13, 26),
    "19_landsat": (10, 47, 94), "20_letter": (1, 4, 7), "23_mammography": (2, 9, 17),
    "28_pendigits": (2, 6, 11), "32_shuttle": (6, 26, 51), "35_SpamBase": (12, 59, 118),
    "40_vowels": (1, 2, 4), "44_Wilt": (2, 9, 18),
}  # fmt: skip


def made(rows, share=0.1, seed=0):
    rng = np.random.default_rng(seed)
    labels = (np.arange(rows) < share * rows).astype(np.int64)
    return Table("made", rng.normal(size=(rows, 3)) * 5 + 2, labels)


def by_the_global_state(table, ratio, seed):
    """The protocol as it is written down, on NumPy's global state."""
    X, y = table.rows, table.labels
    np.random.seed(seed)
    if len(y) < 1000:
        np.random.seed(seed)
        kept = np.random.choice(np.arange(len(y)), 1000, replace=True)
        X, y = X[kept], y[kept]
    if len(y) > 10000:
        np.random.seed(seed)
        kept = np.random.choice(np.arange(len(y)), 10000, replace=False)
        X, y = X[kept], y[kept]
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.3, shuffle=True, stratify=y)
    low, high = train.min(0), train.max(0)
    anomalies = np.where(y_train == 1)[0]
    labelled = np.random.choice(anomalies, math.ceil(ratio * len(anomalies)), replace=False)
    told = np.zeros(len(y_train), int)
    told[labelled] = 1
    return (train - low) / (high - low), told, (test - low) / (high - low), y_test


@pytest.mark.parametrize("rows", [300, 1000, 4321, 10000, 12345])
@pytest.mark.parametrize(("ratio", "seed"), [(0.01, 1), (0.1, 3), (1.0, 2)])
def test_draws_are_those_of_the_published_protocol(rows, ratio, seed):
    table = made(rows)
    expected = by_the_global_state(table, ratio, seed)
    split = draw(table, ratio, seed)
    for mine, theirs in zip((split.train, split.told, split.test, split.truth), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)


def test_the_global_state_stays_where_it_was():
    np.random.seed(7)
    before = np.random.get_state()[1].copy()
    draw(made(12000), 0.05, 1)
    assert (np.random.get_state()[1] == before).all()


def test_unlabelled_anomalies_stay_among_the_training_rows():
    split = draw(made(2000), 0.01, 1)
    assert len(split.train) == 1400
    assert split.told.sum() == math.ceil(0.01 * 140)
    assert split.truth.sum() == 60


def test_no_label_is_drawn_at_ratio_nought():
    assert draw(made(2000), 0.0, 1).told.sum() == 0


def test_small_sets_are_copied_before_the_split_unless_told_otherwise():
    copied, plain = draw(made(400), 0.1, 1), draw(made(400), 0.1, 1, copies=False)
    assert (len(copied.train) + len(copied.test), len(plain.train) + len(plain.test)) == (1000, 400)
    assert plain.fresh.all()
    assert copied.fresh.mean() < 0.5


def test_rows_that_are_in_both_parts_are_found():
    table = made(2000)
    table.rows[1000:1500] = table.rows[500:1000]
    table.rows[0], table.rows[1] = 0.0, -0.0  # equal rows, written differently
    split = draw(table, 0.1, 1)
    train = {tuple(row) for row in split.train.round(12)}
    expected = [tuple(row) not in train for row in split.test.round(12)]
    assert split.fresh.tolist() == expected
    assert 0.05 < 1 - split.fresh.mean() < 0.5


@pytest.mark.parametrize("anomalies", [0, 1, 1999, 2000])
def test_a_side_without_rows_is_undefined(anomalies):
    table = made(2000)
    labels = (np.arange(2000) < anomalies).astype(np.int64)
    assert draw(Table("made", table.rows, labels), 0.5, 1) is None


@pytest.mark.parametrize("ratio", [-0.01, 1.01, float("nan")])
def test_a_ratio_beyond_its_bounds_is_refused(ratio):
    with pytest.raises(
        ConfigError, match=r"accepted: above 0 and at most 1, such as 0\.01, or 0 for no label"
    ):
        draw(made(100), ratio, 1)


@pytest.mark.parametrize("name", LABELS)
def test_as_many_labels_as_published(name):
    if not (DATA / "adbench" / f"{name}.npz").exists():
        pytest.skip(f"{name} is not here")
    table = sets.read(name, DATA)
    assert len(table.labels) >= 1000
    for ratio, expected in zip((0.01, 0.05, 0.1), LABELS[name], strict=True):
        assert abs(draw(table, ratio, 1).told.sum() - expected) <= max(1, 0.1 * expected)


# -- files -------------------------------------------------------------------------------------------


def saved(folder, name="9_made", **arrays):
    (folder / "adbench").mkdir(exist_ok=True)
    np.savez(folder / "adbench" / f"{name}.npz", **arrays)
    return folder


def test_small_integers_become_wide_numbers_before_any_arithmetic(tmp_path):
    rows = np.array([[250, 10], [255, 0], [0, 3]], np.uint8)
    table = sets.read("9_made", saved(tmp_path, X=rows, y=np.array([0, 0, 1], np.uint8)))
    assert (table.rows.dtype, table.labels.dtype) == (np.float64, np.int64)
    assert (table.rows + table.rows).max() == 510


X, Y = np.zeros((4, 2)), np.array([0, 0, 1, 1])
BAD = {
    "labels": ({"X": X, "y": np.array([0, 1, 2, 1])}, r"y has 2 in row 2; accepted: 0 \(normal\) and 1"),
    "not a number": ({"X": np.array([[0, 1], [np.nan, 0]]), "y": Y[1:3]}, "X has nan in row 1, column 0"),
    "length": ({"X": X, "y": Y[:3]}, r"y is int64 of shape \(3,\); accepted: 0 or 1 a row, 4 rows"),
    "words": ({"X": X.astype(str), "y": Y}, r"X is <U32 of shape \(4, 2\); accepted: numbers"),
    "one column": ({"X": X[:, 0], "y": Y}, r"X is float64 of shape \(4,\); accepted: numbers \(N, D\)"),
    "keys": ({"data": X, "y": Y}, "is not a sound set .* accepted: NPZ with numbers X"),
    "objects": ({"X": np.array([[None, 1]], object), "y": Y[:1]}, "is not a sound set .*allow_pickle=False"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_sets_are_refused_in_one_line(case, tmp_path):
    arrays, words = BAD[case]
    with pytest.raises(DataError, match=words) as caught:
        sets.read("9_made", saved(tmp_path, **arrays))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut short"])
def test_broken_archives_are_refused(content, tmp_path):
    (tmp_path / "adbench").mkdir()
    (tmp_path / "adbench" / "9_made.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"9_made\.npz is not a sound set"):
        sets.read("9_made", tmp_path)


def test_a_damaged_member_is_refused(tmp_path):
    saved(tmp_path, X=X, y=Y)
    path = tmp_path / "adbench" / "9_made.npz"
    with zipfile.ZipFile(path) as archive:
        where = archive.getinfo("X.npy").header_offset + 60
    content = bytearray(path.read_bytes())
    content[where : where + 8] = b"????????"
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"9_made\.npz is not a sound set"):
        sets.read("9_made", tmp_path)


def test_a_missing_set_is_named_with_its_place_and_the_nearest(tmp_path):
    saved(tmp_path, name="6_cardio", X=X, y=Y)
    with pytest.raises(DataError, match=r"expected adbench/cardo.npz below .*Did you mean '6_cardio'\?"):
        sets.chosen(["cardo"], tmp_path)
    with pytest.raises(DataError, match=r"expected adbench/7_none\.npz"):
        sets.read("7_none", tmp_path)
    with pytest.raises(DataError, match="has no sets"):
        sets.available(tmp_path / "elsewhere")


def test_sets_go_by_name_with_or_without_number(tmp_path):
    for name in ("10_b", "6_cardio", "own"):
        saved(tmp_path, name=name, X=X, y=Y)
    assert sets.available(tmp_path) == ["6_cardio", "10_b", "own"]
    assert sets.chosen(["cardio", "own", "6_cardio"], tmp_path) == ["6_cardio", "own"]
