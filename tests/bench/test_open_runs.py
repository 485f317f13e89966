"""Open-set runs: rows of each fit, its first stage and its control; and what the rows come to."""

import math
from dataclasses import replace

import numpy as np
import pytest

from unseen.bench import open_methods, open_runs, open_tables
from unseen.bench.method import Method
from unseen.bench.methods import Estimator, neighbour
from unseen.bench.open_methods import STAGE1, InStages, WithoutLabels, chosen, rank_average, stages_of
from unseen.bench.open_rows import COLUMNS, results
from unseen.bench.open_runs import Job, Plan, measure, rows_of
from unseen.bench.open_standing import difference, groups, mean, regrets
from unseen.errors import ConfigError, DataError


class Towards:
    """Stage 1 is the distance from the mean of normal rows; telling adds closeness to what was told."""

    def __init__(self, seed):
        self.seed = seed

    def fit(self, X, y=None):
        y = np.zeros(len(X)) if y is None else y
        self.centre = X[y == 0].mean(0)
        self.told = X[y == 1].mean(0) if (y == 1).any() else None
        return self

    def fine_tune(self, X):
        assert len(X) == 0
        self.tuned = True
        return self

    def stage1_score(self, X):
        return np.linalg.norm(X - self.centre, axis=1)

    def anomaly_score(self, X):
        plain = self.stage1_score(X) + (0.25 if hasattr(self, "tuned") else 0.0)
        return plain if self.told is None else plain - np.linalg.norm(X - self.told, axis=1)


OWN = Method("unseen", Estimator(Towards), told=True, bare=True)


@pytest.fixture
def data(tmp_path):
    """One set of three heaps of anomalies on three sides of the normal rows."""
    rng = np.random.default_rng(0)
    heaps = [
        rng.normal(place, 0.7, (count, 2)) for place, count in (((3, 0), 60), ((-3, 0), 40), ((0, 3), 30))
    ]
    rows = np.concatenate([rng.normal(size=(400, 2)), *heaps])
    folder = tmp_path / "data" / "adbench"
    folder.mkdir(parents=True)
    np.savez(folder / "6_cardio.npz", X=rows, y=np.repeat([0, 1], [400, 130]))
    flat = np.concatenate([rng.normal(size=(300, 2)), rng.normal(6, 0.1, (15, 2))])
    np.savez(folder / "44_Wilt.npz", X=flat, y=np.repeat([0, 1], [300, 15]))
    return tmp_path / "data"


def job(method, *tellings, variant="clean", seed=0):
    return Job("6_cardio", seed, variant, method, tellings)


def timeless(rows):
    return [{name: value for name, value in row.items() if "seconds" not in name} for row in rows]


def test_a_detector_of_ours_has_rows_of_both_stages_and_its_gain(data):
    told, _ = stages_of(OWN)
    rows = rows_of(job(told, ("type 1", 10)), data)
    assert all(set(row) == set(COLUMNS) for row in rows)
    assert [row["method"] for row in rows] == ["unseen" + STAGE1] * 3 + ["unseen"] * 3
    assert [row["seen"] for row in rows[3:]] == ["1", "0", "0"]
    for before, after in zip(rows[:3], rows[3:], strict=True):
        assert before["kind"] == after["kind"]
        assert before["gain"] == ""
        assert float(after["gain"]) == pytest.approx(
            float(after["aucroc"]) - float(before["aucroc"]), abs=1e-4
        )
    assert float(rows[3]["gain"]) > 0 > float(rows[4]["gain"])  # type 2 lies on the other side


def test_the_control_has_a_second_stage_and_no_label(data):
    _, control = stages_of(OWN)
    assert (control.name, control.told) == ("unseen (zero labels)", False)
    scorer = control.fit(np.zeros((4, 2)), np.array([0, 0, 0, 1]), 0)
    assert scorer.model.tuned
    assert scorer.model.told is None
    assert control.fit.meaning.startswith("a second stage")
    assert "it is stage 1" in WithoutLabels(lambda seed: object()).meaning
    rows = rows_of(job(control, ("type 1", 10)), data)
    assert {row["gain"] for row in rows} == {""}  # it is nobody's second stage
    plain = rows_of(job(replace(OWN, fit=InStages(Towards)), ("type 1", 10)), data)[:3]
    assert [row["aucroc"] for row in rows] == [row["aucroc"] for row in plain]


