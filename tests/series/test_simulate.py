"""A made-up city: the same bits however it is made, near to what it was fitted to, mishaps as stated."""

import csv
import dataclasses
import datetime as dt
import shutil

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.series import simulate as module
from unseen.series.calendar import Calendar
from unseen.series.mapped import open_mapped, read_header, writing
from unseen.series.mishaps import Fault, Mishaps, draw_faults, fail, felt
from unseen.series.nearness import describe
from unseen.series.panel import Panel
from unseen.series.rhythms import BASIS, curves, draw, length_for, spectrum, weigh
from unseen.series.roads import lay_roads
from unseen.series.simulate import City, flows, simulate, simulated
from unseen.series.street_fit import fit_streets
from unseen.series.streets import StreetLaw

QUIET = Mishaps(0, 0, 0, 0)
SMALL = City(sensors=70, days=3, step=1800)


def test_rhythms_are_found_again():
    """Known answer: a series drawn from known shares has the covariance they state, and gives them back."""
    shares = np.zeros(len(BASIS))
    shares[[1, 3]] = 0.7, 0.3
    step, slots = 900, 100_000
    waves = spectrum(shares, step, length_for(slots, step))
    series = draw(np.random.default_rng(0), waves, slots).astype(float)
    lags = np.array([0, 1, 4, 16, 40])
    found = [np.mean(series[: slots - lag] * series[lag:]) for lag in lags]
    stated = shares @ curves(step * lags)
    assert np.abs(found - stated).max() < 0.05
    again = weigh(shares @ curves(step * np.arange(200)), step * np.arange(200))
    assert np.abs(again - shares).max() < 0.02


def test_the_same_city_however_it_is_made(tmp_path):
    whole = simulated(SMALL)
    assert simulate(SMALL, tmp_path / "city").made == 70
    panel = open_mapped(tmp_path / "city")
    assert np.array_equal(panel.values, whole.values, equal_nan=True)
    (alone,) = flows(SMALL, [66])
    assert np.array_equal(alone, whole.values[66], equal_nan=True)
    other = simulated(dataclasses.replace(SMALL, seed=1))
    assert not np.array_equal(other.values, whole.values, equal_nan=True)
    assert panel.places.shape == (70, 2)
    assert "simulated" in read_header(tmp_path / "city").origin


