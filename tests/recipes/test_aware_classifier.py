"""The variety study: what is told, what is never told, and slopes worked by hand."""

import numpy as np
import pytest

from unseen.evaluation import Record
from unseen.recipes.aware_classifier.recipe import curves, gains, slopes, spread
from unseen.recipes.aware_classifier.tasks import Task

KINDS = ("a", "b", "c", "d")


def task():
    pool = {kind: np.full((9, 1), place, np.float32) for place, kind in enumerate(KINDS)}
    return Task(
        np.zeros((3, 1), np.float32), np.array(["x"] * 3), pool, np.zeros((1, 1)), np.array(["a"]), None
    )


@pytest.mark.parametrize(("count", "expected"), [(1, [9]), (2, [5, 4]), (4, [3, 2, 2, 2])])
def test_labels_are_spread_evenly_and_are_as_many_for_every_k(count, expected):
    rows = spread(task(), KINDS[:count], 9, seed=0)
    assert np.bincount(rows.ravel().astype(int)).tolist() == expected
    assert np.array_equal(rows, spread(task(), KINDS[:count], 9, seed=0))


def record(detector, seed, told, kind, value):
    return Record(detector, seed, tuple(told), kind, "auc", value, 9 if told else 0)


def records():
    """Two seeds; AUC of the kind never told rises by 0.1 and 0.2 a doubling, of noise by nothing."""
    found = []
    for seed, rise in ((0, 0.1), (1, 0.2)):
        last = KINDS[-1 - seed]
        order = [kind for kind in KINDS if kind != last]
        for reference in ("stage 1 uniform", "control uniform"):
            found += [record(reference, seed, (), kind, 0.3) for kind in (*KINDS, "far noise")]
        for doubling, told in enumerate((order[:1], order[:2])):
            for stage in ("aware", "joined"):
                detector = f"{stage} uniform"
                found += [record(detector, seed, told, kind, 0.5) for kind in (*order, "far noise")]
                found.append(record(detector, seed, told, last, 0.4 + rise * doubling))
    return found


def test_the_slope_is_over_doublings_on_kinds_never_told():
    found = slopes(records())
    assert found["aware uniform: slope of unseen auc"].value == pytest.approx((0.1 / 2 + 0.2 / 2) / 2)
    assert found["aware uniform: slope of far auc"].value == pytest.approx(0.0, abs=1e-12)


def test_sides_are_told_siblings_and_far():
    found = curves(records())
    assert found["aware uniform, 1 told: told auc"].value == pytest.approx(0.5)
    assert found["aware uniform, 2 told: far auc"].value == pytest.approx(0.5)
    assert found["stage 1 uniform: unseen auc"].value == pytest.approx(0.3)


def test_gains_are_paired_with_stage_1_and_the_control():
    found = gains(records(), 2)
    assert found["aware uniform - stage 1: far noise"].value == pytest.approx(0.2)
    assert found["joined uniform - control: far noise"].value == pytest.approx(0.2)
    assert "aware uniform - stage 1: a" not in found
