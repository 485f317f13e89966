"""A student keeps the order of its teacher and the rates that are stated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from unseen.errors import DataError
from unseen.export.golden import verify
from unseen.export.runtime import Scorer
from unseen.export.student import distil
from unseen.models.student import Small
from unseen.training.loop import Plan


@pytest.fixture(scope="module")
def student(plane, plane_samples):
    return distil(
        plane, plane_samples.background, also=3 * plane_samples.background, plan=Plan(steps=800, rate=3e-3)
    )


def fresh(count=4000):
    rows = np.random.default_rng(77).normal(size=(count, 6)).astype(np.float32)
    rows[:, 3:] = 0.2 * rows[:, 3:] + rows[:, :3]
    return rows


def test_it_ranks_as_the_teacher_does(student, plane):
    rows = np.concatenate([fresh(500), 3 * fresh(500)])
    assert spearmanr(student.anomaly_score(rows), plane.anomaly_score(rows)).statistic > 0.8


def test_its_p_values_hold_on_fresh_rows(student):
    p = student.p_values(fresh())
    for rate in (0.05, 0.2, 0.5):
        # 325 calibration rows: three standard deviations of the rate they set, and of these rows
        slack = 3 * np.sqrt(rate * (1 - rate) * (1 / 325 + 1 / 4000))
        assert abs((p <= rate).mean() - rate) < slack


def test_it_exports(student, tmp_path):
    exported = student.export(tmp_path / "s.onnx")
    scorer = Scorer(exported.path)
    rows = fresh(300)
    np.testing.assert_allclose(scorer(rows).score, student.anomaly_score(rows), atol=2e-3)
    assert (exported.part, verify(exported.path).rows) == ("student", 64)


def test_same_seed_same_student(plane, plane_samples):
    made = [distil(plane, plane_samples.background, plan=Plan(steps=30), seed=s) for s in (4, 4, 5)]
    scores = [one.anomaly_score(fresh(50)) for one in made]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert (scores[0] != scores[2]).any()


def test_few_rows_are_refused(plane, plane_samples):
    with pytest.raises(DataError, match=r"^199 background rows came; a student needs 200 or more$"):
        distil(plane, plane_samples.background[:199])


@pytest.mark.parametrize("shape", [(3, 72, 58), (1, 8, 8), (2, 3, 5), (7,)])
def test_small_networks_take_any_shape(shape):
    import torch

    assert tuple(Small().build(shape)(torch.zeros(2, *shape)).shape) == (2, 1)
