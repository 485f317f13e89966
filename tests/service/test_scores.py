"""What the service says of rows is what the detector says, bit for bit, in any format and company."""

import json

import numpy as np
import pyarrow as pa
import pytest
from served import (
    ARROW,
    as_arrow,
    as_json,
    asked,
    aware,
    classifier,
    committee,
    images,
    normal,
    pictures,
    told,
)

from unseen.service.scoring import Scorer
from unseen.studies.explaining import explain_rows
from unseen.thresholds import FalseAlarmRate, FalseDiscoveryRate

FRESH = normal(60, seed=7)
NUMBERS = np.random.default_rng(3).normal(size=(9, 3)) * 4


def table_of(detector):
    if detector is pictures():
        return images(7)
    if detector is classifier():
        return pa.table({f"x{place}": column for place, column in enumerate(NUMBERS.T)})
    return FRESH


def truth(detector):
    return detector.anomaly_score(NUMBERS if detector is classifier() else table_of(detector))


def posted(body, path="/score", **headers):
    return ("POST", path, {"json": body, "headers": headers})


def sent(table, path="/score", accept=ARROW, file=False):
    kind = ARROW.replace("stream", "file") if file else ARROW
    headers = {"content-type": kind, "accept": accept}
    return ("POST", path, {"content": as_arrow(table, file=file), "headers": headers})


def columns_of(table):
    rows = as_json(table)
    return {name: [row[name] for row in rows] for name in table.column_names}


@pytest.mark.parametrize("make", [committee, told, aware, classifier, pictures])
def test_all_formats_say_what_the_detector_says(make):
    detector, table = make(), table_of(make())
    expected = truth(detector)
    rows, columns, stream, file = asked(
        detector, posted(as_json(table)), posted(columns_of(table)), sent(table), sent(table, file=True)
    )
    assert [answer.status_code for answer in (rows, columns, stream, file)] == [200] * 4
    results = rows.json()["results"]
    assert [result["score"] for result in results] == expected.tolist()
    assert [result["row"] for result in results] == list(range(len(expected)))
    assert [result["p_value"] for result in results] == detector.calibration_.p_values(expected).tolist()
    assert [result["alarm"] for result in results] == (expected > -detector.offset_).tolist()
    assert rows.json()["alarms"] == sum(result["alarm"] for result in results)
    assert columns.json() == rows.json()
    assert stream.headers["content-type"] == ARROW
    for answer in (stream, file):
        found = pa.ipc.open_stream(answer.content).read_all()
        assert found.to_pylist() == results
        assert float(found.schema.metadata[b"threshold"]) == rows.json()["threshold"]


def test_requests_that_are_scored_together_get_what_they_get_alone():
    """Forty requests at once, among them broken ones, which alone are refused."""
    bodies = [as_json(FRESH.slice(start, 1 + start % 3)) for start in range(40)]
    for place in (3, 17):
        bodies[place] = [{"bytes": "many"}]
    requests = [posted(body) for body in bodies]
    apart, together = asked(committee(), *requests), asked(committee(), *requests, at_once=True, threads=2)
    assert [one.content for one in together] == [one.content for one in apart]
    assert [place for place, one in enumerate(together) if one.status_code == 422] == [3, 17]
    assert sum(one.status_code == 200 for one in together) == 38


def test_small_requests_are_scored_in_few_passes(monkeypatch):
    passes = []
    plain = Scorer.score
    monkeypatch.setattr(Scorer, "score", lambda self, some: passes.append(len(some)) or plain(self, some))
    asked(committee(), *[posted(as_json(FRESH.slice(0, 2)))] * 30, at_once=True)
    assert sum(passes) == 30
    assert len(passes) <= 3


def test_a_fault_of_the_server_in_one_request_spares_those_beside_it(monkeypatch, caplog):
    plain = Scorer._pass

    def poisoned(self, table):
        if "poison" in table["service"].to_pylist():
            raise RuntimeError("secret of the house")
        return plain(self, table)

    monkeypatch.setattr(Scorer, "_pass", poisoned)
    bodies = [as_json(FRESH.slice(place, 1)) for place in range(6)]
    bodies[2][0]["service"] = "poison"
    answers = asked(committee(), *map(posted, bodies), at_once=True)
    assert [answer.status_code for answer in answers] == [200, 200, 500, 200, 200, 200]
    assert "secret" not in answers[2].text
    assert "secret of the house" in caplog.text


@pytest.mark.parametrize("rate", [0.0, 0.005, 0.2, 0.9])
def test_a_rate_that_is_asked_for_decides(rate):
    (answer,) = asked(committee(), posted(as_json(FRESH), f"/score?rate={rate}"))
    found = answer.json()
    expected = FalseAlarmRate(rate).decide(committee().calibration_, truth(committee()))
    assert [result["alarm"] for result in found["results"]] == expected.tolist()
    assert found["rate"] == rate
    assert (found["threshold"] is None) == (rate < committee().calibration_.least)


def test_one_row_alone_is_decided_at_the_rate_of_a_false_discovery_threshold():
    detector = committee()
    before = detector.threshold
    detector.threshold = FalseDiscoveryRate(0.2)
    try:
        (answer,) = asked(detector, posted(as_json(FRESH)))
    finally:
        detector.threshold = before
    assert answer.json()["rate"] == 0.2


