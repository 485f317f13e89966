"""Small fitted detectors of every kind the service takes, and what asks them."""

from __future__ import annotations

import asyncio
import io
import warnings
from functools import cache

import httpx
import numpy as np
import pyarrow as pa

import unseen
from unseen.data.columns import image_column
from unseen.data.synthetic import flows
from unseen.models.classifier import Classifier
from unseen.models.network import Convolution, Dense
from unseen.service.app import guarded
from unseen.service.limits import Limits
from unseen.service.tokens import Token
from unseen.training.loop import Plan

SECRET = "an-open-secret-of-tests"  # noqa: S105
MINE = {"Authorization": f"Bearer {SECRET}"}
FREELY = Limits(per_second=1e6, burst=1e6, wrong_per_second=1e6, wrong_burst=1e6)
ARROW = "application/vnd.apache.arrow.stream"
SHORT = Plan(steps=40, batch=64)


@cache
def normal(rows: int = 900, seed: int = 0) -> pa.Table:
    """Normal flows, without their kind."""
    table = flows(rows, seed=seed)
    return table.filter(pa.compute.equal(table["kind"], "normal")).drop_columns(["kind"])


@cache
def committee() -> unseen.CommitteeDetector:
    """Of columns of all kinds, told of nothing."""
    return unseen.CommitteeDetector(seed=0).fit(normal())


@cache
def told() -> unseen.CommitteeDetector:
    """Of columns of all kinds, told of floods."""
    table = flows(900, seed=0)
    kinds = np.array(table["kind"].to_pylist())
    used = np.isin(kinds, ("normal", "flood"))
    rows = table.filter(pa.array(used)).drop_columns(["kind"])
    return unseen.CommitteeDetector(seed=0).fit(rows, (kinds[used] == "flood").astype(int))


@cache
def aware() -> unseen.AwareDetector:
    """A network on columns of which numbers, words and dates may be missing."""
    model = unseen.VAE(Dense((8,)), latent=3)
    return unseen.AwareDetector(model, learn=SHORT, missing="median", seed=0).fit(normal())


@cache
def classifier() -> unseen.AwareClassifier:
    """A classifier on an array without names."""
    rng = np.random.default_rng(0)
    classes = np.repeat(["left", "right"], 200)
    rows = rng.normal(size=(400, 3)) + np.where(classes == "left", -4, 4)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return unseen.AwareClassifier(Classifier(Dense((8,))), learn=SHORT, seed=0).fit(rows, classes=classes)


@cache
def pictures() -> unseen.AwareDetector:
    """A network on a column of images (1, 8, 8)."""
    model = unseen.AutoEncoder(Convolution((4, 8)), latent=3)
    return unseen.AwareDetector(model, learn=SHORT, seed=0).fit(images(120))


def images(rows: int) -> pa.Table:
    """Images of noise, uint8."""
    pixels = np.random.default_rng(1).integers(0, 256, (rows, 1, 8, 8)).astype(np.uint8)
    return pa.table({"image": image_column(pixels)})


def as_json(table: pa.Table) -> list[dict[str, object]]:
    """Rows as JSON values."""

    def written(value: object) -> object:
        if isinstance(value, list):
            return np.reshape(value, (1, 8, 8)).tolist()
        return value.isoformat() if hasattr(value, "isoformat") else value

    return [{name: written(value) for name, value in row.items()} for row in table.to_pylist()]


def as_arrow(table: pa.Table, *, file: bool = False, **options: object) -> bytes:
    """Rows as an Arrow stream, or file."""
    sink = io.BytesIO()
    with (pa.ipc.new_file if file else pa.ipc.new_stream)(
        sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)
    ) as writer:
        writer.write_table(table)
    return sink.getvalue()


def asked(detector, *requests, at_once=False, **settings):
    """Answers of the service of a detector to requests (method, path, options)."""
    app = guarded(detector, Token.of(SECRET), **{"limits": FREELY, **settings})
    return asked_of(app, *requests, at_once=at_once)


def asked_of(app, *requests, at_once=False):
    """Answers of a guarded application, one after the other or all at once."""

    async def run():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        inner = app._app
        async with (
            inner.router.lifespan_context(inner),
            httpx.AsyncClient(transport=transport, base_url="http://here") as client,
        ):
            calls = [
                client.request(method, path, **{**options, "headers": {**MINE, **options.get("headers", {})}})
                for method, path, options in requests
            ]
            return await asyncio.gather(*calls) if at_once else [await call for call in calls]

    return asyncio.run(run())
