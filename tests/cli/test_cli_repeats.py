"""Rows that come twice: in what is learned from, and again in what a model is judged by."""

import json
import re
import shutil

import numpy as np
import pyarrow as pa
import pytest
from commandline import QUICK, flow_table, unseen

import unseen as package
from unseen.errors import ModelFileError
from unseen.persist import read_model, write_model
from unseen.seeds import generator
from unseen.studies import memory
from unseen.studies.memory import ROWS, Among, remember, trained_on


class Noted:
    """A detector as far as its memory goes."""

    def __init__(self, **notes):
        self.notes_ = notes


def numbers(values):
    return pa.table({"x": np.asarray(values, dtype=float)})


def test_fit_says_how_many_rows_come_twice(tmp_path):
    lines = flow_table(300).splitlines()
    (tmp_path / "twice.csv").write_text("\n".join([*lines, *lines[1:31], ""]))
    words = ("fit", tmp_path / "twice.csv", "--drop", "kind", "--out", tmp_path / "model", *QUICK)
    ran = unseen(*words)
    assert (ran.code, ran.err) == (0, "")
    assert "repeated  30 rows hold what an earlier one holds (9.1%)\n" in ran.out
    assert json.loads(unseen(*words, "--json").out)["repeated"] == 30


def test_rows_without_a_twin_are_not_spoken_of(tmp_path):
    (tmp_path / "once.csv").write_text(flow_table(200))
    ran = unseen("fit", tmp_path / "once.csv", "--drop", "kind", "--out", tmp_path / "model", *QUICK)
    assert "repeated" not in ran.out


def test_a_few_training_rows_among_new_ones_are_counted(place, tmp_path):
    old, new = flow_table(600).splitlines(), flow_table(200, seed=5).splitlines()
    kept = [line for line in old[1:] if line.endswith(",ok")][:40]
    (tmp_path / "mixed.csv").write_text("\n".join([*new, *kept, ""]))
    ran = unseen("evaluate", place.model, tmp_path / "mixed.csv", "--json")
    (warning,) = json.loads(ran.out)["warnings"]
    found = re.match(r"(\d+) of 240 rows were among the training rows \(first: row (\d+)\), so", warning)
    assert 15 <= int(found[1]) <= 35  # two in five of the old rows were held out
    assert 200 <= int(found[2]) < 210
    (tmp_path / "new.csv").write_text("\n".join([*new, ""]))
    assert json.loads(unseen("evaluate", place.model, tmp_path / "new.csv", "--json").out)["warnings"] == []


def test_the_sketch_is_in_the_model_file_and_small(place):
    detector = package.load(place.model)
    seen = detector.notes_[ROWS]
    assert (seen.dtype, seen.shape) == (np.uint64, (295,))
    assert read_model(place.model).arrays[f"notes.{ROWS}"].nbytes == 295 * 8
    assert ROWS not in read_model(place.model).document["notes"]


def rewritten(place, tmp_path, array=None, sketch=None):
    """Copy a model with another memory of its rows."""
    file = read_model(place.model)
    arrays = {name: value for name, value in file.arrays.items() if name != f"notes.{ROWS}"}
    document = json.loads(json.dumps(file.document))
    if sketch is not None:
        document["notes"]["study"]["sketch"] = sketch
    if array is not None:
        arrays[f"notes.{ROWS}"] = array
    shutil.rmtree(tmp_path / "model", ignore_errors=True)
    write_model(tmp_path / "model", document=document, arrays=arrays, kind=file.kind)
    return tmp_path / "model"


def test_models_of_first_builds_load_and_still_know_their_rows(place, tmp_path):
    words = [f"{value:016x}" for value in package.load(place.model).notes_[ROWS][:256].tolist()]
    ran = unseen("evaluate", rewritten(place, tmp_path, sketch=words), place.flows)
    assert ran.code == 0
    found = re.match(
        r"note: 256 of (\d+) rows were among the training .*about (\d+)\.\d% of all, so", ran.err
    )
    assert 400 < int(found[1]) < 600
    assert 40 < int(found[2]) < 60
    assert unseen("evaluate", rewritten(place, tmp_path), place.flows).err == ""


@pytest.mark.parametrize(
    "array", [np.zeros(3, np.uint64), np.arange(3, dtype=np.int64), np.zeros((1, 2), np.uint64)]
)
def test_a_broken_sketch_is_one_line(place, tmp_path, array):
    ran = unseen("evaluate", rewritten(place, tmp_path, array), place.flows)
    assert ran.code == 1
    assert "notes on its study are broken: training rows are no rising hashes of rows" in ran.err
    assert ran.err.count("\n") == 1


def test_of_many_rows_a_sample_is_remembered(monkeypatch):
    monkeypatch.setattr(memory, "SKETCH", 1000)
    known = remember(numbers(np.arange(20_000)))
    assert (len(known.hashes), known.repeated) == (1000, 0)
    found = trained_on(Noted(**{ROWS: known.hashes}), numbers(np.arange(15_000, 25_000)))
    assert not found.complete
    assert 400 < found.told < 600  # a twentieth of the rows can be told
    assert found.rows.max() < 5000
    assert len(found.rows) / found.told == pytest.approx(0.5, abs=0.1)


def test_of_few_rows_all_are_remembered():
    values = generator(0).integers(0, 500, 3000)
    known = remember(numbers(values))
    assert len(known.hashes) == len(np.unique(values))
    assert known.repeated == 3000 - len(np.unique(values))
    found = trained_on(Noted(**{ROWS: known.hashes}), numbers([-1, values[0], 501, values[1]]))
    assert (found.rows.tolist(), found.complete) == ([1, 3], True)


def test_nothing_is_known_of_a_detector_fitted_in_other_ways():
    assert trained_on(Noted(), numbers([1.0])) == Among(pytest.approx(np.empty(0)), 0, 1)
    with pytest.raises(ModelFileError, match="no rising hashes"):
        trained_on(Noted(**{ROWS: "text"}), numbers([1.0]))
