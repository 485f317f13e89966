"""The default for tables: a committee, from `fit` to the report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commandline import unseen

import unseen as package
from unseen.config import OF_NETWORKS, FitSettings
from unseen.detectors.telling import Beyond, Leading
from unseen.errors import ConfigError

TOLD = ("--label", "kind", "--normal", "ok", "--known", "DoS")
GIVEN = {
    "hidden": [8], "latent": 2, "beta": 0.1, "loss": "hinge", "steps": 5, "tune_steps": 5, "rate": 0.01,
    "members": 1, "trim": 0.0, "decorrelate": 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def model(place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("committee") / "m"
    words = (*TOLD, "--hold-out", 0.4, "--false-alarms", 0.05, "--out", path)
    ran = unseen("fit", place.flows, *words)
    assert (ran.code, ran.err) == (0, "")
    return path


def hidden_rows(labelled: int) -> str:
    """CSV of 150 anomalies in a dense lump amid 2,000 ordinary rows; but for `labelled` all pass as 'ok'."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(2000, 4)), rng.normal(0.8, 0.05, size=(150, 4))])
    kinds = ["ok"] * (2150 - labelled) + ["lump"] * labelled
    lines = [",".join(f"{value:.4f}" for value in row) + f",{kind}" for row, kind in zip(rows, kinds)]  # noqa: B905
    return "\n".join(["a,b,c,d,kind", *lines, ""])


def test_a_table_gets_a_committee(model):
    assert isinstance(package.load(model), package.CommitteeDetector)


def test_fit_says_who_leads_and_why(place, tmp_path):
    ran = unseen("fit", place.flows, *TOLD, "--out", tmp_path / "m")
    (line,) = [line for line in ran.out.splitlines() if line.startswith("joined")]
    assert line.startswith("joined    unaided scores keep their word, what was told adds to them: ")
    found = json.loads(unseen("fit", place.flows, *TOLD, "--out", tmp_path / "m", "--json").out)["joined"]
    assert (found["joining"], found["told_leads"], found["asked"]) == ("beyond", False, False)
    assert found["label_frequency"] > 0.3
    assert found["sentence"] == line.removeprefix("joined    ")


def test_what_was_told_leads_where_anomalies_hide(tmp_path):
    (tmp_path / "f.csv").write_text(hidden_rows(labelled=10))
    words = ("fit", tmp_path / "f.csv", "--label", "kind", "--normal", "ok", "--known", "lump")
    found = json.loads(unseen(*words, "--out", tmp_path / "m", "--json").out)["joined"]
    assert (found["joining"], found["told_leads"]) == ("leading", True)
    assert found["label_frequency"] < 0.3
    assert found["median_p_value"] >= 0.05
    assert "% of the rows that look known carry a label, and unaided" in found["sentence"]
    asked = unseen(*words, "--out", tmp_path / "m", "--joining", "beyond")
    assert (
        "joined    unaided scores keep their word, what was told adds to them, as was asked for (beyond)\n"
        in asked.out
    )


def test_nothing_told_nothing_joined(place, tmp_path):
    ran = unseen("fit", place.flows, "--drop", "kind", "--out", tmp_path / "m", "--json")
    assert "joined" not in json.loads(ran.out)


def test_it_judges_told_and_unseen_apart(place, model):
    found = json.loads(unseen("evaluate", model, place.flows, "--held-out", "--json").out)
    assert found["joined"]["unseen"]["auc"]["value"] > 0.9
    assert found["joined"]["told"]["auc"]["value"] > 0.95


def test_explain_names_the_member_that_said_most(place, model):
    found = json.loads(unseen("explain", model, place.flows, "--top", 3, "--json").out)["rows"]
    for row in found:
        assert sum(said["added"] for said in row["members"]) == pytest.approx(row["score"])
        assert sum(part["amount"] for part in row["contributions"]) == pytest.approx(row["score"])
    most = max(found[0]["members"], key=lambda said: said["added"])["member"]
    printed = unseen("explain", model, place.flows, "--top", 1).out.splitlines()[0]
    assert printed.endswith(f"said most by: {most}")


def test_the_report_has_who_said_what_and_no_training_curve(place, model, tmp_path):
    page = tmp_path / "r.html"
    assert unseen("report", model, place.flows, "--held-out", "--out", page).code == 0
    text = page.read_text()
    assert "Who said what: mean evidence of each member" in text
    assert "spread labels (told)" in text
    assert "There is no training curve" in text
    assert "What the latent units carry" not in text
    assert "Unaided scores keep their word, what was told adds to them" in text


def test_settings_of_networks_mean_a_network():
    assert set(GIVEN) == set(OF_NETWORKS)
    assert isinstance(FitSettings().detector(), package.CommitteeDetector)
    for name, value in GIVEN.items():
        settings = FitSettings.from_mapping({name: value, "protect": "mass"})
        assert settings.model_of(images=False) == "vae"
        assert isinstance(settings.detector(), package.AwareDetector)
        again = FitSettings.from_mapping(settings.model_dump(exclude_defaults=True))
        assert again.model_of(images=False) == "vae"


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_committee_refuses_settings_of_networks(name):
    given = {name: GIVEN[name], "model": "committee", "protect": "mass"}
    line = f"settings: setting {name!r} is not for model 'committee'; leave it out, or name model 'vae'"
    with pytest.raises(ConfigError) as caught:
        FitSettings.from_mapping(given)
    assert str(caught.value) == line


def test_images_get_a_vae_and_refuse_a_committee():
    assert FitSettings().model_of(images=True) == "vae"
    with pytest.raises(ConfigError, match=r"^model 'committee' is for tables, and these rows are images; "):
        FitSettings(model="committee").detector(image=(1, 8, 8))


def test_joining_is_decided_by_the_labels_unless_named():
    assert FitSettings().detector().joining is None
    assert FitSettings(joining="leading").detector().joining == Leading()
    assert FitSettings(model="vae").detector().joining == Beyond()
