"""Proposed symmetries: transformations do what they say, and only broken ones are called broken."""

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.symmetry import either_way, judge, ordered, rotation, shift, transformation

RNG = np.random.default_rng(3)
NAMES = ["E", "x", "y", "z"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("rotation:x,y", lambda r: r[:, 1] ** 2 + r[:, 2] ** 2),
        ("boost:E,z", lambda r: r[:, 0] ** 2 - r[:, 3] ** 2),
        ("boost:E,z=0.3", lambda r: r[:, 0] ** 2 - r[:, 3] ** 2),
        ("reflection:x,y", lambda r: r[:, 1] * r[:, 2]),
        ("swap:x,y", lambda r: r[:, 1] + r[:, 2]),
        ("scale:x,y", lambda r: r[:, 1] / r[:, 2]),
        ("shift:x,y=0.5", lambda r: r[:, 1] - r[:, 2]),
        ("turn:x,y", lambda r: np.cos(r[:, 1] - r[:, 2])),
    ],
)
def test_what_a_transformation_keeps(text, kept):
    rows = RNG.normal(size=(50, 4))
    before = rows.copy()
    moved = transformation(text)(rows, NAMES, np.random.default_rng(0))
    assert np.allclose(kept(moved), kept(rows))
    assert np.abs(moved - rows).max() > 1e-3
    assert (rows == before).all()
    others = [place for place, name in enumerate(NAMES) if name not in transformation(text).columns]
    assert (moved[:, others] == rows[:, others]).all()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("spin:x", "transformation 'spin' is not known"),
        ("rotation:x", "two columns"),
        ("rotation:x,x", "each of them once"),
        ("shift:x", "without an amount"),
        ("shift:x=far", "no finite number"),
        ("boost:E,z=1", "between -1 and 1"),
        ("swap:x", "2 or more"),
        ("reflection:x=2", "without an amount"),
        ("scale:x=0", "not 0"),
        ("rotation:,", "names no columns"),
    ],
)
def test_texts_that_are_none(text, says):
    with pytest.raises(ConfigError, match=says):
        transformation(text)


def test_a_broken_symmetry_is_told_from_one_that_holds():
    rows = RNG.normal(size=(4000, 2))
    found = judge(rows, ["x", "y"], [rotation(("x", "y")), shift("x", by=0.3)])
    assert [one.broken for one in found] == [False, True]
    assert found[1].z > 5
    assert found[1].quality <= np.log(2)
    again = judge(rows, ["x", "y"], [rotation(("x", "y")), shift("x", by=0.3)])
    assert found == again


def test_an_ordering_is_done_again_after_the_transformation():
    rows = RNG.exponential(size=(4000, 2))
    settle = ordered(("a",), ("b",), names=["a", "b"])
    swap = [transformation("swap:a,b")]
    assert judge(settle(rows), ["a", "b"], swap)[0].broken
    with pytest.raises(DataError, match="leaves every row as it is"):
        judge(settle(rows), ["a", "b"], swap, settle=settle)


def test_cuts_are_applied_after_the_transformation():
    rows = RNG.normal(size=(6000, 2))
    inside = rows[np.abs(rows[:, 0]) < 1.0]
    names, keep = ["x", "y"], lambda moved: np.abs(moved[:, 0]) < 1.0
    either = either_way(rotation(("x", "y"), angle=0.7), rotation(("x", "y"), angle=-0.7))
    assert judge(inside, names, [either])[0].broken
    assert not judge(inside, names, [either], keep=keep)[0].broken
    with pytest.raises(DataError, match="the cuts leave 0"):
        judge(inside, names, [either], keep=lambda moved: moved[:, 0] > 99)


def test_too_few_rows_are_refused():
    with pytest.raises(DataError, match="499 rows came"):
        judge(np.zeros((499, 1)), ["x"], [shift("x", by=1.0)])
