"""Refusals as JSON: one line that says what came and what is accepted (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Send

CONTENT_TYPE = "application/problem+json"
LONGEST = 500
"""Characters of a detail that are sent; what a client wrote may be of any length."""


class Problem(Exception):  # noqa: N818 - the name of the standard
    """A request that is refused, with the status and the one line the client gets.

    >>> Problem(413, "9 bytes came; accepted: at most 8").body()["title"]
    'Content Too Large'
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = one_line(detail)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        """Return the JSON object that is sent."""
        return {
            "type": "about:blank",
            "title": _title(self.status),
            "status": self.status,
            "detail": self.detail,
        }

    def encoded(self) -> bytes:
        """Return the body as bytes; what is not Unicode text in the detail is escaped."""
        return json.dumps(self.body()).encode("ascii")


def one_line(text: str) -> str:
    r"""Return a text on one line of at most `LONGEST` characters.

    >>> one_line("column 'a\nb'   is\t\x1b[31m missing")
    "column 'a b' is [31m missing"
    """
    words = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * LONGEST]).split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


async def answer(problem: Problem, send: Send, *, close: bool = False) -> None:
    """Send a problem as a whole answer; `close` ends the connection after it."""
    body = problem.encoded()
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in problem.headers.items()),
    ]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def speak(app: FastAPI) -> None:
    """Let an application answer its own refusals, unknown paths and wrong parameters as problems."""
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    async def refused(request: Request, error: Exception) -> Response:
        return _response(error if isinstance(error, Problem) else Problem(500, "an error of the server"))

    async def plain(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            return _response(Problem(500, "an error of the server"))
        detail = _WORDED.get(error.status_code, str(error.detail))
        return _response(Problem(error.status_code, detail, error.headers))

    async def invalid(request: Request, error: Exception) -> Response:
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
        where = ".".join(str(part) for part in first.get("loc", ())[1:2])
        if first.get("type") == "extra_forbidden":
            return _response(Problem(422, f"parameter {where!r} is not known; see /openapi.json"))
        return _response(Problem(422, f"{where}: {first.get('input')!r} came; {first.get('msg', '')}"))

    app.add_exception_handler(Problem, refused)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(RequestValidationError, invalid)


_WORDED = {
    404: "this path is not served; /openapi.json lists those that are",
    405: "this path does not take this method; the header Allow names those it takes",
}


def _response(problem: Problem) -> Response:
    from starlette.responses import Response

    return Response(problem.encoded(), problem.status, problem.headers, media_type=CONTENT_TYPE)


def _title(status: int) -> str:
    # the name in RFC 9110; older Pythons still have that of RFC 2616
    names = {413: "Content Too Large", 422: "Unprocessable Content"}
    return names.get(status) or HTTPStatus(status).phrase