@pytest.mark.parametrize("make", [committee, told])
def test_parts_of_members_add_up(make):
    as_rows, as_table = asked(
        make(), posted(as_json(FRESH), "/score?parts=members"), sent(FRESH, "/score?parts=members")
    )
    results = as_rows.json()["results"]
    for result in results:
        assert sum(result["parts"].values()) == pytest.approx(result["score"])
    found = pa.ipc.open_stream(as_table.content).read_all()
    names = list(results[0]["parts"])
    assert found.column_names[4:] == [f"parts:{name}" for name in names]
    assert found.column(4).to_pylist() == [result["parts"][names[0]] for result in results]


@pytest.mark.parametrize("make", [told, aware, classifier, pictures])
def test_reasons_are_those_of_the_command_line(make):
    detector, table = make(), table_of(make())
    scores = truth(detector)
    result = pa.table(
        {
            "row": np.arange(len(scores)),
            "score": scores,
            "p_value": detector.calibration_.p_values(scores),
            "alarm": scores > -detector.offset_,
        }
    )
    expected = [json.loads(json.dumps(row.to_dict())) for row in explain_rows(detector, result, table)]
    (whole, short) = asked(
        detector,
        posted(as_json(table), "/explain?features=10000"),
        sent(table, "/explain?features=2", accept="*/*"),
    )
    for found, cut, row in zip(whole.json()["results"], short.json()["results"], expected, strict=True):
        assert found.pop("others") == 0.0
        assert found == row
        assert [part["feature"] for part in cut["contributions"]] == [
            part["feature"] for part in row["contributions"][:2]
        ]
        total = sum(part["amount"] for part in cut["contributions"]) + cut["others"]
        assert total == pytest.approx(row["score"], abs=1e-6)


def test_missing_values_are_filled_where_training_allowed_them():
    rows = as_json(FRESH.slice(0, 4))
    for row, name in zip(rows, ("bytes", "service", "time", "encrypted"), strict=True):
        row[name] = None
    allowed, refused = (asked(make(), posted(rows))[0] for make in (aware, committee))
    assert allowed.status_code == 200
    assert refused.status_code == 422
    assert "null (a missing value) came" in refused.json()["detail"]


@pytest.mark.parametrize(
    "text",
    ["2024-03-06T16:32:05", "2024-03-06T16:32:05+09:00", "2024-03-06T16:32:05Z", "0424-03-06T16:32:05Z",
     "9624-03-06T16:32:05Z", "2024-03-06 16:32:05"],
)  # fmt: skip
def test_of_a_date_the_clock_and_the_weekday_count(text):
    """Also of years that nanoseconds cannot say: weekdays repeat every 400 years."""
    rows = as_json(FRESH.slice(0, 1))
    plain, moved = ([{**rows[0], "time": when}] for when in ("2024-03-06T16:32:05", text))
    expected, found = asked(committee(), posted(plain), posted(moved))
    assert found.json() == expected.json()


def test_columns_in_any_order_and_others_beside_them():
    table = FRESH.append_column("extra", pa.array([{"deep": [1]}] * FRESH.num_rows))
    turned = table.select(table.column_names[::-1])
    plain, json_, arrow = asked(
        committee(),
        posted(as_json(FRESH)),
        posted(as_json(turned)),
        sent(turned, accept="application/json"),
    )
    assert json_.content == arrow.content == plain.content


def test_words_of_dictionaries_and_other_widths():
    table = FRESH
    for name, kind in (
        ("service", pa.dictionary(pa.int8(), pa.string())),
        ("packets", pa.int16()),
        ("duration", pa.float32()),
    ):
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(kind))
    expected = committee().anomaly_score(table)
    (answer,) = asked(committee(), sent(table, accept="application/json"))
    assert [result["score"] for result in answer.json()["results"]] == expected.tolist()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/*;q=0.1", "application/json"),
        (f"{ARROW};q=0.5, application/json;q=0.4", ARROW),
        (f"{ARROW};q=0.5, */*", "application/json"),
        (f"application/json;q=0, {ARROW}", ARROW),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/html", None),
        ("application/json;q=0", None),
        ("application/json;q=much", None),
    ],
)
def test_the_answer_is_what_is_accepted(accept, kind):
    (answer,) = asked(committee(), posted(as_json(FRESH.slice(0, 1)), accept=accept))
    if kind is None:
        assert answer.status_code == 406
    else:
        assert answer.headers["content-type"] == kind


def test_the_model_is_described():
    found = asked(told(), ("GET", "/model", {}))[0].json()
    assert found["kind"] == "CommitteeDetector"
    assert [column["name"] for column in found["columns"]] == FRESH.column_names
    assert found["columns"][1]["words"][:2] == ["http", "dns"]
    assert found["features"] == len(told().feature_names())
    assert found["known_kinds"] == told().known_kinds_
    assert found["calibration_rows"] == len(told().calibration_)
    picture = asked(pictures(), ("GET", "/model", {}))[0].json()["columns"][0]
    assert (picture["shape"], picture["pixel"]) == ([1, 8, 8], "uint8")


def test_rows_alarms_and_passes_are_counted():
    answers = asked(
        committee(),
        posted(as_json(FRESH)),
        posted(as_json(FRESH), "/score?rate=0.5"),
        posted([]),
        ("GET", "/health", {}),
        ("GET", "/metrics", {}),
    )
    alarms = sum(answer.json()["alarms"] for answer in answers[:2])
    lines = answers[-1].text.splitlines()
    assert f"unseen_rows_total {2 * FRESH.num_rows}.0" in lines
    assert f"unseen_alarms_total {float(alarms)}" in lines
    assert 'unseen_http_requests_total{code="422",route="/score"} 1.0' in lines
    assert "unseen_queue_requests 0.0" in lines
    assert "unseen_batch_requests_sum 3.0" in lines
    assert answers[3].json() == {"live": True, "ready": True}
