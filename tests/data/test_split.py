"""Rows kept apart without leaks."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unseen.data import by_group, by_time, held_out, leave_one_kind_out, nested_labels, tell_one_kind
from unseen.data.columns import image_column
from unseen.data.synthetic import flows
from unseen.errors import ConfigError, DataError
from unseen.seeds import generator

X = generator(1).normal(size=(20_000, 3))
TABLE = flows(4000, seed=3)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("salt", [0, 1])
def test_the_share_is_kept(share, salt):
    for rows in (X, TABLE):
        count = held_out(rows, share, salt).sum()
        expected, spread = len(rows) * share, np.sqrt(len(rows) * share * (1 - share))
        assert abs(count - expected) < 4.5 * spread


def test_salts_choose_independently():
    both = (held_out(X, 0.5, 0) & held_out(X, 0.5, 1)).mean()
    assert abs(both - 0.25) < 0.02


def test_hidden_structure_does_not_bias_the_choice():
    """Regular rows (counters, flags) are held out like random ones."""
    counters = np.stack([np.arange(20_000) // 2, np.arange(20_000) % 2], axis=1)
    mask = held_out(counters, 0.5, 0)
    for flag in (0, 1):
        assert abs(mask[counters[:, 1] == flag].mean() - 0.5) < 0.03
    assert abs(np.mean(mask[:-1] == mask[1:]) - 0.5) < 0.03


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(40)), st.integers(1, 40), st.integers(0, 100))
def test_order_and_batches_do_not_matter(order, size, salt):
    table = TABLE.slice(0, 40)
    whole = held_out(table, 0.5, salt)
    assert np.array_equal(held_out(table.take(order), 0.5, salt), whole[list(order)])
    parts = [held_out(table.slice(at, size), 0.5, salt) for at in range(0, 40, size)]
    assert np.array_equal(np.concatenate(parts), whole)
    columns = list(reversed(table.column_names))
    assert np.array_equal(held_out(table.select(columns), 0.5, salt), whole)


def test_duplicates_are_on_one_side_whatever_their_type():
    doubled = np.concatenate([X, X[::-1]])
    mask = held_out(doubled, 0.3, 0)
    assert np.array_equal(mask[: len(X)], mask[: len(X) - 1 : -1])
    whole = np.array([[0.0, 1.0, -0.0], [3.0, 5.0, 8.0]])
    assert np.array_equal(held_out(whole, 0.5, 0), held_out(whole.astype(np.int8), 0.5, 0))
    words = pa.array(["a", "b", None] * 50)
    one, other = pa.table({"w": words}), pa.table({"w": words.dictionary_encode()})
    assert np.array_equal(held_out(one, 0.5, 1), held_out(other, 0.5, 1))


def test_missing_values_are_one_value():
    plain = np.array([[np.nan], [-np.nan], [np.float64(np.nan)]])
    assert len(set(held_out(plain, 0.5, 0).tolist())) == 1
    table = pa.table({"a": pa.array([None, np.nan, None], pa.float64())})
    assert len(set(held_out(table, 0.5, 0).tolist())) == 1


def test_every_column_counts():
    """Changing any one value changes the hash of its row and of no other."""
    from unseen.data.fingerprint import row_hashes

    images = generator(2).integers(0, 255, (50, 1, 3, 3)).astype(np.uint8)
    table = TABLE.slice(0, 50).append_column("image", image_column(images))
    before = row_hashes(table, 0)
    assert len(np.unique(before)) == 50
    for position, name in enumerate(table.column_names):
        moved = table.set_column(position, name, table.column(name).take([1, *range(1, 50)]))
        changed = row_hashes(moved, 0) != before
        assert not changed[1:].any()
        assert changed[0] == (table.column(name)[0] != table.column(name)[1])


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_shares_out_of_range(share):
    for split in (
        lambda: held_out(X, share, 0),
        lambda: by_group([1, 2], share, 0),
        lambda: by_time([1, 2], share),
    ):
        with pytest.raises(ConfigError, match="share="):
            split()


def test_rows_that_cannot_be_told_apart():
    with pytest.raises(DataError, match="column 'a' has type list<"):
        held_out(pa.table({"a": [[1]]}), 0.5, 0)
    with pytest.raises(DataError, match="rows of type object"):
        held_out(np.array([[{}]]), 0.5, 0)


def test_a_group_is_never_cut():
    groups = np.array([f"host {i}" for i in generator(5).integers(0, 300, 5000)])
    split = by_group(groups, 0.2, salt=0)
    assert not set(groups[split.train]) & set(groups[split.test])
    assert (split.train ^ split.test).all()
    assert 0.1 < split.test.mean() < 0.3
    with pytest.raises(DataError, match="1 groups fall on one side"):
        by_group(["a", "a"], 0.5, salt=0)


def test_time_splits_learn_from_the_past_only():
    times = np.datetime64("2024-01-01", "h") + generator(6).integers(0, 500, 3000)
    split = by_time(times, 0.25)
    assert times[split.train].max() < times[split.test].min()
    assert 0.24 < split.test.mean() < 0.27
    apart = by_time(times, 0.25, gap=np.timedelta64(24, "h"))
    assert np.array_equal(apart.test, split.test)
    assert times[apart.test].min() - times[apart.train].max() > np.timedelta64(24, "h")


TIMES = {
    "one moment": (([1, 1, 1], 0.5), {}, DataError, "no row is left to learn from"),
    "too wide a gap": (([1, 2, 3], 0.3), {"gap": 5}, DataError, "no row is left to learn from"),
    "negative gap": (([1, 2, 3], 0.3), {"gap": -1}, ConfigError, "gap=-1"),
    "missing": (([1.0, np.nan], 0.5), {}, DataError, "1 times are missing (first: row 1)"),
    "words": ((["a", "b"], 0.5), {}, DataError, "accepted: numbers or datetime64"),
    "none": (([], 0.5), {}, DataError, "0 times"),
}


@pytest.mark.parametrize("case", TIMES)
def test_times_that_cannot_be_split(case):
    arguments, options, error, message = TIMES[case]
    with pytest.raises(error) as caught:
        by_time(*arguments, **options)
    assert message in str(caught.value)


def test_kinds_take_turns():
    kinds = ["ok", "a", "b", "c", "ok", "a"]
    folds = list(leave_one_kind_out(kinds, normal=["ok"]))
    assert [(fold.told, fold.unseen) for fold in folds] == [
        (("b", "c"), ("a",)),
        (("a", "c"), ("b",)),
        (("a", "b"), ("c",)),
    ]
    assert [fold.told for fold in tell_one_kind(kinds, normal=["ok"])] == [("a",), ("b",), ("c",)]
    with pytest.raises(DataError, match="at least two kinds of anomaly; there are: a"):
        list(leave_one_kind_out(["ok", "a"], normal=["ok"]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60, unique=True), st.integers(0, 1000), st.data())
def test_budgets_contain_each_other(rows, seed, data):
    counts = data.draw(st.lists(st.integers(0, len(rows)), min_size=1, max_size=5))
    budgets = nested_labels(rows, counts, seed)
    assert [budget.count for budget in budgets] == counts
    for budget in budgets:
        assert len(budget.rows) == budget.count
        assert set(budget.rows) <= set(rows)
    chosen = sorted((set(budget.rows.tolist()) for budget in budgets), key=len)
    assert all(small <= large for small, large in pairwise(chosen))
    again = nested_labels(data.draw(st.permutations(rows)), counts, seed)
    assert all(np.array_equal(a.rows, b.rows) for a, b in zip(budgets, again, strict=True))


def test_budgets_are_balanced_by_kind_and_differ_by_seed():
    rows, kinds = np.arange(100), np.array(["common"] * 90 + ["rare"] * 10)
    budget = nested_labels(rows, [12], seed=0, kinds=kinds)[0]
    assert (kinds[budget.rows] == "rare").sum() == 6
    assert (kinds[nested_labels(rows, [50], seed=0, kinds=kinds)[0].rows] == "rare").sum() == 10
    assert not np.array_equal(budget.rows, nested_labels(rows, [12], seed=1, kinds=kinds)[0].rows)


BUDGETS = {
    "too many": (([1, 2], [3], 0), {}, DataError, "a budget of 3 labels is more than the 2 rows there are"),
    "negative": (([1, 2], [-1], 0), {}, ConfigError, "a budget of -1 labels"),
    "twice": (([1, 1], [1], 0), {}, DataError, "a row comes twice"),
    "kinds": (([1, 2], [1], 0), {"kinds": ["a"]}, DataError, "1 kinds were given for 2 rows"),
}


@pytest.mark.parametrize("case", BUDGETS)
def test_budgets_that_cannot_be_drawn(case):
    arguments, options, error, message = BUDGETS[case]
    with pytest.raises(error, match=message):
        nested_labels(*arguments, **options)