def test_a_stopped_run_goes_on(tmp_path):
    """Stopped in the middle of a write after the first note: the rest is made, bit for bit alike."""

    def stop(done, total):
        if done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(SMALL, tmp_path / "city", stop)
    assert not (tmp_path / "city").exists()
    with writing(SMALL.header(), tmp_path / "city.part") as writer:
        writer.put(65, np.ones(SMALL.slots // 2, np.float32))  # half-written beyond the note
    outcome = simulate(SMALL, tmp_path / "city")
    assert (outcome.made, outcome.kept) == (6, 64)
    assert np.array_equal(open_mapped(tmp_path / "city").values, simulated(SMALL).values, equal_nan=True)
    assert simulate(SMALL, tmp_path / "city").kept == 70


def test_other_settings_do_not_go_on_from_what_is_there(tmp_path):
    simulate(SMALL, tmp_path / "city")
    with pytest.raises(DataError, match="is there already"):
        simulate(dataclasses.replace(SMALL, seed=1), tmp_path / "city")
    shutil.move(tmp_path / "city", tmp_path / "other.part")
    assert simulate(dataclasses.replace(SMALL, seed=1), tmp_path / "other").kept == 0


def test_memory_does_not_hold_the_city(tmp_path, monkeypatch):
    """No array of the size of the city is made: flows come one sensor at a time."""
    seen = []

    def zeros(city, rows):
        for row in rows:
            seen.append(row)
            yield np.zeros(city.slots, np.float32)

    monkeypatch.setattr(module, "flows", zeros)
    simulate(SMALL, tmp_path / "city")
    assert seen == list(range(70))


def test_days_end_by_the_local_clock():
    spring = City(sensors=1, days=1, first=dt.date(2017, 3, 26), step=3600)
    autumn = City(sensors=1, days=1, first=dt.date(2017, 10, 29), step=3600)
    assert (spring.slots, autumn.slots) == (23, 25)


def test_mishaps_at_their_rates():
    mishaps = Mishaps(incidents=1.0, gaps=0.05, stuck=0.02, dead=0.2)
    slots = 365 * 144
    faults = [draw_faults(mishaps, sensor, slots, 600, seed=0) for sensor in range(300)]
    length = {kind: sum(one.last - one.first for part in faults for one in part if one.kind == kind)
              for kind in ("gap", "stuck")}  # fmt: skip
    assert length["gap"] / (300 * slots) == pytest.approx(0.05, rel=0.1)
    assert length["stuck"] / (300 * slots) == pytest.approx(0.02, rel=0.1)
    assert sum(one.kind == "dead" for part in faults for one in part) == pytest.approx(60, abs=25)
    city = City(sensors=300, days=100, mishaps=mishaps)
    assert len(city.incidents) == pytest.approx(300, rel=0.2)


def test_what_fails_is_seen():
    flow = np.arange(1, 41, dtype=np.float32)
    fail(flow, (Fault("gap", 8, 10), Fault("stuck", 4, 20), Fault("dead", 30, 40)))
    assert np.isnan(flow[[8, 9, *range(30, 40)]]).all()
    assert (flow[[4, 7, 10, 19]] == 5).all()
    assert flow[20] == 21


def test_an_incident_takes_from_its_road_and_gives_to_the_next():
    city = City(sensors=400, days=30, mishaps=Mishaps(1.0, 0, 0, 0))
    for one in city.incidents[:20]:
        on_it = city.roads.road == one.road
        road, beside = (
            [factor for sensor in np.flatnonzero(part) for _, factor in felt((one,), city.roads, sensor)]
            for part in (on_it, ~on_it)
        )
        assert road
        assert max(road) < 1
        assert min(road) < 1 - 0.6 * one.depth
        assert all(1 < factor <= 1 + one.depth for factor in beside)


def test_neighbours_are_more_alike_than_strangers():
    roads = lay_roads(400, seed=0)
    which, weights, count = roads.districts()
    matrix = np.zeros((400, count))
    np.put_along_axis(matrix, which, weights, axis=1)
    alike = matrix @ matrix.T
    away = np.linalg.norm(roads.at[:, None] - roads.at[None], axis=2)
    assert np.allclose(np.diag(alike), 1)
    pairs = np.triu_indices(400, 1)
    near, far = alike[pairs][away[pairs] < 0.3], alike[pairs][away[pairs] > 3.2]
    assert near.mean() > 0.8 > 0.2 > far.mean()


def test_a_law_survives_its_file(tmp_path):
    law = StreetLaw.shipped()
    law.write(tmp_path / "law.json")
    again = StreetLaw._read(__import__("json").loads((tmp_path / "law.json").read_text()))
    assert np.array_equal(again.shapes, law.shapes)
    assert again.spread == law.spread
    assert again.city.sum() + again.near.sum() + again.own.sum() == pytest.approx(1, abs=0.01)
    assert law.courses(600).shape == (10, 1008)
    assert np.allclose(law.courses(600).mean(axis=1), 1, atol=1e-3)


@pytest.fixture(scope="module")
def town():
    calendar = Calendar("Europe/Madrid", frozenset({dt.date(2017, 1, 6), dt.date(2017, 4, 14)}))
    law = dataclasses.replace(StreetLaw.shipped(), log_size=(6.0, 0.5))  # streets of the middle sizes
    return simulated(City(30, 180, step=900, calendar=calendar, law=law, mishaps=QUIET))


def test_a_law_is_found_again_from_its_own_city(town):
    """A law fitted to a city that was drawn from a law is near to that law."""
    law, found = StreetLaw.shipped(), fit_streets(town, "town")
    level = np.array([0.3, 1.0, 2.0])
    assert found.spread.at(level) == pytest.approx(law.spread.at(level), rel=0.25)
    flow = np.array([50.0, 300.0, 1500.0])
    # what lasts for a few minutes is hard to tell from noise
    assert np.abs(np.log(found.noise.at(flow) / law.noise.at(flow))).max() < 0.7
    assert found.city.sum() == pytest.approx(law.city.sum(), abs=0.12)
    drawn = describe(simulated(City(30, 180, step=900, law=found, mishaps=QUIET)))
    for name, value in describe(town).items():
        if name.startswith("error"):
            assert drawn[name] == pytest.approx(value, rel=0.2), name


def test_streets_are_near_to_what_is_known_of_madrid(town):
    """The values of the ten streets, from the committed measurement, within an eighth."""
    found = describe(town)
    assert found["error of persistence"] == pytest.approx(0.199, rel=0.125)
    assert found["error of profile and residual"] == pytest.approx(0.155, rel=0.125)
    assert found["flow correlation after one slot"] == pytest.approx(0.928, abs=0.03)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sensors": 0}, "sensors=0 came; accepted: 1 to 100,000"),
        ({"days": 4000}, "days=4000 came; accepted: 1 to 3,660"),
        ({"step": 700}, "slots of 700 s came"),
        ({"first": dt.date(1950, 1, 1)}, "accepted: 1971 to 2199"),
    ],
)
def test_cities_that_cannot_be(change, words):
    with pytest.raises(ConfigError, match=words):
        dataclasses.replace(SMALL, **change)


@pytest.mark.parametrize("wrong", [{"gaps": 0.7}, {"stuck": -0.1}, {"dead": float("nan")}, {"incidents": -1}])
def test_rates_that_cannot_be(wrong):
    with pytest.raises(ConfigError, match="accepted: 0 to"):
        Mishaps(**wrong)


def test_streets_need_weeks_and_sensors(town):
    with pytest.raises(DataError, match="8 weeks or more"):
        fit_streets(town.slice(0, 96 * 20), "town")
    dead = Panel(np.full((3, town.slots), np.nan, np.float32), start=town.start, step=900,
                 sensors=("a", "b", "c"), calendar=town.calendar)  # fmt: skip
    with pytest.raises(DataError, match="0 of 3 sensors have flows"):
        fit_streets(dead, "town")
    with pytest.raises(DataError, match="two of eight weeks"):
        describe(town.slice(0, 96 * 20))


def test_roads_of_one_sensor():
    which, weights, _ = lay_roads(1, 0).districts()
    assert which.shape == weights.shape == (1, 4)
    assert (simulated(City(1, 1)).values >= 0).any()


def test_truth_is_written(tmp_path):
    city = City(sensors=40, days=20, mishaps=Mishaps(2.0, 0.01, 0.01, 0.5))
    simulate(city, tmp_path / "city")
    with (tmp_path / "city" / "faults.csv").open() as file:
        rows = list(csv.DictReader(file))
    panel = open_mapped(tmp_path / "city")
    dead = next(row for row in rows if row["kind"] == "dead")
    begin = panel.slot(round(dt.datetime.fromisoformat(dead["begins"]).timestamp()))
    row = panel.sensors.index(dead["sensor"])
    assert np.isnan(panel.values[row, begin:]).all()
    with (tmp_path / "city" / "incidents.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(city.incidents)
