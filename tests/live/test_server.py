"""The dashboard over HTTP: every answer from the store, nothing without the token."""

import json
import time

import httpx
import pytest
from demo_store import HOSTILE, NOW, demo_store

from unseen.live.clock import ManualClock
from unseen.live.serving import LIMITS, serving
from unseen.live.store import Store


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    place = tmp_path_factory.mktemp("demo") / "watch.db"
    demo_store(place).close()
    return place


@pytest.fixture(scope="module")
def client(path):
    with (
        serving(path, clock=ManualClock(NOW + 130.0), with_token=False) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        yield client


def test_tiers_name_every_sensor_with_what_the_store_holds(client, path):
    answer = client.get("/api/tiers").json()
    assert answer["issued"] == "2017-06-01T15:00:00Z"
    assert (answer["slot_seconds"], answer["horizon_seconds"], answer["zone"]) == (600, 1800, "Europe/Madrid")
    assert len(answer["sensors"]) == 40
    tiers = {one["tier"] for one in answer["sensors"]}
    assert {"red", "no_data", "not_enough_history"} <= tiers <= {
        "red", "yellow", "green", "no_data", "not_enough_history"
    }  # fmt: skip
    red = next(one for one in answer["sensors"] if one["tier"] == "red")
    assert red["target"] == "2017-06-01T15:20:00Z"
    assert red["p_red"] > 0.5
    assert red["alarm"] is not None
    with Store(path, read_only=True) as store:
        value = store.slots(NOW - 600, NOW, 600, 40)[0][:, 0]
    assert answer["sensors"][0]["value"] == pytest.approx(float(value[0]), rel=1e-4)
    gone = answer["sensors"][-2]
    assert gone["value"] is gone["forecast"] is gone["p_red"] is None


def test_a_street_has_a_day_behind_it_and_what_is_expected(client):
    red = next(one for one in client.get("/api/tiers").json()["sensors"] if one["tier"] == "red")
    street = client.get(f"/api/street/{red['id']}").json()
    assert len(street["past"]) == 144
    assert street["past"][-1]["time"] == "2017-06-01T14:50:00Z"
    assert street["words"].startswith("red expected 17:20, ")
    last = street["forecasts"][-1]
    assert last["target"] == "2017-06-01T15:20:00Z"
    assert last["q05"] < last["q25"] < last["q75"] < last["q95"]
    assert street["thresholds"][-1]["yellow"] < street["thresholds"][-1]["red"]
    assert [one["time"] for one in street["last_week"]][-1] == "2017-06-01T15:20:00Z"
    assert {one["sensor"] for one in street["alarms"]} == {red["id"]}


def test_a_hostile_name_travels_as_text(client):
    assert client.get("/api/street/1001").json()["name"] == HOSTILE
    assert client.get("/api/street/nobody").status_code == 404


def test_alarms_are_filtered_counted_and_given_as_csv(client):
    every = client.get("/api/alarms", params={"limit": 1000}).json()
    assert every["total"] == len(every["alarms"]) > 20
    on = client.get("/api/alarms", params={"state": "on"}).json()
    assert 0 < on["total"] < every["total"]
    assert all(one["cleared"] is None for one in on["alarms"])
    since = client.get("/api/alarms", params={"since": "2017-06-01T12:00:00Z"}).json()
    assert {one["issued"] >= "2017-06-01T12:00:00Z" for one in since["alarms"]} == {True}
    sheet = client.get("/api/alarms", params={"format": "csv", "limit": 5}).text.splitlines()
    assert sheet[0].startswith("id,sensor,name,issued,issued_local,target")
    assert len(sheet) == 6


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"state": "onn"}, "state 'onn' is not known; accepted: on, off"),
        ({"since": "yesterday"}, "since: 'yesterday' came; accepted: ISO 8601"),
        ({"limit": "0"}, "limit: '0' came"),
    ],
)
def test_questions_that_make_no_sense_are_refused_on_one_line(client, query, says):
    answer = client.get("/api/alarms", params=query)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(says)


def test_the_first_who_acknowledges_stands_in_the_log(client):
    alarm = client.get("/api/alarms", params={"state": "open"}).json()["alarms"][0]["id"]
    first = client.post(f"/api/alarms/{alarm}/acknowledge", json={"by": "Luis", "note": "=1+1"}).json()
    second = client.post(f"/api/alarms/{alarm}/acknowledge", json={"by": "Eva"}).json()
    assert (first["acknowledged_by"], first["note"]) == ("Luis", "=1+1")
    assert second["acknowledged_by"] == "Luis"
    assert first["acknowledged"] == "2017-06-01T15:02:10Z"
    sheet = client.get("/api/alarms", params={"format": "csv", "state": "acknowledged"}).text
    assert ",'=1+1," in sheet
    assert client.post("/api/alarms/99999/acknowledge", json={"by": "Eva"}).status_code == 404
    assert client.post(f"/api/alarms/{alarm}/acknowledge", json={"by": " "}).status_code == 422


def test_health_and_scores_say_how_the_watch_is(client):
    health = client.get("/api/health").json()
    assert health["last_slot_age"] == 130.0
    assert health["last_poll_age"] == 30.0
    assert health["with_data"] == 38 / 40
    assert health["states"]["missing"] == 2
    assert health["errors"] == {"error": 2}
    assert sum(health["tiers"].values()) == 40
    scores = client.get("/api/scores").json()
    assert 0 < scores["recall"] <= 1
    assert scores["mae_persistence"] > scores["mae_beside"] > 0
    assert scores["sensor_days"] > 0


def test_prometheus_reads_the_state_of_the_store(client):
    text = client.get("/metrics").text
    assert "unseen_watch_last_slot_age_seconds 130.0" in text
    assert 'unseen_watch_streets{tier="no_data"} 1.0' in text


def test_nothing_but_the_page_passes_without_the_token(path):
    with serving(path) as server, httpx.Client(base_url=server.url) as client:
        assert client.get("/healthz").json()["ok"] is True
        for address in ("/api/tiers", "/api/alarms", "/metrics", "/openapi.json", "/api/events"):
            assert client.get(address).status_code == 401
        # the page holds no data, and asks for the token by itself
        assert "text/html" in client.get("/").headers["content-type"]
        assert client.get("/js/app.js").status_code == 200
        assert client.get("/api/tiers", headers={"Authorization": "Bearer wrong"}).status_code == 401
        url, _, word = server.entrance.partition("/#token=")
        assert url == server.url
        client.headers["Authorization"] = f"Bearer {word}"
        answer = client.get("/api/tiers")
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        with client.stream("GET", "/api/events") as events:
            lines = events.iter_lines()
            assert next(line for line in lines if line.startswith("event:")) == "event: slot"
            assert next(lines) == f"id: {NOW - 600}"
            assert json.loads(next(lines).removeprefix("data:"))["slot"] == NOW - 600


def test_a_stream_of_events_does_not_hold_a_server_that_stops(path, caplog):
    with httpx.Client() as client:
        with serving(path, with_token=False) as server:
            request = client.build_request("GET", f"{server.url}/api/events")
            answer = client.send(request, stream=True)
            assert answer.status_code == 200
            began = time.monotonic()
        assert time.monotonic() - began < LIMITS.stop_seconds
        answer.close()
    assert "Exception" not in caplog.text


def test_without_a_token_only_pages_of_this_machine_are_let_in(path):
    with serving(path, with_token=False) as server, httpx.Client(base_url=server.url) as client:
        assert client.get("/api/tiers").status_code == 200
        assert client.get("/api/tiers", headers={"Host": "evil.example"}).status_code == 401
