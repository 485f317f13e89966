"""The dashboard in a thread beside the watch: bound first, guarded, stopped when the watch stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unseen.errors import ConfigError
from unseen.live.clock import Clock
from unseen.live.page import Headed, static_files
from unseen.live.server import dashboard
from unseen.service.guard import Guard
from unseen.service.limits import Limits
from unseen.service.listening import Server, address, bind
from unseen.service.metrics import HttpMetrics
from unseen.service.tokens import Issued, issue

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LIMITS = Limits(body_bytes=16_384, per_second=50.0, burst=200.0, stop_seconds=3.0)
LOOPBACK = ("127.0.0.1", "::1", "localhost")
STARTING = 20.0


@dataclass(frozen=True)
class Serving:
    """A dashboard that answers: its address, and the same with the token where one was made just now."""

    url: str
    entrance: str


class Vouched:
    """In front of a guard on loopback: requests of this machine's browsers need no token of their own.

    The Host has to be this machine by name or number, so that a page from elsewhere whose name was made to
    point here is refused.
    """

    def __init__(self, app: ASGIApp, word: str) -> None:
        self._app = app
        self._header = (b"authorization", b"Bearer " + word.encode("ascii"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with the token, where it came to this machine by name."""
        if scope["type"] == "http":
            headers = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
            host = next((value for name, value in headers if name == b"host"), b"").decode("latin-1")
            if host.rpartition(":")[0].strip("[]") in LOOPBACK or host in LOOPBACK:
                scope = {**scope, "headers": [*headers, self._header]}
        await self._app(scope, receive, send)


@contextmanager
def serving(
    path: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock | None = None,
    token_file: Path | None = None,
    with_token: bool = True,
) -> Iterator[Serving]:
    """Answer requests in a thread of their own for as long as the block runs.

    Args:
        path: Store that is shown.
        host: Address to listen on.
        port: 0 is any that is free.
        clock: Clock of the watch.
        token_file: Where the token is; else `UNSEEN_TOKEN`, else one is made.
        with_token: False lets this machine's browsers in without; on loopback alone.

    Raises:
        ConfigError: The address cannot be listened on, or no token is asked for beyond loopback.

    """
    if not with_token and host not in LOOPBACK:
        raise ConfigError(
            f"a dashboard on {host} without a token came; accepted: only on 127.0.0.1. Leave with_token out"
        )
    issued = issue(token_file) if with_token else issue(environment={})
    stop = threading.Event()
    app = application(path, issued, clock=clock, with_token=with_token, stop=stop)
    taken = bind(host, port)
    ready = threading.Event()
    server = Server(app, taken, LIMITS, lambda _: ready.set())
    thread = threading.Thread(target=server.listen, name="dashboard", daemon=True)
    thread.start()
    try:
        if not ready.wait(STARTING):
            raise ConfigError(f"the dashboard did not start within {STARTING:.0f} s")
        url = address(taken)
        made = issued.text if with_token else None
        # what stands behind # is never sent: no log, no proxy and no other page gets to see the token
        yield Serving(url, f"{url}/#token={made}" if made else url)
    finally:
        stop.set()
        server.should_exit = True
        thread.join(LIMITS.stop_seconds + 2)
        taken.close()


def application(
    path: Path,
    issued: Issued,
    *,
    clock: Clock | None = None,
    with_token: bool = True,
    stop: threading.Event | None = None,
) -> ASGIApp:
    """Return the dashboard with everything in front of it."""
    metrics = HttpMetrics()
    app = dashboard(path, clock=clock, metrics=metrics, stop=stop)
    guarded: ASGIApp = Guard(
        app,
        token=issued.token,
        limits=LIMITS,
        metrics=metrics,
        free=frozenset({"/healthz", *static_files()}),
    )
    if not with_token and issued.text is not None:
        guarded = Vouched(guarded, issued.text)
    return Headed(guarded)
