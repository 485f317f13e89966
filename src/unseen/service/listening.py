"""Listen for requests until told to stop: slow connections are closed, running requests end first."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, ClassVar

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from unseen.errors import ConfigError
from unseen.service.limits import Limits
from unseen.service.problems import CONTENT_TYPE, Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# Bytes of one request line with its headers.
HEAD_BYTES = 16_384
BACKLOG = 512


def bind(host: str, port: int) -> socket.socket:
    """Take an address and port to listen on; port 0 is any that is free.

    Raises:
        ConfigError: The address is not one of this machine, or the port is taken or not allowed.

    """
    if not 0 <= port <= 65_535:
        raise ConfigError(f"port {port} came; accepted: 0 to 65535, where 0 is any that is free")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise ConfigError(
            f"{host} port {port} cannot be listened on: {reason}; "
            "choose another --port, or --host of this machine"
        ) from error


def address(taken: socket.socket) -> str:
    """Return the URL of a socket that listens."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """Serve an application until SIGTERM or SIGINT, then let running requests end.

    uvicorn's own server raises the signal anew once it has stopped; this one ends with success. A second
    signal does not wait for running requests.

    Args:
        app: What answers, usually a `Guard`.
        taken: What `bind` returned.
        limits: Seconds and connections; the other bounds are those of the `Guard`.
        ready: Called with the URL once requests are answered.

    """

    def __init__(
        self, app: ASGIApp, taken: socket.socket, limits: Limits, ready: Callable[[str], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=type("Bounded", (_Bounded,), {"limits": limits}),
                ws="none",
                lifespan="on",
                loop="asyncio",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=max(1, round(limits.idle_seconds)),
                timeout_graceful_shutdown=max(1, round(limits.stop_seconds)),
                h11_max_incomplete_event_size=HEAD_BYTES,
            )
        )
        self._taken = taken
        self._ready = ready

    def listen(self) -> None:
        """Answer requests; returns once the server was told to stop and the last answer is out."""
        self.run(sockets=[self._taken])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self._ready(address(self._taken))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop."""
        self.force_exit = self.force_exit or self.should_exit
        self.should_exit = True


class _Bounded(H11Protocol):
    """HTTP/1.1 that closes connections without a whole request in time, and those beyond the limit."""

    limits: ClassVar[Limits]
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.write(_raw(Problem(503, "too many connections are open; try again")))
            transport.close()
        else:
            self._await_request(self.limits.head_seconds)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._busy():
            self._clear()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._busy():
            self._await_request(self.limits.idle_seconds + self.limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self.transport.write(_raw(Problem(400, "this is not HTTP/1.1 as it is written down")))
        self.transport.close()

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_request(self, seconds: float) -> None:
        # one deadline for the whole head: bytes that trickle in do not move it
        self._clear()
        self._deadline = self.loop.call_later(seconds, self._expired)

    def _expired(self) -> None:
        if not self._busy():
            self.transport.close()

    def _clear(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _raw(problem: Problem) -> bytes:
    """Return a whole answer for a connection on which no request was read."""
    body = problem.encoded()
    lines = (
        f"HTTP/1.1 {problem.status} {problem.body()['title']}",
        f"Content-Type: {CONTENT_TYPE}",
        f"Content-Length: {len(body)}",
        *(["Retry-After: 1"] if problem.status == 503 else []),
        "Connection: close",
    )
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body
