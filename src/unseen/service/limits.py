"""What a client may ask of a server: bytes, seconds, requests at once and requests a second."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from unseen.errors import ConfigError
from unseen.service.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds on one client and on all.

    Attributes:
        body_bytes: Largest body of a request.
        held_bytes: All bodies that are held at once; while more come, they are refused.
        per_second, burst: Requests of one client in the long run, and at once.
        wrong_per_second, wrong_burst: The same of requests without the right token.
        in_flight: Requests that are answered at once; more are refused.
        connections: Open connections; more are closed as they come.
        head_seconds: Time for a request to come up to the end of its headers.
        body_seconds: Time for its body to come.
        answer_seconds: Time for all of it, from headers to the last byte of the answer.
        idle_seconds: Time a connection may be open without a request.
        stop_seconds: Time running requests have to end once the server is told to stop.

    Raises:
        ConfigError: One of them is not above 0.

    """

    body_bytes: int = 16 * MIB
    held_bytes: int = 128 * MIB
    per_second: float = 500.0
    burst: float = 1000.0
    wrong_per_second: float = 5.0
    wrong_burst: float = 50.0
    in_flight: int = 64
    connections: int = 256
    head_seconds: float = 10.0
    body_seconds: float = 20.0
    answer_seconds: float = 60.0
    idle_seconds: float = 15.0
    stop_seconds: float = 30.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value < float("inf"):
                raise ConfigError(f"{field.name} {value!r} came; accepted: a number above 0")


class Room:
    """Bytes of bodies that are held at this moment, over all requests."""

    def __init__(self) -> None:
        self.held = 0


class Body:
    """The receiving end of one request, which refuses a body that is too large, too slow, or has no room.

    The declared length is looked at first, so that no byte of a body too large is waited for.

    Attributes:
        whole: Whether nothing more will come.
        gone: Whether the client left before that.

    """

    def __init__(self, scope: Scope, receive: Receive, limits: Limits, room: Room) -> None:
        self._receive = receive
        self._limits = limits
        self._room = room
        self._came = 0
        self._deadline = asyncio.get_running_loop().time() + limits.body_seconds
        self._declared = _declared(scope)
        self.whole = self.gone = False

    def check(self) -> None:
        """Refuse a declared length beyond the limit.

        Raises:
            Problem: 413.

        """
        if self._declared is not None and self._declared > self._limits.body_bytes:
            raise self._too_large(f"{self._declared:,}")

    async def receive(self) -> Message:
        """Return the next message; bytes and seconds are counted up to the end of the body.

        Raises:
            Problem: 413, 408, or 503 where other requests hold all the room.

        """
        if self.whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise Problem(
                408, f"the body did not come within {self._limits.body_seconds:g} s; send it faster, or less"
            ) from None
        self.whole = not message.get("more_body", False)
        self.gone = message["type"] == "http.disconnect"
        self._hold(len(message.get("body", b"")))
        return message

    def release(self) -> None:
        """Give back the room this body has taken; called once the request is over."""
        self._room.held -= self._came

    def _hold(self, size: int) -> None:
        self._came += size
        self._room.held += size
        if self._came > self._limits.body_bytes:
            raise self._too_large(f"more than {self._limits.body_bytes:,}")
        if self._room.held > self._limits.held_bytes:
            raise Problem(503, "other requests fill the memory for bodies; try again", {"Retry-After": "1"})

    async def drained(self, most: int = 65_536, seconds: float = 1.0) -> bool:
        """Read a small rest of the body, so that a refusal reaches its client; whether that was all of it."""
        try:
            async with asyncio.timeout(seconds):
                start = self._came
                while not self.whole and self._came - start <= most:
                    await self.receive()
        except (TimeoutError, Problem):
            return False
        return self.whole

    def _too_large(self, came: str) -> Problem:
        most = self._limits.body_bytes
        return Problem(
            413, f"a body of {came} bytes came; accepted: at most {most:,}. Send fewer rows at once"
        )


def _declared(scope: Scope) -> int | None:
    """Return the length a request declares: 0 where it has no body, None where it comes in chunks."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() else None
