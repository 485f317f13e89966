"""One class: half of the normal rows, split before any copy."""

import numpy as np
import pytest

from unseen.bench import one_class, one_class_tables
from unseen.bench.few_label import COLUMNS
from unseen.bench.one_class import BENCH, COPIED_FIRST, Plan, draw
from unseen.bench.sets import CLEAN, Table, read
from unseen.errors import ConfigError, DataError


def table(normal=300, strange=40, name="made"):
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(2.0, 3.0, (normal, 3)), rng.normal(20.0, 1.0, (strange, 3))])
    return Table(name, rows, np.repeat([0, 1], [normal, strange]))


def test_half_of_the_normal_rows_train_and_all_others_are_judged():
    split = draw(table(), seed=1)
    assert split.train.shape == (150, 3)
    assert np.bincount(split.truth).tolist() == [150, 40]
    assert split.train.mean(0) == pytest.approx(0, abs=1e-12)
    assert split.train.std(0) == pytest.approx(1)
    assert split.test[split.truth == 1].min() > split.train.max()


def test_no_row_is_on_both_sides_unless_copies_come_first():
    def shared(split):
        return np.isin(split.test[split.truth == 0][:, 0], split.train[:, 0]).sum()

    assert shared(draw(table(), seed=1)) == 0
    copied = draw(table(), seed=1, copies=True)
    assert shared(copied) > 100
    assert len(copied.train) + len(copied.test) == 1000
    # a set that is large enough is not copied
    assert len(draw(table(1000, 10), seed=1, copies=True).train) == 500


def test_seeds_draw_others_and_one_seed_the_same():
    one, again, other = (draw(table(), seed=seed).train for seed in (1, 1, 2))
    assert (one == again).all()
    assert not np.array_equal(one, other)


def test_at_most_fifty_thousand_rows():
    split = draw(table(59_000, 1_000), seed=0)
    assert len(split.train) + len(split.test) == 50_000
    assert 700 < split.truth.sum() < 950


@pytest.mark.parametrize("counts", [(100, 0), (1, 100)])
def test_a_set_of_one_side_has_no_split(counts):
    assert draw(table(*counts), seed=0) is None


def test_outlier_factor_ranks_what_lies_outside():
    split = draw(table(), seed=1)
    scores = one_class.outlier_factor(split.train, np.zeros(150, np.int64), 0)(split.test)
    assert scores[split.truth == 1].min() > np.quantile(scores[split.truth == 0], 0.9)


# -- rows --------------------------------------------------------------------------------------------


@pytest.fixture
def sets(tmp_path):
    folder = tmp_path / "data" / "adbench"
    folder.mkdir(parents=True)
    for name, made in (("6_cardio", table(600, 60)), ("29_Pima", table(90, 30)), ("40_vowels", table(90, 0))):
        np.savez(folder / f"{name}.npz", X=made.rows, y=made.labels)
    return tmp_path / "data"


def test_rows_have_every_column_and_a_run_goes_on_where_it_ended(sets, tmp_path):
    plan = Plan(["cardio", "Pima", "vowels"], seeds=2, methods=["kNN-5", "IForest"], data=sets)
    path = tmp_path / "out.csv"
    whole = one_class.measure(plan, path)
    assert {(row["bench"], row["set"]) for row in whole} == {
        (BENCH, "6_cardio"), (BENCH, "29_Pima"), (COPIED_FIRST, "29_Pima"), (BENCH, "40_vowels"),
    }  # fmt: skip
    assert all(set(row) == set(COLUMNS) for row in whole)
    assert {row["aucroc"] for row in whole if row["set"] == "40_vowels"} == {"undefined"}
    text = path.read_bytes()
    path.write_bytes(text[: text.rfind(b"\n", 0, len(text) // 2) + 9])  # cut inside a line
    again = one_class.measure(plan, path)
    timeless = [{k: v for k, v in row.items() if "seconds" not in k} for row in whole]
    assert [{k: v for k, v in row.items() if "seconds" not in k} for row in again] == timeless
    assert one_class.measure(plan, path) == again  # nothing is run twice: even the clocks are the same


def test_tables_say_what_was_copied(sets):
    rows = one_class.measure(Plan(["cardio", "Pima"], seeds=1, methods=["kNN-5", "PCA"], data=sets))
    found = one_class_tables.outcome(rows)
    assert "29_Pima, as published | 29_Pima, split first" in found.tables
    assert found.must_show == []  # settled on all sets only
    assert found.numbers["kNN-5: AUCROC"].value == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (Plan(seeds=0), "seeds 0 came"),
        (Plan(workers=0), "jobs 0 came"),
        (Plan(["6_cardio"], methods=["CatBoost"]), "method without labels 'CatBoost' is not known"),
        (Plan(["6_cardio"], methods=[]), "no method was named"),
    ],
)
def test_plans_that_cannot_be_run(plan, message, sets):
    from dataclasses import replace

    with pytest.raises(ConfigError, match=message):
        replace(plan, data=sets).jobs()


def test_a_missing_set_is_named(sets):
    with pytest.raises(DataError, match=r"adbench/20_letter\.npz"):
        Plan(["20_letter"], data=sets).jobs()


# -- claims ------------------------------------------------------------------------------------------


def committed_like(ours, peer, names=CLEAN):
    """Rows of two methods on all sets, the same on each."""
    common = dict.fromkeys(COLUMNS, "1") | {"bench": BENCH, "ratio": "0", "versions": "numpy=2"}
    return [
        common | {"set": name, "seed": str(seed), "method": method, "aucroc": str(roc), "aucpr": str(pr)}
        for name in names
        for seed in (1, 2)
        for method, (roc, pr) in (("unseen", ours), ("kNN-5", peer))
    ]


def test_claims_are_settled_on_all_sets_against_the_same_splits():
    found = one_class_tables.outcome(committed_like((90.0, 65.0), (87.0, 66.0)))
    assert [(c.name, c.value, c.holds) for c in found.must_show] == [
        ("unseen: AUCROC", 90.0, True),
        ("unseen: AUCPR", 65.0, False),
        ("unseen minus kNN-5 in the same splits: AUCROC", 3.0, True),
        ("unseen minus kNN-5 in the same splits: AUCPR", -1.0, False),
    ]
    assert "kNN (published) | 15 | 5 | 80.1 | 55.9" in found.tables
    assert one_class_tables.outcome(committed_like((90, 65), (87, 66), CLEAN[:3])).must_show == []


def test_claims_on_a_method_that_was_not_run_do_not_hold():
    rows = [row for row in committed_like((90, 65), (87, 66)) if row["method"] == "kNN-5"]
    assert not any(claim.holds for claim in one_class_tables.outcome(rows).must_show)


def test_the_fifth_neighbour_reaches_its_reference(shared_data):
    """Two sets of a second each; the committed table has the others."""
    rows = one_class.measure(Plan(["12_fault", "20_letter"], seeds=3, methods=["kNN-5"], data=shared_data))
    for name, (reference, _) in one_class_tables.published()["kNN-5 reference"].items():
        values = [float(row["aucroc"]) for row in rows if row["set"] == name]
        assert not values or np.mean(values) == pytest.approx(reference, abs=1.5)
    assert read("12_fault", shared_data).rows.shape == (1941, 27)
