"""What was told never lowers a score, and its price on held-out normal rows stays within what is trusted."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unseen.detectors.advice import suggest_labels
from unseen.detectors.aware import AwareDetector
from unseen.detectors.telling import Beyond, Shared, add_told, handicap_for
from unseen.errors import ConfigError, DataError
from unseen.training.loop import Plan

PLAN = Plan(steps=200)


def evidence(seed, members=2, rows=400):
    return list(np.random.default_rng(seed).exponential(size=(members + 1, rows)))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.floats(0.02, 0.9), st.sampled_from([0, 1, 3]))
def test_the_price_on_the_rows_it_is_set_on_is_within_the_trust(seed, trust, decimals):
    unaided, *told = (np.round(e, decimals) if decimals else e for e in evidence(seed))
    handicap = handicap_for(unaided, told, trust)
    joined = add_told(unaided, told, 0.0 if math.isinf(handicap) else handicap, Beyond())
    if math.isinf(handicap):
        return
    assert (joined >= unaided).all()
    for count in (1, 4, 20, 100, 200):
        limit = np.sort(unaided)[-count - 1]
        assert (joined > limit).sum() * (1 - trust) <= (unaided > limit).sum() + 1e-9


def test_more_trust_is_a_lower_handicap_and_too_little_a_higher_one():
    unaided, *told = evidence(3)
    handicaps = [handicap_for(unaided, told, trust) for trust in (0.05, 0.2, 0.5, 0.8)]
    assert handicaps == sorted(handicaps, reverse=True)
    assert handicaps[0] > handicaps[-1] + 0.5


def test_the_handicap_is_the_smallest_that_can_be_afforded():
    unaided, *told = evidence(4)
    handicap = handicap_for(unaided, told, 0.2)
    joined = add_told(unaided, told, handicap - 0.2, Beyond())
    ratios = [(joined > limit).sum() / max((unaided > limit).sum(), 1) for limit in np.sort(unaided)[-200:-1]]
    assert max(ratios) > 1 / 0.8


def test_nothing_told_adds_nothing():
    unaided, *_ = evidence(5)
    assert math.isinf(handicap_for(unaided, [], 0.1))
    assert (add_told(unaided, [], math.inf, Beyond()) == unaided).all()


@pytest.fixture(scope="module")
def told():
    rng = np.random.default_rng(0)
    normal = rng.normal(size=(1500, 6)) @ rng.normal(size=(6, 6))
    known = normal[:12] + np.array([6, 0, 0, 0, 0, 0])
    rows = np.concatenate([normal, known])
    labels = np.repeat([0, 1], [1500, 12])
    return AwareDetector(learn=PLAN, tune=PLAN, seed=1).fit(rows, labels), rng


@pytest.mark.parametrize("trust", [0.05, 0.3, 0.5])
def test_shared_evidence_costs_at_every_rate_what_was_said(trust):
    """Calibrated evidence of normal rows is exponential: the price is bounded on rows never looked at."""
    rng = np.random.default_rng(3)
    unaided = rng.exponential(size=1_000_000)
    told = [np.maximum(0.7 * unaided, rng.exponential(size=unaided.size)) - 0.3 for _ in range(2)]
    told = [-np.log((-column).argsort().argsort() / column.size + 1e-9) for column in told]  # exact p-values
    joining = Shared()
    joined = add_told(unaided, told, joining.handicap(unaided, told, trust, None), joining)
    assert (joined >= unaided).all()
    for rate in (1e-1, 1e-2, 1e-3):
        limit = -np.log(rate)
        assert (joined > limit).mean() <= 1.05 * rate / (1 - trust) + 3e-5
        # what was told keeps its share: every row it alone is sure of is raised
        sure = np.max(told, axis=0) - np.log(2) > limit + np.log((1 - trust) / trust)
        assert (joined[sure] > limit).all()
    assert math.isinf(joining.handicap(unaided, [], trust, None))


def test_a_told_detector_is_never_below_its_unaided_self(told):
    detector, rng = told
    rows = 4 * rng.normal(size=(500, 6))
    assert (detector.anomaly_score(rows) >= detector.stage1_score(rows)).all()
    assert (detector.anomaly_score(rows) > detector.stage1_score(rows) + 0.1).any()


def test_trust_can_be_changed_after_being_told(told):
    detector, rng = told
    rows = 4 * rng.normal(size=(200, 6))
    careful = detector.set_trust(0.02).anomaly_score(rows)
    bold = detector.set_trust(0.7).anomaly_score(rows)
    assert (bold >= careful).all()
    assert (bold > careful).any()
    with pytest.raises(ConfigError, match="trust 2 came"):
        detector.set_trust(2)
    detector.set_trust(0.1)


def test_contributions_add_up_where_what_was_told_speaks(told):
    detector, rng = told
    rows = 4 * rng.normal(size=(300, 6))
    raised = detector.anomaly_score(rows) > detector.stage1_score(rows)
    assert raised.any()
    parts = detector.contributions(rows).values
    assert parts.sum(1) == pytest.approx(detector.anomaly_score(rows), abs=1e-9)
    assert (parts >= 0).all()


def test_suggested_labels_are_strange_and_differ_in_reason(told):
    detector, rng = told
    rows = 0.01 * rng.normal(size=(300, 6))
    rows[5:17, 0] += 60
    rows[40] = [0, 0, 0, 0, 0, -60]
    chosen = suggest_labels(detector, rows, 2)
    assert 40 in chosen
    assert set(chosen) & set(range(5, 17))
    with pytest.raises(ConfigError, match="0 labels were asked for of 300 rows"):
        suggest_labels(detector, rows, 0)


def test_a_loaded_detector_has_no_rows_to_measure_a_price_on(told, tmp_path):
    from unseen import load, save

    save(told[0], tmp_path / "model")
    with pytest.raises(DataError, match="carries no rows"):
        load(tmp_path / "model").set_trust(0.5)
