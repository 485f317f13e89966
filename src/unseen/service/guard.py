"""What stands in front of an application: token, rate, room, size and time of every request."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import TYPE_CHECKING

from unseen.service.limits import Body, Limits, Room
from unseen.service.metrics import OTHER, HttpMetrics
from unseen.service.problems import Problem, answer
from unseen.service.rates import Rates
from unseen.service.tokens import Token, shown

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("unseen.service")

# Every answer is for this client now, and is what it says it is.
ALWAYS = ((b"x-content-type-options", b"nosniff"),)
FRESH = (b"cache-control", b"no-store")
# Counted where a client has left before all of its request came; nothing is sent.
GONE = 499


class Guard:
    """An ASGI application in front of another: nothing reaches the inner one that is not let through.

    In this order: clients that tried too many wrong tokens wait (429), requests without the token are refused
    (401), clients that ask too often wait (429), a server that is full says so (503), bodies too large (413)
    or too slow (408) and answers that take too long (503) are cut. A fault of the application is logged and
    answered in one line (500). Every path needs the token but those in `free`.

    Args:
        app: The inner application.
        token: What requests must show.
        limits: Bounds.
        metrics: Where requests are counted.
        cookie: Name of a cookie that may hold the token, for pages in a browser.
        free: Paths without token.

    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        token: Token,
        limits: Limits,
        metrics: HttpMetrics,
        cookie: str | None = None,
        free: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._token = token
        self._limits = limits
        self._metrics = metrics
        self._cookie = cookie
        self._free = free
        self._known = Rates(limits.per_second, limits.burst)
        self._strangers = Rates(limits.wrong_per_second, limits.wrong_burst)
        self._room = Room()
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; start and stop of the application pass through."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        body, reply = Body(scope, receive, self._limits, self._room), _Reply(send)
        try:
            self._admit(scope)
            body.check()
            await self._run(scope, body, reply)
        except Problem as problem:
            await reply.refuse(problem, body)
        except Exception:
            if body.gone:
                reply.status = reply.status or GONE
            else:
                log.exception("a fault while answering %s %r", scope["method"], scope["path"])
                await reply.refuse(Problem(500, "an error of the server; its log has more"), body)
        finally:
            body.release()
            route = getattr(scope.get("route"), "path", OTHER)
            self._metrics.observe(route, reply.status, time.perf_counter() - started)

    def _admit(self, scope: Scope) -> None:
        """Refuse who has no token, asks too often, or comes when there is no room."""
        client = scope["client"][0] if scope.get("client") else "local"
        if scope["path"] not in self._free:
            _wait(self._strangers.wait(client), "too many requests without the right token")
            given = shown(scope["headers"], self._cookie)
            if given is None or not self._token.accepts(given):
                self._strangers.take(client)
                raise _unauthorised(given)
        _wait(self._known.take(client), f"accepted: {self._limits.per_second:g} requests a second")
        if self._running >= self._limits.in_flight:
            raise Problem(
                503,
                f"{self._running} requests are being answered, which is all there is room for; try again",
                {"Retry-After": "1"},
            )

    async def _run(self, scope: Scope, body: Body, reply: _Reply) -> None:
        self._running += 1
        self._metrics.in_flight.set(self._running)
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                await self._app(scope, body.receive, reply.send)
        except TimeoutError:
            raise Problem(
                503,
                f"no answer within {self._limits.answer_seconds:g} s; try again with fewer rows",
                {"Retry-After": "1"},
            ) from None
        finally:
            self._running -= 1
            self._metrics.in_flight.set(self._running)


class _Reply:
    """The sending end of one request: notes the status, and refuses only where nothing was sent yet."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *ALWAYS]
            if not any(name == FRESH[0] for name, _ in headers):
                headers.append(FRESH)
            message = {**message, "headers": headers}
        await self._send(message)

    async def refuse(self, problem: Problem, body: Body) -> None:
        if self.status:
            # half an answer is out: the server closes the connection on the missing end
            return
        await answer(problem, self.send, close=not await body.drained())


def _unauthorised(given: bytes | None) -> Problem:
    came = "no token" if given is None else "a wrong token"
    return Problem(
        401, f"{came} came; accepted: the header Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"}
    )


def _wait(seconds: float, why: str) -> None:
    if seconds > 0:
        raise Problem(429, f"{why}; wait {seconds:.2g} s", {"Retry-After": str(max(1, math.ceil(seconds)))})
