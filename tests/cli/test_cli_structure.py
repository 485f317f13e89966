"""`unseen structure` on drawn sets: what is printed, what is written, what is refused."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from commandline import unseen

from unseen.data.mechanics import MECHANICS


def saved(path, values, names):
    np.savetxt(path, values, delimiter=",", header=",".join(names), comments="", fmt="%.17g")
    return path


@pytest.fixture
def spring(tmp_path):
    drawn = MECHANICS["spring"](900, 0)
    return saved(
        tmp_path / "spring.csv", np.column_stack([drawn.values, np.full(900, 4.0)]), [*drawn.columns, "k"]
    )


def test_a_spring_is_told_on_one_screen(spring):
    ran = unseen("structure", spring)
    assert ran.code == 0, ran.err
    assert "PCA rank             3" in ran.out
    assert "2 E - 4 x^2 - v^2 = 0" in ran.out
    assert "warning: rank 3 and intrinsic dimension" in ran.out
    assert ran.err == "note: column 'k' is 4 in every row, and left out\n"
    flat = unseen("structure", spring, "--columns", "x,v")
    assert "warning" not in flat.out


def test_json_and_files_say_the_same(spring, tmp_path):
    ran = unseen("structure", spring, "--json", "--out", tmp_path / "found")
    said = json.loads(ran.out)
    assert said == json.loads((tmp_path / "found" / "structure.json").read_text())
    assert said["pca_rank"] == 3
    assert [one["estimator"] for one in said["intrinsic_dimension"]] == ["TwoNN", "MLE", "lPCA", "CorrInt"]
    assert [one["equation"] for one in said["linear"] + said["quadratic"]] == [
        "k = 4",
        "2 E - 4 x^2 - v^2 = 0",
    ]
    with (tmp_path / "found" / "relations.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["term"]: float(row["coefficient"]) for row in rows}.keys() == {"k", "E", "x^2", "v^2"}
    assert len((tmp_path / "found" / "spectrum.csv").read_text().splitlines()) == 4
    assert not list((tmp_path / "found").glob("*.tmp"))


def test_whole_numbers_are_smoothed_and_repeats_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    counts = np.column_stack([rng.poisson(400.0, 2000), rng.normal(size=2000)])
    ran = unseen("structure", saved(tmp_path / "c.csv", counts, ["n", "x"]), "--json")
    assert "column 'n' counts in whole numbers; noise of +-0.5 was added" in ran.err
    assert json.loads(ran.out)["intrinsic_dimension"][0]["value"] == pytest.approx(2.0, abs=0.25)
    twice = saved(tmp_path / "t.csv", np.repeat(rng.normal(size=(400, 2)), 2, axis=0), ["a", "b"])
    ran = unseen("structure", twice)
    assert ran.code == 1
    assert ran.err.startswith("unseen: 50% of the rows repeat others")
    assert unseen("structure", twice, "--no-dimension").code == 0


def test_relevance_sets_three_counts_side_by_side(spring, tmp_path):
    short = ("--betas", 0.5, "--seeds", 1, "--steps", 400, "--latent", 2)
    ran = unseen("relevance", spring, *short, "--out", tmp_path / "r")
    assert ran.code == 0, ran.err
    assert "VAE embedding count  2 (rho > 1)" in ran.out
    assert "PCA rank             3" in ran.out
    assert "warning: embedding count 2, rank 3 and intrinsic dimension 2.0 differ" in ran.out
    assert "note: 2 latent units for 3 columns: a count that fills all 2 is cut off" in ran.err
    said = json.loads((tmp_path / "r" / "relevance.json").read_text())
    assert [one["unit"] for one in said["units"]] == [1, 2]
    assert {one["rule"]: one["seeds"] for one in said["counts"]}["rho > 1"] == [2]
    with (tmp_path / "r" / "units.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["rho"]) > float(rows[1]["rho"]) > 1.0
    assert (tmp_path / "r" / "structure.json").exists()


def test_wide_tables_are_not_looked_at_to_the_end(tmp_path):
    wide = np.random.default_rng(0).normal(size=(700, 62))
    ran = unseen("structure", saved(tmp_path / "w.csv", wide, [f"c{i}" for i in range(62)]))
    assert ran.code == 0, ran.err
    assert "quadratic relations: not looked for" in ran.out
    assert "note: 62 directions: quadratic relations are looked for among 40 at most" in ran.err
    assert "note: 62 columns: R^2 is taken of 60 at most; choose some" in ran.err
    assert "note: intrinsic dimensions above 10 are estimated too low" in ran.err
