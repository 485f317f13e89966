"""`unseen latent` on flows: what is printed, what is written, what is refused."""

from __future__ import annotations

import csv
import json
import math
import re

import pytest
from commandline import flow_table, unseen

from unseen.latent.scan import Setup
from unseen.training.loop import Plan


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A VAE with units to spare on 1,500 flows, told of one kind, and the flows."""
    folder = tmp_path_factory.mktemp("latent")
    flows, model = folder / "flows.csv", folder / "model"
    flows.write_text(flow_table(1500, seed=3))
    ran = unseen(
        "fit", flows, "--label", "kind", "--normal", "ok", "--known", "DoS", "--model", "vae", "--hidden", 32,
        "--latent", 5, "--beta", 0.1, "--steps", 800, "--out", model,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    return model, flows


@pytest.fixture(scope="module")
def found(fitted):
    ran = unseen("latent", *fitted, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_the_three_independent_columns_of_normal_flows_are_three_units(found):
    assert found["vae_embedding_count"]["rho > 1"] == 3
    assert found["pca_rank"] == 3
    assert [round(one["value"]) for one in found["intrinsic_dimension"][:2]] == [3, 3]
    assert found["rows"] == pytest.approx(1200, abs=60)  # the normal ones alone
    assert found["linear"]["rho"][0] == pytest.approx(found["units"][0]["rho"], rel=0.3)


def test_units_are_named_after_the_columns_they_follow(found):
    counted = [unit for unit in found["units"] if unit["counts"]]
    assert len(counted) == 3
    assert all(unit["p"] < 0.01 for unit in counted)
    assert set(found["associations"]["features"]) == {
        "size", "rate", "ports", "kind = ok", "kind = DoS", "kind = scan", "kind = odd",
    }  # fmt: skip
    assert all(0.0 <= unit["told_same"] <= 1.0 for unit in counted)


def test_what_the_spare_units_are_worth_adds_up(found):
    zero = found["zero_out"]
    assert zero["spare_units_one_by_one"] == pytest.approx(
        sum(u["ablation"] for u in found["units"] if not u["counts"])
        * (zero["without_code"] - zero["error"]),
        abs=1e-9,
    )
    assert zero["without_spare_units"] - zero["error"] < 0.05 * (zero["without_code"] - zero["error"])


def test_the_screen_shows_units_counts_and_notes(fitted):
    ran = unseen("latent", *fitted, "--units", 2)
    assert ran.code == 0
    assert "3 more units, 1 of them count; --units 5 shows all" in ran.out
    for line in (
        "VAE embedding count",
        "PCA rank",
        "intrinsic dimension",
        "a linear VAE would count",
        "error",
    ):
        assert re.search(f"^{line} ", ran.out, re.MULTILINE), line


def test_csv_holds_every_unit_with_every_feature(fitted, found, tmp_path):
    path = tmp_path / "units.csv"
    assert unseen("latent", *fitted, "--csv", path).code == 0
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 5
    assert float(rows[0]["rho"]) == pytest.approx(found["units"][0]["rho"])
    for name in ("size", "rate", "ports", "kind = scan"):
        assert -1 <= float(rows[0][f"spearman: {name}"]) <= 1
        assert 0 <= float(rows[0][f"phi_k: {name}"]) <= 1
        assert 0 < float(rows[0][f"p: {name}"]) <= 1


def test_the_page_is_self_contained_and_has_the_numbers_behind_each_figure(fitted, tmp_path):
    path = tmp_path / "latent.html"
    assert unseen("latent", *fitted, "--out", path).code == 0
    page = path.read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=\"https?://", page)
    figures = page.count("<figure>")
    assert figures == page.count("data:text/csv") == 7
    for name in ("rho", "kl", "histograms", "counts-by-rule", "kept", "association", "moved"):
        assert f'download="{name}.csv"' in page
    assert str(tmp_path) not in page.split("What made it</h2>")[0]


def test_the_same_rows_give_the_same_numbers(fitted, found):
    assert json.loads(unseen("latent", *fitted, "--json").out) == found


def test_the_network_is_learned_anew_at_other_betas_and_seeds(fitted, monkeypatch):
    short = Plan(steps=400, rate=5e-3)
    monkeypatch.setattr("unseen.studies.reading.Setup", lambda hidden, units: Setup(hidden, units, short))
    found = json.loads(unseen("latent", *fitted, "--betas", "4,0.1", "--seeds", 2, "--json").out)["scan"]
    assert [(fit["beta"], fit["seed"]) for fit in found] == [(4.0, 0), (4.0, 1), (0.1, 0), (0.1, 1)]
    # standardised columns of variance 1 are below s^2 = 2 at the first, and far above 0.05 at the second
    assert [fit["counts"]["rho > 1"] for fit in found] == [0, 0, 3, 3]
    assert all(len(fit["rho"]) == 5 for fit in found)


def test_features_may_be_chosen_and_columns_that_are_no_input_read(fitted, tmp_path):
    model, flows = fitted
    lines = flows.read_text().splitlines()
    more = tmp_path / "more.csv"
    doubled = [f"{line},{2 * float(line.split(',')[1])}" for line in lines[1:]]
    more.write_text("\n".join([f"{lines[0]},double", *doubled, ""]))
    found = json.loads(unseen("latent", model, more, "--features", "size,doub*", "--json").out)
    assert found["associations"]["features"][:2] == ["size", "double"]
    assert not any(math.isnan(unit["phi_k"]) for unit in found["units"])


def test_rows_without_labels_are_measured_whole(fitted, tmp_path):
    model, flows = fitted
    bare = tmp_path / "bare.csv"
    bare.write_text("\n".join(line.rpartition(",")[0] for line in flows.read_text().splitlines()) + "\n")
    ran = unseen("latent", model, bare, "--json")
    assert ran.err.startswith("note: no label column, so the units are measured on all rows")
    assert json.loads(ran.out)["rows"] == 1500


def test_repeated_rows_and_columns_that_never_change_are_named(fitted, tmp_path):
    model, flows = fitted
    lines = flows.read_text().splitlines()
    path = tmp_path / "poor.csv"
    path.write_text("\n".join([lines[0], *(lines[1:301] * 3), ""]))
    ran = unseen("latent", model, path)
    assert ran.code == 0
    assert re.search(r"note: no intrinsic dimension: \d+% of the rows repeat others", ran.err)
    still = [",".join([*line.split(",")[:2], "2.0", "ok"]) for line in lines[1:]]
    path.write_text("\n".join([lines[0], *still, ""]))
    ran = unseen("latent", model, path)
    assert "never changes, so takes no part in ranks and dimensions: ports" in ran.err
    assert "left out of the associations: 'ports', which has the same value in every row" in ran.err


def test_words_where_the_model_knows_numbers_are_refused_in_one_line(fitted, tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("size,rate,ports,kind\n" + "x,2,3,ok\n" * 60)
    ran = unseen("latent", fitted[0], path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(
        "unseen: column 'size' holds text (first: 'x'); the model was trained on numbers."
    )
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("kind", ["committee", "classifier"])
def test_a_model_without_a_code_is_refused_in_one_line(kind, tmp_path):
    flows, model = tmp_path / "flows.csv", tmp_path / "model"
    flows.write_text(flow_table(300))
    quick = ("--steps", 20) if kind == "classifier" else ()
    assert (
        unseen(
            "fit", flows, "--label", "kind", "--normal", "ok,odd", "--model", kind, "--out", model, *quick
        ).code
        == 0
    )
    ran = unseen("latent", model, flows)
    assert (ran.code, ran.out) == (1, "")
    name = {"committee": "CommitteeDetector", "classifier": "AwareClassifier"}[kind]
    assert (
        ran.err
        == f"unseen: {model} holds no latent code, being of type {name}; fit one that does with --model vae\n"
    )
