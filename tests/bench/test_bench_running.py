"""Running the few-label bench: nothing twice, nothing half, the same numbers again."""

import csv
import json

import numpy as np
import pytest
from commandline import unseen

from unseen.bench import method, methods
from unseen.bench.few_label import COLUMNS, NO_DUPLICATES, SPLIT_FIRST, Job, Plan, measure, rows_of
from unseen.bench.method import Method
from unseen.bench.running import fit_and_score
from unseen.errors import ConfigError, DataError
from unseen.evaluation import average_precision, roc_auc

METRICS = ("aucroc", "aucpr", "tpr_1e2")


@pytest.fixture
def data(tmp_path):
    """Two sets of 1,100 rows with duplicates in one, and a small one; anomalies lie to one side."""
    (tmp_path / "data" / "adbench").mkdir(parents=True)
    for name, rows, shift in (("6_cardio", 1100, 2.0), ("40_vowels", 1100, 1.0), ("29_Pima", 200, 2.0)):
        rng = np.random.default_rng(rows)
        labels = (np.arange(rows) < rows // 10).astype(np.int64)
        table = rng.normal(size=(rows, 4)) + shift * labels[:, None]
        if name == "6_cardio":
            table[500:600] = table[600:700]
        np.savez(tmp_path / "data" / "adbench" / f"{name}.npz", X=table, y=labels)
    return tmp_path / "data"


def plan(data, **changes):
    given = {"sets": ["cardio", "vowels"], "ratios": (0.05,), "seeds": 2, "methods": ["LR"], "data": data}
    return Plan(**{**given, **changes})


def lines(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def values(rows):
    return {
        tuple(row[name] for name in ("bench", "set", "ratio", "seed", "method", *METRICS)) for row in rows
    }


def test_two_runs_and_two_workers_give_the_same_numbers(data, tmp_path):
    asked = plan(data, methods=["LR", "ExtraTrees (leaf 5)", "IForest"], ratios=(0.0, 0.05))
    first, second = measure(asked), measure(plan(data, methods=asked.methods, ratios=asked.ratios, workers=2))
    assert values(first) == values(second)
    assert len({row["aucroc"] for row in first}) > 5


def test_labels_are_asked_of_those_that_use_them(data):
    rows = measure(plan(data, methods=["LR", "IForest"], ratios=(0.05, 0.1), sets=["vowels"], seeds=1))
    assert {(r["method"], r["ratio"], r["labels"]) for r in rows} == {
        ("LR", "0.05", "4"),
        ("LR", "0.1", "8"),
        ("IForest", "0", "0"),
    }


def test_measures_are_those_of_the_scores(data):
    def flat(rows, told, seed):
        return lambda test: test[:, 0] - test[:, 1]

    job = Job("40_vowels", 0.1, 1, Method("flat", flat, told=True))
    (row,) = rows_of(job, data)
    from unseen.bench import sets
    from unseen.bench.splits import draw

    split = draw(sets.read("40_vowels", data), 0.1, 1)
    scores = split.test[:, 0] - split.test[:, 1]
    normal, strange = scores[split.truth == 0], scores[split.truth == 1]
    assert float(row["aucroc"]) == pytest.approx(100 * roc_auc(normal, strange), abs=1e-4)
    assert float(row["aucpr"]) == pytest.approx(100 * average_precision(normal, strange), abs=1e-4)
    assert (row["train_rows"], row["test_rows"]) == ("770", "330")
    assert float(row["fit_seconds"]) >= 0
    assert "numpy=" in row["versions"]


def test_duplicates_have_a_row_of_their_own_and_small_sets_a_split_of_their_own(data):
    rows = measure(plan(data, sets=["cardio", "Pima"], seeds=1))
    found = {(row["bench"], row["set"]): row for row in rows}
    assert set(found) == {
        ("few-label", "6_cardio"),
        (NO_DUPLICATES, "6_cardio"),
        ("few-label", "29_Pima"),
        (SPLIT_FIRST, "29_Pima"),
    }
    assert int(found[NO_DUPLICATES, "6_cardio"]["test_rows"]) < 330
    assert found["few-label", "29_Pima"]["test_rows"] == "300"
    assert found[SPLIT_FIRST, "29_Pima"]["test_rows"] == "60"


def test_a_split_without_anomalies_is_undefined(data):
    path = data / "adbench" / "7_none.npz"
    np.savez(path, X=np.random.default_rng(0).normal(size=(1000, 2)), y=np.zeros(1000))
    (row,) = measure(plan(data, sets=["7_none"], seeds=1))
    assert [row[name] for name in METRICS] == ["undefined"] * 3


# -- going on ----------------------------------------------------------------------------------------


@pytest.fixture
def counted(monkeypatch):
    """A method that counts its fits, known as "counted", and breaks off before fit `stop`."""
    seen = {"fits": 0, "stop": None}

    def fit(rows, told, seed):
        if seen["fits"] == seen["stop"]:
            raise KeyboardInterrupt
        seen["fits"] += 1
        return lambda test: test[:, 0]

    monkeypatch.setattr(methods, "OWN", (Method("counted", fit, told=True),))
    return seen


def test_a_run_goes_on_where_it_was_interrupted(data, tmp_path, counted):
    path = tmp_path / "out" / "results.csv"
    asked = plan(data, methods=["counted"], ratios=(0.05, 0.1))
    counted["stop"] = 3
    with pytest.raises(KeyboardInterrupt):
        measure(asked, path)
    assert counted["fits"] == 3
    counted["stop"] = None
    whole = measure(asked, path)
    assert counted["fits"] == 8
    assert values(whole) == values(measure(asked))
    assert values(lines(path)) == values(whole)


def test_a_line_that_was_cut_short_is_run_again(data, tmp_path, counted):
    path = tmp_path / "results.csv"
    asked = plan(data, methods=["counted"])
    whole = measure(asked, path)
    text = path.read_bytes()
    path.write_bytes(text[: text.rfind(b"\n", 0, -1) + 30])
    assert values(measure(asked, path)) == values(whole)
    assert counted["fits"] == 5
    assert len(lines(path)) == len(whole)


def test_fresh_runs_anew_and_leaves_other_rows_alone(data, tmp_path, counted):
    path = tmp_path / "results.csv"
    measure(plan(data, methods=["counted"], ratios=(0.05, 0.1)), path)
    before = len(lines(path))
    measure(plan(data, methods=["counted"], ratios=(0.1,)), path)
    assert counted["fits"] == 8
    measure(plan(data, methods=["counted"], ratios=(0.1,)), path, fresh=True)
    assert counted["fits"] == 12
    assert len(lines(path)) == before


def test_a_file_of_something_else_is_left_alone(data, tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="has the columns a,b; accepted: bench,set,ratio"):
        measure(plan(data), path)
    assert path.read_text() == "a,b\n1,2\n"


def test_a_broken_row_is_named(data, tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(",".join(COLUMNS) + "\nfew-label,6_cardio\n")
    with pytest.raises(DataError, match="line 2 has 2 values, but there are 15 columns"):
        measure(plan(data), path)


# -- faults ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (
            lambda test: np.where(test[:, 0] > 0.5, np.nan, 1.0),
            r"broken gave NaN as the score of \d+ of 9 rows",
        ),
        (lambda test: test, r"broken gave scores of shape \(9, 2\) for 9 rows"),
    ],
)
def test_scores_that_are_none_name_the_method(scores, words):
    rows = np.linspace(0, 1, 18).reshape(9, 2)
    broken = Method("broken", lambda rows, told, seed: scores)
    with pytest.raises(DataError, match=words):
        fit_and_score(broken, rows, np.zeros(9, np.int64), rows, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": 0}, "seeds 0 came; accepted: 1 or more"),
        ({"workers": 0}, "jobs 0 came; accepted: 1 or more"),
        ({"ratios": (1.5,)}, "ratio 1.5 came; accepted: above 0"),
        ({"ratios": ()}, "no ratio was named"),
        ({"ratios": (0.0,)}, "nothing to run: none of these methods runs without labels"),
        ({"sets": []}, "no set was named"),
        ({"methods": []}, "no method was named"),
        ({"methods": ["Catbost"]}, r"method 'Catbost' is not known; .*Did you mean 'CatBoost'\?"),
    ],
)
def test_settings_that_are_not_accepted(changes, words, data):
    with pytest.raises(ConfigError, match=words):
        plan(data, **changes).jobs()