def test_what_hangs_on_no_label_is_fitted_once_and_judged_alike(data):
    fits = []

    def fit(rows, told, seed):
        fits.append(len(rows))
        assert not told.any()
        return neighbour(rows, told, seed)

    method = Method("kNN-5", fit)
    tellings = (("type 1", 10), ("type 2", 10), ("type 1", 5))
    together = rows_of(job(method, *tellings), data)
    assert fits == [200]
    alone = [row for telling in tellings for row in rows_of(job(method, telling), data)]
    assert fits == [200] * 4
    assert timeless(together) == timeless(alone)


def test_a_plan_has_one_job_a_telling_where_labels_take_part(data):
    plan = Plan(["cardio", "Wilt"], ks=(10, 25), seeds=2, methods=["LR", "kNN-5"], data=data)
    jobs = plan.jobs()
    assert [(one.method.name, one.seed, len(one.tellings)) for one in jobs] == [
        *[("LR", 0, 1)] * 4, *[("LR", 1, 1)] * 4, ("kNN-5", 0, 4), ("kNN-5", 1, 4),
    ]  # fmt: skip
    assert {one.name for one in jobs} == {"6_cardio"}
    assert plan.skipped() == ["left out: 44_Wilt, its anomalies make no two kinds"]
    dirty = replace(plan, variants=("dirty",)).jobs()
    assert len(dirty) == 16  # dirt hangs on what is told: nothing is shared


def test_a_run_goes_on_where_it_ended(data, tmp_path):
    plan = Plan(["cardio"], ks=(10,), seeds=1, methods=["LR", "LR + IForest", "kNN-5"], data=data)
    path = tmp_path / "results.csv"
    whole = measure(plan, path)
    assert len(whole) == 3 * 3 * 3
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:10]) + lines[10][:20])
    again = measure(plan, path)
    assert sorted(map(str, timeless(again))) == sorted(map(str, timeless(whole)))
    assert measure(plan, path) == again
    more = measure(replace(plan, ks=(10, 25)), path)
    assert timeless(measure(plan, path, fresh=True)) != []
    assert len(more) == 4 * 3 * 3


def test_a_score_that_is_no_number_names_the_method(data):
    method = Method("broken", lambda rows, told, seed: lambda test: np.full(len(test), math.nan), told=True)
    with pytest.raises(DataError, match="broken gave NaN"):
        rows_of(job(method, ("type 1", 10)), data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ks": (0,)}, r"labelled rows \[0\] came"),
        ({"seeds": 0}, r"seeds \[\] came"),
        ({"variants": ("durty",)}, "variant 'durty' is not known"),
        ({"variants": ()}, "variant '' is not known"),
        ({"workers": 0}, "jobs 0 came"),
        ({"methods": ["CatBost"]}, "method 'CatBost' is not known.*Did you mean 'CatBoost'"),
        ({"methods": []}, "no method was named"),
    ],
)
def test_plans_that_cannot_be_run(changes, message, data):
    with pytest.raises(ConfigError, match=message):
        replace(Plan(["cardio"], data=data), **changes).jobs()


def test_ours_and_its_control_run_unless_others_are_asked_for():
    names = [method.name for method in chosen(None)]
    assert names[: len(open_methods.ORDER)] == list(open_methods.ORDER)
    for own in open_methods.OWN:
        assert {own.name, own.name + " (zero labels)"} <= set(names)


def test_the_rank_average_is_the_mean_of_both_ranks():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(200, 2)), rng.normal(5, 0.1, (5, 2))])
    scorer = rank_average(rows, np.repeat([0, 1], [200, 5]), 0)
    scores = scorer(np.array([[5.0, 5.0], [0.0, 0.0], [-6.0, -6.0]]))
    assert scores[0] == pytest.approx((3 + 2) / 6, abs=1 / 6)
    assert scores[2] > scores[1] - 1e-12


# -- what rows come to -------------------------------------------------------------------------------


def row(method, told, kind, auc, seed=0, name="a", **changes):
    common = {
        "bench": "open-set", "set": name, "told": told, "k": "10", "variant": "clean", "seed": str(seed),
        "kind": kind, "seen": str(int(told == kind)), "method": method, "aucroc": f"{auc:.4f}", "aucpr": "50",
        "tpr_1e2": "10", "tpr_1e3": "undefined", "gain": "", "fit_seconds": "1", "score_seconds": "1",
        "versions": "numpy=2", "commit": "",
    }  # fmt: skip
    return {**common, **changes}


# Set a, two seeds, told x or y; set b, one seed. AUC on the unseen kind of stage 1, ours and a peer.
UNSEEN = [
    # set, told, kind, seed, stage 1, ours, peer
    ("a", "x", "y", 0, 90.0, 92.0, 80.0),
    ("a", "x", "y", 1, 90.0, 85.0, 95.0),
    ("a", "y", "x", 0, 80.0, 80.5, 70.0),
    ("a", "y", "x", 1, 82.0, 80.5, 70.0),
    ("b", "x", "y", 0, 60.0, 66.0, 62.0),
]
NAMES = ("unseen" + STAGE1, "unseen", "LR")


