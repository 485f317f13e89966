"""The published tables of the dark-shower networks, recomputed from their scores to a tenth of a point."""

import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest

from unseen.evaluation import Flattened, auc_at_fixed, dependence, fpr_at_tpr, search_table, tpr_at_fpr

ROOT = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILE = "collider/dark_showers/reference_scores.csv"
SUEP = ("suep125", "suep200", "suep300", "suep400", "suep700", "suep1000")
SVJ = ("svj2100", "svj3100", "svj4100")
NAMES = re.compile(r"(qcd|suep|svj)_(?:gensim_h?)?(\d+)")
AUC = {
    "n_tracks": (77.2, 91.1, 97.9, 99.6, 99.9, 99.9, 82.2, 88.9, 90.8),
    "hits": (78.3, 92.7, 98.4, 99.8, 99.8, 100, 83.3, 88.4, 88.3),
    "hits / sum E_T": (83.4, 92.8, 96.2, 97.2, 99.3, 99.5, 70.0, 58.2, 45.8),
    "codae_zm1": (78.4, 92.7, 98.5, 99.7, 99.8, 100, 83.4, 88.2, 87.4),
    "codae_mse": (85.6, 96.3, 99.5, 99.8, 99.9, 100, 85.4, 89.6, 89.5),
    "codae_l1": (85.8, 96.4, 99.5, 99.9, 99.9, 100, 85.6, 89.9, 89.8),
    "codae_dice": (87.0, 96.6, 99.5, 99.8, 99.9, 100, 84.7, 88.5, 88.6),
}
MEANS = {
    "n_tracks": (94.27, 87.29),
    "hits": (94.86, 86.66),
    "codae_mse": (96.84, 88.16),
    "codae_dice": (97.14, 87.29),
}
FIXED = ("suep125", "suep200", "suep300", *SVJ)
# background of all QCD events, then of those of the test files
AT_FIXED = {
    "codae_mse": ((71.1, 82.1, 91.8, 68.9, 67.0, 64.9), (73.5, 85.3, 92.8, 69.6, 67.9, 65.4)),
    "codae_dice": ((70.8, 82.2, 92.0, 69.2, 66.9, 64.8), (73.2, 85.8, 94.0, 70.1, 68.6, 66.8)),
    "codae_l1": ((73.3, 86.2, 92.6, 71.9, 68.8, 66.6), (75.6, 89.1, 94.2, 72.2, 70.8, 67.3)),
    "codae_zm1": ((51.1, 54.0, 47.6, 57.1, 47.5, 40.2), (52.4, 54.4, 53.3, 56.3, 49.0, 40.3)),
    "hits / sum E_T": (None, (76.6, 85.3, 82.9, 51.5, 36.6, 23.2)),
}


def columns(path):
    with open(path) as file:
        rows = list(csv.DictReader(file))
    found = {
        name: np.array([float(row[name]) for row in rows])
        for name in rows[0]
        if name not in ("file", "split")
    }
    parts = [NAMES.match(row["file"].split("/")[-1]).groups() for row in rows]
    found["kind"] = np.array([name if name == "qcd" else name + mass for name, mass in parts])
    found["train"] = np.array([row["split"] == "train" for row in rows])
    found["hits"] = found["n_hits"]
    found["energy"] = found["sum_trk"] + found["sum_ecal"] + found["sum_hcal"]
    found["hits / sum E_T"] = found["hits"] / found["energy"]
    return found


@pytest.fixture(scope="module")
def events():
    if not (ROOT / FILE).exists():
        pytest.skip(f"no {FILE} in UNSEEN_DATA")
    return columns(ROOT / FILE)


@pytest.mark.parametrize("score", AUC)
def test_the_table_by_mass_point(events, score):
    test = ~events["train"]
    table = search_table(events[score][test], events["kind"][test], normal="qcd", resamples=100)
    assert table.normals == 682
    found = [100 * table.kind(kind).points.auc.value for kind in (*SUEP, *SVJ)]
    assert found == pytest.approx(AUC[score], abs=0.051)
    if score in MEANS:
        means = [100 * table.mean_auc(kinds).value for kinds in (SUEP, SVJ)]
        assert means == pytest.approx(MEANS[score], abs=0.0051)


