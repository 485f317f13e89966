"""Everybody is told of every change at least once, in order, with a key that stays the same."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from test_store import red, slot

from unseen.live.clock import ManualClock
from unseen.live.sinks import Webhook, enlist, tell, untold
from unseen.live.store import Change, Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "watch.db") as store:
        store.add_sensors([("a", "A", None, None), ("b", "B", 1.0, 2.0)], since=0)
        yield store


def test_a_sink_is_told_from_its_first_day_on_and_once(store):
    store.commit(slot(0, raised=[red()]))
    enlist(store, "new")
    words = []
    assert tell(store, "new", words.append) == 0
    (number,) = store.commit(slot(600, raised=[red(1, 1200)]))
    store.commit(slot(1200, changes=[Change(number, "cleared", 1800)]))
    assert tell(store, "new", words.append) == 2
    assert [word.kind for word in words] == ["raised", "cleared"]
    assert [word.key for word in words] == [f"{number}-raised-2", f"{number}-cleared-3"]
    assert tell(store, "new", words.append) == 0


def test_a_stop_between_telling_and_noting_tells_again_with_the_same_key(store):
    enlist(store, "out")
    store.commit(slot(0, raised=[red()]))
    words = []

    def fall(word):
        words.append(word)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tell(store, "out", fall)
    tell(store, "out", words.append)
    assert [word.key for word in words] == ["1-raised-1", "1-raised-1"]


class Receiver:
    """A webhook that fails as often as it is told to."""

    def __init__(self, codes):
        self.came, codes = [], iter(codes)
        came = self.came

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                code = next(codes, 200)
                came.append((code, self.headers["Idempotency-Key"], json.loads(text)))
                self.send_response(code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/alarms"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def test_a_webhook_is_asked_again_until_it_takes_what_it_is_sent(store, monkeypatch):
    monkeypatch.setattr("unseen.live.sinks.LOOK", 0.02)
    receiver = Receiver([503, 200, 400])
    with receiver as url:
        hook = Webhook(url, store.path, ManualClock(5.0))
        enlist(store, hook.name)
        store.commit(slot(0, raised=[red(), red(1)]))
        stop = threading.Event()
        thread = threading.Thread(target=hook.run, args=(stop,))
        thread.start()
        for _ in range(500):
            if not list(untold(store, hook.name)):
                break
            stop.wait(0.02)
        stop.set()
        thread.join(10)
    assert [(code, key) for code, key, _ in receiver.came] == [
        (503, "1-raised-1"), (200, "1-raised-1"), (400, "2-raised-2"),
    ]  # fmt: skip
    assert receiver.came[0][2]["sensor"] == "a"
    log = store.db.execute("SELECT word FROM feed WHERE kind = 'webhook'").fetchall()
    assert log == [("HTTP 503",), ("HTTP 400",)]
