"""A feed for rehearsals: a server on loopback that shows a panel as a city would, by any clock.

It serves current values in the shape of an ArcGIS layer, and can be told to fail in the ways real feeds do.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray

from unseen.live.clock import Clock
from unseen.seeds import generator
from unseen.series.panel import Panel

Fault = Callable[[int, float], str | None]
"""(number of the question, moment) -> a kind of `KINDS`, or None."""
KINDS = ("error", "html", "cut", "empty", "gone", "twice", "shuffled", "old")
SHARE = 0.2
"""Share of the points that a fault of some of them is about."""


def sound(number: int, now: float) -> str | None:
    """Never fail."""
    return None


@dataclass
class Rehearsal:
    """Current values of a panel at any moment, as a layer of points.

    The reading of a slot is stamped some time after its begin, the same for every slot of a sensor, and
    shown until the next one. A slot without a value shows a zero with a null stamp, as idle points do.

    Args:
        panel: What is shown.
        clock: What time it is.
        fault: When and how to fail.
        delay: Seconds after the begin of a slot at which its reading is stamped ...
        spread: ... and over how many seconds the sensors differ in it.
        page: Most points of one answer; 0 sends all at once.

    """

    panel: Panel
    clock: Clock
    fault: Fault = sound
    delay: float = 60.0
    spread: float = 0.0
    page: int = 0
    asked: int = field(default=0, init=False)
    _cache: tuple[int, bytes] = field(default=(-1, b""), init=False)

    def answer(self, query: str = "", tag: str | None = None) -> tuple[int, dict[str, str], bytes]:
        """Return code, headers and body of the next answer.

        Args:
            query: Of the address; `resultOffset` asks for the points from there on.
            tag: Of the answer that the client has; the same again is not sent.

        """
        code, kind, body = self._answered(query)
        mark = f'"{zlib.crc32(body):08x}"'
        if code == 200 and tag == mark:
            return 304, {"ETag": mark}, b""
        return code, {"Content-Type": kind, "ETag": mark}, body

    def _answered(self, query: str) -> tuple[int, str, bytes]:
        now, number = self.clock.now(), self.asked
        self.asked += 1
        kind = self.fault(number, now)
        if kind == "error":
            return 500, "text/plain", b"internal error"
        if kind == "html":
            return 200, "text/html", b"<!DOCTYPE html><html><body>Service unavailable</body></html>"
        if kind == "empty":
            return 200, "application/json", b'{"features": []}'
        body = self._body(now, number, kind, int((parse_qs(query).get("resultOffset") or ["0"])[0]))
        return 200, "application/json", body[: len(body) // 2] if kind == "cut" else body

    def _body(self, now: float, number: int, kind: str | None, offset: int) -> bytes:
        slot = self.panel.slot(int(now - self.delay))
        whole = kind is None or kind == "cut"
        if whole and not self.spread and not self.page and self._cache[0] == slot:
            return self._cache[1]
        features = self.features(now)
        if not whole:
            features = _spoiled(features, str(kind), number, self.panel.step)
        more = bool(self.page) and offset + self.page < len(features)
        shown = features[offset : offset + self.page] if self.page else features
        body = json.dumps({"features": shown, "exceededTransferLimit": more}).encode()
        if whole and not self.spread and not self.page:
            self._cache = (slot, body)
        return body

    def features(self, now: float) -> list[dict[str, Any]]:
        """Return every point as it is shown at a moment."""
        panel = self.panel
        slots = ((now - self._delays() - panel.start) // panel.step).astype(np.int64)
        inside = (slots >= 0) & (slots < panel.slots)
        rows = np.arange(len(slots))
        values = np.where(inside, panel.values[rows, np.where(inside, slots, 0)], np.nan)
        stamps = panel.start + slots * panel.step + self._delays()
        places = np.full((len(slots), 2), np.nan) if panel.places is None else panel.places
        return [
            _feature(name, float(value), float(stamp), where)
            for name, value, stamp, where in zip(panel.sensors, values, stamps, places, strict=True)
        ]

    def _delays(self) -> NDArray[np.float64]:
        shares = generator(0, 97).random(len(self.panel.sensors))
        return np.floor(self.delay + self.spread * shares)


def _feature(name: str, value: float, stamp: float, where: NDArray[np.float64]) -> dict[str, Any]:
    known = value == value
    fields = {
        "idpm": name,
        "ih": value if known else 0,
        "fecha_actualizacion": int(1000 * stamp) if known else None,
    }
    point = {"x": float(where[0]), "y": float(where[1])} if where[0] == where[0] else None
    return {"attributes": fields, "geometry": point}


def _spoiled(features: list[dict[str, Any]], kind: str, number: int, step: int) -> list[dict[str, Any]]:
    """Let some points be gone, doubled with another value, out of order, or older than they are."""
    draw = generator(number, 101)
    some = draw.random(len(features)) < SHARE
    if kind == "gone":
        return [one for one, out in zip(features, some, strict=True) if not out] or features[:1]
    if kind == "twice":
        return features + [_changed(one, 7.0, 0) for one, out in zip(features, some, strict=True) if out]
    if kind == "old":
        return [
            _changed(one, 0.0, 3000 * step) if out else one for one, out in zip(features, some, strict=True)
        ]
    return [features[place] for place in draw.permutation(len(features))]


def _changed(feature: dict[str, Any], more: float, back: int) -> dict[str, Any]:
    fields = dict(feature["attributes"])
    if fields["fecha_actualizacion"] is not None:
        fields["ih"] += more
        fields["fecha_actualizacion"] -= back
    return {**feature, "attributes": fields}


@contextmanager
def served(rehearsal: Rehearsal, port: int = 0) -> Iterator[str]:
    """Serve a rehearsal on loopback while the block runs; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def do_GET(self) -> None:
            tag = self.headers.get("If-None-Match")
            code, headers, body = rehearsal.answer(urlsplit(self.path).query, tag)
            self.send_response(code)
            for pair in headers.items():
                self.send_header(*pair)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it overrides
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of clients that were killed in the middle of an answer."""

    server = Server(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="rehearsal", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/query?f=json"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
