"""Tables, tests and claims of the benches, against numbers worked out by hand."""

import gzip
import math

import numpy as np
import pytest

from unseen.bench import figures, outcome, published, tables
from unseen.bench.few_label import BENCH, COLUMNS, NO_DUPLICATES, SPLIT_FIRST
from unseen.bench.sets import CLEAN, DEVELOPMENT
from unseen.bench.sheet import Sheet
from unseen.bench.standing import (
    groups,
    holm,
    mean,
    paired_p,
    ranked,
    results_of,
    standings,
    values,
)  # fmt: skip
from unseen.errors import ConfigError, DataError


def row(method, of, roc, precision=50.0, *, seed=1, ratio=0.01, bench=BENCH, fit=1.0):
    words = {
        "bench": bench, "set": of, "ratio": f"{ratio:g}", "seed": str(seed), "method": method,
        "aucroc": f"{roc:.4f}" if not math.isnan(roc) else "undefined",
        "aucpr": f"{precision:.4f}" if not math.isnan(roc) else "undefined", "tpr_1e2": "undefined",
        "labels": "3", "train_rows": "700", "test_rows": "300", "fit_seconds": f"{fit:.4f}",
        "score_seconds": "0.0010", "versions": "python=3 numpy=2", "commit": "abc",
    }  # fmt: skip
    return {name: words[name] for name in COLUMNS}


def grid(**methods):
    """Rows of methods given as one AUCROC a set of CLEAN; AUCPR is 10 less."""
    return [
        row(method.replace("_", " "), name, value, value - 10)
        for method, column in methods.items()
        for name, value in zip(CLEAN, column, strict=False)
    ]


# -- numbers -----------------------------------------------------------------------------------------


def test_holm_by_hand():
    assert holm([0.01, math.nan, 0.04, 0.03]) == pytest.approx([0.03, math.nan, 0.06, 0.06], nan_ok=True)
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_the_exact_p_of_five_wins_in_five():
    better = {str(i): {1: 60.0 + i * i} for i in range(5)}
    worse = {str(i): {1: 50.0} for i in range(5)}
    assert paired_p(better, worse) == pytest.approx(2 / 2**5)
    assert paired_p(worse, better) == pytest.approx(2 / 2**5)
    assert paired_p(better, better) == 1.0


def test_pairs_use_the_seeds_both_have():
    one = {"a": {1: 70.0, 2: 10.0}, "b": {1: 80.0}}
    other = {"a": {1: 70.0}, "b": {1: 80.0, 2: 99.0}}
    assert paired_p(one, other) == 1.0


def test_mean_is_over_sets_and_its_interval_over_both():
    uneven = {"a": {1: 0.0, 2: 0.0, 3: 0.0}, "b": {1: 100.0}}
    assert mean(uneven).value == 50.0
    rng = np.random.default_rng(0)
    # 200 sets: the interval is that of a mean of 200 set means
    many = {str(i): dict(enumerate(rng.normal(10 * rng.normal(), 4, 2))) for i in range(200)}
    found = mean(many)
    spread = np.std([np.mean(list(v.values())) for v in many.values()]) / math.sqrt(200)
    assert (found.high - found.low) / (2 * 1.96 * spread) == pytest.approx(1.0, abs=0.12)
    assert (found.low, found.high) == (mean(many).low, mean(many).high)
    alone = {"a": dict(enumerate(rng.normal(50, 4, 25)))}
    assert (mean(alone).high - mean(alone).low) / (2 * 1.96 * 4 / 5) == pytest.approx(1.0, abs=0.35)


def test_ranks_share_ties_and_wins():
    ranks, wins = ranked({"a": {"x": 9.0, "y": 5.0}, "b": {"x": 8.0, "y": 5.0}, "c": {"x": 1.0, "y": 1.0}})
    assert ranks == {"a": 1.25, "b": 1.75, "c": 3.0}
    assert wins == {"a": 2, "b": 1, "c": 0}


def test_groups_hold_methods_that_do_not_differ():
    rng = np.random.default_rng(0)
    base = rng.normal(50, 5, 30)
    found = {
        name: {str(i): {1: float(v)} for i, v in enumerate(base + shift + rng.normal(0, 0.1, 30))}
        for name, shift in (("a", 20.0), ("b", 20.0), ("c", 10.0), ("d", 0.0), ("e", 0.0))
    }
    assert groups(found, ["a", "b", "c", "d", "e"]) == [(0, 1), (3, 4)]


