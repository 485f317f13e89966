"""The application: paths, what they take and answer, and the description of both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response

import unseen
from unseen.detectors.two_stage import TwoStage
from unseen.service import problems
from unseen.service.answers import Answer
from unseen.service.columns import Sizes, rows_schema
from unseen.service.counting import Counting
from unseen.service.desk import Desk
from unseen.service.drift import Drift
from unseen.service.guard import Guard
from unseen.service.limits import Limits
from unseen.service.messages import (
    DriftAnswer,
    ExplainAnswer,
    ExplainQuery,
    HealthAnswer,
    ModelAnswer,
    ProblemAnswer,
    ScoreAnswer,
    ScoreQuery,
)
from unseen.service.metrics import CONTENT_TYPE_LATEST, HttpMetrics
from unseen.service.model_card import card
from unseen.service.requests import (
    ARROW_FILE,
    ARROW_STREAM,
    JSON,
    Rows,
    ToExplain,
    ToScore,
    answered_as,
    content_type,
)
from unseen.service.scoring import Scorer
from unseen.service.tokens import Token

Fragment = dict[str, Any]

BINARY: Fragment = {"schema": {"type": "string", "format": "binary"}}


def guarded(
    detector: TwoStage,
    token: Token,
    *,
    limits: Limits | None = None,
    sizes: Sizes | None = None,
    drift: Drift | None = None,
    threads: int = 1,
) -> Guard:
    """Return the whole application around a detector: nothing of it is reached without the token.

    Args:
        detector: Fitted.
        token: What requests must show.
        limits: Bounds on requests and connections.
        sizes: Bounds on the rows of one request.
        drift: What watches the rows; with its defaults where it is None.
        threads: How many score at a time.

    """
    bounds, metrics = limits or Limits(), HttpMetrics()
    app = application(detector, metrics, sizes or Sizes(), drift or Drift(detector), threads)
    return Guard(app, token=token, limits=bounds, metrics=metrics)


def application(
    detector: TwoStage, metrics: HttpMetrics, sizes: Sizes, drift: Drift, threads: int
) -> FastAPI:
    """Return the paths of the service, without what guards them."""
    counting = Counting(metrics.registry, drift)
    scorer = Scorer(detector, sizes, counting.see)

    def score(requests: Sequence[ToScore]) -> list[Answer | problems.Problem]:
        counting.together(len(requests))
        return scorer.score(requests)

    desk = Desk(score, scorer.explain, threads)
    counting.watch_queue(lambda: len(desk))

    @asynccontextmanager
    async def working(app: FastAPI) -> AsyncIterator[None]:
        await desk.start()
        yield
        await desk.stop()

    app = FastAPI(
        title="unseen",
        summary=f"Scores of a {type(detector).__name__}",
        description=_DESCRIPTION,
        version=unseen.__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=working,
    )
    problems.speak(app)
    _serve_rows(app, desk, scorer)
    _serve_state(app, desk, card(detector, scorer.columns), drift, metrics)
    plain = app.openapi

    def openapi() -> Fragment:
        found = plain()
        schemes = found.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer"}
        found["security"] = [{"token": []}]
        return found

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _serve_rows(app: FastAPI, desk: Desk, scorer: Scorer) -> None:
    sizes, bounded = scorer.sizes, scorer.detector.schema_ is None

    def taking(most: int) -> Fragment:
        schema = rows_schema(scorer.columns, sizes, most=most, bounded=bounded)
        content = {JSON: {"schema": schema}, ARROW_STREAM: BINARY, ARROW_FILE: BINARY}
        return {"requestBody": {"required": True, "content": content}}

    @app.post(
        "/score",
        summary="Score rows",
        response_model=ScoreAnswer,
        responses={**_refusals(400, 406, 408, 413, 415, 422), 200: {"content": {ARROW_STREAM: BINARY}}},
        openapi_extra=taking(sizes.rows),
    )
    async def score(request: Request, query: Annotated[ScoreQuery, Query()]) -> Response:
        answer = answered_as(", ".join(request.headers.getlist("accept")))
        return _said(await desk.ask(ToScore(await _rows(request), query.rate, query.parts, answer)))

    @app.post(
        "/explain",
        summary="Say which features make rows strange",
        response_model=ExplainAnswer,
        responses=_refusals(400, 408, 413, 415, 422),
        openapi_extra=taking(sizes.explained),
    )
    async def explain(request: Request, query: Annotated[ExplainQuery, Query()]) -> Response:
        return _said(await desk.ask(ToExplain(await _rows(request), query.rate, query.features)))


def _serve_state(app: FastAPI, desk: Desk, model: ModelAnswer, drift: Drift, metrics: HttpMetrics) -> None:
    @app.get(
        "/model",
        summary="Describe the model",
        response_model=ModelAnswer,
        response_model_exclude_none=False,
        responses=_refusals(),
    )
    async def describe() -> Response:
        return Response(model.model_dump_json(exclude_none=True), media_type=JSON)

    @app.get("/health", summary="Live and ready", response_model=HealthAnswer, responses=_refusals())
    async def health() -> HealthAnswer:
        if not desk.open:
            raise problems.Problem(503, "no thread takes requests", {"Retry-After": "1"})
        return HealthAnswer(live=True, ready=True)

    @app.get("/drift", summary="Compare with training", response_model=DriftAnswer, responses=_refusals())
    async def drifting() -> DriftAnswer:
        return DriftAnswer.model_validate(drift.report())

    @app.get(
        "/metrics",
        summary="Numbers for Prometheus",
        response_class=Response,
        responses={**_refusals(), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def count() -> Response:
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})


async def _rows(request: Request) -> Rows:
    form = content_type(request.headers.get("content-type"), request.headers.get("content-encoding"))
    return Rows(await request.body(), form)


def _said(answer: Answer) -> Response:
    return Response(answer.body, media_type=answer.content_type)


def _refusals(*codes: int) -> dict[int | str, Fragment]:
    """Describe the refusals of a path: these, and those of what guards it."""
    schema = ProblemAnswer.model_json_schema()
    return {
        code: {
            "description": _REFUSED[code],
            "content": {problems.CONTENT_TYPE: {"schema": schema}},
            **({"headers": _RETRY} if code in (429, 503) else {}),
        }
        for code in (*codes, 401, 429, 503)
    }


_RETRY: Fragment = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_REFUSED = {
    400: "The body is not JSON or Arrow of one meaning.",
    401: "No token, or a wrong one.",
    406: "Neither JSON nor Arrow is accepted.",
    408: "The body did not come in time.",
    413: "Too many bytes, rows or columns.",
    415: "The content type is not one of those that are taken, or the body is compressed.",
    422: "Columns or values are not those the model was trained on, or a parameter is not accepted.",
    429: "Too many requests of one client.",
    503: "No room now.",
}
_DESCRIPTION = (
    "Rows come as a JSON list of objects by column name, as a JSON object of columns as lists, or as an "
    "uncompressed Arrow stream or file. Columns the model does not read are ignored. Refusals are "
    "application/problem+json with one line that says what came and what is accepted."
)
