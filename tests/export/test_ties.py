"""Rows equally far from several learned ones: said where they are many, refused where they change scores."""

import warnings

import numpy as np
import pytest
import torch

from unseen.detectors.ensemble import CommitteeDetector
from unseen.errors import ModelFileError
from unseen.export.onnx import export_onnx
from unseen.export.samples import Samples
from unseen.export.ties import TieWarning, _ties, tied


@pytest.fixture(scope="module")
def numbers():
    """Rows of eight columns of three values each, 6 known anomalies, and fresh rows."""
    random = np.random.default_rng(803)
    rows = random.integers(0, 3, size=(1500, 8)).astype(np.float32)
    known = rows[:6] + 3 * np.eye(8, dtype=np.float32)[0]
    fresh = random.integers(0, 3, size=(1500, 8)).astype(np.float32)
    return np.r_[rows, known], np.repeat([0, 1], [1500, 6]), fresh


def test_ties_count_where_the_rows_that_tie_say_different_things():
    line = torch.arange(5.0)[:, None]  # every inner row is as far from the one before as from the one after
    other = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])
    assert _ties(line, 2, other) == pytest.approx(3 / 5)
    assert _ties(line, 3, other) == 0.0
    assert _ties(line, 2, torch.ones(5)) == 0.0
    assert _ties(line, 5, other) == 0.0
    assert _ties(line**1.5, 2, other) == 0.0


def test_ties_that_change_scores_are_the_reason_that_is_given(numbers, tmp_path):
    detector = CommitteeDetector(seed=0).fit(*numbers[:2])
    assert set(tied((*detector.stage1_, *detector.stage2_))) == {"neighbours", "spread labels"}
    with pytest.warns(TieWarning, match=r"neighbours \(\d+% of rows\) and spread labels .*as samples$"):
        export_onnx(detector, tmp_path / "m.onnx")
    leading = CommitteeDetector(seed=0, spreading=False, neighbours=False).fit(*numbers[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exported = export_onnx(leading, tmp_path / "no_ties.onnx", samples=Samples(numbers[2]))
    assert exported.parity.largest < 1e-4


def test_an_export_that_ties_spoil_is_refused_for_that_reason(numbers, tmp_path, monkeypatch):
    monkeypatch.setattr("unseen.export.onnx.DIFFERENCE_OF_NEIGHBOURS", 1e-9)
    detector = CommitteeDetector(seed=0).fit(*numbers[:2])
    line = r"scores differ by .*; the nearest rows of .* tie, .* with neighbours=False, spreading=False has"
    with pytest.raises(ModelFileError, match=line):
        export_onnx(detector, tmp_path / "m.onnx", samples=Samples(numbers[2]))
    assert not list(tmp_path.iterdir())
