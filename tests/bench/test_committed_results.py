"""The committed results of our own detector still come out of the code as it is."""

import numpy as np
import pytest

from unseen.bench import sets
from unseen.bench.few_label import BENCH, Plan, measure, stored
from unseen.bench.method import OURS

SETS, RATIO, SEEDS = ("6_cardio", "40_vowels"), 0.05, (1, 2)
ALLOWED = 0.5
METRICS = ("aucroc", "aucpr")


def asked(rows):
    """Rows of our detector on the sets, the ratio and the seeds of the check, by set and seed."""
    return {
        (row["set"], row["seed"]): row
        for row in rows
        if (row["bench"], row["method"]) == (BENCH, OURS)
        and row["set"] in SETS
        and float(row["ratio"]) == RATIO
        and int(row["seed"]) in SEEDS
    }


def moved(committed, again):
    """Points by which the mean of each metric moved."""
    means = [
        [np.mean([float(row[metric]) for row in asked(rows).values()]) for metric in METRICS]
        for rows in (committed, again)
    ]
    return dict(zip(METRICS, np.diff(means, axis=0)[0], strict=True))


def sheet(**changes):
    usual = {"bench": BENCH, "method": OURS, "ratio": "0.05", "aucroc": "90.0000", "aucpr": "60.0000"}
    return [
        {**usual, "set": name, "seed": str(seed), **changes.get(f"of_{name}", {})}
        for name in SETS
        for seed in SEEDS
    ]


def test_what_moved_is_the_mean_of_the_rows_that_count():
    fallen = sheet(of_6_cardio={"aucroc": "88.0000"})
    assert moved(sheet(), fallen) == {"aucroc": -1.0, "aucpr": 0.0}
    others = [{**row, **change} for row in sheet() for change in ({"method": "LR"}, {"ratio": "0.1"})]
    assert moved(sheet(), [*sheet(), *[{**row, "aucroc": "0.0000"} for row in others]])["aucroc"] == 0.0


def test_a_rerun_agrees_with_the_committed_rows():
    committed = asked(stored())
    assert len(committed) == len(SETS) * len(SEEDS)
    for name in SETS:
        if not (file := sets.home() / f"{name}.npz").is_file():
            pytest.skip(f"{file} is absent; UNSEEN_DATA names the folder of the data sets")
    plan = Plan(sets=list(SETS), ratios=(RATIO,), seeds=max(SEEDS), methods=[OURS])
    found = moved(committed.values(), measure(plan))
    assert all(abs(points) <= ALLOWED for points in found.values()), found
