"""Feeds over HTTP, MQTT and lines: bounded, patient, and never a crash."""

import json
import queue
import socket
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from rehearsing import FIELDS, settings, streets

from unseen.errors import ConfigError
from unseen.live import polling as polling_module
from unseen.live.broker import Broker
from unseen.live.clock import ManualClock
from unseen.live.config import FeedSettings
from unseen.live.lines import Lines
from unseen.live.payload import Payload
from unseen.live.polling import TRIES, Polling
from unseen.live.rehearsal import Rehearsal, served
from unseen.series.settings import SeriesSettings

NOW = 1_490_565_600.0
SERIES = SeriesSettings(zone="Europe/Madrid", slot=15, **FIELDS)


@contextmanager
def answering(answer):
    """Serve whatever `answer(path, headers)` returns: code, headers, body."""

    class Handler(BaseHTTPRequestHandler):
        wbufsize = 1 << 16

        def do_GET(self):
            code, headers, body = answer(self.path, dict(self.headers))
            self.send_response(code)
            for pair in headers.items():
                self.send_header(*pair)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/q?f=json&key=secret"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def asked(url, times=1):
    clock = ManualClock(NOW)
    polling = Polling(FeedSettings(url=url), SERIES, clock)
    with httpx.Client(timeout=5) as client:
        found = [polling.ask(client, threading.Event()) for _ in range(times)]
    return found[0] if times == 1 else found, clock


def body(*values):
    rows = [
        {"attributes": {"idpm": n, "ih": v, "fecha_actualizacion": 1000 * NOW}} for n, v in enumerate(values)
    ]
    return json.dumps({"features": rows}).encode()


def test_a_layer_that_is_cut_is_asked_for_page_by_page():
    panel = streets(25, 1, start=int(NOW) - 3600)
    with served(Rehearsal(panel, ManualClock(NOW), page=10)) as url:
        delivery, _ = asked(url)
    assert [one.sensor for one in delivery.answer.readings] == list(panel.sensors)
    assert delivery.answer.readings[0].place == (-0.38, 39.47)


def test_an_unchanged_answer_is_not_read_again():
    def answer(path, headers):
        same = headers.get("If-None-Match") == '"one"'
        return (304, {}, b"") if same else (200, {"ETag": '"one"'}, body(5))

    with answering(answer) as url:
        (first, second), _ = asked(url, 2)
    assert (first.kind, len(first.answer.readings)) == ("ok", 1)
    assert (second.kind, second.answer, second.fault) == ("unchanged", None, None)


def test_what_could_not_be_read_is_asked_for_again_whatever_its_tag():
    def answer(path, headers):
        same = headers.get("If-None-Match") == '"half"'
        return (304, {}, b"") if same else (200, {"ETag": '"half"'}, body(5)[:30])

    with answering(answer) as url:
        delivery, _ = asked(url)
    assert (delivery.kind, len(delivery.passed)) == ("content", TRIES - 1)


@pytest.mark.parametrize(
    ("code", "sent", "says", "tries"),
    [
        (500, b"oops", "HTTP 500", TRIES),
        (403, b"no", "HTTP 403", 1),
        (302, b"", "HTTP 302", 1),
        (200, b"<html>busy</html>", "feed: HTML or XML came", TRIES),
        (200, b'{"features": []}', "feed: an empty list came", TRIES),
        (200, b'{"features": [{"attr', "feed: JSON is broken or cut short", TRIES),
        (200, b'{"error": {"code": 400}}', "feed: an error came in place of data", TRIES),
    ],
)
def test_answers_that_are_no_data_are_told_of_on_one_line(code, sent, says, tries):
    with answering(lambda *_: (code, {"Location": "http://127.0.0.1:1/"}, sent)) as url:
        delivery, clock = asked(url)
    assert delivery.fault.startswith(says)
    assert "secret" not in delivery.fault
    assert len(delivery.passed) == tries - 1
    pauses = [b - a for a, b in zip([NOW, *clock.waits], clock.waits, strict=False)]
    assert all(0.5 * 2**n <= pause <= 2**n for n, pause in enumerate(pauses))


def test_nobody_there_is_a_fault_like_any_other():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    delivery, _ = asked(f"http://127.0.0.1:{port}/?key=secret")
    assert delivery.fault.startswith("ConnectError")


