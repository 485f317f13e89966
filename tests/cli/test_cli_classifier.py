"""A classifier on the command line: the normal labels are its classes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from commandline import unseen

import unseen as package

SHORT = ("--steps", "400", "--hidden", "16")


def jets(rows: int = 900, seed: int = 0) -> str:
    """CSV of jets: qcd and top apart in mass, wz and odd between them."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["qcd", "top", "wz", "odd"], size=rows, p=[0.45, 0.4, 0.08, 0.07])
    centre = {"qcd": (0, 0), "top": (6, 1), "wz": (3, 3), "odd": (3, -2)}
    place = np.array([centre[kind] for kind in kinds], float)
    mass, prongs = (place + rng.normal(size=place.shape) * 0.7).T
    lines = [f"{m:.5f},{p:.5f},{k}" for m, p, k in zip(mass, prongs, kinds, strict=True)]
    return "\n".join(["mass,prongs,kind", *lines, ""])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classifier")
    (folder / "jets.csv").write_text(jets())
    ran = unseen(
        "fit", folder / "jets.csv", "--label", "kind", "--normal", "qcd,top", "--known", "wz", "--model",
        "classifier", "--hold-out", 0.4, "--out", folder / "model", *SHORT,
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert "of held-out normal rows in their own, " in ran.out
    assert "after being told" in ran.out
    return folder


def test_the_classes_are_the_normal_labels(place):
    detector = package.load(place / "model")
    assert type(detector) is package.AwareClassifier
    assert detector.classes_.tolist() == ["qcd", "top"]
    assert detector.known_kinds_.keys() == {"wz"}
    assert detector.accuracy_.before > 0.95


def test_every_command_takes_it(place):
    model, data = place / "model", place / "jets.csv"
    found = json.loads(unseen("evaluate", model, data, "--held-out", "--json").out)
    assert found["gain_auc"]["wz"] > 0
    assert {kind["kind"]: kind["told"] for kind in found["joined"]["kinds"]} == {"wz": True, "odd": False}
    assert unseen("score", model, data, "--top", 3).code == 0
    explained = json.loads(unseen("explain", model, data, "--rows", "3", "--json").out)
    (row,) = explained["rows"]
    assert {part["feature"] for part in row["contributions"]} == {"mass", "prongs"}
    assert sum(part["amount"] for part in row["contributions"]) == pytest.approx(row["score"], abs=1e-9)


def test_the_report_says_what_it_classifies(place):
    ran = unseen("report", place / "model", place / "jets.csv", "--held-out", "--out", place / "r.html")
    assert ran.code == 0
    page = (place / "r.html").read_text()
    for words in ("accuracy on held-out normal rows", "qcd, top", "Normal rows should stay in their classes"):
        assert words in page
    assert "What the latent units carry" not in page
    assert "reconstruction error" not in page


def test_accuracy_is_in_the_json(place, tmp_path):
    ran = unseen(
        "fit", place / "jets.csv", "--label", "kind", "--normal", "qcd,top", "--model", "classifier",
        "--out", tmp_path / "m", "--json", *SHORT,
    )  # fmt: skip
    found = json.loads(ran.out)
    assert 0.95 < found["accuracy"]["before"] <= 1
    assert found["accuracy"]["after"] is None


REFUSED = [
    ((), "a classifier learns to tell normal classes apart; pass --label COLUMN --normal NAME"),
    (("--label", "kind", "--normal", "qcd"),
     "a classifier needs 2 or more. Pass --normal A,B, or another --model"),
    (("--label", "kind", "--normal", "qcd,top", "--loss", "abc"),
     "options: loss 'abc' is not for model 'classifier'; accepted: uniform"),
    (("--label", "kind", "--normal", "qcd,top", "--trim", "0.1"),
     "options: setting 'trim' is not for model 'classifier'; leave it out"),
    (("--label", "kind", "--normal", "qcd,top", "--model", "vae", "--loss", "uniform"),
     "options: loss 'uniform' is not for model 'vae'; accepted: abc, hinge"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "message"), REFUSED, ids=lambda case: str(case)[:40])
def test_what_it_cannot_do_is_one_line(place, tmp_path, words, message):
    model = () if "--model" in words else ("--model", "classifier")
    drop = () if words else ("--drop", "kind")
    ran = unseen("fit", place / "jets.csv", *words, *model, *drop, "--out", tmp_path / "m", *SHORT)
    assert ran.code == 1
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "m").exists()
