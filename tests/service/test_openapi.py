"""The service does what its own OpenAPI says: schemathesis tries to find where it does not."""

import io

import pyarrow as pa
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from served import (
    ARROW,
    FREELY,
    MINE,
    SECRET,
    as_arrow,
    asked,
    aware,
    classifier,
    committee,
    normal,
    pictures,
)

from unseen.service.app import guarded
from unseen.service.columns import Sizes
from unseen.service.tokens import Token

# Bounds that can be tried out: schemathesis sends one row, and one column, more than that.
SIZES = Sizes(rows=50, explained=20, columns=40)
CALM = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck), "database": None}

slices = st.integers(0, 90).map(lambda start: normal(100, seed=7).slice(start, 1 + start % 3))
schemathesis.openapi.media_type(ARROW, slices.map(as_arrow))
schemathesis.openapi.media_type(
    ARROW.replace("stream", "file"), slices.map(lambda table: as_arrow(table, file=True))
)


# made while tests are collected: what to try is read from the description
APP = guarded(committee(), Token.of(SECRET), limits=FREELY, sizes=SIZES)
schema = schemathesis.openapi.from_asgi("/openapi.json", APP, headers=dict(MINE))


@schema.exclude(path="/explain").parametrize()
@settings(max_examples=4, **CALM)
def test_the_service_does_what_it_says(case):
    case.call_and_validate(headers=dict(MINE))  # schemathesis writes into what it gets


def described(make, **settings_):
    return asked(make(), ("GET", "/openapi.json", {}), **settings_)[0].json()


def test_the_description_names_every_path_and_the_token():
    found = described(committee)
    assert set(found["paths"]) == {"/score", "/explain", "/model", "/health", "/drift", "/metrics"}
    assert found["security"] == [{"token": []}]
    assert found["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path in found["paths"].values():
        for operation in path.values():
            assert {"200", "401", "429", "503"} <= set(operation["responses"])


@pytest.mark.parametrize("make", [committee, aware, classifier, pictures])
def test_rows_are_described_as_the_model_reads_them(make):
    body = described(make, sizes=SIZES)["paths"]["/score"]["post"]["requestBody"]
    row = body["content"]["application/json"]["schema"]["items"]
    names = row["required"]
    if make is pictures:
        pixels = row["properties"]["image"]["items"]["items"]
        assert (pixels["minItems"], pixels["items"]["maximum"]) == (8, 255)
    elif make is classifier:
        assert names == ["x0", "x1", "x2"]
        assert row["properties"]["x0"]["maximum"] == 1e30
    else:
        assert names == normal().column_names
        assert row["properties"]["time"]["format"] == "date-time"
        nullable = "null" in row["properties"]["bytes"]["type"]
        assert nullable == (make is aware)


def test_all_paths_need_the_token_also_those_of_the_description():
    found = described(committee)
    requests = [
        (method.upper(), path, {"headers": {"Authorization": "Bearer wrong"}})
        for path, operations in {**found["paths"], "/openapi.json": {"get": {}}}.items()
        for method in operations
    ]
    answers = asked(committee(), *requests)
    assert len(answers) == 7
    assert {answer.status_code for answer in answers} == {401}


def test_arrow_that_the_tests_send_is_sound():
    assert pa.ipc.open_stream(io.BytesIO(as_arrow(normal()))).read_all() == normal()
