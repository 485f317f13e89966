"""`unseen traffic fit`, `evaluate`, `forecast`: the way of a user from a table to forecasts."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import numpy as np
import pytest
from commandline import unseen

CLOCK = ("--zone", "UTC", "--clock", "utc")


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    """Eight weeks of three streets by the hour, and a model of the first six."""
    folder = tmp_path_factory.mktemp("streets")
    hours = np.arange(24 * 56)
    rng = np.random.default_rng(0)
    flow = 200 + 100 * np.sin(hours / 24 * 2 * np.pi) + 20 * rng.normal(size=(3, len(hours)))
    start = dt.datetime(2024, 1, 1)
    lines = ["time,a,b,c"]
    for hour, row in zip(hours, flow.T, strict=True):
        stamp = (start + dt.timedelta(hours=int(hour))).isoformat()
        lines.append(stamp + "," + ",".join(f"{value:.1f}" for value in row))
    (folder / "flow.csv").write_text("\n".join(lines) + "\n")
    ran = unseen(
        "traffic", "fit", folder / "flow.csv", *CLOCK, "--train", "2024-01-01:2024-02-11", "--minutes", 60,
        "--epochs", 25, "--out", folder / "model", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["minutes"] == 60
    return folder


def test_a_forecast_is_a_table(streets):
    ran = unseen("traffic", "forecast", streets / "model", streets / "flow.csv", *CLOCK)
    assert ran.code == 0, ran.err
    head, *rows = ran.out.splitlines()
    assert head == "sensor,issued,target,state,mean,q0.05,q0.25,q0.50,q0.75,q0.95"
    assert [row.split(",")[0] for row in rows] == ["a", "b", "c"]
    assert rows[0].split(",")[1:3] == ["2024-02-26T00:00:00+00:00"] * 2
    middle = float(rows[0].split(",")[7])
    assert 150 < middle < 260
    levels = [float(cell) for cell in rows[0].split(",")[5:]]
    assert levels == sorted(levels)


def test_a_new_sensor_needs_a_day(streets):
    asked = ("traffic", "forecast", streets / "model", streets / "flow.csv", *CLOCK, "--cold", "b", "--json")
    at = ("--at", "2024-02-20T12:00")
    week = unseen(*asked, *at, "--history", "7d")
    state = {row["sensor"]: row for row in json.loads(week.out)["forecasts"]}
    assert state["b"]["state"] == "ok"
    assert 150 < state["b"]["q0.50"] < 260
    short = unseen(*asked, *at, "--history", "12h")
    assert {r["sensor"]: r["state"] for r in json.loads(short.out)["forecasts"]}["b"] == "not_enough_history"
    assert "not enough history of 1: b" in short.err


def test_a_model_is_judged_beside_every_baseline(streets):
    ran = unseen(
        "traffic", "evaluate", streets / "model", streets / "flow.csv", *CLOCK, "--test",
        "2024-02-12:2024-02-25", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert len(found["forecasters"]) == 9
    assert found["forecasters"]["this model"]["mae"] < found["forecasters"]["persistence"]["mae"]
    assert set(found["intervals"]) == {"held-back", "rolling", "adaptive"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--test", "2024-02-01:2024-02-20"), "the test begins on 2024-02-01, before the end of training"),
        (("--test", "2025-02-01:2025-02-20"), "no slot between 2025-02-01 and 2025-02-20"),
        (("--test", "2024-02-12:2024-02-20", "--split", "random"), "a random split came; accepted: time."),
        (
            ("--test", "2024-02-12:2024-02-20", "--zone", "Europe/Rome"),
            "the zone Europe/Rome came; the model",
        ),
    ],
)
def test_a_test_that_would_deceive_is_refused(streets, words, said):
    ran = unseen("traffic", "evaluate", streets / "model", streets / "flow.csv", *CLOCK, *words)
    assert ran.code == 1
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_series_without_the_days_of_training_is_refused(streets, tmp_path):
    head, *rows = (streets / "flow.csv").read_text().splitlines()
    (tmp_path / "late.csv").write_text("\n".join([head, *rows[24 * 20 :]]) + "\n")
    ran = unseen(
        "traffic", "evaluate", streets / "model", tmp_path / "late.csv", *CLOCK, "--test",
        "2024-02-12:2024-02-25",
    )  # fmt: skip
    assert "baselines learn from the same days, so give a series that has them" in ran.err


def test_a_bad_ask_is_one_line(streets, tmp_path):
    asked = ("traffic", "forecast", streets / "model", streets / "flow.csv", *CLOCK)
    for words, said in {
        ("--at", "noon"): "the time 'noon' came; accepted: local time such as",
        ("--at", "2030-01-01"): "2030-01-01 lies outside of the series",
        ("--cold", "z"): "sensor 'z' is not known; accepted: a, b, c.",
    }.items():
        ran = unseen(*asked, *words)
        assert (ran.code, ran.err.count("\n")) == (1, 1)
        assert said in ran.err
    shutil.copytree(streets / "model", tmp_path / "model")
    (tmp_path / "model" / "arrays.safetensors").write_bytes(b"\0" * 100)
    ran = unseen("traffic", "forecast", tmp_path / "model", streets / "flow.csv", *CLOCK)
    assert ran.code == 1
    assert "arrays.safetensors has 100 bytes where manifest.json lists" in ran.err
