"""`unseen traffic check`, `air` and `convert`, as typed."""

import json

import numpy as np
import pytest
from commandline import unseen

ROME = ("--zone", "Europe/Rome", "--clock", "wall")


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    """Sixty days of two streets by the hour, and air that follows them two hours later."""
    folder = tmp_path_factory.mktemp("streets")
    hours = np.arange(60 * 24)
    rng = np.random.default_rng(0)
    days, hour = hours // 24, hours % 24
    weekend = days % 7 >= 5  # the first is a Monday
    level = np.where(weekend, 0.5, 1.0) * (
        np.exp(-((hour - 8) ** 2) / 4) + np.exp(-((hour - 18) ** 2) / 8) + 0.1
    )
    level = level * rng.lognormal(0, 0.2, len(hours))
    flows = rng.poisson(np.outer([300, 700], level))
    air = 10 + 30 * np.roll(level, 2) + rng.normal(0, 2, len(hours))
    stamps = [f"2024-01-{1 + d:02d}" if d < 31 else f"2024-02-{d - 30:02d}" for d in days]
    stamps = [f"{day} {h:02d}:00" for day, h in zip(stamps, hour, strict=True)]
    rows = zip(stamps, *flows.tolist(), strict=True)
    write(folder / "flow.csv", "time,a,b", rows)
    write(folder / "air.csv", "time,roof", zip(stamps, np.round(air, 1).tolist(), strict=True))
    (folder / "map.toml").write_text('zone = "Europe/Rome"\nclock = "+01:00"\n')
    return folder


def write(path, head, rows):
    path.write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n")


def test_check_prints_each_sensor_and_what_was_found(streets):
    ran = unseen("traffic", "check", streets / "flow.csv", *ROME)
    assert ran.code == 0
    assert "2 sensors, 1,440 slots of 60 min" in ran.out
    assert "Sunday looks like Sunday" in ran.out
    assert ran.err == ""


def test_check_leaves_with_2_where_the_week_is_wrong(streets, tmp_path):
    text = (streets / "flow.csv").read_text().replace("2024-", "2025-").replace("2025-02-29", "2025-03-01")
    (tmp_path / "late.csv").write_text(text)
    ran = unseen("traffic", "check", tmp_path / "late.csv", *ROME, "--json")
    assert ran.code == 2
    answer = json.loads(ran.out)
    assert answer["wrong"]
    assert [one["kind"] for one in answer["findings"] if one["wrong"]] == ["week"]
    assert answer["sensors"][0]["shares"]["ok"] > 0.99


def test_air_follows_traffic_at_the_lag_it_was_made_with(streets):
    maps = ("--traffic-map", streets / "map.toml", "--air-map", streets / "map.toml")
    ran = unseen(
        "traffic", "air", streets / "flow.csv", streets / "air.csv", *maps, "--resamples", "200", "--json"
    )
    assert ran.code == 0
    answer = json.loads(ran.out)
    assert answer["sensors"] == ["a", "b"]
    for row in answer["rows"]:
        best = max(row["found"], key=lambda one: one["value"])
        assert best["lag"] == 2
        assert best["low"] < best["value"] < best["high"]
    assert set(answer["days"]) == {"traffic", "roof"}
    ran = unseen(
        "traffic", "air", streets / "flow.csv", streets / "air.csv", *maps, "--panel", "sum-of-present"
    )
    assert "correlations with it are inflated" in ran.err
    assert "one fixed clock, +01:00" in ran.out
    assert "need not cause each other" in ran.out


def test_air_with_another_series_held_fixed(streets, tmp_path):
    maps = ("--traffic-map", streets / "map.toml", "--air-map", streets / "map.toml")
    given = ("--given", streets / "air.csv", "--lags", "0:0", "--json")
    ran = unseen("traffic", "air", streets / "flow.csv", streets / "air.csv", *maps, *given)
    rows = [row for row in json.loads(ran.out)["rows"] if row["given"]]
    assert [row["given"] for row in rows] == [["air"]]


def test_convert_there_and_back(streets, tmp_path):
    ran = unseen("traffic", "convert", streets / "flow.csv", *ROME, "--out", tmp_path / "months", "--json")
    assert json.loads(ran.out)["months"] == ["2023-12", "2024-01", "2024-02"]
    ran = unseen(
        "traffic", "convert", tmp_path / "months", "--zone", "Europe/Rome", "--out", tmp_path / "l.csv"
    )
    assert (ran.code, ran.err) == (0, "")
    first, again = (
        json.loads(unseen("traffic", "check", path, *ROME, "--json").out)
        for path in (streets / "flow.csv", tmp_path / "l.csv")
    )
    assert first["sensors"] == again["sensors"]
    assert unseen("traffic", "convert", streets / "flow.csv", *ROME, "--out", tmp_path / "x.txt").code == 1


def test_settings_of_a_map_are_overruled_by_options(streets, tmp_path):
    ran = unseen(
        "traffic", "check", streets / "flow.csv", "--map", streets / "map.toml", "--set", "drop=b", "--json"
    )
    assert [one["sensor"] for one in json.loads(ran.out)["sensors"]] == ["a"]
    ran = unseen("traffic", "check", streets / "flow.csv", *ROME, "--set", "drop")
    assert ran.err == "unseen: --set drop has no value; accepted: NAME=VALUE, such as sensor=id\n"