def test_an_answer_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(polling_module, "LARGEST", 50_000)
    with answering(lambda *_: (200, {}, b" " * 60_000)) as url:
        delivery, _ = asked(url)
    assert delivery.fault == "more than 50,000 bytes came; ask page by page"


def lines_of(path, **more):
    out = queue.Queue()
    Lines(str(path), Payload(SERIES, **more), ManualClock(NOW), by_stamps=True).run(out, threading.Event())
    return list(out.queue)


def test_lines_of_a_file_are_readings_and_broken_ones_are_told_of(tmp_path):
    row = {"idpm": 1, "ih": 5, "fecha_actualizacion": 1000 * NOW}
    file = tmp_path / "lines.jsonl"
    file.write_text(f"{json.dumps(row)}\n{json.dumps({**row, 'idpm': 2})}\n")
    first, end = lines_of(file)
    assert [one.sensor for one in first.answer.readings] == ["1", "2"]
    assert end.end
    file.write_text('{"idpm": 1\n')
    fault, _ = lines_of(file)
    assert fault.kind == "content"
    with pytest.raises(ConfigError, match="cannot be read"):
        lines_of(tmp_path / "none")


def test_a_followed_file_goes_on_where_it_was_and_waits_for_whole_lines(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(b"a,b\n1,2\n3,4\n5")
    out, stop = queue.Queue(), threading.Event()
    lines = Lines(str(file), Payload(SERIES, as_rows=True), ManualClock(NOW))
    thread = threading.Thread(target=lines.run, args=(out, stop))
    thread.start()
    first = out.get(timeout=10)
    with file.open("ab") as more:
        more.write(b",6\n")
    second = out.get(timeout=10)
    stop.set()
    thread.join(10)
    assert (first.rows, first.place) == (({"a": 1, "b": 2}, {"a": 3, "b": 4}), 12)
    assert second.rows == ({"a": 5, "b": 6},)
    again = Lines(str(file), Payload(SERIES, as_rows=True), ManualClock(NOW), place=12, by_stamps=True)
    again.run(rest := queue.Queue(), threading.Event())
    assert rest.get().rows == ({"a": 5, "b": 6},)


def frame(kind, payload):
    return bytes([kind, len(payload)]) + payload


@contextmanager
def mqtt_broker(messages):
    """Speak as much MQTT 3.1.1 as it takes: accept, acknowledge a subscription, send messages."""
    listening = socket.create_server(("127.0.0.1", 0))
    topics = []

    def serve():
        peer, _ = listening.accept()
        with peer:
            read(peer)
            peer.sendall(frame(0x20, b"\0\0"))
            subscribe = read(peer)
            topics.append(subscribe[4 : 4 + struct.unpack(">H", subscribe[2:4])[0]].decode())
            peer.sendall(frame(0x90, subscribe[:2] + b"\0"))
            for message in messages:
                peer.sendall(frame(0x30, struct.pack(">H", 1) + b"t" + message))
            while peer.recv(1024):
                pass

    def read(peer):
        head = peer.recv(2)
        return peer.recv(head[1])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], topics
    finally:
        listening.close()
        thread.join(5)


def test_messages_of_a_broker_are_readings_and_broken_ones_are_told_of(monkeypatch):
    monkeypatch.setattr("unseen.live.broker.GATHER", 0.1)
    row = {"idpm": 1, "ih": 5, "fecha_actualizacion": 1000 * int(NOW)}
    out, stop = queue.Queue(), threading.Event()
    with mqtt_broker([json.dumps(row).encode(), b"{", b"[]"]) as (port, topics):
        feed = FeedSettings(mqtt=f"127.0.0.1:{port}", topic="city/+")
        broker = Broker(feed, Payload(SERIES), ManualClock(NOW))
        thread = threading.Thread(target=broker.run, args=(out, stop), daemon=True)
        thread.start()
        found = [out.get(timeout=20) for _ in range(3)]
        stop.set()
        thread.join(10)
    assert topics == ["city/+"]
    assert found[0].answer.readings[0].value == 5.0
    assert [one.kind for one in found[1:]] == ["content", "content"]


def test_settings_name_one_feed(tmp_path):
    with pytest.raises(
        ConfigError, match="feed: url and lines came; accepted: exactly one of url, mqtt and lines"
    ):
        settings(tmp_path, feed={"lines": "-"})
