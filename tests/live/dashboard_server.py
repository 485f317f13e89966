"""A loopback server of the dashboard's files and of the answers of a made-up city."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from made_up_city import City, iso

import unseen

STATIC = Path(unseen.__file__).parent / "live" / "static"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Watch:
    """What the server knows: a city, an optional token, faults on request."""

    def __init__(self, city: City, token: str | None = None, **health: Any) -> None:
        self.city, self.token, self.more = city, token, health
        self.down = False
        self.rows: list[dict[str, Any]] | None = None
        self.slot = threading.Condition()
        self.closed = False

    def next_slot(self) -> None:
        with self.slot:
            self.city.issued += timedelta(seconds=600)
            self.slot.notify_all()

    def listed(self, words: dict[str, list[str]]) -> list[dict[str, Any]]:
        alarms = self.city.alarms if self.rows is None else self.rows
        wanted = {name: values[0] for name, values in words.items()}
        states = {
            "open": lambda a: not a["cleared"], "cleared": lambda a: a["cleared"], "acknowledged": lambda a: a["acknowledged"],
            "unacknowledged": lambda a: not a["cleared"] and not a["acknowledged"],
        }  # fmt: skip
        if "state" in wanted:
            alarms = [alarm for alarm in alarms if states[wanted["state"]](alarm)]
        for key in ("tier", "sensor"):
            if key in wanted:
                alarms = [alarm for alarm in alarms if alarm.get(key) == wanted[key]]
        return [alarm for alarm in alarms if alarm["issued"] >= wanted.get("since", "")]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    watch: Watch

    def log_message(self, *told: object) -> None:
        pass

    def send(self, body: bytes, kind: str = "application/json", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say(self, told: Any, status: int = 200) -> None:
        self.send(json.dumps(told).encode(), status=status)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/" or path.startswith("/static/"):
            file = STATIC / (path.removeprefix("/static/") if path != "/" else "index.html")
            return self.send(file.read_bytes(), TYPES[file.suffix]) if file.is_file() else self.say({"detail": "no such file"}, 404)
        if not self.allowed():
            return None
        if path == "/api/events":
            return self.events()
        return self.answer(path)

    def allowed(self) -> bool:
        if self.watch.down:
            self.say({"detail": "the store is locked"}, 503)
        elif self.watch.token and self.headers.get("Authorization") != f"Bearer {self.watch.token}":
            self.say({"detail": "a token is needed"}, 401)
        else:
            return True
        return False

    def answer(self, path: str) -> None:
        city, words = self.watch.city, parse_qs(urlsplit(self.path).query)
        if path.startswith("/api/street/"):
            street = city.street(unquote(path.removeprefix("/api/street/")))
            return self.say(street) if street else self.say({"detail": "no such street"}, 404)
        if path == "/api/alarms":
            return self.alarms(words)
        answers = {"/api/tiers": city.tiers, "/api/health": lambda: city.health() | self.watch.more, "/api/scores": city.scores}
        return self.say(answers[path]()) if path in answers else self.say({"detail": "not found"}, 404)

    def alarms(self, words: dict[str, list[str]]) -> None:
        found = self.watch.listed(words)
        if words.get("format") == ["csv"]:
            lines = ["id,name,issued,tier", *(f"{a['id']},{a['name']},{a['issued']},{a['tier']}" for a in found)]
            return self.send("\n".join(lines).encode(), "text/csv")
        return self.say({"alarms": found[: int(words.get("limit", ["100"])[0])], "total": len(found)})

    def events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b": here\n\n")
        while not self.watch.closed:
            with self.watch.slot:
                told = self.watch.slot.wait(0.5)
            self.wfile.write(b"event: slot\ndata: {}\n\n" if told and not self.watch.closed else b": here\n\n")
        self.close_connection = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.allowed():
            return None
        number = self.path.split("/")[3]
        alarm = next(alarm for alarm in self.watch.listed({}) if str(alarm["id"]) == number)
        if alarm["acknowledged"]:
            return self.say({"detail": f"already acknowledged by {alarm['acknowledged_by']}"}, 409)
        alarm |= {"acknowledged": iso(self.watch.city.issued), "acknowledged_by": body["by"], "note": body["note"]}
        return self.say(alarm)


@contextmanager
def served(watch: Watch, port: int = 0) -> Iterator[str]:
    """The address of a server that runs inside the block."""
    handler = type("Bound", (Handler,), {"watch": watch})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    server.handle_error = lambda *told: None  # a page that goes away in the middle of an answer
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        watch.closed = True
        with watch.slot:
            watch.slot.notify_all()
        server.shutdown()
        server.server_close()
        thread.join()


def now(city: City) -> datetime:
    return city.issued
