"""`unseen collider significance`: expected events and significance, against known answers."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from commandline import QUICK, unseen

from unseen.errors import ConfigError
from unseen.evaluation import roc_auc
from unseen.evaluation.significance import asimov
from unseen.studies.significance import read_cross_sections, search


def judged(weights=None):
    """Two normal kinds, one always below the other; a signal above both, and one among the second."""
    kinds = np.repeat(["qcd", "w", "heavy", "light"], [1000, 100, 50, 50])
    scores = np.concatenate(
        [np.linspace(0, 1, 1000), np.linspace(2, 3, 100), np.full(50, 9.0), np.linspace(2, 3, 50)]
    )
    told = [SimpleNamespace(kind="heavy", told=True), SimpleNamespace(kind="light", told=False)]
    return SimpleNamespace(
        kinds=kinds,
        scores=scores,
        normal=np.isin(kinds, ["qcd", "w"]),
        weights=weights,
        joined=SimpleNamespace(kinds=told),
    )


SIZES = {"qcd": 90.0, "w": 10.0, "heavy": 0.01, "light": 0.1}


def test_normal_kinds_are_mixed_by_their_cross_sections_not_their_rows():
    found = search(judged(), SIZES, luminosity=2.0)
    assert found.background == {"qcd": 180_000.0, "w": 20_000.0}
    light = next(one for one in found.prospects if one.kind == "light")
    # above all of qcd (0.9), in the middle of w (0.1 / 2)
    assert light.auc == pytest.approx(0.95, abs=1e-3)
    assert light.events == pytest.approx(200.0)
    assert light.before == pytest.approx(float(asimov(200.0, 200_000.0)))
    more = search(judged(), {**SIZES, "w": 90.0}, luminosity=2.0)
    assert next(one for one in more.prospects if one.kind == "light").auc == pytest.approx(0.75, abs=1e-3)


def test_significance_grows_with_luminosity_as_its_root_and_falls_with_uncertainty():
    one, four = (search(judged(), SIZES, luminosity=lumi).prospects for lumi in (1.0, 4.0))
    for a, b in zip(one, four, strict=True):
        assert b.z == pytest.approx(2.0 * a.z, rel=1e-9)
        assert a.z > a.before
    unsure = search(judged(), SIZES, luminosity=1.0, relative_uncertainty=0.1).prospects
    assert all(u.z < a.z for u, a in zip(unsure, one, strict=True))
    assert [p.told for p in sorted(one, key=lambda p: p.kind)] == [True, False]


def test_weights_of_events_count_within_a_kind():
    weights = np.ones(1200)
    weights[1150:1175] = 0.0  # of "light" only the upper half is left
    weights[:1000] = 7.0  # of one kind alone: its cross-section decides, not the scale
    found = search(judged(weights), SIZES, luminosity=1.0)
    light = next(one for one in found.prospects if one.kind == "light")
    plain = judged()
    rows = plain.kinds == "light"
    w = np.where(plain.kinds == "qcd", 90 / 1000, 10 / 100)[plain.normal]
    expected = roc_auc(plain.scores[plain.normal], plain.scores[rows][25:], normal_weights=w)
    assert light.auc == pytest.approx(expected)


def test_a_signal_without_cross_section_has_no_significance():
    found = search(judged(), {"qcd": 1.0, "w": 1.0}, luminosity=1.0)
    assert all(math.isnan(one.z) and math.isnan(one.events) for one in found.prospects)
    assert found.to_dict()["kinds"][0]["significance"] is None


@pytest.mark.parametrize(
    ("sizes", "luminosity", "message"),
    [
        ({"qcd": 1.0}, 1.0, "normal kind 'w' has no cross-section; pass w=PB"),
        ({**SIZES, "hevy": 1.0}, 1.0, "Did you mean 'heavy'"),
        (SIZES, 0.0, "luminosity 0.0 came; accepted: fb"),
    ],
)
def test_what_does_not_fit_is_named(sizes, luminosity, message):
    with pytest.raises(ConfigError, match=message):
        search(judged(), sizes, luminosity=luminosity)


@pytest.mark.parametrize("word", ["qcd", "=3", "qcd=x", "qcd=0", "qcd=-1", "qcd=inf", "qcd="])
def test_cross_sections_are_numbers_above_0(word):
    with pytest.raises(ConfigError, match="accepted: KIND=PB once a kind"):
        read_cross_sections([word])
    with pytest.raises(ConfigError, match="once a kind"):
        read_cross_sections(["qcd=1", "qcd=1"])


def test_the_command_on_files_by_kind(tmp_path):
    rng = np.random.default_rng(0)
    for kind, n, off in (("qcd", 3000, 0.0), ("wz", 400, 4.0)):
        table = pa.table({"a": rng.normal(size=n) + off, "b": rng.normal(size=n)})
        pa_csv.write_csv(table, tmp_path / f"{kind}.csv")
    data = [f"{kind}={tmp_path / kind}.csv" for kind in ("qcd", "wz")]
    model = tmp_path / "model"
    assert unseen("fit", tmp_path / "qcd.csv", *QUICK, "--out", model).code == 0
    words = ("--normal", "qcd", "--luminosity", "300", "--cross-section", "qcd=1e4")
    ran = unseen("collider", "significance", model, *data, *words, "--cross-section", "wz=0.5", "--json")
    assert ran.code == 0, ran.err
    record = json.loads(ran.out)
    assert record["background"] == {"qcd": 3e9}
    (wz,) = record["kinds"]
    assert wz["events"] == pytest.approx(150_000)
    assert wz["significance_without_score"] == pytest.approx(float(asimov(150_000, 3e9)))
    assert wz["significance"] > 2 * wz["significance_without_score"]
    shown = unseen("collider", "significance", model, *data, *words)
    assert shown.out.split("\n")[0].split() == [
        "kind",
        "rows",
        "events",
        "AUC",
        "SIC@1%",
        "SIC@0.1%",
        "without",
        "Z",
    ]
    assert "background: 3,000,000,000 events at 300 fb^-1 (qcd)" in shown.out
    wrong = unseen("collider", "significance", model, *data, *words[:-1], "wz=1")
    assert (wrong.code, wrong.out) == (1, "")
    assert "normal kind 'qcd' has no cross-section" in wrong.err


@pytest.mark.parametrize("uncertainty", [-0.1, 5.0, math.nan])
def test_an_uncertainty_in_per_cent_is_refused(uncertainty):
    with pytest.raises(ConfigError, match=r"uncertainty .* came; accepted: .* from 0 to 1"):
        search(None, {}, luminosity=1.0, relative_uncertainty=uncertainty)
