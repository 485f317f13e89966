"""The static files of the dashboard, and what a browser may do with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
"""Only files with these endings are served."""

# Nothing is loaded from elsewhere, nothing in the page is run but its own files.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode("ascii")),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def static_files() -> Mapping[str, tuple[bytes, str]]:
    """Read every file of the page: path -> content and type; "/" is index.html."""
    found: dict[str, tuple[bytes, str]] = {}
    folder = files("unseen.live").joinpath("static")
    if folder.is_dir():
        found.update(_below(folder, ""))
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    return found


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, tuple[bytes, str]]]:
    for entry in folder.iterdir():
        kind = TYPES.get("." + entry.name.rpartition(".")[2])
        if entry.is_dir():
            yield from _below(entry, f"{path}/{entry.name}")
        elif kind is not None:
            yield f"{path}/{entry.name}", (entry.read_bytes(), kind)


def add_page(app: FastAPI) -> None:
    """Serve the files; `index.html` at `/` as well."""
    for path, (content, kind) in static_files().items():
        app.add_route(path, _file(content, kind), methods=["GET"], include_in_schema=False)


def _file(content: bytes, kind: str) -> Callable[[Request], Awaitable[Response]]:
    from starlette.responses import Response

    async def answer(_: Request) -> Response:
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})

    return answer


class Headed:
    """An ASGI application in front of another, which puts the rules of the browser on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
            await send(message)

        await self._app(scope, receive, headed)
