"""Who leads: label frequency by hand, and a contaminated and a clean table."""

import math

import numpy as np
import pytest

from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.leading import BLIND, FREQUENT, Standing, label_frequency, standing
from unseen.detectors.telling import Leading, add_told


def hidden(clean, seed=0):
    """A dense cluster amid 1,500 normal rows, 8 of its 68 rows labelled; `clean` leaves the others out."""
    random = np.random.default_rng(seed)
    normal = random.normal(size=(1500, 4))
    cluster = 0.15 * random.normal(size=(68, 4)) + 0.8
    unlabelled = normal if clean else np.concatenate([normal, cluster[8:]])
    return np.concatenate([unlabelled, cluster[:8]]), np.repeat([0, 1], [len(unlabelled), 8])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_labels_that_are_a_sample_lead(seed):
    X, y = hidden(clean=False, seed=seed)
    detector = CommitteeDetector(seed=seed).fit(X, y)
    assert detector.standing_.frequency < 0.3
    assert detector.standing_.blindness > 0.3
    assert detector.joining_name == "Leading"


def test_labels_of_kinds_that_stage_1_finds_do_not_lead():
    X, y = hidden(clean=True)
    X[1500:] += 4.0
    detector = CommitteeDetector(seed=0).fit(X, y)
    assert detector.standing_.blindness < 0.05
    assert detector.joining_name == "Beyond"


def test_labels_of_all_there_are_do_not_lead():
    """Known anomalies that can be told from every unlabelled row, though stage 1 finds them ordinary."""
    random = np.random.default_rng(3)
    normal = random.normal(size=(1500, 4))
    normal[:, 1] = normal[:, 0] + 0.5 * random.normal(size=1500)
    known = 0.15 * random.normal(size=(40, 4)) + [1.4, 0.0, 0, 0]
    detector = CommitteeDetector(seed=0).fit(np.r_[normal, known], np.repeat([0, 1], [1500, 40]))
    assert detector.standing_.frequency > 0.3
    assert detector.joining_name == "Beyond"
    assert (detector.anomaly_score(known) >= detector.stage1_score(known)).all()


def test_who_is_told_to_lead_leads():
    X, y = hidden(clean=True)
    detector = CommitteeDetector(joining=Leading(), seed=0).fit(X, y)
    assert detector.joining_name == "Leading"
    told = [member.own_evidence(detector._tensor(X)) for member in detector.stage2_]
    expected = 0.1 * detector.stage1_score(X) + np.mean(told, axis=0)
    assert detector.anomaly_score(X) == pytest.approx(expected, rel=1e-12)
    assert detector.handicap_ == 0.0


def test_leading_by_hand():
    told = [np.array([2.0, 7.0]), np.array([4.0, 1.0])]
    assert add_told(np.array([1.0, 10.0]), told, 0.0, Leading()).tolist() == pytest.approx([3.1, 5.0])
    assert add_told(np.array([1.0, 10.0]), [], math.inf, Leading()).tolist() == [1.0, 10.0]
    assert Leading().handicap(np.ones(3), [], 0.1, None) == math.inf


def test_the_label_frequency_by_hand():
    known = np.array([10.0, 9.0, 8.0, 7.0, 1.0, 1.0, 1.0, 1.0])
    # surest quarter: 2 labelled rows at 9 or more; of 100 unlabelled rows 1 is above, 10 stand for each
    unlabelled = np.r_[np.zeros(99), 9.0]
    quarter = (2 - 2**0.5) / (2 + 1 / 100 * 1000)
    half = (4 - 2) / (4 + 1 / 100 * 1000)
    assert label_frequency(known, unlabelled, 1000) == pytest.approx(max(quarter, half))
    assert label_frequency(known, np.r_[np.zeros(99), np.nan], 1000) == pytest.approx((4 - 2) / 4)
    assert label_frequency(np.array([np.nan]), unlabelled, 1000) == 0.0
    assert label_frequency(known, np.array([]), 1000) == 0.0
    assert label_frequency(np.array([5.0]), np.zeros(10), 10) == 0.0  # one row alone proves nothing


def test_blindness_is_the_p_value_of_the_median_known_anomaly():
    found = standing((np.array([0.5, 2.5, 9.0]), np.array([1.0, 2.0, 3.0, 4.0])), [], 40)
    assert found.blindness == pytest.approx(3 / 5)
    assert not Standing(FREQUENT, 1.0).told_leads
    assert not Standing(0.1, 0.99 * BLIND).told_leads
    assert Standing(0.1, BLIND).told_leads
