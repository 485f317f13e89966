"""The committee of tables: what the labels are for, edges of its data, and explanations that add up."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import unseen
from unseen import CommitteeDetector
from unseen.detectors.telling import Leading
from unseen.models.forest import Forest
from unseen.models.mixture import Mixture
from unseen.models.neighbours import Neighbours
from unseen.models.spreading import Spreading
from unseen.training.stages import GuardWarning

RANDOM = np.random.default_rng(1)


def normal(count, width=4):
    return RANDOM.normal(size=(count, width))


def labels(count, known):
    return np.repeat([0, 1], [count, known])


# name -> rows and labels; each must be learned from without a word but a guard's
EDGES = {
    **{f"{n} normal rows": (np.r_[normal(n), normal(3) + 3], labels(n, 3)) for n in (5, 6, 9, 20, 49, 60)},
    **{f"{n} normal rows, one known": (np.r_[normal(n), normal(1) + 3], labels(n, 1)) for n in (5, 60)},
    "one column": (np.r_[normal(300, 1), normal(5, 1) + 3], labels(300, 5)),
    "more columns than rows": (np.r_[normal(60, 200), normal(5, 200) + 3], labels(60, 5)),
    "a constant column": (np.c_[np.r_[normal(300), normal(5) + 3], np.full(305, 7.0)], labels(300, 5)),
    "known anomalies that are one row": (np.r_[normal(300), np.full((10, 4), 3.0)], labels(300, 10)),
    "a known anomaly that is a normal row": (normal(300)[[*range(300), 0, 0, 0]], labels(300, 3)),
    "rows that repeat": (np.r_[normal(7).repeat(60, axis=0), normal(5) + 3], labels(420, 5)),
    "rows that repeat, wide": (np.r_[normal(30, 12).repeat(20, axis=0), normal(5, 12) + 3], labels(600, 5)),
    "flags": (np.r_[RANDOM.integers(0, 2, size=(500, 3)), np.full((4, 3), 2)].astype(float), labels(500, 4)),
    "one row for all": (np.zeros((203, 3)), labels(200, 3)),
    "one row for all normal ones": (np.r_[np.zeros((200, 3)), np.ones((3, 3))], labels(200, 3)),
    "more known than normal": (np.r_[normal(60), normal(400) + 3], labels(60, 400)),
    "large numbers": (np.r_[1e20 * normal(400), 1e25 * normal(5)], labels(400, 5)),
    "small numbers": (np.r_[1e-30 * normal(400), 1e-20 * normal(5)], labels(400, 5)),
}


@pytest.mark.parametrize("joining", [None, Leading()], ids=repr)
@pytest.mark.parametrize("name", EDGES)
def test_edges_of_data_are_learned_from_quietly(name, joining, tmp_path):
    X, y = EDGES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuardWarning)
        detector = CommitteeDetector(joining=joining).fit(X, y)
    scores = detector.anomaly_score(X)
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()
    found = detector.contributions(X)
    assert (found.values >= 0).all()
    # blocks of other lengths round otherwise: rows in thousands of nats of raw score, by a little
    assert found.values.sum(1) == pytest.approx(scores, rel=1e-4, abs=1e-4)
    unseen.save(detector, tmp_path / "m.unseen")
    assert np.array_equal(unseen.load(tmp_path / "m.unseen").anomaly_score(X), scores)


@pytest.mark.parametrize("joining", [None, Leading()], ids=repr)
def test_parts_add_up_and_name_the_feature_that_is_off(joining):
    X = normal(800, 6)
    known = normal(20, 6)
    known[:, 4] += 5.0
    detector = CommitteeDetector(joining=joining, seed=2).fit(np.r_[X, known], labels(800, 20))
    fresh = normal(50, 6)
    fresh[:, 4] += 5.0
    found = detector.contributions(fresh)
    assert found.names == tuple(f"x{place}" for place in range(6))
    assert found.values.sum(1) == pytest.approx(detector.anomaly_score(fresh), abs=1e-9)
    assert (found.values.argmax(1) == 4).mean() > 0.9


def test_kinds_that_nobody_told_of_rank_as_before_where_labels_are_not_a_sample():
    X, told, other = normal(1500), normal(15) + np.array([4, 0, 0, 0]), normal(300) + np.array([0, 0, 0, 4])
    detector = CommitteeDetector(seed=0).fit(np.r_[X, told], labels(1500, 15))
    assert detector.joining_name == "Beyond"
    fresh = normal(1500)
    truth = np.repeat([0, 1], [1500, 300])
    before, after = (
        roc_auc_score(truth, score(np.r_[fresh, other]))
        for score in (detector.stage1_score, detector.anomaly_score)
    )
    assert after > before - 0.01
    assert (detector.anomaly_score(other) >= detector.stage1_score(other)).all()


def test_a_hidden_cluster_is_found_from_a_few_of_its_rows():
    random = np.random.default_rng(5)
    X = random.normal(size=(2000, 4))
    cluster = 0.15 * random.normal(size=(90, 4)) + 0.8
    detector = CommitteeDetector(seed=0).fit(np.r_[X, cluster[:60], cluster[60:66]], labels(2060, 6))
    rows, truth = np.r_[random.normal(size=(2000, 4)), cluster[66:]], np.repeat([0, 1], [2000, 24])
    assert roc_auc_score(truth, detector.stage1_score(rows)) < 0.6
    assert roc_auc_score(truth, detector.anomaly_score(rows)) > 0.95


def test_a_row_does_not_depend_on_its_company():
    X = normal(800, 10)
    detector = CommitteeDetector(seed=0).fit(np.r_[X, normal(10, 10) + 2], labels(800, 10))
    fresh = normal(3000, 10)
    scores = detector.anomaly_score(fresh)
    for company in (slice(0, 1), slice(5, 70), slice(100, 2500)):
        assert detector.anomaly_score(fresh[company]) == pytest.approx(scores[company], abs=1e-4)


def test_settings_in_use_are_listed():
    names = [type(learner).__name__ for learner in CommitteeDetector().learners()]
    assert names == ["Neighbours", "Mixture", "Forest", "Forest", "Spreading"]
    own = (Neighbours(k=3), Mixture(axes=2), Forest(trees=9), Spreading(steps=3))
    detector = CommitteeDetector(neighbours=own[0], mixture=own[1], forests=(own[2],), spreading=own[3])
    assert detector.learners() == own
    for out in (False, None):
        detector = CommitteeDetector(mixture=out, spreading=out)
        assert len(detector.learners()) == 3
        detector.fit(np.r_[normal(100), normal(3) + 3], labels(100, 3))
        assert [m.name for m in detector.stage1_] == ["neighbours"]
        assert [m.name for m in detector.stage2_] == ["trees 1", "trees 2"]


def test_the_trust_can_be_changed_and_labels_can_be_taken_back():
    X, known = normal(900), normal(12) + np.array([3, 0, 0, 0])
    detector = CommitteeDetector(seed=0).fit(np.r_[X, known], labels(900, 12))
    before = detector.anomaly_score(X)
    assert detector.standing_ is not None
    handicaps = [detector.set_trust(trust).handicap_ for trust in (0.5, 0.1)]
    assert handicaps[0] <= handicaps[1]
    assert np.array_equal(detector.anomaly_score(X), before)
    detector.fine_tune(X[:0])
    assert detector.standing_ is None
    assert np.array_equal(detector.anomaly_score(X), detector.stage1_score(X))


def test_the_label_frequency_counts_every_unlabelled_row(monkeypatch):
    # those beyond the rows kept to rehearse on too: else a large table would look better labelled than it is
    hidden, random = 400, np.random.default_rng(4)
    X = np.r_[random.normal(size=(4000, 4)), random.normal(2.0, 0.5, (hidden + 20, 4))]
    y = np.repeat([0, 1], [4000 + hidden, 20])
    whole = CommitteeDetector(seed=0).fit(X, y).standing_.frequency
    monkeypatch.setattr("unseen.detectors.two_stage.REHEARSAL", 400)
    fewer = CommitteeDetector(seed=0).fit(X, y).standing_.frequency
    assert fewer == pytest.approx(whole, abs=0.05)
    assert fewer < 2 * 20 / (20 + 0.8 * hidden)


def test_the_order_of_unlabelled_rows_told_later_does_not_decide_who_leads(monkeypatch):
    random = np.random.default_rng(5)
    plain, hidden, told = (
        random.normal(size=(3000, 4)),
        random.normal(2.0, 0.5, (300, 4)),
        random.normal(2.0, 0.5, (15, 4)),
    )
    monkeypatch.setattr("unseen.models.forest.WATCHED", 500)
    found = []
    for unlabelled in (np.r_[plain, hidden], np.r_[hidden, plain]):
        X, y = np.r_[unlabelled, told], np.repeat([0, 1], [3300, 15])
        found.append(CommitteeDetector(seed=0).fit(unlabelled).fine_tune(X, y).standing_.frequency)
    assert found[0] == pytest.approx(found[1], abs=0.05)
    assert max(found) < 0.25
