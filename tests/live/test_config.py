"""Settings of a watch: every fault at once, the nearest name offered, paths beside the file."""

import pytest

from unseen.errors import ConfigError
from unseen.live.config import WatchSettings

FEED = {"url": "http://127.0.0.1:1/"}
SERIES = {"zone": "Europe/Madrid", "slot": 10}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"series": SERIES}, "feed is missing"),
        ({"feed": FEED}, "series is missing"),
        ({"feed": {}, "series": SERIES}, "feed: no feed came; accepted: exactly one of url, mqtt and lines"),
        ({"feed": {"url": "ftp://x"}, "series": SERIES}, "feed.url = 'ftp://x'"),
        ({"feed": FEED, "series": {"zone": "Europe/Madird", "slot": 10}}, "Did you mean 'Europe/Madrid'?"),
        ({"feed": FEED, "series": {"zone": "UTC"}}, "series.slot is not stated; name the minutes of a slot"),
        ({"feed": FEED, "series": SERIES, "alram": {}}, "alram is not known. Did you mean 'alarm'?"),
        (
            {"feed": FEED, "series": SERIES, "alarm": {"teir": "A"}},
            "alarm.teir is not known. Did you mean 'tier'?",
        ),
        (
            {"feed": FEED, "series": SERIES, "alarm": {"tier": "C"}},
            "alarm: tier 'C' is not known; accepted: A",
        ),
        (
            {"feed": FEED, "series": SERIES, "clock": {"by": "stamps"}},
            "clock.by = 'stamps' is for feed.lines",
        ),
        ({"feed": FEED, "series": SERIES, "clock": {"wall": 3.0}}, "clock: origin and wall come together"),
        (
            {
                "feed": FEED,
                "series": SERIES,
                "rows": {"detector": "m", "alarms_per_day": 9, "rows_per_day": 5},
            },
            "rows: 9 alarms on 5 rows a day; allow fewer than rows",
        ),
    ],
)
def test_faults_are_named(given, says):
    with pytest.raises(ConfigError) as caught:
        WatchSettings.from_mapping(given)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_faults_come_at_once():
    given = {
        "feed": {**FEED, "every": -1},
        "series": SERIES,
        "alarm": {"budget": 0, "keep": 2},
        "keep": {"days": 3},
    }
    with pytest.raises(
        ConfigError, match=r"4 faults: feed.every = -1: .*; alarm.budget = 0: .*; alarm.keep = 2"
    ):
        WatchSettings.from_mapping(given)


def test_paths_are_those_beside_the_file(tmp_path):
    file = tmp_path / "watch.toml"
    file.write_text(
        'store = "a.db"\nfeed = { lines = "rows.csv" }\nseries = { zone = "UTC", slot = 15 }\n'
        'history = { file = "past.csv" }\nkeep = { history = "months" }\n'
    )
    told = WatchSettings.read(file)
    assert (told.store, told.feed.lines) == (tmp_path / "a.db", str(tmp_path / "rows.csv"))
    assert (told.history.file, told.keep.history) == (tmp_path / "past.csv", tmp_path / "months")


def test_files_that_are_no_settings_are_refused_on_one_line(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        WatchSettings.read(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("store = ")
    with pytest.raises(ConfigError, match="is not TOML"):
        WatchSettings.read(tmp_path / "bad.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not TOML"):
        WatchSettings.read(tmp_path / "bytes.toml")
