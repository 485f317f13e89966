"""Which rows are the same: exact copies, channel sums, sums taken in another order."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unseen.data import TableSource
from unseen.data.columns import image_column
from unseen.data.sameness import prints, repeats, shared
from unseen.errors import DataError
from unseen.seeds import generator


def events(count=60, seed=0, shape=(3, 12, 10)):
    random = generator(seed)
    lit = random.random((count, *shape)) < 0.2
    return np.where(lit, random.exponential(3, (count, *shape)), 0).astype(np.float32)


def of(images):
    return prints(TableSource(pa.table({"image": image_column(images)})), ("image",))


def of_numbers(values):
    return prints(TableSource(pa.table({"x": pa.array(values)})), ("x",))


@given(st.lists(st.integers(0, 9), min_size=1), st.lists(st.integers(0, 9), min_size=1))
def test_shared_and_repeated_rows_are_those_a_set_finds(one, other):
    a, b = of_numbers(one), of_numbers(other)
    found = shared(a, b)
    assert found.rows.tolist() == [row for row, value in enumerate(one) if value in other]
    assert [other[place] for place in found.others] == [one[row] for row in found.rows]
    assert found.others.tolist() == [other.index(one[row]) for row in found.rows]
    assert len(repeats(a)) == len(one) - len(set(one))
    assert all(one[row] in one[:row] for row in repeats(a))


def test_copies_of_images_are_found_in_any_order():
    images = events()
    other = np.concatenate([events(5, 1), images[[7, 3]], events(5, 2)])
    found = shared(of(images), of(other))
    assert (found.rows.tolist(), found.others.tolist(), found.how) == ([3, 7], [6, 5], "exact")


def test_no_chance_meetings():
    assert not len(shared(of(events(500, 1)), of(events(500, 2))).rows)
    assert not len(shared(of(events(500, 1)), of(events(500, 2).sum(1, keepdims=True))).rows)


def test_channel_sums_are_the_events_they_sum():
    images = events()
    sums = np.concatenate([events(4, 1, (1, 12, 10)), images[10:20].sum(axis=1, keepdims=True)])
    found = shared(of(images), of(sums))
    assert (found.rows.tolist(), found.how) == (list(range(10, 20)), "sum")
    assert found.others.tolist() == list(range(4, 14))
    back = shared(of(sums), of(images))
    assert (back.rows.tolist(), back.others.tolist()) == (list(range(4, 14)), list(range(10, 20)))


def test_sums_in_another_order_and_precision_are_close():
    images = events(200, shape=(3, 72, 58)) * np.float32(30)
    exact = images.astype(np.float64).sum(axis=1, keepdims=True)
    other = (images[:, 2] + (images[:, 1] + images[:, 0]))[:, None]
    assert not np.array_equal(exact.astype("f4"), images.sum(axis=1, keepdims=True))
    for sums in (exact.astype(np.float32), other, np.round(exact, 6).astype(np.float32)):
        found = shared(of(images), of(sums))
        assert np.array_equal(found.rows, np.arange(200))
        assert np.array_equal(found.others, np.arange(200))


def test_the_same_pixels_with_other_energies_are_other_events():
    images = events()
    assert not len(shared(of(images), of(images.sum(axis=1, keepdims=True) * np.float32(1.01))).rows)


def test_two_single_channels_are_compared_bit_for_bit():
    sums = events(shape=(1, 12, 10))
    nearly = sums * np.float32(1 + 1e-7)
    assert not np.array_equal(sums, nearly)
    assert len(shared(of(sums), of(sums)).rows) == 60
    assert len(shared(of(sums), of(nearly)).rows) < 60


def test_empty_images_are_the_same_as_nothing():
    images = events()
    images[[4, 9]] = 0
    assert (~of(images).alive).sum() == 2
    assert not len(repeats(of(images)))
    assert shared(of(images), of(images)).rows.tolist() == [r for r in range(60) if r not in (4, 9)]
    dark = np.zeros((3, 1, 12, 10), np.float32)
    assert not len(shared(of(dark), of(images)).rows)


def test_minus_zero_is_zero():
    images = events()
    other = np.where(images == 0, np.float32(-0.0), images)
    assert len(shared(of(images), of(other)).rows) == 60


def test_tables_and_images_share_nothing():
    assert not len(shared(of(events()), of_numbers([1.0])).rows)


def test_two_columns_of_images_are_refused():
    table = pa.table({"a": image_column(events(2)), "b": image_column(events(2))})
    with pytest.raises(DataError, match=r"table has 2 columns of images: a, b; name one"):
        prints(TableSource(table), ("a", "b"))
