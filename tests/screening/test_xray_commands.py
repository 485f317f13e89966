"""The commands for films, from a trained model on: a record, answers in words and in JSON, the app."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from tiny_screener import SETS, films, tiny_screener
from typer.testing import CliRunner

from unseen.cli.app import app
from unseen.phone.check import check_app
from unseen.screening import stored


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model, a record of it, films as files, pictures that are none, labelled films as NPZ."""
    folder = tmp_path_factory.mktemp("xray")
    screener = tiny_screener()
    stored.save(screener, folder / "model.unseen")
    for at, row in enumerate(films(6, 9, side=128).pixels):
        Image.fromarray((row[0] * 255).astype(np.uint8)).save(folder / f"film{at}.png")
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (90, 90), dtype=np.uint8)).save(folder / "noise.png")
    (folder / "text.png").write_text("no picture")
    (folder / "cut.png").write_bytes((folder / "film0.png").read_bytes()[:200])
    arrays = {}
    for part, made in (("train", SETS.train), ("val", SETS.validation), ("test", SETS.tests["elsewhere"])):
        arrays[f"{part}_images"] = (made.pixels[:, 0] * 255).round().astype(np.uint8)
        arrays[f"{part}_labels"] = made.findings[:, None].astype(np.uint8)
    np.savez(folder / "films.npz", **arrays)
    return folder


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def record(place):
    out = place / "ward.json"
    found = run(
        "xray", "calibrate", place / "model.unseen", place / "films.npz", "--source", "Ward 3", "--out", out
    )
    assert found.exit_code == 0, found.output
    assert "120 films without and 120 with the finding" in found.stdout
    return out


def test_each_file_is_answered_whatever_it_holds(place, record):
    names = ("film0.png", "noise.png", "text.png", "cut.png", "film1.png")
    files = [place / name for name in names]
    found = run("xray", "screen", place / "model.unseen", *files, "--record", record, "--json")
    assert found.exit_code == 2
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(file) for file in files]
    assert [line["reason"] for line in lines] == ["", "unlike", "not-a-picture", "broken", ""]
    assert lines[0]["source"] == "Ward 3"
    assert all(line["probability"] is None for line in lines[1:4])
    low, high = lines[0]["interval"]
    assert low <= lines[0]["probability"] <= high


def test_answers_are_sentences(place, record):
    found = run(
        "xray", "screen", place / "model.unseen", place / "film1.png", place / "noise.png", "--record", record
    )
    assert found.exit_code == 0
    film, noise = found.stdout.splitlines()
    assert "%" in film
    assert "not readable as a film: it is unlike any film of training" in noise
    assert "%" not in noise


def test_a_photograph_is_never_ruled_out(place, record):
    files = [place / f"film{at}.png" for at in range(6)]
    found = run("xray", "screen", place / "model.unseen", *files, "--record", record, "--photo", "--json")
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert {line["reason"] for line in lines if line["verdict"] == "refused"} <= {"too-small", "unlike"}
    assert "no-signs" not in {line["verdict"] for line in lines}


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_the_model_becomes_an_app(place, record):
    words = ("--to", "web-int8", "--samples", place / "films.npz", "--record", record, "--out", place / "app")
    found = run("export", place / "model.unseen", *words)
    assert found.exit_code == 0, found.output
    assert "rounding" in found.stdout
    checked = check_app(place / "app")
    assert checked.kind == "screener"
    manifest = json.loads((place / "app" / "app.json").read_text())
    assert manifest["records"][0]["source"] == "Ward 3"
    assert manifest["labels"] == ["normal", "patch"]


def test_films_are_judged_source_by_source(place, record):
    out, card = place / "films.html", place / "card.json"
    words = ("--record", record, "--out", out, "--card", card, "--json")
    found = run("xray", "evaluate", place / "model.unseen", place / "films.npz", *words)
    assert found.exit_code == 0, found.output
    sources = {one["source"]: one for one in json.loads(found.stdout)["sources"]}
    assert list(sources) == ["train", "validation", "test"]
    assert sources["test"]["counts"] == [120, 120]
    assert sum(sources["test"]["verdicts"].values()) == 240
    assert sources["test"]["numbers"]["AUC"]["value"] > 0.7
    page = out.read_text()
    for words in ("Tested on test: 120 films", "Not a medical device", "gamma 0.6", "uniform noise (told)"):
        assert words in page
    written = json.loads(card.read_text())
    assert [one["source"] for one in written["sources"]] == [
        "validation films of training",
        "train",
        "validation",
        "test",
    ]
    assert "credit" not in written  # these are not the films of PneumoniaMNIST
    low, high = written["sources"][3]["auc"][1:]
    assert low < written["sources"][3]["auc"][0] < high


def test_one_source_alone_says_nothing_of_others(place):
    lines = [f"film{at}.png,{('normal', 'patch')[at % 2]},Ward 3" for at in range(6)]
    (place / "ward.csv").write_text("\n".join(["path,label,source", *lines]) + "\n")
    found = run("xray", "evaluate", place / "model.unseen", place / "ward.csv")
    assert found.exit_code == 0, found.output
    assert "one source only: what the screener does elsewhere is not measured" in found.stdout
    (place / "one.csv").write_text("path,label\nfilm0.png,normal\n")
    found = CliRunner().invoke(app, ["xray", "evaluate", str(place / "model.unseen"), str(place / "one.csv")])
    assert found.exit_code == 1
    assert "films of one class alone" in found.stderr
