"""Weights and a protected column from the command line: set apart, remembered, shown."""

from __future__ import annotations

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from commandline import QUICK, unseen

import unseen as package


@pytest.fixture(scope="module")
def jets(tmp_path_factory):
    """Jets whose first feature scatters with the mass; a resonance at 500; weights that vary."""
    rng = np.random.default_rng(0)
    mass = np.concatenate([100 + rng.exponential(300, 2500), rng.normal(500, 10, 60)])
    z = rng.normal(size=(2560, 2))
    columns = {
        "a": z[:, 0] + rng.normal(size=2560) * mass / 600,
        "b": z[:, 0] - z[:, 1],
        "c": z[:, 1] + np.repeat([0.0, 4.0], [2500, 60]),
        "mjj": mass,
        "w": rng.gamma(2.0, size=2560),
        "kind": np.repeat(["qcd", "resonance"], [2500, 60]),
    }
    place = tmp_path_factory.mktemp("jets") / "jets.csv"
    pa_csv.write_csv(pa.table(columns), place)
    return place


@pytest.fixture(scope="module")
def model(jets):
    place = jets.parent / "model"
    words = ("--label", "kind", "--normal", "qcd", "--weight", "w", "--protect", "mjj", "--hold-out", 0.4)
    ran = unseen("fit", jets, *words, *QUICK, "--out", place)
    assert ran.code == 0, ran.err
    assert "weighted  worth " in ran.out
    return place


def judged(model, jets, *words):
    return json.loads(unseen("evaluate", model, jets, "--held-out", "--json", *words).out)


def test_the_columns_are_no_features_and_are_remembered(model, jets):
    detector = package.load(model)
    assert detector.schema_.columns == ("a", "b", "c")
    assert detector.calibration_.weights is not None
    found = judged(model, jets)
    assert found["weighted"] is True
    assert found["sculpting"]["column"] == "mjj"
    assert found["joined"]["effective"] < found["joined"]["normals"]


def test_evaluate_says_what_events_are_worth_and_what_the_cut_does(model, jets):
    ran = unseen("evaluate", model, jets, "--held-out")
    assert "of the weight where" in ran.out
    assert "weighted events: the normal rows are worth" in ran.out
    assert "sculpting of 'mjj' by the strangest" in ran.out
    assert "by chance (p = " in ran.out
    assert "distance correlation of score and 'mjj'" in ran.out


def test_other_weights_give_other_numbers_and_equal_ones_those_of_none(model, jets, tmp_path):
    table = pa_csv.read_csv(jets)
    place = table.column_names.index("w")
    equal = tmp_path / "equal.csv"
    pa_csv.write_csv(table.set_column(place, "w", pa.array(np.full(2560, 7.0))), equal)
    bare = tmp_path / "bare.csv"
    pa_csv.write_csv(table.drop_columns(["w", "mjj"]), bare)
    without, with_equal, weighted = judged(model, bare), judged(model, equal), judged(model, jets)
    assert without["joined"] == with_equal["joined"]
    assert without["joined"] != weighted["joined"]
    assert without["sculpting"] is None
    note = unseen("evaluate", model, bare, "--held-out").err
    assert "has no column 'w' as in training; no event weights: all rows count alike" in note


def test_scores_repeat_the_weight_and_the_summary_weighs_alarms(model, jets, tmp_path):
    out = tmp_path / "scores.csv"
    found = json.loads(unseen("score", model, jets, "--weight", "w", "--out", out, "--json").out)
    with out.open() as file:
        rows = list(csv.DictReader(file))
    raised = sum(float(row["w"]) for row in rows if row["alarm"] == "true")
    assert found["alarm_weight_share"] == pytest.approx(raised / sum(float(row["w"]) for row in rows))


def test_a_decorrelated_model_has_networks_alone_and_says_so_in_its_settings(jets, tmp_path):
    words = ("--label", "kind", "--normal", "qcd", "--protect", "mjj", "--decorrelate", 2)
    assert unseen("fit", jets, *words, *QUICK, "--out", tmp_path / "m").code == 0
    detector = package.load(tmp_path / "m")
    assert detector.decorrelate == package.registry.DisCo(2.0)
    assert detector.stage1_members() == ("reconstruction",)


def test_the_report_has_a_mass_and_weighted_events(model, jets, tmp_path):
    out = tmp_path / "r.html"
    assert unseen("report", model, jets, "--held-out", "--out", out).code == 0
    page = out.read_text()
    assert "Weighted events: every share is one of the weight" in page
    for name in ("sic.csv", "spectrum.csv", "deciles.csv"):
        assert f'download="{name}"' in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--weight", "ww"), "column 'ww' is not known"),
        (("--weight", "kind"), "column 'kind' is given twice, as label and weight"),
        (("--weight", "a"), "weight column 'a' is -"),
        (("--protect", "mj"), "Did you mean 'mjj'?"),
        (("--decorrelate", "1"), "decorrelate is given, but not the column; name it with protect"),
        (("--protect", "mjj", "--decorrelate", "-1"), "decorrelate = -1.0"),
    ],
)
def test_faults_are_one_line(jets, tmp_path, words, message):
    ran = unseen("fit", jets, "--label", "kind", "--normal", "qcd", *words, "--out", tmp_path / "m")
    assert ran.code != 0
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert len(ran.err.strip().splitlines()) == 1


# ---------------------------------------------------------------------------------- files by kind


@pytest.fixture(scope="module")
def by_kind(tmp_path_factory):
    """Three files of one kind each, and a model that was told of none and reads two of three columns."""
    place, rng = tmp_path_factory.mktemp("kinds"), np.random.default_rng(1)
    for kind, n, off in (("qq", 1500, 0.0), ("tt", 300, 3.0), ("ww", 300, -3.0)):
        columns = {"jet_a": rng.normal(size=n) + off, "jet_b": rng.normal(size=n), "id": np.arange(n)}
        pa_csv.write_csv(pa.table(columns), place / f"{kind}.csv")
    data = [f"{kind}={place / kind}.csv" for kind in ("qq", "tt", "ww")]
    words = ("--normal", "qq", "--known", "tt", "--columns", "jet_*", "--hold-out", 0.3)
    ran = unseen("fit", *data, *words, *QUICK, "--out", place / "model")
    assert ran.code == 0, ran.err
    return place / "model", data


def test_files_by_kind_are_learned_from_and_judged(by_kind):
    model, data = by_kind
    assert package.load(model).schema_.columns == ("jet_a", "jet_b")
    ran = unseen("evaluate", model, *data, "--held-out", "--json")
    found = json.loads(ran.out)
    assert found["data"] == data
    kinds = {kind["kind"]: kind for kind in found["joined"]["kinds"]}
    assert kinds["tt"]["told"]
    assert not kinds["ww"]["told"]
    assert min(kind["auc"]["value"] for kind in kinds.values()) > 0.9


def test_the_report_and_a_single_file_by_kind(by_kind, tmp_path):
    model, data = by_kind
    ran = unseen("report", model, *data, "--out", tmp_path / "page.html")
    assert ran.code == 0, ran.err
    assert "qq.csv, tt.csv, ww.csv" in (tmp_path / "page.html").read_text()
    alone = unseen("evaluate", model, data[1], "--normal", "qq")
    assert (alone.code, alone.out) == (1, "")
    assert alone.err.count("\n") == 1


def test_several_files_without_kinds_are_refused(by_kind):
    model, data = by_kind
    ran = unseen("evaluate", model, data[0], data[1].partition("=")[2])
    assert ran.code == 1
    assert "2 files came, so each needs the kind of its rows" in ran.err