def test_own_detector_takes_no_label_one_label_and_many(data):
    own = methods.OWN[0].name
    rows = measure(plan(data, methods=[own], sets=["vowels"], ratios=(0.0, 0.001), seeds=1))
    assert [row["labels"] for row in rows] == ["0", "1"]
    assert all(float(row["aucroc"]) > 50 for row in rows)


# -- command line ------------------------------------------------------------------------------------


def test_the_command_line_runs_and_writes_tables(data, tmp_path):
    out = tmp_path / "out"
    words = (
        "bench",
        "few-label",
        "--quick",
        "--sets",
        "cardio,vowels",
        "--methods",
        "lr,IForest",
        "--data",
        data,
    )
    ran = unseen(*words, "--ratios", "0.05,0.1", "--out", out)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("# bench few-label (quick)\n\n## Labels: 5 %")
    assert "| LR | 2 | 1 |" in ran.out
    assert "CatBoost (published) | 2 | 3 |" in ran.out
    assert (out / "results.md").read_text() == ran.out.rstrip("\n") + "\n"
    again = unseen(*words, "--ratios", "0.05,0.1", "--out", out, "--json")
    found = json.loads(again.out)
    assert set(found) == {"recipe", "versions", "numbers", "must_show", "notes"}
    assert found["must_show"] == []
    assert {"LR, 5 %: AUCROC", "LR, 10 %: AUCPR"} <= set(found["numbers"])
    assert {"python", "numpy", "scikit-learn"} <= set(found["versions"])
    assert (out / "ranks-0.05.svg").read_text().startswith("<svg")


