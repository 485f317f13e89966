"""Gain, regret, bias and label budget over seeds; records through CSV."""

import numpy as np
import pytest
from scipy import stats

from unseen.errors import DataError
from unseen.evaluation import (
    Record,
    biases,
    budget,
    evaluate,
    gain_matrix,
    gains,
    means,
    read_csv,
    records_of,
    write_csv,
)

SEEDS = (0, 1, 2)
BASE = {"a": 0.90, "b": 0.80, "c": 0.70}
SHIFT = {
    ("a", "a"): 0.09,
    ("a", "b"): 0.02,
    ("a", "c"): -0.05,
    ("b", "a"): 0.0,
    ("b", "b"): 0.1,
    ("b", "c"): -0.005,
}


def records():
    """Stage 1 is told nothing; `aware` moves each pair by SHIFT plus a small seed effect of its own."""
    for seed in SEEDS:
        drift = 0.1 * seed  # shared by both: pairing must remove it
        for kind, value in BASE.items():
            yield Record("stage 1", seed, (), kind, "auc", value + drift)
            yield Record("control", seed, (), kind, "auc", value + drift + 0.008)
        for (told, kind), shift in SHIFT.items():
            yield Record(
                "aware", seed, (told,), kind, "auc", BASE[kind] + drift + shift + 0.001 * (seed - 1), 50
            )


@pytest.fixture(scope="module")
def table():
    return tuple(records())


def test_gain_is_paired_by_seed(table):
    found = {(g.told, g.kind): g for g in gains(table, reference="stage 1") if g.detector == "aware"}
    assert {key: g.gain.value for key, g in found.items()} == pytest.approx(
        {((t,), k): s for (t, k), s in SHIFT.items()}
    )
    half = stats.t.ppf(0.975, 2) * 0.001 / np.sqrt(3)
    pair = found[("a",), "c"]
    assert pair.gain.high - pair.gain.value == pytest.approx(half)
    assert pair.regret.value == pytest.approx(0.05)
    assert found[("a",), "a"].regret.value == 0
    assert found[("b",), "a"].regret.value == pytest.approx(
        0.001 / 3
    )  # one seed in three falls below by 0.001
    assert found[("b",), "a"].regret.low == 0


@pytest.mark.parametrize(("reference", "offset", "harmed"), [("stage 1", 0.0, 0.25), ("control", 0.008, 0.5)])
def test_bias_names_the_worst_unseen_pair(table, reference, offset, harmed):
    bias = next(b for b in biases(table, reference=reference) if b.detector == "aware")
    assert (bias.pairs, bias.labels) == (4, 50)
    assert bias.gain.value == pytest.approx((0.02 - 0.05 + 0.0 - 0.005) / 4 - offset)
    assert bias.harmed == pytest.approx(harmed)
    assert (bias.worst.told, bias.worst.kind) == (("a",), "c")
    assert bias.regret.value >= max(0, -bias.gain.value)


def test_the_control_is_judged_against_stage_1(table):
    control = next(b for b in biases(table, reference="stage 1") if b.detector == "control")
    assert control.gain.value == pytest.approx(0.008)


def test_means_keep_told_and_unseen_apart(table):
    found = {(m.detector, m.unseen): m for m in means(table)}
    assert found["aware", False].estimate.value == pytest.approx((0.99 + 0.9) / 2 + 0.1)
    assert found["aware", True].estimate.value == pytest.approx((0.82 + 0.65 + 0.90 + 0.695) / 4 + 0.1)
    assert found["aware", True].seeds == 3
    assert ("stage 1", False) not in found


def test_the_matrix_lays_out_the_gains(table):
    matrix = gain_matrix(gains(table, reference="stage 1"), detector="aware")
    assert (matrix.told, matrix.kinds) == (("a", "b"), ("a", "b", "c"))
    np.testing.assert_allclose(matrix.gain, [[0.09, 0.02, -0.05], [0.0, 0.1, -0.005]], atol=1e-12)


def test_reference_of_equal_labels_comes_first_then_the_one_without():
    rows = [
        Record("ref", 0, ("a",), "b", "auc", 0.5, 10),
        Record("ref", 0, ("a",), "b", "auc", 0.6, 0),
        Record("ref", 0, (), "b", "auc", 0.7, 0),
        Record("x", 0, ("a",), "b", "auc", 1.0, 10),
        Record("x", 0, ("a",), "b", "auc", 1.0, 50),
        Record("x", 0, ("c",), "b", "auc", 1.0, 50),
    ]
    found = {(g.told, g.labels): g.gain.value for g in gains(rows, reference="ref")}
    assert found == pytest.approx({(("a",), 10): 0.5, (("a",), 50): 0.4, (("c",), 50): 0.3})


def test_budget_curves_rise_in_labels():
    rows = [
        Record("x", s, ("a",), "b", "auc", 0.5 + k / 100 + s / 1000, k) for s in SEEDS for k in (50, 0, 10)
    ]
    (points,) = budget(rows, unseen=True).values()
    assert [labels for labels, _ in points] == [0, 10, 50]
    assert [e.value for _, e in points] == pytest.approx([0.501, 0.601, 1.001])
    assert budget(rows, unseen=False) == {}


def test_an_evaluation_becomes_records_and_survives_csv(tmp_path):
    kinds = ["ok"] * 200 + ['we"ird, + <kind>\nname', "b"]
    found = evaluate(np.arange(202.0), kinds, normal="ok", told=["b"], seed=0, resamples=5)
    rows = records_of(found, detector="x", seed=7, labels=3)
    assert len(rows) == 10
    assert {(r.told, r.seed, r.labels) for r in rows} == {(("b",), 7, 3)}
    path = tmp_path / "results.csv"
    write_csv(rows, path)
    again = read_csv(path)
    assert repr(again) == repr(rows)  # repr, since a NaN is not equal to itself
    assert [p.name for p in tmp_path.iterdir()] == ["results.csv"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks column detector, seed"),
        ("detector,seed\nx,1\n", "lacks column told, kind, metric, value, labels"),
        ("detector,seed,told,kind,metric,value,labels\nx,one,[],a,auc,0.5,0\n", "line 2: invalid literal"),
        ("detector,seed,told,kind,metric,value,labels\nx,1,a,a,auc,0.5,0\n", "line 2: Expecting value"),
        ('detector,seed,told,kind,metric,value,labels\nx,1,"""a""",a,auc,0.5,0\n', "not a JSON list"),
        ("detector,seed,told,kind,metric,value,labels\nx,1,[]\n", "line 2"),
    ],
)
def test_a_broken_file_is_named_by_line(tmp_path, text, message):
    path = tmp_path / "broken.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_csv(path)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv is not a file"):
        read_csv(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: gains(t, reference="stage1"), "Did you mean 'stage 1'"),
        (lambda t: gains(t, reference="stage 1", metric="acu"), "Did you mean 'auc'"),
        (lambda t: means((), "auc"), "metric 'auc' is not known"),
        (lambda t: gains((*t, Record("aware", 9, (), "a", "auc", 0.5)), reference="stage 1"), "at seed 9"),
        (lambda t: gain_matrix(gains(t, reference="stage 1"), detector="awar"), "Did you mean 'aware'"),
        (
            lambda t: gain_matrix(
                gains((*t, Record("aware", 0, ("a",), "b", "auc", 0.5, 10)), reference="stage 1"),
                detector="aware",
            ),
            r"gains at \[10, 50\] labels",
        ),
    ],
)
def test_faults_of_a_comparison_are_named(table, call, message):
    with pytest.raises(DataError, match=message):
        call(table)
