"""`unseen collider content`, and the other commands on files of particle physics."""

import json

import numpy as np
import pytest
import uproot
from commandline import QUICK, unseen


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    """Two trees of muons: one as usual, and one of which a tenth is too energetic."""
    path = tmp_path_factory.mktemp("root") / "events.root"
    random = np.random.default_rng(0)
    with uproot.recreate(path) as file:
        for name, odd in (("usual", 0), ("odd", 1)):
            pt = random.exponential(30, 600) + odd * 400 * (np.arange(600) % 10 == 0)
            file.mktree(name, {"pt": "f4", "eta": "f4", "good": "bool"})
            file[name].extend({"pt": pt, "eta": random.normal(size=600), "good": random.random(600) < 0.9})
    return path


def test_content_is_a_table_or_an_object(events):
    ran = unseen("collider", "content", f"{events}:usual")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"{events}:usual: tree usual: 600 entries, 3 branches"
    assert [line.split() for line in lines[1:]] == [
        ["column", "type", "unit"],
        ["pt", "number"],
        ["eta", "number"],
        ["good", "number"],
    ]
    record = json.loads(unseen("collider", "content", f"{events}:usual", "--json").out)
    assert record["columns"][0] == {"name": "pt", "type": "number", "unit": ""}
    assert record["content"] == "tree usual: 600 entries, 3 branches"
    assert record["left_out"] == {}


def test_brackets_and_units_are_printed_as_they_are(tmp_path):
    (tmp_path / "e.lhe").write_text(
        "<LesHouchesEvents version='3.0'>\n<init>\n11 -11 45.6 45.6 0 0 0 0 3 1\n1 1 1 1\n</init>\n<event>\n"
        "1 1 1 91 0 0\n22 1 0 0 0 0 3 4 0 5 0 0 0\n<rwgt><wgt id='SM'> 1 </wgt></rwgt></event>\n"
        "</LesHouchesEvents>\n"
    )
    ran = unseen("collider", "content", tmp_path / "e.lhe")
    words = [line.split() for line in ran.out.splitlines()]
    assert ["a1_pt", "number", "GeV"] in words
    assert ["weight[SM]", "number"] in words


def test_faults_are_one_line(events):
    for name, says in {":usal": "Did you mean 'usual'?", "": f"name one, e.g. {events}:usual"}.items():
        ran = unseen("collider", "content", f"{events}{name}")
        assert (ran.code, ran.out) == (1, "")
        assert says in ran.err
        assert ran.err.count("\n") == 1


def test_fit_and_score_a_tree(events, tmp_path):
    model = tmp_path / "model"
    assert unseen("fit", f"{events}:usual", "--out", model, *QUICK).code == 0
    ran = unseen("score", model, f"{events}:odd", "--top", "40")
    assert ran.code == 0
    rows = [int(line.split(",")[0]) for line in ran.out.splitlines()[1:]]
    assert len(rows) == 40
    assert sum(row % 10 == 0 for row in rows) >= 36
