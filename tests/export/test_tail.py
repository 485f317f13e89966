"""The part written node by node gives what `thresholds`, `committee` and `telling` give."""

from __future__ import annotations

import math

import numpy as np
import onnxruntime
import pytest

from unseen.detectors.telling import Beyond, Leading, Shared, add_told
from unseen.export.tail import TIE, Decision, Voice, tail_model
from unseen.thresholds import Calibration


def run(decision, raw):
    session = onnxruntime.InferenceSession(
        tail_model(decision).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(["score", "p_value", "threshold", "alarm"], {"raw": raw})


def calibration(random, count, *, weighted=False, ties=False):
    scores = random.lognormal(size=count)
    if ties:
        scores = np.round(scores, 1)
    return Calibration.fit(scores, random.uniform(0.1, 2, count) if weighted else None)


@pytest.mark.parametrize("count", [2, 3, 50, 1000, 4097])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_evidence_and_p_values_of_one_member(count, weighted, ties):
    random = np.random.default_rng(count)
    own = calibration(random, count, weighted=weighted, ties=ties)
    last = Calibration.fit(np.maximum(own.evidence(random.lognormal(size=count)), 0), own.weights)
    decision = Decision((Voice(own, 1.0),), (), math.inf, "Beyond", last, 0.1)
    # beyond both ends, on the anchors and between them
    raw = np.concatenate([[-50.0, 0.0, 1e6], own.scores[:200], random.lognormal(size=500)])
    score, p_value, threshold, alarm = run(decision, raw[:, None])
    expected = np.maximum(own.evidence(raw), 0.0)
    np.testing.assert_allclose(score, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(p_value, last.p_values(expected - TIE))
    assert threshold == last.score_at(0.1) + TIE
    np.testing.assert_array_equal(alarm, last.p_values(expected - TIE) <= 0.1)


@pytest.mark.parametrize("joining", [Beyond(), Shared(), Leading()])
@pytest.mark.parametrize("told", [0, 1, 2])
def test_joining(joining, told):
    random = np.random.default_rng(7)
    own = [calibration(random, 200) for _ in range(2 + told)]
    shares = [0.3, 0.7]
    last = calibration(random, 300)
    decision = Decision(
        tuple(Voice(c, s) for c, s in zip(own, shares, strict=False)),
        tuple(Voice(c, 1.0 / told) for c in own[2:]),
        1.5,
        type(joining).__name__,
        last,
        0.05,
        joining.keeps,
    )
    raw = random.lognormal(sigma=2, size=(400, 2 + told))
    evidence = [c.evidence(values) for c, values in zip(own, raw.T, strict=True)]
    best = np.maximum(evidence[0] + math.log(0.3), evidence[1] + math.log(0.7))
    expected = add_told(np.maximum(best - math.log(0.7), 0.0), evidence[2:], 1.5, joining)
    np.testing.assert_allclose(run(decision, raw)[0], expected, rtol=1e-12, atol=1e-12)


def test_a_rate_that_nothing_vouches_for_never_raises_an_alarm():
    own = Calibration.fit(np.arange(10.0))
    decision = Decision((Voice(own, 1.0),), (), math.inf, "Beyond", own, 1e-4)
    _, p_value, threshold, alarm = run(decision, np.array([[1e9], [np.nan]]))
    assert threshold == math.inf
    assert not alarm.any()
    assert p_value.tolist() == [1 / 11, 1.0]
