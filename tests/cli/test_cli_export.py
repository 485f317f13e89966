"""`unseen export` from the command line."""

from __future__ import annotations

import json
import shutil

import numpy as np
from commandline import unseen

from unseen.export.runtime import Scorer


def test_onnx_and_verify(place, tmp_path):
    out = tmp_path / "m.onnx"
    ran = unseen("export", place.model, "--out", out, "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert (told["to"], told["precision"], told["part"], told["rate"]) == ("onnx", "fp32", "full", 0.05)
    assert [one["batch"] for one in told["latency"]["latencies"]] == [1, 64]
    assert told["parity"]["largest"] < 1e-4
    assert Scorer(out).about["rate"] == 0.05
    ran = unseen("export", out, "--verify")
    assert (ran.code, ran.out) == (0, f"{out}: 64 golden vectors agree within 0.001\n")
    out.write_bytes(out.read_bytes() + b"\0")
    ran = unseen("export", out, "--verify", "--json")
    assert ran.code == 1
    assert ran.err.count("\n") == 1


def test_samples_from_a_file(place, tmp_path):
    samples = ("--samples", place.flows)
    ran = unseen("export", place.model, "--to", "onnx-fp16", *samples, "--out", tmp_path / "h.onnx")
    assert ran.code == 0, ran.err
    assert "AUROC" in ran.out
    assert "one thread of" in ran.out
    ran = unseen("export", place.model, "--part", "code", *samples, "--out", tmp_path / "c.onnx", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["part"] == "code"
    ran = unseen("export", place.model, "--to", "c", *samples, "--out", tmp_path / "m.h", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["latency"] is None
    assert np.load(tmp_path / "m.h.golden.npz")["rows"].dtype == np.int32


def test_a_student_stands_in(place, tmp_path):
    words = ("--part", "student", "--samples", place.flows, "--out", tmp_path / "s.onnx")
    ran = unseen("export", place.model, *words, "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["part"] == "student"
    assert told["follows"] > 0.7
    assert told["parity"]["largest"] < 1e-4


def test_faults_are_one_line_and_leave_nothing(place, tmp_path):
    for words, line in (
        (("--to", "onix"), "target 'onix' is not known; accepted: onnx, onnx-fp16"),
        (("--part", "cod"), "part 'cod' is not known; accepted: full, code, student"),
        (("--to", "c", "--part", "code"), "part code goes with onnx, onnx-fp16 and onnx-int8; c came"),
        (("--to", "onnx-int8", "--part", "student"), "part student goes with onnx; onnx-int8 came"),
        (("--part", "student"), "part student learns from rows the detector has not seen"),
        (("--to", "onnx-int8"), "276 or more, since a model file holds none; pass --samples"),
        (("--to", "c", "--samples", tmp_path / "no.csv"), "no.csv"),
        (("--out", tmp_path / "no" / "m.onnx"), "does not exist: create it first"),
    ):
        out = () if "--out" in words else ("--out", tmp_path / "m.onnx")
        ran = unseen("export", place.model, *words, *out)
        assert ran.code == 1
        assert ran.out == ""
        assert ran.err.startswith("unseen: ")
        assert ran.err.count("\n") == 1
        assert line in ran.err
    ran = unseen("export", tmp_path / "no-model")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert not list(tmp_path.iterdir())


def test_the_name_follows_the_model(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(place.model, tmp_path / "flowmodel")
    assert unseen("export", "flowmodel").code == 0
    assert (tmp_path / "flowmodel.onnx").exists()
    samples = ("--samples", place.flows)
    assert unseen("export", "flowmodel", "--part", "code", *samples).code == 0
    assert (tmp_path / "flowmodel-code.onnx").exists()