# -- tables ------------------------------------------------------------------------------------------


def test_published_means_are_the_printed_ones():
    found = published.published_means(0.01, CLEAN)
    printed = {
        "CatBoost": (84.0, 47.4),
        "DevNet": (78.2, 47.8),
        "PReNet": (78.1, 48.0),
        "XGBOD": (79.5, 44.4),
    }
    assert {name: tuple(round(v, 1) for v in found[name]) for name in printed} == printed
    assert "XGBOD" not in published.published_means(0.01, CLEAN[:3])
    assert published.published_means(0.01, [*CLEAN[:3], "other"]) == {}


def test_the_table_of_three_methods_by_hand():
    results = results_of(
        [
            *grid(A=[90.0, 80.0, 70.0], B=[80.0, 70.0, 60.0], C=[85.0, 90.0]),
            *(row("IForest", name, 50.0, 20.0, ratio=0.0) for name in CLEAN[:3]),
        ]
    )
    found = {s.method: s for s in standings(results, 0.01)}
    assert list(found) == ["C", "A", "B", "IForest"]
    assert found["A"].metrics["aucroc"].mean.value == pytest.approx(80.0)
    assert (found["A"].metrics["aucroc"].rank, found["A"].metrics["aucroc"].wins) == (1.0, 3)
    assert not found["C"].complete
    assert math.isnan(found["A"].metrics["aucroc"].p)
    assert found["B"].metrics["aucroc"].p == found["IForest"].metrics["aucroc"].p == 0.5
    lines = tables.overall(results, 0.01).splitlines()
    assert next(line for line in lines if line.startswith("| C ")).startswith("| C | 2 of 3 | 1 | 87.5")
    assert next(line for line in lines if line.startswith("| A ")).endswith(
        "1.0 / 1.0 | 3 / 3 | * / * | 1.00 (1.0) | 300,000 |"
    )
    assert any(line.startswith("| CatBoost (published) | 3 | 3 | 90.4 | 48.3 | - |") for line in lines)


def test_a_split_without_anomalies_is_shown_and_not_averaged():
    results = results_of([row("A", CLEAN[0], 80.0), row("A", CLEAN[1], math.nan)])
    (found,) = standings(results, 0.01)
    assert (found.sets, found.of_sets, found.metrics["aucroc"].mean.value) == (1, 1, 80.0)
    assert f"| {CLEAN[1]} | undefined |" in tables.per_set(results, 0.01)
    notes = outcome.outcome([row("A", CLEAN[0], 80.0), row("A", CLEAN[1], math.nan)]).notes
    assert f"undefined: {CLEAN[1]}, seed 1, has one kind of row in a part" in notes


def test_small_sets_and_duplicates_stand_apart():
    rows = [
        row("A", CLEAN[0], 80.0, 40.0),
        row("A", CLEAN[0], 70.0, 30.0, bench=NO_DUPLICATES),
        row("A", CLEAN[1], 60.0, 20.0),
        row("A", "29_Pima", 99.0, 98.0),
        row("A", "29_Pima", 55.0, 54.0, bench=SPLIT_FIRST),
    ]
    text = tables.all_tables(results_of(rows))
    assert "| A | 2 | 1 | 70.0 [60.0, 80.0] | 30.0 [20.0, 40.0] |" in text
    assert "| A | 65.0 / 25.0 (-5.0 / -5.0) |" in text
    assert "| A | 99.0 / 98.0 | 55.0 / 54.0 |" in text


def test_sets_that_settings_were_chosen_on_are_shown_apart(monkeypatch):
    monkeypatch.setattr(tables, "DEVELOPMENT", frozenset(CLEAN[:1]))
    text = tables.all_tables(results_of(grid(A=[90.0, 70.0, 60.0])))
    assert "Over the 2 sets that our members and settings were not chosen on" in text
    assert "| A | 65.0 [60.0, 70.0] | 55.0 [50.0, 60.0] | 90.0 [90.0, 90.0] | 80.0 [80.0, 80.0] |" in text


def test_the_sets_chosen_on_are_named_and_leave_eight():
    assert set(CLEAN) > DEVELOPMENT
    text = tables.all_tables(results_of(grid(A=np.linspace(50.0, 92.0, len(CLEAN)))))
    rest = np.mean(
        [v for v, name in zip(np.linspace(50.0, 92.0, 15), CLEAN, strict=True) if name not in DEVELOPMENT]
    )
    assert "Over the 8 sets that our members and settings were not chosen on" in text
    assert f"| A | {rest:.1f} [" in text


