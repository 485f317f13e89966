"""Open-set tasks: who is told, who is left out, and the kinds made where there are none."""

import numpy as np
import pytest

from unseen.bench.kinds import (
    CAP,
    KindSet,
    chosen,
    drawn_down,
    load,
    merged_clusters,
    with_made_kinds,
)
from unseen.bench.open_set import Split, tasks
from unseen.errors import ConfigError, DataError

COUNTS = {"normal": 400, "far": 60, "near": 40, "odd": 30, "rare": 8}


def numbered(counts=COUNTS, **changes):
    """Rows whose first feature is their own number: what a task does with each can be followed."""
    kinds = np.repeat(list(counts), list(counts.values()))
    rows = np.column_stack([np.arange(len(kinds)), np.sin(np.arange(len(kinds)))]).astype(np.float64)
    return KindSet("made", rows, kinds, np.zeros(2, dtype=bool), **changes)


def places(task, total):
    """Numbers of the training and of the test rows: scaling keeps their order, and no row is lost."""
    scaled = np.concatenate([task.train_rows[:, 0], task.test_rows[:, 0]])
    assert len(scaled) == len(np.unique(scaled)) == total
    order = np.argsort(np.argsort(scaled))
    return np.split(order, [len(task.train_rows)])


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("told", ["far", "near", "odd"])
def test_only_normal_rows_and_the_told_kind_are_learned_from(seed, told):
    source = numbered()
    task = Split.of(source, seed).task(told, 10)
    train, test = places(task, len(source.rows))
    kinds = source.kinds[train]
    assert set(kinds[task.train_labels == 0]) == {"normal"}
    assert kinds[task.train_labels == 1].tolist() == [told] * 10
    assert (task.train_labels == 0).sum() == 200
    assert source.kinds[test].tolist() == task.test_kinds.tolist()
    left = {kind: int((task.test_kinds == kind).sum()) for kind in COUNTS}
    assert left == {**COUNTS, "normal": 200, told: COUNTS[told] - 10}
    assert task.averaged == ("far", "near", "odd")
    assert set(task.unseen) == {"far", "near", "odd"} - {told}


def test_dirt_is_two_percent_of_the_normal_rows_of_other_kinds_without_a_label():
    source = numbered()
    task = Split.of(source, 1).task("far", 10, "dirty")
    train, _ = places(task, len(source.rows))
    dirt = source.kinds[train][(task.train_labels == 0) & (source.kinds[train] != "normal")]
    assert len(dirt) == 4  # 2 % of 200
    assert "far" not in dirt
    assert (task.test_kinds != "normal").sum() == 138 - 10 - 4


def test_dirt_leaves_half_of_each_kind_to_judge():
    source = numbered({"normal": 8000, "far": 60, "near": 22})
    task = Split.of(source, 1).task("far", 10, "dirty")
    assert (task.test_kinds == "near").sum() == 11  # 80 rows were wanted, 11 are half of them


def test_fewer_labels_are_among_more_and_seeds_draw_others():
    split = Split.of(numbered(), 0)
    few, many = (split.task("far", k) for k in (5, 20))
    told = [set(task.train_rows[task.train_labels == 1][:, 0]) for task in (few, many)]
    assert told[0] < told[1]
    other = Split.of(numbered(), 1).task("far", 20)
    assert told[1] != set(other.train_rows[other.train_labels == 1][:, 0])
    again = Split.of(numbered(), 0).task("far", 20)
    assert (again.train_rows == many.train_rows).all()


def test_rows_at_the_same_place_are_the_same_row_in_every_task():
    split = Split.of(numbered(), 0)
    one, other = split.task("far", 10), split.task("near", 5)
    both, mine, theirs = np.intersect1d(one.test_places, other.test_places, return_indices=True)
    assert len(both) == len(split.judged) - 15
    assert (one.test_rows[mine] == other.test_rows[theirs]).all()


def test_a_test_file_of_its_own_is_judged_whole_and_never_learned_from():
    judged = numbered({"normal": 100, "far": 30, "new": 25})
    source = numbered(judged=(judged.rows, judged.kinds))
    split = Split.of(source, 0)
    task = split.task("far", 50)
    assert (task.train_labels == 0).sum() == 400
    assert task.test_kinds.tolist() == judged.kinds.tolist()
    assert task.averaged == ("far", "new")
    assert split.most("far") == 60  # none of them is judged
    assert split.most("new") == 0


