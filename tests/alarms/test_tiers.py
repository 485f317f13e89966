"""Tiers: thresholds by hand, base rates of real streets, files of operators good and bad."""

import datetime as dt
import json

import numpy as np
import pytest

from unseen.alarms.tiers import TIERS, FittedTier, FixedTier, Level, tier
from unseen.errors import ConfigError, DataError
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel
from unseen.series.profile import Profile


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    hour = np.arange(24 * 7 * 10)
    usual = 100 + 50 * np.sin(2 * np.pi * hour / 24)
    values = (usual + rng.normal(0, 10, (3, len(hour)))).astype(np.float32)
    values[2] = np.nan
    return Panel(values, start=0, step=3600, sensors=("a", "b", "dead"), calendar=Calendar("UTC"))


def test_thresholds_by_hand(panel):
    profile = Profile.fit(panel)
    mean, sd = profile.at(panel.times[:50])
    at = {name: one.fit(panel, profile).at(panel.times[:50]) for name, one in TIERS.items()}
    q = {level: np.quantile(panel.values[:2], level, axis=1)[:, None] for level in (0.5, 0.75, 0.9)}
    m, d = mean[:2], sd[:2]
    expected = {
        "A": (q[0.75] + 0 * m, q[0.9] + 0 * m),
        "B": (m + d, m + 2 * d),
        "B75": (np.maximum(m + d, q[0.5]), np.maximum(m + 2 * d, q[0.75])),
        "AB": (np.maximum(m + d, q[0.75]), np.maximum(m + d, q[0.9])),
    }
    assert set(expected) == set(TIERS)
    for name, (yellow, red) in expected.items():
        assert np.allclose(at[name].yellow[:2], yellow, rtol=1e-5)
        assert np.allclose(at[name].red[:2], red, rtol=1e-5)


@pytest.mark.parametrize("name", TIERS)
def test_what_is_not_known_is_never_green(panel, name):
    fitted = tier(name).fit(panel, Profile.fit(panel))
    thresholds = fitted.at(panel.times)
    levels = thresholds.levels(np.where(np.isnan(panel.values), 5.0, panel.values))
    assert set(levels[2].tolist()) == {Level.UNKNOWN}
    assert Level.UNKNOWN not in levels[:2]
    assert set(thresholds.levels(np.full(panel.values.shape, np.nan)).ravel().tolist()) == {Level.UNKNOWN}


@pytest.mark.parametrize("name", TIERS)
def test_stored_and_selected_tiers_say_the_same(panel, name):
    profile = Profile.fit(panel)
    fitted = tier(name).fit(panel, profile)
    again = FittedTier.from_dict(json.loads(json.dumps(fitted.to_dict())), profile)
    some = fitted.select(("b", "a"))
    for part in ("yellow", "red"):
        whole = getattr(fitted.at(panel.times), part)
        assert np.array_equal(getattr(again.at(panel.times), part), whole, equal_nan=True)
        assert np.array_equal(getattr(some.at(panel.times), part), whole[[1, 0]], equal_nan=True)
    with pytest.raises(DataError, match="sensor 'z' is not known"):
        fitted.select(("z",))
    with pytest.raises(DataError, match="other sensors"):
        FittedTier.from_dict({**fitted.to_dict(), "sensors": ["x"]}, profile)


def test_red_slots_of_madrid_are_as_rare_as_published(madrid):
    """Base rates of the test months, by spec: A .109, B .043, AB .041, B75 .013."""
    train = madrid.between(dt.date(2017, 1, 1), dt.date(2017, 9, 30))
    test = madrid.between(dt.date(2017, 10, 1), dt.date(2017, 12, 31))
    profile = Profile.fit(train)
    rates = {}
    for name, one in TIERS.items():
        levels = one.fit(train, profile).at(test.times).levels(test.values)
        rates[name] = np.mean(levels[levels >= 0] == Level.RED)
    assert rates == pytest.approx({"A": 0.109, "B": 0.043, "AB": 0.041, "B75": 0.013}, abs=0.006)


def test_an_unknown_tier_is_named():
    with pytest.raises(ConfigError, match="tier 'C' is not known; accepted: A, B, B75, AB"):
        tier("C")


def test_other_sensors_are_refused(panel):
    with pytest.raises(DataError, match="other sensors"):
        tier("A").fit(panel.select(("a",)), Profile.fit(panel))


# -- thresholds of an operator -----------------------------------------------------------------------


def test_thresholds_of_an_operator(panel, tmp_path):
    path = tmp_path / "tiers.csv"
    path.write_text("\ufeffsensor,yellow,red\nb, 90 ,120\na,80,100\ndead,1,2\nelsewhere,1,2\n", "utf-8")
    fitted = FixedTier.read(path).fit(panel, Profile.fit(panel))
    assert fitted.at([0, 3600]).yellow.tolist() == [[80, 80], [90, 90], [1, 1]]
    assert fitted.at([0]).levels(np.array([[100.0], [100.0], [0.0]])).tolist() == [[2], [1], [0]]


BAD_FILES = {
    "sensor,yellow\na,1\n": "line 2: columns sensor, yellow and red are needed",
    "sensor,yellow,red\na,1,x\n": "line 2: thresholds '1' and 'x'; give two numbers",
    "sensor,yellow,red\na,1,\n": "line 2: columns sensor, yellow and red are needed, none of them empty",
    "sensor,yellow,red\na,1,2\na,1,2\n": "line 3: sensor 'a' comes twice",
    "sensor,yellow,red\na,3,2\n": "sensor 'a': thresholds 3.0 and 2.0; give two numbers, yellow not above",
    "sensor,yellow,red\na,nan,2\n": "sensor 'a': thresholds nan and 2.0",
    "sensor,yellow,red\na,1,inf\n": "sensor 'a': thresholds 1.0 and inf",
    "": "no thresholds for sensor 'a' .3 in all.; add a line",
    "sensor,yellow,red\na,1,2\n": "no thresholds for sensor 'b' .2 in all.",
}


@pytest.mark.parametrize("text", BAD_FILES, ids=repr)
def test_bad_files_are_refused_in_one_line(panel, tmp_path, text):
    path = tmp_path / "tiers.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=BAD_FILES[text]) as fault:
        FixedTier.read(path).fit(panel, Profile.fit(panel))
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("content", [b"sensor,yellow,red\n\xff\xfe\x00,1,2\n", None], ids=["bytes", "absent"])
def test_files_that_are_no_text(tmp_path, content):
    path = tmp_path / "tiers.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as CSV of sensor, yellow, red"):
        FixedTier.read(path)
