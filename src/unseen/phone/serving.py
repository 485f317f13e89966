"""An app on loopback: its files alone, read once, with the rules a browser is to keep."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from unseen.errors import ConfigError, ModelFileError
from unseen.phone.bundle import AGAIN, APP, WORKER
from unseen.phone.manifest import read_manifest

# Nothing is loaded from or sent to elsewhere, nothing is run but the app's own files; the page says the same.
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:; style-src 'self'; "
    "worker-src 'self'; connect-src 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}
PLAIN = "application/octet-stream"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Site:
    """The files of an app, in memory: path as it is asked for -> content."""

    files: Mapping[str, bytes]

    @classmethod
    def of(cls, folder: str | os.PathLike[str]) -> Site:
        """Read the files that app.json names, and no others.

        Raises:
            ModelFileError: The folder is not an app, or a file is missing.

        """
        place = Path(folder)
        app = _read(place, APP)
        names = (APP, WORKER, *read_manifest(app, str(place / APP)).files)
        found = {f"/{name}": _read(place, name) for name in names}
        return cls({**found, "/": found.get("/index.html", b"")})

    def answer(self, target: str) -> tuple[bytes, str] | None:
        """Content and type of a request target; None where the app has no such file.

        Paths are keys, never places on the disk: `..` in any spelling finds nothing.

        >>> Site({"/app.json": b"{}"}).answer("/app.json?x=1")
        (b'{}', 'application/json')
        >>> Site({"/app.json": b"{}"}).answer("/%2e%2e/app.json") is None
        True
        """
        path = unquote(urlsplit(target).path)
        content = self.files.get(path)
        if not content:
            return None
        name = "index.html" if path == "/" else path
        return content, TYPES.get(Path(name).suffix, PLAIN)


def _read(folder: Path, name: str) -> bytes:
    place = folder / name
    inside = folder.resolve() in place.resolve().parents
    if not inside or not place.is_file():
        what = "is not an app" if name == APP else f"lacks {name}"
        raise ModelFileError(f"{folder} {what}; {AGAIN}")
    return place.read_bytes()


class Server(ThreadingHTTPServer):
    """Answers from a site; `stop` ends it."""

    daemon_threads = True

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Address of the app."""
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: Server

    def do_GET(self) -> None:
        self._reply(with_body=True)

    def do_HEAD(self) -> None:
        self._reply(with_body=False)

    def _reply(self, *, with_body: bool) -> None:
        # a page from elsewhere whose name was made to point here gets nothing
        host = self.headers.get("Host", "").rpartition(":")
        found = self.server.site.answer(self.path) if (host[0] or host[2]) in LOOPBACK else None
        status, (content, kind) = (
            (200, found) if found else (404, (b"not here\n", "text/plain; charset=utf-8"))
        )
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def version_string(self) -> str:
        return "unseen"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Say nothing: what is asked for is nobody's business."""


def bound(folder: str | os.PathLike[str], port: int = 0) -> Server:
    """Return a server of an app that listens on loopback; port 0 is any that is free.

    Raises:
        ModelFileError: The folder is not an app.
        ConfigError: The port cannot be had.

    """
    site = Site.of(folder)
    try:
        return Server(site, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"port {port} cannot be listened on: {reason}; choose another --port") from error


@contextmanager
def serving(folder: str | os.PathLike[str], port: int = 0) -> Iterator[str]:
    """Serve an app in a thread for as long as the block runs; gives its address."""
    server = bound(folder, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
