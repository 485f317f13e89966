"""`unseen serve`: any detector over HTTP."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.options import Json, Model

TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="File with the token that requests must show, 16 characters or more. Without it the variable "
        "UNSEEN_TOKEN counts; without either a token is made and shown once on standard error.",
    ),
]


def serve(
    model: Model,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others reach only what is not loopback.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 is any that is free.")] = 8000,
    token_file: TokenFile = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Threads that score.")] = 1,
    max_rows: Annotated[int, typer.Option(min=1, help="Rows of one request.")] = 65_536,
    max_mb: Annotated[float, typer.Option(min=0.001, max=1024, help="MiB of one request.")] = 16.0,
    rate_limit: Annotated[
        float, typer.Option(min=0.001, max=1e6, help="Requests a second of one client.")
    ] = 500.0,
    in_flight: Annotated[int, typer.Option(min=1, help="Requests answered at once; more get 503.")] = 64,
    timeout: Annotated[float, typer.Option(min=0.001, max=3600, help="Seconds for one answer.")] = 60.0,
    drift_window: Annotated[int, typer.Option(help="Rows that are compared with training at a time.")] = 1000,
    drift_rate: Annotated[
        float, typer.Option(help="Chance that such a window is called drifted where nothing has changed.")
    ] = 0.001,
    json: Json = False,
) -> None:
    """Score and explain rows over HTTP, as JSON or Arrow; stops gracefully on SIGTERM and Ctrl-C.

    POST /score: score, p-value and alarm of each row; ?rate=0.001, ?parts=members.
    POST /explain: the features that make each row strange.
    GET /model, /health, /drift, /metrics, /openapi.json: what is served and how it fares.

    No path is reached without the header Authorization: Bearer TOKEN.
    """
    from unseen.errors import need

    for module in ("fastapi", "uvicorn", "prometheus_client"):
        need(module, extra="serve", purpose="unseen serve")
    from unseen.registry import load
    from unseen.service.columns import Sizes
    from unseen.service.drift import Drift, Rates
    from unseen.service.limits import MIB, Limits
    from unseen.service.listening import bind
    from unseen.service.serving import beyond_this_machine, serve
    from unseen.service.tokens import issue
    from unseen.studies.fitting import silence

    limits = Limits(
        body_bytes=round(max_mb * MIB),
        held_bytes=round(8 * max_mb * MIB),
        per_second=rate_limit,
        burst=2 * rate_limit,
        in_flight=in_flight,
        answer_seconds=timeout,
    )
    issued = issue(token_file)
    detector = load(model)
    if silence(detector):
        note(f"no alarm is ever raised: {silence(detector)}")
    drift = Drift(detector, window=drift_window, rates=Rates(window=drift_rate))
    taken = bind(host, port)
    if beyond_this_machine(host):
        note(f"{host} is reached from other machines, and HTTP is not encrypted; put a TLS proxy in front")

    def ready(url: str) -> None:
        if issued.text is not None:
            note(f"token of this run, shown once: {issued.text}")
        if json:
            show.as_json({"model": str(model), "kind": type(detector).__name__, "url": url})
        else:
            typer.echo(f"{type(detector).__name__} {model} at {url}; Ctrl-C stops")
        sys.stdout.flush()

    sizes = Sizes(rows=max_rows)
    serve(
        detector, taken, issued.token, limits=limits, sizes=sizes, drift=drift, threads=workers, ready=ready
    )
