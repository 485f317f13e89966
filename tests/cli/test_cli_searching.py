"""`unseen evaluate` and `unseen report` for a search: a fixed variable, rates, bad options."""

import json

import numpy as np
import pytest
from commandline import QUICK, unseen


@pytest.fixture(scope="module")
def search(tmp_path_factory):
    folder, random = tmp_path_factory.mktemp("search"), np.random.default_rng(0)
    lines = ["a,b,c,hits,kind"]
    for kind, rows, shift in (("qcd", 1600, 0.0), ("suep", 60, 2.0)):
        for _ in range(rows):
            a, b, c = random.normal(shift, 1, 3)
            lines.append(f"{a:.4f},{b:.4f},{c:.4f},{40 + 10 * a + random.normal():.1f},{kind}")
    data = folder / "events.csv"
    data.write_text("\n".join(lines) + "\n")
    model = folder / "model"
    words = ("--label", "kind", "--normal", "qcd", "--drop", "hits", *QUICK)
    ran = unseen("fit", data, *words, "--alarm-rate", "2 kHz", "--out", model, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["false_alarm_rate"] == 0.05
    return model, data


def test_a_fixed_column_and_a_rate_in_numbers(search, tmp_path):
    ran = unseen(
        "evaluate", *search, "--fixed", "hits", "--alarm-rate", "2 kHz", "--against", "hits", "--json",
        "--out", tmp_path / "judged",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)["search"]
    (kind,) = found["kinds"]
    assert (kind["kind"], kind["n"], found["fixed"]) == ("suep", 60, "hits")
    assert 0 < kind["auc"]["sd"] < 0.05
    assert kind["auc_at_fixed"]["rows"] == 60
    assert found["trigger"]["alarm_rate_hz"] == 2000
    assert found["trigger"]["rate_hz"]["value"] == pytest.approx(2000, abs=50)
    assert found["trigger"]["efficiency"]["suep"]["value"] > 0.2
    rates = found["trigger"]["beside"][0]["background_hz"]
    assert rates["pure"] + rates["shared"] == pytest.approx(2000, abs=50)
    assert abs(found["flattened"]["dependence"]["spearman"]) < 0.15
    assert json.loads((tmp_path / "judged" / "evaluation.json").read_text())["search"] == found
    assert "hits" in (tmp_path / "judged" / "scores.csv").read_text().splitlines()[0]


def test_the_tables_name_what_they_show(search):
    ran = unseen("evaluate", *search, "--fixed", "hits", "--alarm-rate", "10 Hz", "--tail")
    assert ran.code == 0, ran.err
    for words in ("at fixed hits", "flat", "FPR@40%", "follows hits in normal rows", "generalised Pareto"):
        assert words in ran.out
    plain = unseen("evaluate", *search)
    assert "FPR@40%" not in plain.out
    assert "FPR@40%" in unseen("evaluate", *search, "--points").out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fixed", "hit"), "Did you mean 'hits'?"),
        (("--fixed", "kind"), "is given twice|number a row"),
        (("--width", "5"), "belongs to a fixed variable"),
        (("--input-rate", "40 kHz"), "belongs to an alarm rate"),
        (("--tail",), "belong to a rate"),
        (("--alarm-rate", "4 bananas"), "accepted: a number above 0 with Hz, kHz, MHz or GHz"),
        (("--alarm-rate", "10 Hz"), "background rows, or a fitted tail"),
        (("--alarm-rate", "50 kHz"), "where 40 kHz arrive; accepted: less"),
    ],
)
def test_bad_options_are_one_line(search, options, words):
    ran = unseen("evaluate", *search, *options)
    assert ran.code in (1, 2)
    lines = [line for line in ran.err.splitlines() if line]
    assert any(word in " ".join(lines) for word in words.split("|")), ran.err
    assert "Traceback" not in ran.err


def test_rates_of_a_fit_that_contradict_are_refused(search, tmp_path):
    words = ("--label", "kind", "--normal", "qcd", "--out", tmp_path / "m")
    twice = unseen("fit", search[1], *words, "--alarm-rate", "1 kHz", "--false-alarms", "0.1")
    assert "stated twice" in twice.err
    alone = unseen("fit", search[1], *words, "--input-rate", "1 kHz")
    assert "belongs to an alarm rate" in alone.err


def test_a_report_has_the_panels_of_a_search(search, tmp_path):
    page = tmp_path / "page.html"
    ran = unseen("report", *search, "--fixed", "hits", "--alarm-rate", "2 kHz", "--out", page)
    assert ran.code == 0, ran.err
    text = page.read_text()
    for words in (
        "For a search",
        "The score beside hits",
        "As a trigger",
        "asked for: 2 kHz",
        "at fixed hits",
    ):
        assert words in text