@pytest.mark.parametrize("score", AT_FIXED)
def test_the_table_at_fixed_hits(events, score):
    kind, hits, values = events["kind"], events["hits"], events[score]
    qcd = kind == "qcd"
    for background, wanted in zip((qcd, qcd & ~events["train"]), AT_FIXED[score], strict=True):
        found = [
            auc_at_fixed(
                values[background], values[kind == k], hits[background], hits[kind == k], resamples=200
            )
            for k in FIXED
        ]
        if wanted is not None:
            assert [100 * one.auc.value for one in found] == pytest.approx(wanted, abs=0.051)
    assert [one.used for one in found] == [41, 60, 37, 234, 208, 198]
    assert all(0.018 < one.auc.sd < 0.1 for one in found)


def test_pair_weights_are_the_other_number(events):
    kind, hits, mse = events["kind"], events["hits"], events["codae_mse"]
    qcd, suep = kind == "qcd", kind == "suep125"
    found = auc_at_fixed(mse[qcd], mse[suep], hits[qcd], hits[suep], weighting="pairs", resamples=2)
    assert 100 * found.auc.value == pytest.approx(79.7, abs=0.051)


@pytest.mark.parametrize(
    ("score", "kind", "fpr", "tpr"),
    [
        ("hits", "suep125", 5.6, 7.0),
        ("codae_dice", "suep125", 6.7, 4.7),
        ("hits", "suep200", 2.9, 25.7),
        ("codae_dice", "suep200", 1.0, 37.8),
        ("hits", "svj2100", 5.6, 22.4),
        ("codae_dice", "svj2100", 3.5, 26.0),
    ],
)
def test_the_published_working_points(events, score, kind, fpr, tpr):
    """Within an event of 682, and of the few signal events: published points lie between two cuts."""
    qcd = (events["kind"] == "qcd") & ~events["train"]
    sides = events[score][qcd], events[score][events["kind"] == kind]
    lost = fpr_at_tpr(*sides, 0.4, resamples=50)
    assert 100 * lost.fpr.value == pytest.approx(fpr, abs=100 / 682)
    assert lost.ranked == (fpr > 1.5)
    assert 100 * tpr_at_fpr(*sides, 0.01, least_alarms=1) == pytest.approx(tpr, abs=0.5)


def test_the_published_code_counts_hits_and_flattened_scores_do_not(events):
    """Flattened on the training files, judged on the others: AUC without hits is the AUC at fixed hits."""
    hits, qcd = events["hits"], events["kind"] == "qcd"
    learn, test = qcd & events["train"], qcd & ~events["train"]
    code, l1 = events["codae_zm1"], events["codae_l1"]
    (found,) = dependence(code[test], {"hits": hits[test]})
    assert found.spearman == pytest.approx(0.989, abs=0.0006)
    flat = Flattened.fit(l1[learn], hits[learn]).scores(l1, hits)
    before, after = (dependence(s[test], {"hits": hits[test]})[0] for s in (l1, flat))
    assert before.spearman > 0.9
    assert abs(after.spearman) < 0.15
    assert before.unevenness > 9
    assert after.unevenness < 2.5
    for kind in ("suep200", "svj2100"):
        rows = events["kind"] == kind
        one, two = (
            auc_at_fixed(s[test], s[rows], hits[test], hits[rows], resamples=2).auc.value for s in (l1, flat)
        )
        assert two == pytest.approx(one, abs=0.02)
    p = Flattened.fit(l1[learn], hits[learn]).p_values(l1[test], hits[test])
    for share in (0.5, 0.2, 0.1, 0.05):
        assert np.mean(p <= share) == pytest.approx(share, abs=0.03)