def by_hand():
    rows = []
    for name, told, kind, seed, *values in UNSEEN:
        for method, auc in zip(NAMES, values, strict=True):
            gain = f"{auc - values[0]:.4f}" if method == "unseen" else ""
            rows.append(row(method, told, kind, auc, seed, name, gain=gain))
            rows.append(row(method, told, told, 99.0, seed, name))
    return rows


def test_means_and_regret_by_hand():
    (group,) = groups(results(by_hand()))
    assert (group.own, group.reference, group.peers) == ("unseen", "unseen" + STAGE1, ("LR",))
    # set a: ((92 + 80.5) / 2 + (85 + 80.5) / 2) / 2 = 84.5; set b: 66
    assert mean(group.values("unseen", "aucroc")).value == pytest.approx((84.5 + 66) / 2)
    assert mean(group.values("unseen", "aucroc", seen=True)).value == pytest.approx(99)
    # gains: a 2, -5, 0.5, -1.5 -> -1; b 6
    assert difference(group, "unseen", "unseen" + STAGE1).value == pytest.approx(2.5)
    own = next(bias for bias in regrets(group) if bias.detector == "unseen")
    assert own.pairs == 3
    # means over seeds: x -> y -1.5 points, y -> x -0.5, b 6: one of three below -1
    assert own.harmed == pytest.approx(1 / 3)
    assert own.worst.gain.value == pytest.approx(-0.015)
    assert (own.worst.told, own.worst.kind) == (("a/x",), "a/y")
    # regret of seed 0: 0; of seed 1: (5 + 1.5) / 2 points
    assert own.regret.value == pytest.approx((0 + 0.0325) / 2)


def test_claims_and_the_worst_pair_by_hand():
    found = open_tables.outcome(by_hand())
    assert [(c.name.split(": ")[1], round(c.value, 6), c.holds) for c in found.must_show] == [
        ("unseen AUC minus stage 1, points", 2.5, True),
        # a: (12 - 10 + 10.5 + 10.5) / 4 = 5.75; b: 4
        ("unseen AUC minus the best peer (LR), points", 4.875, True),
        ("share of (told, unseen) pairs below -0.01 AUC against stage 1", round(1 / 3, 6), False),
    ]
    assert "3 (told, unseen) pairs of unseen is a/x -> y, with -0.015" in found.notes[0]
    assert "| unseen |" in found.tables
    assert dict(found.versions) == {"numpy": "2"}
    assert found.numbers["clean, 10 labels, unseen: seen aucroc"].value == pytest.approx(99)


def test_the_claims_are_about_clean_training_rows():
    rows = [dict(one, variant="dirty") for one in by_hand()]
    found = open_tables.outcome(rows)
    assert found.must_show == []
    assert "## dirty, 10 labels" in found.tables


def test_regret_is_against_the_neighbours_where_ours_was_not_run():
    rows = [dict(one, method="kNN-5" if one["method"] == "unseen" else one["method"]) for one in by_hand()]
    found = open_tables.outcome([one for one in rows if STAGE1 not in one["method"]])
    assert "against kNN-5" in found.tables
    assert not any(claim.holds for claim in found.must_show)
    assert found.figures == {}


def test_a_peer_that_lacks_pairs_is_named_and_no_best_peer():
    rows = by_hand()
    # better than any, but on one pair alone
    rows.append(row("lucky", "x", "y", 100.0))
    found = open_tables.outcome(rows)
    assert "best peer (LR)" in found.must_show[1].name
    assert any("lucky was run on 20%" in note for note in found.notes)


def test_kinds_of_too_few_rows_are_in_no_mean():
    rows = [row("LR", "DoS", kind, auc, name="cicids2017") for kind, auc in (("DDoS", 60.0), ("Bots", 0.0))]
    (group,) = groups(results(rows))
    assert mean(group.values("LR", "aucroc")).value == 60.0


def test_the_heat_map_shows_the_mean_gain_of_each_pair():
    pytest.importorskip("matplotlib")
    found = open_tables.outcome(by_hand())
    (name,) = found.figures
    drawn = found.figures[name]()
    assert name == "gain-clean-10.svg"
    assert drawn.startswith("<svg")
    assert all(text in drawn for text in (">-1.5<", ">-0.5<", ">+6.0<"))
    assert open_runs.COMMITTED.name == "open_set.csv.gz"
