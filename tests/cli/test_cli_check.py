"""`unseen check`: kinds, repeated rows, and training rows among those to be judged by."""

import json

import numpy as np
import pytest
from commandline import flow_table, unseen


@pytest.fixture
def files(tmp_path):
    """A table, the second half of it with ten rows of the first half, and one of other rows."""
    lines = flow_table(200).splitlines()
    for name, rows in (("all", lines[1:]), ("half", [*lines[101:], *lines[1:11]]), ("first", lines[1:101])):
        (tmp_path / f"{name}.csv").write_text("\n".join([lines[0], *rows, ""]))
    (tmp_path / "other.csv").write_text(flow_table(50, seed=9))
    return tmp_path


def images(path, count, seed, **more):
    random = np.random.default_rng(seed)
    values = random.exponential(3, (count, 12, 10, 3)) * (random.random((count, 12, 10, 3)) < 0.2)
    np.savez(path, images=values.astype("f4"), n_tracks=np.ones((count, 1)), **more)
    return values.astype("f4")


def test_files_apart_are_left_with_zero(files):
    ran = unseen("check", files / "first.csv", "--against", files / "other.csv", "--label", "kind")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("no row is on both sides\n")
    assert "ok " in ran.out
    assert "scan" in ran.out


def test_an_overlap_is_left_with_one_and_counted_once(files):
    first, half, every = (files / f"{name}.csv" for name in ("first", "half", "all"))
    ran = unseen("check", first, "--against", half, "--against", every, "--label", "kind")
    assert ran.code == 1
    assert f"OVERLAP: 10 rows of {first} are in {half} (first: row 0, there row 100)" in ran.out
    assert f"OVERLAP: 100 rows of {first} are in {every}" in ran.out
    assert f"shared: 110 rows of {half} are in {every}" in ran.out
    assert "100 rows overlap: leave them out on one side" in ran.out


def test_repeated_rows_alone_are_a_note(files):
    (files / "twice.csv").write_text(
        (files / "first.csv").read_text() + flow_table(200).splitlines()[1] + "\n"
    )
    ran = unseen("check", files / "twice.csv", files / "first.csv", "--json")
    assert ran.code == 0
    record = json.loads(ran.out)
    assert [one["repeated"] for one in record["files"]] == [1, 0]
    assert record["overlapping_rows"] == 0
    (shared,) = record["shared"]
    assert (shared["rows"], shared["how"], shared["overlap"]) == (101, "exact", False)


def test_labels_and_drops_tell_no_rows_apart(files):
    text = (files / "first.csv").read_text()
    (files / "relabelled.csv").write_text(text.replace(",ok", ",fine").replace(",DoS", ",fine"))
    ran = unseen("check", files / "first.csv", "--against", files / "relabelled.csv")
    assert ran.code == 1  # rows that are neither ok nor DoS are still the same
    for option in ("--label", "--drop"):
        ran = unseen(
            "check", files / "first.csv", "--against", files / "relabelled.csv", option, "kind", "--json"
        )
        assert ran.code == 1
        assert json.loads(ran.out)["overlapping_rows"] == 100


def test_kinds_come_from_paths_labels_and_names(files, tmp_path):
    folder = tmp_path / "events"
    folder.mkdir()
    images(folder / "qcd_1_2.npz", 5, 1)
    images(folder / "suep_gensim_h125_3.npz", 4, 2)
    images(folder / "suep_gensim_h125_4.npz", 3, 3)
    record = json.loads(unseen("check", folder, "--json").out)
    assert record["kinds"] == {"suep 125": 7, "qcd": 5}
    named = unseen("check", folder, "--kind-from-name", r"^(\w)\w*?_.*?(\d+)\.", "--json")
    assert json.loads(named.out)["kinds"] == {"q 2": 5, "s 3": 4, "s 4": 3}
    assert json.loads(unseen("check", f"mine={folder}", "--json").out)["kinds"] == {"mine": 12}
    labelled = json.loads(unseen("check", files / "first.csv", "--label", "kind", "--json").out)
    assert sum(labelled["kinds"].values()) == 100


def test_channel_sums_overlap_with_their_events(tmp_path):
    whole = images(tmp_path / "whole.npz", 20, 1)
    np.savez(tmp_path / "sums.npz", images=whole[3:9].sum(-1, keepdims=True))
    ran = unseen("check", tmp_path / "sums.npz", "--against", tmp_path / "whole.npz")
    assert ran.code == 1
    assert "6 rows of" in ran.out
    assert "as the sum of their channels (first: row 0, there row 3)" in ran.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("gone.csv",), "gone.csv does not exist"),
        (("first.csv", "--label", "knd"), "column 'knd' is not known"),
        (("first.csv", "--drop", "size,rat"), "column 'rat' is not known"),
        (("first.csv", "--kind-from-name", "("), "'(' is not a regular expression"),
        (("first.csv", "--kind-from-name", "^x"), "finds nothing in this name of a file"),
        (("first.csv", "whole.npz"), "cannot be compared: only one of them holds images"),
        (("first.csv", "thin.csv"), "cannot be compared: only one has a column 'kind'; drop"),
        (("first.csv", "--drop", "size,rate,ports,kind"), "no column is left to tell rows apart by"),
    ],
)
def test_faults_are_one_line(files, monkeypatch, words, says):
    monkeypatch.chdir(files)
    images("whole.npz", 3, 1)
    (files / "thin.csv").write_text("size,rate,ports\n1,2,3\n")
    ran = unseen("check", *words)
    assert (ran.code, ran.out) == (1, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_published_files_hold_what_is_known_of_them(real_events):
    ran = unseen(
        "check", real_events / "supervised", "--against", real_events / "n_tracks" / "test", "--json"
    )
    assert ran.code == 1
    record = json.loads(ran.out)
    inside = [one for one in record["shared"] if not one["overlap"]]
    assert [(one["rows"], one["how"]) for one in inside] == [(130, "exact")]
    assert "Copia" in inside[0]["file"]
    (overlap,) = [one for one in record["shared"] if one["overlap"]]
    assert (overlap["rows"], overlap["how"]) == (50, "sum")
    assert "svj_4100_34155_4" in overlap["file"]
    assert record["overlapping_rows"] == 50
    assert record["kinds"]["suep 700"] == 130 + 130 + 38
    assert record["kinds_against"]["qcd"] == 682
