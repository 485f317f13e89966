"""The dashboard over HTTP: what is in the store, as JSON, CSV and events, beside the static page."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Query
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response, StreamingResponse

from unseen.alarms.log import as_csv
from unseen.errors import DataError
from unseen.live import views
from unseen.live.alarm_table import STATES, Wanted, acknowledge, alarms
from unseen.live.clock import Clock, SpedClock
from unseen.live.gauges import StoreGauges
from unseen.live.health import health
from unseen.live.page import add_page
from unseen.live.scoring import scores
from unseen.live.store import Store
from unseen.service.metrics import CONTENT_TYPE_LATEST, HttpMetrics
from unseen.service.problems import Problem, speak

EVENT_SECONDS = 0.5
"""How often the store is looked at for a new slot, while somebody listens."""
EVENTS_END = 45.0
"""A stream of events ends after so many seconds, before the guard's limit; browsers ask for the next."""
MOST_ALARMS = 10_000
Found = TypeVar("Found")


class Acknowledgement(BaseModel):
    """Who has seen an alarm, and what they say of it."""

    by: Annotated[str, Field(min_length=1, max_length=200)]
    note: Annotated[str, Field(max_length=2_000)] = ""


def dashboard(
    path: Path,
    *,
    clock: Clock | None = None,
    metrics: HttpMetrics | None = None,
    stop: threading.Event | None = None,
) -> FastAPI:
    """Return the application that shows the store at `path`; who may ask it is decided in front of it.

    Args:
        path: Database of a watch, which is only read, but for acknowledging.
        clock: Clock of the watch; the machine's own without it.
        metrics: Where requests are counted.
        stop: Set when the server stops; streams of events end then by themselves.

    """
    counts = metrics or HttpMetrics()
    clock = clock or SpedClock()
    StoreGauges(path, clock).register(counts.registry)
    app = FastAPI(title="unseen watch", description="Streets, tiers and alarms of a watch.", docs_url=None,
                  redoc_url=None)  # fmt: skip
    speak(app)
    _add_streets(app, path)
    _add_alarms(app, path, clock)
    _add_state(app, path, clock, counts)
    _add_events(app, path, stop or threading.Event())
    add_page(app)
    return app


def _asked(path: Path, question: Callable[[Store], Found]) -> Found:
    """Ask the store over a connection of its own; a store that cannot be read is told of as such."""
    try:
        with Store(path, read_only=True) as store:
            return question(store)
    except sqlite3.Error as error:
        raise Problem(503, f"the store cannot be read now: {error}", {"Retry-After": "1"}) from error


def _add_streets(app: FastAPI, path: Path) -> None:
    @app.get("/api/tiers")
    def tiers() -> JSONResponse:
        """Every sensor with its tier, value and forecast."""
        return JSONResponse(_asked(path, views.tiers))

    @app.get("/api/street/{sensor:path}")
    def street(sensor: str) -> JSONResponse:
        """One sensor: the last 24 hours, forecasts, thresholds, the week before, its alarms."""
        found = _asked(path, lambda store: views.street(store, sensor))
        if found is None:
            raise Problem(404, f"there is no sensor {sensor!r}; /api/tiers lists them")
        return JSONResponse(found)


def _add_alarms(app: FastAPI, path: Path, clock: Clock) -> None:
    @app.get("/api/alarms", response_model=None)
    def listed(
        state: Annotated[str | None, Query(description=f"one of {', '.join(STATES)}")] = None,
        sensor: Annotated[str | None, Query(max_length=200)] = None,
        tier: Annotated[str | None, Query(description="yellow or red", max_length=20)] = None,
        since: Annotated[str | None, Query(description="ISO 8601 or seconds of UTC", max_length=40)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ALARMS)] = 200,
        offset: Annotated[int, Query(ge=0, le=2**40)] = 0,
        format: Annotated[str, Query(pattern="^(json|csv)$")] = "json",  # noqa: A002 - as the URL has it
    ) -> Response:
        """Alarms, newest first; `format=csv` for a file."""
        wanted = Wanted(state or None, sensor or None, tier or None, _since(since))
        found, total = _asked(path, lambda s: _listed(s, wanted, limit, offset))
        zone = _asked(path, views.zone)
        if format == "csv":
            name = {"Content-Disposition": 'attachment; filename="alarms.csv"'}
            return Response(as_csv(found, zone), media_type="text/csv; charset=utf-8", headers=name)
        return JSONResponse({"alarms": [one.as_row(zone) for one in found], "total": total})

    @app.post("/api/alarms/{number}/acknowledge")
    def acknowledged(number: int, said: Acknowledgement) -> JSONResponse:
        """Write that somebody has seen an alarm."""
        try:
            with Store(path) as store:
                record = acknowledge(store, number, by=said.by, note=said.note, clock=clock.now())
                return JSONResponse(record.as_row(views.zone(store)))
        except DataError as error:
            raise Problem(404 if "no alarm" in str(error) else 422, str(error)) from error
        except sqlite3.Error as error:
            raise Problem(503, f"the store cannot be written now: {error}", {"Retry-After": "1"}) from error


def _listed(store: Store, wanted: Wanted, limit: int, offset: int) -> tuple[Any, int]:
    try:
        return alarms(store, wanted, limit=limit, offset=offset)
    except DataError as error:
        raise Problem(422, str(error)) from error


def _since(text: str | None) -> int | None:
    try:
        return None if not text else views.moment(text)
    except (ValueError, OverflowError) as error:
        raise Problem(
            422, f"since: {text!r} came; accepted: ISO 8601 such as 2024-03-04T06:00Z, or seconds of UTC"
        ) from error


def _add_state(app: FastAPI, path: Path, clock: Clock, metrics: HttpMetrics) -> None:
    @app.get("/api/health")
    def state() -> JSONResponse:
        """How the feed and the watch are."""
        return JSONResponse(_asked(path, lambda store: health(store, now=clock.now())))

    @app.get("/api/scores")
    def measured() -> JSONResponse:
        """How forecasts and alarms have done in the last 30 days."""
        return JSONResponse(_asked(path, scores))

    @app.get("/healthz")
    def alive() -> JSONResponse:
        """Whether the process answers and the store can be read."""
        return JSONResponse({"ok": True, "last_slot": _asked(path, lambda store: store.last_slot())})

    @app.get("/metrics", include_in_schema=False)
    def counted() -> Response:
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _add_events(app: FastAPI, path: Path, stop: threading.Event) -> None:
    @app.get("/api/events", response_class=StreamingResponse)
    async def events() -> StreamingResponse:
        """Server-sent events: `slot` whenever one has closed."""
        return StreamingResponse(_events(path, stop), media_type="text/event-stream")


async def _events(path: Path, stop: threading.Event) -> AsyncIterator[str]:
    """Tell of new slots until the time of a stream is over; the first event says where things stand."""
    ends = asyncio.get_running_loop().time() + EVENTS_END
    told: int | None = None
    yield "retry: 1000\n\n"
    while asyncio.get_running_loop().time() < ends and not stop.is_set():
        last = await asyncio.to_thread(_asked, path, lambda store: store.last_slot())
        if last is not None and last != told:
            told = last
            yield f"event: slot\nid: {last}\ndata: {json.dumps({'slot': last})}\n\n"
        await asyncio.sleep(EVENT_SECONDS)
