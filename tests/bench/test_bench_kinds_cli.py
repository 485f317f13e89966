"""`unseen bench open-set` and `one-class` as typed, on tiny sets."""

import json
import shutil

import numpy as np
import pytest
from commandline import unseen


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    (folder / "adbench").mkdir()
    rng = np.random.default_rng(0)
    heaps = [rng.normal(place, 0.5, (count, 3)) for place, count in ((6, 40), (-6, 30))]
    rows = np.concatenate([rng.normal(size=(400, 3)), *heaps])
    for name in ("6_cardio", "29_Pima"):
        np.savez(folder / "adbench" / f"{name}.npz", X=rows, y=np.repeat([0, 1], [400, 70]))
    return folder


def test_open_set_quick_writes_tables_rows_and_figures(data, tmp_path):
    asked = ("--quick", "--sets", "cardio", "--methods", "LR,kNN-5,unseen aware VAE", "--data", data)
    ran = unseen("bench", "open-set", *asked, "--out", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert "# bench open-set (quick)" in ran.out
    assert "against unseen aware VAE (stage 1)" in ran.out
    out = tmp_path / "out"
    assert (out / "results.md").read_text() == ran.out.removesuffix("\n")
    assert (out / "gain-clean-10.svg").read_text().startswith("<svg")
    assert len((out / "results.csv").read_text().splitlines()) == 1 + 2 * 2 * 4
    again = unseen("bench", "open-set", *asked, "--out", out, "--json")
    found = json.loads(again.out)
    assert set(found) == {"recipe", "versions", "numbers", "must_show", "notes"}
    assert len(found["must_show"]) == 3
    assert len((out / "results.csv").read_text().splitlines()) == 1 + 2 * 2 * 4  # nothing ran twice


def test_open_set_takes_labels_variants_and_seeds(data, tmp_path):
    ran = unseen(
        "bench", "open-set", "--sets", "cardio", "--labels", "1,5", "--variants", "clean,dirty", "--seeds", 2,
        "--methods", "LR", "--data", data, "--json",
    )  # fmt: skip
    assert ran.code == 0
    numbers = json.loads(ran.out)["numbers"]
    assert {name.split(",")[0] for name in numbers} == {"clean", "dirty"}
    assert "dirty, 1 label, LR: unseen aucroc" in numbers


def test_one_class_quick(data, tmp_path):
    ran = unseen(
        "bench", "one-class", "--quick", "--sets", "cardio,Pima", "--methods", "knn-5,lof", "--data", data,
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert "29_Pima, split first" in ran.out
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 1 + 2 * 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("open-set", "--labels", "0"), "labelled rows '0' came; accepted: numbers of 1 or more"),
        (("open-set", "--labels", "ten"), "labelled rows 'ten' came"),
        (("open-set", "--variants", "durty", "--sets", "cardio"), "Did you mean 'dirty'?"),
        (("open-set", "--methods", "kNN-6", "--sets", "cardio"), "Did you mean 'kNN-5'?"),
        (("open-set", "--sets", "cardoi"), "adbench/cardoi.npz is not there"),
        (("open-set", "--sets", "nsl_kdd"), "Field_Names.csv is not there"),
        (("one-class", "--methods", "LR", "--sets", "cardio"), "method without labels 'LR' is not known"),
        (("one-class", "--seeds", "0"), "seeds 0 came; accepted: 1 or more"),
        (("one-class", "--sets", "vowels"), "adbench/vowels.npz is not there"),
    ],
)
def test_faults_are_one_line(words, message, data):
    ran = unseen("bench", *words, "--data", data)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_results_of_another_bench_are_not_gone_on_with(data, tmp_path):
    asked = ("--sets", "cardio", "--methods", "kNN-5", "--seeds", 1, "--data", data)
    assert unseen("bench", "one-class", *asked, "--out", tmp_path / "one").code == 0
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    ran = unseen("bench", "open-set", *asked, "--out", tmp_path / "two")
    assert ran.code == 1
    assert "Name another folder" in ran.err


def test_committed_results_are_printed_without_a_run():
    for bench in ("one-class", "open-set"):
        ran = unseen("bench", bench, "--committed", "--sets", "cardio", "--json")
        assert ran.code == 0
        assert any("kNN-5" in name for name in json.loads(ran.out)["numbers"])
    ran = unseen("bench", "open-set", "--committed", "--labels", "7")
    assert "k '7' is not known; accepted:" in ran.err


def test_committed_results_go_into_a_folder_where_one_is_named(tmp_path):
    ran = unseen("bench", "open-set", "--committed", "--labels", "10", "--out", tmp_path)
    assert (tmp_path / "results.md").read_text() == ran.out.removesuffix("\n")
    assert (tmp_path / "gain-clean-10.svg").read_text().startswith("<svg")