# -- claims ------------------------------------------------------------------------------------------


def test_claims_are_settled_on_all_sets_and_say_by_how_much_they_fail():
    ours = [row("unseen", name, roc, precision, ratio=ratio, fit=fit)
            for ratio, roc, precision in ((0.01, 87.0, 57.0), (0.05, 92.0, 71.0), (0.1, 95.0, 77.0))
            for name, fit in zip(CLEAN, np.linspace(1, 70, 15), strict=True)]  # fmt: skip
    found = outcome.outcome(ours)
    holds = {claim.name: claim.holds for claim in found.must_show}
    assert holds == {
        "unseen, 1 %: AUCROC": True,
        "unseen, 1 %: AUCPR": False,
        "unseen, 5 %: AUCROC": True,
        "unseen, 5 %: AUCPR": True,
        "unseen, 10 %: AUCROC": True,
        "unseen, 10 %: AUCPR": True,
        "unseen: CPU seconds of a fit, median": False,
        "unseen: CPU seconds of a fit, longest": False,
        "unseen: rows scored in a CPU second": True,
    }
    assert "| unseen, 1 %: AUCPR | 57 | > 57.8 | **no**, by 0.80 |" in found.summary()
    assert outcome.outcome(ours[:10]).must_show == []
    others = outcome.outcome([{**line, "method": "A"} for line in ours])
    assert not any(claim.holds for claim in others.must_show)
    assert "**not measured**" in others.summary()


def test_numbers_name_method_and_ratio():
    rows = [*grid(A=[90.0, 80.0]), row("IForest", CLEAN[0], 50.0, ratio=0.0)]
    assert set(outcome.outcome(rows).numbers) == {
        "A, 1 %: AUCROC",
        "A, 1 %: AUCPR",
        "IForest, no labels: AUCROC",
        "IForest, no labels: AUCPR",
    }


def test_results_that_came_with_the_package_are_read_and_cut(tmp_path):
    path = tmp_path / "few_label.csv"
    Sheet.opened(COLUMNS, ("bench",), path).append(grid(A=[90.0, 80.0], B=[70.0, 60.0]))
    found = outcome.committed(["annthyroid"], [0.01], ["a"], path=path)
    assert found.numbers["A, 1 %: AUCROC"].value == 90.0
    assert not any(name.startswith("B") for name in found.numbers)
    packed = tmp_path / "few_label.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert outcome.committed(["annthyroid"], [0.01], ["a"], path=packed).numbers == found.numbers
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(DataError, match="cannot be read as a table of results"):
        outcome.committed(path=packed)
    with pytest.raises(ConfigError, match="method 'Z' is not known; accepted: A, B"):
        outcome.committed(methods=["Z"], path=path)
    with pytest.raises(DataError, match=r"none\.csv is not there: no results of this bench"):
        outcome.committed(path=tmp_path / "none.csv")


# -- figures -----------------------------------------------------------------------------------------


def test_every_figure_is_drawn_and_names_its_methods():
    rng = np.random.default_rng(0)
    rows = [
        row(method, name, float(rng.normal(level, 5)), float(rng.normal(level - 20, 5)), ratio=ratio)
        for method, level in (("CatBoost", 80), ("LR", 70), ("unseen", 85), ("$a", 60))
        for name in CLEAN
        for ratio in (0.01, 0.05, 0.1)
    ]
    results = results_of(rows)
    drawn = {name: draw() for name, draw in figures.drawn(results).items()}
    assert set(drawn) == {"aucpr.svg"} | {
        f"{k}-{r}.svg" for k in ("ranks", "differences") for r in ("0.01", "0.05", "0.1")
    }
    for name, picture in drawn.items():
        assert picture.startswith("<svg")
        assert "CatBoost" in picture
        assert "unseen" in picture, name
    assert all(name in drawn["ranks-0.01.svg"] for name in ("LR", "$a"))
    assert all(name in drawn["differences-0.05.svg"] for name in CLEAN)


def test_differences_need_catboost():
    results = results_of(grid(A=[90.0, 80.0], B=[70.0, 60.0]))
    assert set(figures.drawn(results)) == {"ranks-0.01.svg"}
    assert values(results, "aucroc").keys() == set(CLEAN[:2])
