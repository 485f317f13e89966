"""Evaluation by kind: told and unseen apart, intervals that cover, faults named."""

import json
import math

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.evaluation import average_precision, evaluate, max_sic, roc_auc, tpr_at_fpr

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=2000)
KINDS = {"near": RNG.normal(1, 1, 100), "far": RNG.normal(6, 1, 40), "rare": RNG.normal(2, 1, 3)}
SCORES = np.r_[NORMAL, *KINDS.values()]
NAMES = ["normal"] * 2000 + [name for name, rows in KINDS.items() for _ in rows]


@pytest.fixture(scope="module")
def found():
    return evaluate(SCORES, NAMES, normal="normal", told=["far"], seed=0, resamples=200)


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_ranked_against_all_normals(found, name):
    m = found.kind(name).measures
    values = (m.auc.value, m.ap.value, m.tpr_1e2.value, m.sic.value)
    rows = KINDS[name]
    at_1e2 = tpr_at_fpr(NORMAL, rows, 0.01)
    expected = (roc_auc(NORMAL, rows), average_precision(NORMAL, rows), at_1e2, max_sic(NORMAL, rows))
    assert values == pytest.approx(expected)
    assert math.isnan(m.tpr_1e3.value)  # 2,000 normals: 2 expected false alarms
    for e in (m.auc, m.ap, m.tpr_1e2, m.sic):
        assert e.low <= e.value <= e.high
    assert m.auc.low < m.auc.high
    assert m.tpr_1e2.low < m.tpr_1e2.high


def test_told_and_unseen_are_averaged_apart(found):
    assert [k.kind for k in found.kinds if k.told] == ["far"]
    assert found.told.auc.value == pytest.approx(roc_auc(NORMAL, KINDS["far"]))
    expected = (roc_auc(NORMAL, KINDS["near"]) + roc_auc(NORMAL, KINDS["rare"])) / 2
    assert found.unseen.auc.value == pytest.approx(expected)


def test_small_kinds_can_be_shown_without_being_averaged():
    found = evaluate(SCORES, NAMES, normal="normal", seed=0, resamples=20, least_rows=20)
    assert not found.kind("rare").averaged
    expected = (roc_auc(NORMAL, KINDS["near"]) + roc_auc(NORMAL, KINDS["far"])) / 2
    assert found.unseen.auc.value == pytest.approx(expected)
    assert found.told is None


def test_the_bootstrap_of_the_mean_covers_the_truth():
    truth = (0.5 + 0.7602) / 2  # AUC of N(0, 1) and N(1, 1) against N(0, 1)
    covered = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        scores = np.r_[rng.normal(size=300), rng.normal(size=40), rng.normal(1, 1, 40)]
        names = ["n"] * 300 + ["a"] * 40 + ["b"] * 40
        mean = evaluate(scores, names, normal="n", seed=seed, resamples=100).unseen.auc
        covered += mean.low <= truth <= mean.high
    assert covered >= 34


def test_separated_kinds_keep_an_open_interval():
    scores = np.r_[np.zeros(1000), np.ones(8)]
    found = evaluate(scores, ["n"] * 1000 + ["a"] * 8, normal="n", seed=0, resamples=50)
    assert found.unseen.auc.value == 1
    assert found.unseen.auc.low < 0.95
    assert found.kind("a").measures.tpr_1e2.low == pytest.approx(0.025 ** (1 / 8), abs=1e-6)  # exact binomial


@pytest.mark.parametrize(
    ("kinds", "normal"),
    [
        (["a", None, None, "b"], None),
        (["a", math.nan, "", "b"], None),
        (np.array(["a", "ok", "ok", "b"]), "ok"),
        ([1, 0, 0, 2], 0),
        (["a", "whatever", None, "b"], np.array([False, True, True, False])),
    ],
)
def test_every_way_to_mark_normal_rows_gives_the_same(kinds, normal):
    found = evaluate([3.0, 1.0, 2.0, 0.0], kinds, normal=normal, seed=0, resamples=5)
    assert found.normals == 2
    assert [k.measures.auc.value for k in found.kinds] == [1.0, 0.0]


def test_names_that_differ_only_in_closing_zeros_are_two_kinds():
    found = evaluate([0.0, 1.0, 2.0], ["n", "a", "a\x00"], normal="n", seed=0, resamples=5)
    assert [(k.kind, k.n) for k in found.kinds] == [("a", 1), ("a\x00", 1)]


def test_same_seed_same_numbers_and_row_order_does_not_matter():
    order = np.random.default_rng(5).permutation(SCORES.size)
    first = evaluate(SCORES, NAMES, normal="normal", seed=1, resamples=30)
    again = evaluate(SCORES, NAMES, normal="normal", seed=1, resamples=30)
    moved = evaluate(SCORES[order], np.array(NAMES)[order], normal="normal", seed=1, resamples=30)
    assert json.dumps(first.to_dict()) == json.dumps(again.to_dict())
    assert [k.measures.auc for k in moved.kinds] == [k.measures.auc for k in first.kinds]


@pytest.mark.parametrize(
    ("scores", "kinds", "options", "message"),
    [
        ([1.0], ["a", "b"], {"normal": "a"}, "1 scores but 2 kinds"),
        ([1.0, math.nan], ["a", "b"], {"normal": "a"}, r"NaN \(first: row 1\)"),
        ([1.0, 2.0], ["a", "b"], {"normal": "c"}, r"no normal row \(normal='c'\) among kinds \['a', 'b'\]"),
        ([1.0, 2.0], ["a", "a"], {"normal": "a"}, "only normal rows"),
        ([1.0, 2.0], ["a", "dos"], {"normal": "a", "told": ["doss"]}, "Did you mean 'dos'"),
        ([1.0, 2.0], ["a", "b"], {"normal": np.array([1, 0])}, "need .2,. and bool"),
        ([1.0, 2.0], ["a", None], {"normal": "a"}, r"no kind \(first: row 1\)"),
        ([], [], {"normal": "a"}, "empty"),
    ],
)
def test_faults_are_named(scores, kinds, options, message):
    with pytest.raises(DataError, match=message):
        evaluate(scores, kinds, seed=0, resamples=5, **options)


def test_a_kind_that_is_not_there_is_named(found):
    with pytest.raises(DataError, match="Did you mean 'near'"):
        found.kind("nearr")