def test_a_method_that_is_not_installed_is_skipped(data, monkeypatch):
    there = method.installed
    monkeypatch.setattr(method, "installed", lambda name: "" if name == "catboost" else there(name))
    words = ("--sets", "vowels", "--methods", "CatBoost,LR", "--ratios", "0.05", "--seeds", 1, "--data", data)
    ran = unseen("bench", "few-label", *words)
    assert ran.code == 0
    assert "- skipped: CatBoost, catboost not installed" in ran.out
    assert "| LR |" in ran.out
    assert "skipped: catboost not installed" in unseen("bench", "list").out
    listed = json.loads(unseen("bench", "list", "--json").out)["methods"]
    assert next(m for m in listed if m["name"] == "CatBoost")["skipped"] is True


FAULTS = [
    (
        "--ratios 1.5",
        "ratio '1.5' came; accepted: above 0 and at most 1, such as 0.01, or 0 for no label at all",
    ),
    (
        "--ratios few",
        "ratio 'few' came; accepted: above 0 and at most 1, such as 0.01, or 0 for no label at all",
    ),
    ("--seeds 0", "seeds 0 came; accepted: 1 or more"),
    ("--jobs 0", "jobs 0 came; accepted: 1 or more"),
]


@pytest.mark.parametrize(("typed", "says"), FAULTS)
def test_faults_take_one_line(typed, says, data):
    ran = unseen("bench", "few-label", "--methods", "LR", "--sets", "vowels", "--data", data, *typed.split())
    assert (ran.code, ran.out, ran.err) == (1, "", f"unseen: {says}\n")


def test_a_missing_set_takes_one_line(data):
    ran = unseen("bench", "few-label", "--methods", "LR", "--sets", "7_absent", "--data", data)
    assert ran.code == 1
    assert "expected adbench/7_absent.npz below the folder named with --data or UNSEEN_DATA" in ran.err
    assert ran.err.count("\n") == 1
