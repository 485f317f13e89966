"""Event weights on simulated Higgs production: numbers found in another way are found again."""

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from unseen.evaluation import effective_number, evaluate, roc_auc

ROOT = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILE = ROOT / "collider/smeft/smeft_vbfh_50k.npz"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"{FILE} is not there")


@pytest.fixture(scope="module")
def events():
    with np.load(FILE) as file:
        return dict(zip((str(n) for n in file["weight_names"]), file["weights"].T.astype(float), strict=True))


def ratio(events, operator, value):
    """Weight over the standard model's at any coefficient, a parabola through those stored; not below 0."""
    first, second = (events[f"{operator}_0p{c}"] / events["SM"] for c in (1, 2))
    square = (second - 2 * first + 1) / 0.02
    line = (first - 1 - 0.01 * square) / 0.1
    return np.maximum(1 + line * value + square * value**2, 0.0)


# the exact ratio is the best score there can be: its AUC is the ceiling of the sample
@pytest.mark.parametrize(
    ("operator", "value", "ceiling", "effective"),
    [
        ("cHW", 1, 0.642, 27_900),
        ("cHW", 2, 0.740, 8_400),
        ("cHW", -2, 0.753, 5_100),
        ("cHB", 2, 0.561, 11_800),
    ],
)
def test_the_ceiling_of_an_operator(events, operator, value, ceiling, effective):
    r = ratio(events, operator, value)
    found = roc_auc(r, r, normal_weights=events["SM"], anomaly_weights=events["SM"] * r)
    assert found == pytest.approx(ceiling, abs=0.001)
    twice, y = np.concatenate([r, r]), np.repeat([0, 1], len(r))
    weights = np.concatenate([events["SM"], events["SM"] * r])
    assert found == pytest.approx(roc_auc_score(y, twice, sample_weight=weights), abs=1e-12)
    assert effective_number(events["SM"] * r) == pytest.approx(effective, rel=0.02)


def test_a_pure_change_of_rate_is_no_shape(events):
    r = ratio(events, "cHbox", 2)
    score = ratio(events, "cHW", 2)
    found = roc_auc(score, score, normal_weights=events["SM"], anomaly_weights=events["SM"] * r)
    assert found == pytest.approx(0.5, abs=1e-3)


def test_an_evaluation_of_weighted_events_covers_the_ceiling(events):
    """Normal and anomalous rows are different halves of the events, or the intervals would be too wide."""
    r = ratio(events, "cHW", 2)
    half = np.arange(len(r)) % 2 == 0
    weights = np.where(half, events["SM"], events["SM"] * r)
    kinds = np.where(half, "SM", "cHW = 2")
    found = evaluate(r, kinds, normal="SM", weights=weights, resamples=50).kind("cHW = 2")
    assert found.effective == pytest.approx(4_200, rel=0.1)
    assert found.measures.auc.low < 0.740 < found.measures.auc.high
    assert found.measures.auc.high - found.measures.auc.low < 0.04
