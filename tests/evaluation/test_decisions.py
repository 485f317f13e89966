"""Decisions at a threshold: known values, laws, and what must be refused."""

import numpy as np
import pytest
from scipy import stats

from unseen.errors import ConfigError, DataError
from unseen.evaluation.decisions import (
    after_referring,
    decisions_at,
    equal_error_threshold,
    predictive_values,
    wilson,
)
from unseen.evaluation.reliability import brier


@pytest.mark.parametrize(("k", "n"), [(0, 20), (1, 20), (45, 50), (50, 50)])
def test_wilson_is_that_of_scipy(k, n):
    ours, theirs = wilson(k, n), stats.binomtest(k, n).proportion_ci(method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_of_no_rows_is_unknown_and_of_no_share_is_refused():
    assert not wilson(0, 0).known
    with pytest.raises(DataError, match="3 of 2 rows"):
        wilson(3, 2)


def test_predictive_values_are_shares_of_a_population():
    rng = np.random.default_rng(0)
    ill = rng.random(400_000) < 0.05
    called = np.where(ill, rng.random(ill.size) < 0.9, rng.random(ill.size) < 0.2)
    ppv, npv = predictive_values(0.9, 0.8, 0.05)
    assert ppv == pytest.approx(ill[called].mean(), abs=0.005)
    assert npv == pytest.approx(1 - ill[~called].mean(), abs=0.001)
    with pytest.raises(ConfigError, match="prevalence 1"):
        predictive_values(0.9, 0.8, 1)


def test_decisions_count_a_score_at_the_threshold_as_called():
    found = decisions_at([0.0, 0.5, 0.5, 1.0], [0, 0, 1, 1], 0.5)
    assert (found.sensitivity.value, found.specificity.value, found.accuracy.value) == (1.0, 0.5, 0.75)
    with pytest.raises(DataError, match="scores"):
        decisions_at([0.0], [0, 1], 0.5)


def test_classes_err_alike_at_the_chosen_threshold_whatever_their_sizes():
    rng = np.random.default_rng(1)
    scores = np.concatenate([rng.normal(0, 1, 20_000), rng.normal(2, 1, 500)])
    labels = np.repeat([0, 1], [20_000, 500])
    threshold = equal_error_threshold(scores, labels)
    found = decisions_at(scores, labels, threshold)
    assert threshold == pytest.approx(1.0, abs=0.1)
    assert found.sensitivity.value == pytest.approx(found.specificity.value, abs=0.003)


def test_a_perfect_order_is_cut_in_the_gap_and_one_class_is_refused():
    assert equal_error_threshold([3.0, 1.0], [1, 0]) == 2.0
    with pytest.raises(DataError, match="both classes"):
        equal_error_threshold([3.0, 1.0], [1, 1])


def test_referring_the_uncertain_helps_only_where_certainty_knows():
    rng = np.random.default_rng(2)
    certainty = rng.random(20_000)
    knows = rng.random(certainty.size) < 0.5 + 0.5 * certainty
    blind = rng.random(certainty.size) < 0.75
    assert after_referring(certainty, knows, [0.0, 0.5]) == pytest.approx([0.75, 0.875], abs=0.01)
    assert after_referring(certainty, blind, [0.0, 0.5]) == pytest.approx([0.75, 0.75], abs=0.01)


def test_brier_of_what_is_known_to_hold():
    assert brier([1.0, 0.0], [1, 0]) == 0.0
    assert brier([0.5] * 4, [0, 1, 1, 0]) == 0.25
    with pytest.raises(DataError, match="chances"):
        brier([], [])
