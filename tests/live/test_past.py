"""The past of a store: read in, pruned, kept by month, written out, and the same after all of it."""

import csv
import datetime as dt

import numpy as np
import pyarrow.parquet as pq
import pytest
from rehearsing import STEP, settings, streets, with_past

from unseen.errors import ConfigError, DataError
from unseen.live.past import export, prune, read_history, take_in, write_months
from unseen.live.store import Store

MAY = int(dt.datetime(2017, 5, 1, tzinfo=dt.UTC).timestamp())
DAY = 86_400


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "watch.db") as store:
        store.db.execute("PRAGMA synchronous = OFF")
        store.settle({"zone": "Europe/Madrid", "slot_seconds": str(STEP)})
        yield store


def test_a_month_that_is_over_is_written_whole(store, tmp_path):
    panel = streets(3, 33, start=MAY)
    take_in(store, panel)
    (file,) = write_months(store, tmp_path / "history")
    assert file.name == "2017-05.parquet"
    table = pq.read_table(file)
    assert table.num_rows == 3 * 31 * 96
    assert set(table["sensor"].to_pylist()) == set(panel.sensors)
    first = table.slice(0, 3).to_pydict()
    assert first["value"] == panel.values[:, 0].tolist()
    assert first["time"][0] == dt.datetime(2017, 5, 1, tzinfo=dt.UTC)
    assert write_months(store, tmp_path / "history") == []


def test_what_is_old_goes_and_alarms_stay(tmp_path):
    panel = streets(4, 24, start=MAY)
    told = with_past(tmp_path, panel, MAY + 24 * DAY, days=4)
    with Store(told.store) as store:
        before = store.db.execute("SELECT count(*) FROM forecasts WHERE quantile <> x''").fetchone()[0]
        prune(store, days=10, forecasts=1)
        oldest = store.db.execute("SELECT min(time) FROM slots").fetchone()[0]
        slim = store.db.execute("SELECT count(*) FROM forecasts WHERE quantile = x''").fetchone()[0]
        assert (before, slim) == (4 * 96, 96 - 3)
        assert oldest == MAY + 12 * DAY - STEP
        assert store.last_slot() == MAY + 24 * DAY - STEP
        seen = next(store.outlooks(MAY + 20 * DAY + 4 * STEP, MAY + 21 * DAY, 4))
        assert np.isnan(seen.quantile).all()
        assert np.isfinite(seen.mean).all()


def test_what_is_written_out_can_be_read_in_again(store, tmp_path):
    panel = streets(3, 15, start=MAY)
    take_in(store, panel)
    counts = export(store, tmp_path / "out")
    assert counts == {"sensors": 3, "values": 3 * 15 * 96, "alarms": 0}
    rows = list(csv.DictReader((tmp_path / "out" / "sensors.csv").read_text().splitlines()))
    assert [(row["sensor"], row["longitude"]) for row in rows] == [
        ("100", "-0.38"),
        ("101", "-0.37"),
        ("102", "-0.36"),
    ]
    series = {"sensor": "sensor", "time": "time", "value": "value", "time_format": "iso"}
    told = settings(tmp_path, series=series)
    again = read_history(told, tmp_path / "out" / "values.csv")
    assert again.sensors == panel.sensors
    assert again.start == panel.start
    assert np.array_equal(again.values, panel.values)


def test_a_past_is_read_into_an_empty_store_or_before_what_is_there(store):
    panel = streets(3, 3, start=MAY)
    take_in(store, panel.slice(96, 200))
    assert take_in(store, panel.slice(0, 96)) == 96
    with pytest.raises(ConfigError, match=r"has slots from 2017-05-01T00:00:00Z on, and the file ends at"):
        take_in(store, panel)


def test_slots_of_another_length_are_refused(tmp_path):
    file = tmp_path / "hourly.csv"
    start = dt.datetime(2017, 5, 1, tzinfo=dt.UTC)
    lines = [f"{start + dt.timedelta(hours=n):%Y-%m-%dT%H:%MZ},a,{n}" for n in range(400)]
    file.write_text("\n".join(["time,sensor,value", *lines]))
    series = {"sensor": "sensor", "time": "time", "value": "value", "time_format": "iso"}
    told = settings(
        tmp_path, history={"file": str(file), "series": {"zone": "Europe/Madrid", "slot": 60, **series}}
    )
    with pytest.raises(DataError, match="slots of 60 minutes and the watch of 15"):
        read_history(told, file)
