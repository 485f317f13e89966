"""`unseen serve` as a process: it starts, answers, and stops as it is told to."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from served import as_json, committee, normal

import unseen
from unseen.service.serving import beyond_this_machine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("serve") / "model"
    unseen.save(committee(), path)
    return path


class Service:
    """A running `unseen serve`; stopped for good at the end of a `with` block."""

    def __init__(self, *words):
        clean = {name: value for name, value in os.environ.items() if name != "UNSEEN_TOKEN"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "unseen.cli", "serve", *map(str, words), "--port", "0", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**clean, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self):
        self.said = json.loads("".join(iter(self.process.stdout.readline, "}\n")) + "}")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def client(self, token):
        headers = {"authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.said["url"], headers=headers, timeout=30)


def test_a_token_is_made_and_shown_once_and_sigterm_lets_a_request_end(model):
    rows = as_json(normal()) * 8
    with Service(model) as service:
        assert service.said["kind"] == "CommitteeDetector"
        shown = service.process.stderr.readline()
        token = re.fullmatch(r"note: token of this run, shown once: (\S{43})\n", shown)[1]
        with service.client("the-token-of-somebody-else") as client:
            assert client.get("/health").status_code == 401
        with service.client(token) as client:
            assert client.get("/health").json()["ready"] is True
            body = json.dumps(rows).encode()

            def slowly():
                """The second half of the body comes once the service was told to stop."""
                yield body[: len(body) // 2]
                service.process.send_signal(signal.SIGTERM)
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline:
                    try:
                        httpx.get(service.said["url"], timeout=5)
                    except httpx.TransportError:
                        break
                yield body[len(body) // 2 :]

            answer = client.post("/score", content=slowly(), headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["rows"]) == (200, len(rows))
        assert service.process.wait(timeout=30) == 0
        assert token not in service.process.stdout.read() + service.process.stderr.read()


@pytest.mark.parametrize(
    ("host", "beyond"),
    [("::1", False), ("127.8.0.1", False), ("::", True), ("10.0.0.7", True), ("here", True)],
)
def test_who_can_reach_a_host(host, beyond):
    assert beyond_this_machine(host) is beyond
