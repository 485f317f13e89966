"""What a person does: fit, evaluate, score, explain, report."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from commandline import QUICK, flow_table, unseen

import unseen as package
from unseen.data import held_out
from unseen.training.loop import Plan


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_fit_tells_what_was_learned(place, tmp_path):
    words = ("fit", place.flows, "--label", "kind", "--normal", "ok", "--known", "DoS", *QUICK)
    ran = unseen(*words, "--hold-out", 0.4, "--out", tmp_path / "m")
    assert ran.code == 0
    lines = {line.split()[0]: line for line in ran.out.splitlines() if line}
    assert lines["read"].endswith("600 rows, 3 columns (3 features)")
    assert "DoS" in lines["told"]
    assert "scan" in lines["left"]
    assert f"unseen evaluate {tmp_path / 'm'} {place.flows} --held-out" in ran.out


def test_fit_counts_every_row_once(place, tmp_path):
    words = ("fit", place.flows, "--label", "kind", "--normal", "ok", "--known", "DoS", *QUICK)
    ran = unseen(*words, "--hold-out", 0.4, "--out", tmp_path / "m", "--json")
    found = json.loads(ran.out)
    parts = found["normal"] + sum(found["known"].values()) + sum(found["left_out"].values())
    assert parts + found["kept_back"] == found["rows"] == 600
    assert set(found["left_out"]) == {"scan", "odd"}


def test_held_out_rows_are_those_of_the_content_hash(place):
    table = pa_csv.read_csv(place.flows).drop_columns(["kind"])
    expected = held_out(table, 0.4, 0)
    found = json.loads(unseen("evaluate", place.model, place.flows, "--held-out", "--json").out)
    assert found["rows"] == int(expected.sum())


def test_held_out_rows_do_not_depend_on_the_order_of_rows(place, tmp_path):
    head, *rows = place.flows.read_text().splitlines()
    (tmp_path / "turned.csv").write_text("\n".join([head, *reversed(rows), ""]))
    words = ("--held-out", "--json")
    here = json.loads(unseen("evaluate", place.model, place.flows, *words).out)
    there = json.loads(unseen("evaluate", place.model, tmp_path / "turned.csv", *words).out)
    assert here["rows"] == there["rows"]
    assert here["false_alarms"]["alarms"] == there["false_alarms"]["alarms"]


def test_evaluate_sets_told_and_unseen_apart(place):
    ran = unseen("evaluate", place.model, place.flows, "--held-out", "--json")
    assert ran.err == ""
    found = json.loads(ran.out)
    assert {k["kind"]: k["told"] for k in found["joined"]["kinds"]} == {
        "DoS": True,
        "odd": False,
        "scan": False,
    }
    assert found["joined"]["unseen"]["auc"]["value"] > 0.9
    assert found["gain_auc"]["DoS"] == pytest.approx(
        found["joined"]["kinds"][0]["auc"]["value"] - found["stage1"]["kinds"][0]["auc"]["value"], abs=1e-6
    )


def test_evaluate_prints_every_kind(place):
    ran = unseen("evaluate", place.model, place.flows, "--held-out")
    assert ran.code == 0
    for word in ("unseen", "told", "DoS", "scan", "odd", "stage 1", "gain", "false alarms:"):
        assert word in ran.out


def test_evaluate_warns_of_rows_that_were_trained_on(place):
    ran = unseen("evaluate", place.model, place.flows)
    assert ran.code == 0
    assert re.match(
        r"note: 295 of 600 rows were among the training rows \(first: row 0\), so the numbers flatter",
        ran.err,
    )
    assert "pass --held-out, or rows it has not seen" in ran.err
    assert "training rows" not in unseen("evaluate", place.model, place.flows, "--held-out").err


def test_scores_are_those_of_the_python_interface(place):
    found = rows_of(unseen("score", place.model, place.flows).out)
    detector = package.load(place.model)
    table = pa_csv.read_csv(place.flows)
    np.testing.assert_array_equal([float(row["score"]) for row in found], detector.anomaly_score(table))
    np.testing.assert_array_equal([float(row["p_value"]) for row in found], detector.p_values(table))
    assert [row["alarm"] == "true" for row in found] == detector.alarms(table).tolist()
    assert [row["row"] for row in found] == [str(i) for i in range(600)]


def test_standard_input_gives_the_same_scores(place):
    text = place.flows.read_bytes()
    assert unseen("score", place.model, "-", stdin=text).out == unseen("score", place.model, place.flows).out


def test_top_rows_are_the_largest_with_their_columns(place):
    every = rows_of(unseen("score", place.model, place.flows).out)
    top = rows_of(unseen("score", place.model, place.flows, "--top", 5, "--columns", "kind,size").out)
    largest = sorted((float(row["score"]) for row in every), reverse=True)[:5]
    assert [float(row["score"]) for row in top] == largest
    assert set(top[0]) == {"row", "score", "p_value", "alarm", "kind", "size"}


def test_files_of_every_format_hold_the_same(place, tmp_path):
    for name in ("s.csv", "s.parquet", "s.json"):
        assert unseen("score", place.model, place.flows, "--out", tmp_path / name).code == 0
    scores = pq.read_table(tmp_path / "s.parquet")
    listed = json.loads((tmp_path / "s.json").read_text())
    assert listed["scores"] == scores.to_pylist()
    assert listed["alarms"] == sum(scores.column("alarm").to_pylist())
    assert pa_csv.read_csv(tmp_path / "s.csv").to_pylist() == scores.to_pylist()
    assert not list(tmp_path.glob("*.tmp"))


def test_json_on_standard_output_is_one_object(place):
    found = json.loads(unseen("score", place.model, place.flows, "--json").out)
    assert found["rows"] == len(found["scores"]) == 600


def test_contributions_add_up(place):
    found = json.loads(unseen("explain", place.model, place.flows, "--rows", "3,17", "--json").out)
    assert [row["row"] for row in found["rows"]] == [3, 17]
    for row in found["rows"]:
        assert sum(part["amount"] for part in row["contributions"]) == pytest.approx(row["score"], abs=1e-6)
        assert {part["feature"] for part in row["contributions"]} == {"size", "rate", "ports"}


def test_explain_names_the_feature_that_was_planted(place, tmp_path):
    (tmp_path / "one.csv").write_text("size,rate,ports\n10,3,2\n10,3,40\n")
    found = json.loads(unseen("explain", place.model, tmp_path / "one.csv", "--top", 1, "--json").out)
    assert found["rows"][0]["row"] == 1
    assert found["rows"][0]["contributions"][0]["feature"] == "ports"
    assert "row 1" in unseen("explain", place.model, tmp_path / "one.csv", "--top", 1).out


def test_report_is_one_page(place, tmp_path, monkeypatch):
    page = tmp_path / "r.html"
    words = ["report", str(place.model), str(place.flows), "--held-out", "--out", str(page)]
    monkeypatch.setattr("sys.argv", ["/usr/bin/unseen", *words])
    ran = unseen(*words)
    assert ran.code == 0
    text = page.read_text()
    assert text.lower().startswith("<!doctype html>")
    assert "flows.csv" in text
    assert "unseen report" in text
    assert "--held-out" in text
    assert str(page) in ran.out


def test_without_labels_all_rows_are_normal(place, tmp_path):
    ran = unseen("fit", place.flows, "--drop", "kind", "--out", tmp_path / "m", *QUICK, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["normal"] == 600


def test_a_column_that_looks_like_a_label_is_named(place, tmp_path):
    ran = unseen("fit", place.flows, "--out", tmp_path / "m", *QUICK)
    assert ran.code == 0
    assert ran.err.startswith("note: column 'kind' is taken as a feature;")
    assert ran.err.count("\n") == 1


def test_a_first_word_stands_for_the_only_label_that_begins_with_it(place, tmp_path):
    (tmp_path / "f.csv").write_text(flow_table(200).replace(",ok", ",Normal Traffic"))
    words = ("--label", "kind", "--normal", "Normal", "--out", tmp_path / "m", *QUICK)
    ran = unseen("fit", tmp_path / "f.csv", *words)
    assert ran.code == 0
    assert ran.err == "note: label 'Normal' is read as 'Normal Traffic' of column 'kind'\n"


def test_same_seed_same_model(place, tmp_path):
    for name in ("a", "b"):
        words = ("fit", place.flows, "--label", "kind", "--normal", "ok", "--known", "DoS", *QUICK)
        assert unseen(*words, "--seed", 3, "--out", tmp_path / name).code == 0
    outs = [unseen("score", tmp_path / name, place.flows).out for name in ("a", "b")]
    assert outs[0] == outs[1]


def test_data_without_a_header(tmp_path):
    (tmp_path / "bare.txt").write_text("\n".join(flow_table(200).splitlines()[1:]))
    (tmp_path / "names.csv").write_text("size,continuous\nrate,continuous\nports,continuous\n")
    names = ("--names", tmp_path / "names.csv", "--names", "kind")
    words = ("--label", "kind", "--normal", "ok", *names, "--out", tmp_path / "m", *QUICK)
    assert unseen("fit", tmp_path / "bare.txt", *words).code == 0
    # the model remembers the names
    assert len(rows_of(unseen("score", tmp_path / "m", tmp_path / "bare.txt").out)) == 200


def test_images_by_folder(tmp_path):
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for kind, count in (("ok", 60), ("bad", 6)):
        (tmp_path / "films" / kind).mkdir(parents=True)
        for place in range(count):
            pixels = rng.integers(0, 60, (8, 8)) + (120 if kind == "bad" else 0)
            image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "films" / kind / f"{place}.png")
    ran = unseen("fit", tmp_path / "films", "--normal", "ok", "--out", tmp_path / "m", *QUICK, "--json")
    assert json.loads(ran.out)["features"] == 64
    top = rows_of(unseen("score", tmp_path / "m", tmp_path / "films", "--top", 6, "--columns", "kind").out)
    assert {row["kind"] for row in top} == {"bad"}


def test_demo_ends_in_a_report(tmp_path):
    ran = unseen("demo", "--out", tmp_path / "d", "--json")
    found = json.loads(ran.out)
    assert found["joined"]["unseen"]["auc"]["low"] > 0.95
    assert found["joined"]["told"]["auc"]["low"] > 0.98
    assert "7 or 8" in found["sentence"]
    assert (tmp_path / "d" / "report.html").stat().st_size > 50_000
    again = json.loads(unseen("evaluate", found["model"], found["test"], "--json").out)
    assert again["joined"]["unseen"] == found["joined"]["unseen"]


def test_evaluate_keeps_numbers_and_rows(place, tmp_path):
    ran = unseen("evaluate", place.model, place.flows, "--held-out", "--out", tmp_path / "judged", "--json")
    kept = json.loads((tmp_path / "judged" / "evaluation.json").read_text())
    found = json.loads(ran.out)
    assert kept["joined"] == found["joined"]
    rows = rows_of((tmp_path / "judged" / "scores.csv").read_text())
    assert len(rows) == found["rows"]
    normal = [row for row in rows if row["kind"] == "ok"]
    assert sum(row["alarm"] == "true" for row in normal) == found["false_alarms"]["alarms"]


def test_top_counts_every_row(place):
    assert json.loads(unseen("score", place.model, place.flows, "--top", 2, "--json").out)["rows"] == 600


def test_a_model_of_bare_arrays_scores_columns_of_numbers(tmp_path):
    rows = np.random.default_rng(0).normal(size=(200, 3))
    detector = package.AwareDetector(learn=Plan(steps=20)).fit(rows)
    package.save(detector, tmp_path / "m")
    np.savez(tmp_path / "x.npz", X=rows)
    found = rows_of(unseen("score", tmp_path / "m", tmp_path / "x.npz").out)
    np.testing.assert_array_equal([float(row["score"]) for row in found], detector.anomaly_score(rows))
    np.savez(tmp_path / "y.npz", X=rows[:, :2])
    ran = unseen("score", tmp_path / "m", tmp_path / "y.npz")
    assert ran.err == "unseen: 2 columns came; the model takes 3 numbers a row\n"


def test_broken_notes_of_a_model_are_a_fault(place, tmp_path):
    detector = package.load(place.model)
    detector.notes_["study"]["share"] = "most"
    package.save(detector, tmp_path / "m")
    ran = unseen("evaluate", tmp_path / "m", place.flows)
    assert ran.code == 1
    assert ran.err.startswith("unseen: the model's notes on its study are broken: share: ")
    assert ran.err.count("\n") == 1
