"""What members say: what they add is the score, whatever the way of joining."""

from __future__ import annotations

import numpy as np
import pytest

from unseen.detectors.aware import AwareDetector
from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.telling import Beyond, Leading, Shared
from unseen.models.neighbours import Neighbours
from unseen.training.loop import Plan

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(size=(400, 3)), RNG.normal(3.0, 0.5, size=(20, 3))])
Y = np.repeat([0, 1], [400, 20])
ROWS = np.concatenate([RNG.normal(size=(30, 3)), RNG.normal(3.0, 0.5, size=(10, 3))])


@pytest.mark.parametrize("joining", [None, Beyond(), Shared(), Leading()])
def test_what_members_add_is_the_score(joining):
    detector = CommitteeDetector(joining=joining, seed=0).fit(X, Y)
    heard = detector.voices(ROWS)
    np.testing.assert_allclose(heard.added.sum(1), detector.anomaly_score(ROWS), rtol=1e-12)
    assert heard.names == ("neighbours", "density", "trees 1", "trees 2", "spread labels")
    assert heard.told == 3


def test_what_an_auto_encoder_and_a_bank_add_is_the_score():
    learn = Plan(steps=30)
    detector = AwareDetector(learn=learn, tune=learn, neighbours=Neighbours(), seed=0).fit(X, Y)
    heard = detector.voices(ROWS)
    np.testing.assert_allclose(heard.added.sum(1), detector.anomaly_score(ROWS), rtol=1e-12)


def test_before_being_told_stage_1_says_all():
    detector = CommitteeDetector(seed=0).fit(X[:400])
    heard = detector.voices(ROWS)
    assert heard.told == 0
    np.testing.assert_allclose(heard.added.sum(1), detector.stage1_score(ROWS), rtol=1e-12)


def test_evidence_is_that_of_each_member_by_itself():
    detector = CommitteeDetector(seed=0).fit(X, Y)
    rows = detector._tensor(ROWS)
    heard = detector.voices(ROWS)
    for place, member in enumerate((*detector.stage1_, *detector.stage2_)):
        np.testing.assert_array_equal(heard.evidence[:, place], member.own_evidence(rows))


def test_the_loudest_added_most():
    detector = CommitteeDetector(joining=Leading(), seed=0).fit(X, Y)
    heard = detector.voices(ROWS)
    for row, name in enumerate(heard.loudest()):
        assert heard.added[row, heard.names.index(name)] == heard.added[row].max()
    assert set(heard.loudest()[30:]) <= {"trees 1", "trees 2", "spread labels"}
