"""An app on loopback: its own files, the right types and rules, and nothing else on the disk."""

from __future__ import annotations

import http.client
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from unseen.errors import ConfigError, ModelFileError
from unseen.phone.serving import POLICY, bound, serving


@pytest.fixture(scope="module")
def ask(address):
    def ask(target: str, *, method: str = "GET", host: str | None = None):
        place = urlsplit(address).netloc
        with closing(http.client.HTTPConnection(place, timeout=10)) as connection:
            connection.putrequest(method, target, skip_host=True)
            connection.putheader("Host", host or place)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    return ask


TYPES = {
    "/app.json": "application/json",
    "/engine/client.js": "text/javascript; charset=utf-8",
    "/runtime/ort.wasm.bundle.min.mjs": "text/javascript; charset=utf-8",
    "/runtime/ort-wasm.bin": "application/octet-stream",
    "/model.onnx": "application/octet-stream",
    "/probe.html": "text/html; charset=utf-8",
    "/runtime/LICENSES.txt": "text/plain; charset=utf-8",
}


@pytest.mark.parametrize(("path", "kind"), TYPES.items())
def test_files_come_with_their_type_and_the_rules(ask, app, path, kind):
    status, headers, body = ask(path)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert body == (app / path[1:]).read_bytes()
    assert headers["Content-Security-Policy"] == POLICY
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert "Content-Encoding" not in headers
    assert ask(path, method="HEAD")[2] == b""


PATHS = [
    "/../secret.txt",
    "/engine/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "//secret.txt",
    "/engine/%00",
    "/engine",
    "/engine/",
    "/secret.txt",
    "/app.json/",
    "secret.txt",
]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_else_is_reached(ask, app, path):
    (app.parent / "secret.txt").write_text("secret")
    (app / "secret.txt").write_text("not listed")
    try:
        status, headers, body = ask(path)
    finally:
        (app / "secret.txt").unlink()
    assert (status, body) == (404, b"not here\n")
    assert headers["Content-Security-Policy"] == POLICY


def test_names_that_were_made_to_point_here_get_nothing(ask):
    assert ask("/app.json", host="evil.example")[0] == 404
    assert ask("/app.json", host="evil.example:80")[0] == 404
    assert ask("/app.json", host="localhost:1")[0] == 200
    assert ask("/app.json", method="POST")[0] == 501


def test_what_is_no_app_is_not_served(tmp_path, app):
    with pytest.raises(ModelFileError, match="is not an app"):
        bound(tmp_path)
    with serving(app) as url, pytest.raises(ConfigError, match="cannot be listened on"):
        bound(app, urlsplit(url).port)