def test_a_kind_is_told_only_where_as_many_rows_are_left_to_judge(tmp_path):
    save(tmp_path, "6_cardio", sizes=(120, 60, 30))
    told = {(task.told, task.k) for task in tasks(tmp_path, ["cardio"], ks=(10, 50), seeds=[0])}
    assert told == {("type 1", 10), ("type 1", 50), ("type 2", 10), ("type 3", 10)}


# -- kinds -------------------------------------------------------------------------------------------


def heaps(*sizes_and_places, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(place, 0.1, size=(size, 2)) for size, place in sizes_and_places])


def save(folder, name, sizes=(60, 40, 30), normal=300):
    """A set with anomalies in heaps of these sizes, as ADBench stores it."""
    rng = np.random.default_rng(1)
    strange = heaps(*zip(sizes, (9, -9, 30), strict=False))
    rows = np.concatenate([rng.normal(size=(normal, 2)), strange])
    (folder / "adbench").mkdir(exist_ok=True)
    np.savez(folder / "adbench" / f"{name}.npz", X=rows, y=np.repeat([0, 1], [normal, len(strange)]))


def test_heaps_become_kinds_largest_first():
    clusters = merged_clusters(heaps((25, 0), (60, 10), (40, -10)))
    assert clusters.tolist() == [2] * 25 + [0] * 60 + [1] * 40


def test_a_small_heap_joins_the_nearest():
    clusters = merged_clusters(heaps((60, 0), (30, 20), (5, 26)))
    assert clusters.tolist() == [0] * 60 + [1] * 35


def test_anomalies_that_make_one_kind_leave_the_set_out():
    rows = np.concatenate([np.random.default_rng(0).normal(size=(200, 2)), heaps((15, 5), (12, -5), (3, 9))])
    assert with_made_kinds("few", rows, np.repeat([0, 1], [200, 30])) is None
    same = np.concatenate([rows[:200], np.ones((50, 2))])
    assert with_made_kinds("one point", same, np.repeat([0, 1], [200, 50])) is None


def test_large_sets_are_drawn_down_kind_by_kind():
    kinds = np.repeat(["normal", "many", "few", "rare"], [90_000, 9_000, 50, 7])
    kept = kinds[drawn_down(kinds)]
    share = CAP / len(kinds)
    assert (kept == "normal").sum() == round(90_000 * share)
    assert (kept == "many").sum() == round(9_000 * share)
    assert (kept == "few").sum() == 20
    assert (kept == "rare").sum() == 7
    assert (drawn_down(kinds) == drawn_down(kinds)).all()
    assert len(drawn_down(kinds[-100:])) == 100


def test_real_families_are_those_of_the_protocol(shared_data):
    names = {name: load(name, shared_data) for name in ("nsl_kdd", "cicids2017", "opal")}
    assert names["nsl_kdd"].averaged == ("dos", "probe", "r2l", "u2r")
    assert names["cicids2017"].averaged == ("Brute Force", "DDoS", "DoS", "Port Scanning")
    assert names["opal"].averaged == ("ee", "mm", "tt")
    assert set(names["cicids2017"].kinds) - {"normal"} == {
        *names["cicids2017"].averaged,
        "Bots",
        "Web Attacks",
    }
    assert len(names["opal"].rows) <= CAP + 4


# -- faults ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"ks": (0, 10)}, r"labelled rows \[0, 10\] came; accepted: numbers of 1 or more"),
        ({"ks": ()}, r"labelled rows \[\] came"),
        ({"seeds": [-1]}, r"seeds \[-1\] came; accepted: numbers of 0 or more"),
        ({"variant": "durty"}, "variant 'durty' is not known; accepted: clean, dirty. Did you mean 'dirty'"),
        ({"sets": []}, "no set was named"),
    ],
)
def test_settings_that_no_task_has(asked, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        next(tasks(tmp_path, **asked))


def test_a_set_that_is_not_there_is_named(tmp_path):
    save(tmp_path, "6_cardio")
    with pytest.raises(DataError, match=r"adbench/7_heart\.npz"):
        chosen(["7_heart"], tmp_path)
    assert chosen(["opal", "cardio", "6_cardio"], tmp_path) == ["opal", "6_cardio"]
