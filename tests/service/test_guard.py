"""What stands in front of any application: token, rates, room, size and time, and how it stops."""

import asyncio
import contextlib
import json
import signal
import time

import httpx
import pytest

from unseen.errors import ConfigError
from unseen.service.guard import Guard
from unseen.service.limits import Limits
from unseen.service.listening import Server, bind
from unseen.service.metrics import HttpMetrics
from unseen.service.problems import Problem, one_line
from unseen.service.rates import MOST_CLIENTS, Rates
from unseen.service.tokens import Token, issue, shown

SECRET = "an-open-secret-of-tests"  # noqa: S105
MINE = {"authorization": f"Bearer {SECRET}"}


async def echo(scope, receive, send):
    """Answer with what came; by path: /wait takes its time, /fall falls, /halfway falls after a half."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RuntimeError("the client left")
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["path"] == "/wait":
        await asyncio.sleep(0.3)
    if scope["path"] == "/fall":
        raise RuntimeError("secret of the house")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/halfway":
        raise RuntimeError("secret of the house")
    await send({"type": "http.response.body", "body": body})


def guarded(free=frozenset(), cookie=None, **limits):
    return Guard(
        echo,
        token=Token.of(SECRET),
        limits=Limits(**limits),
        metrics=HttpMetrics(),
        free=free,
        cookie=cookie,
    )


def asked(app, *requests, at_once=False):
    """Answers of an application to requests (method, path, options), one after the other or all at once."""

    async def run():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            calls = [client.request(method, path, **options) for method, path, options in requests]
            if at_once:
                return await asyncio.gather(*calls)
            return [await call for call in calls]

    return asyncio.run(run())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": f"Basic {SECRET}"},
        {"authorization": SECRET},
        {"authorization": f"Bearer {SECRET}x"},
        {"authorization": f"Bearer {SECRET[:-1]}"},
        {"authorization": f"Bearer {SECRET.upper()}"},
        {"authorization": f"Bearer {SECRET} {SECRET}"},
        {"authorization": "Bearer \xff\xfe".encode("latin-1")},
        {"cookie": f"key={SECRET}"},
        {"x-token": SECRET},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD", "DELETE", "TRACE"])
def test_no_request_passes_without_the_token(headers, method):
    (answer,) = asked(guarded(), (method, "/", {"headers": headers}))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text


def test_the_token_in_the_query_is_not_looked_at():
    (answer,) = asked(guarded(), ("GET", f"/?token={SECRET}", {}))
    assert answer.status_code == 401


def test_two_headers_are_none():
    double = [("authorization", f"Bearer {SECRET}"), ("authorization", f"Bearer {SECRET}")]
    (answer,) = asked(guarded(), ("GET", "/", {"headers": double}))
    assert answer.status_code == 401


def test_the_token_passes_and_answers_are_for_now():
    answer, lower = asked(
        guarded(),
        ("POST", "/", {"headers": MINE, "content": b"abc"}),
        ("POST", "/", {"headers": {"authorization": f"bearer {SECRET}"}, "content": b"abc"}),
    )
    assert (answer.status_code, answer.content, lower.content) == (200, b"abc", b"abc")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_cookie_passes_only_where_one_is_named():
    with_cookie = {"headers": {"cookie": f"a=b; key={SECRET}"}}
    wrong = {"headers": {"cookie": f"key={SECRET}; key={SECRET}"}}
    answers = asked(guarded(cookie="key"), ("GET", "/", with_cookie), ("GET", "/", wrong))
    assert [answer.status_code for answer in answers] == [200, 401]


def test_free_paths_need_no_token_and_have_a_rate():
    app = guarded(free=frozenset({"/login"}), burst=1.0, per_second=0.01)
    answers = asked(app, *[("GET", path, {}) for path in ("/login", "/login", "/login/", "/other")])
    assert [answer.status_code for answer in answers] == [200, 429, 401, 401]


def test_who_asks_too_often_waits():
    app = guarded(per_second=0.5, burst=3.0)
    answers = asked(app, *[("GET", "/", {"headers": MINE})] * 5)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "2"
    assert "0.5 requests a second" in answers[-1].json()["detail"]


def test_who_guesses_tokens_waits_even_with_the_right_one():
    app = guarded(wrong_burst=2.0, wrong_per_second=0.01)
    wrong = {"headers": {"authorization": "Bearer wrong"}}
    answers = asked(app, *[("GET", "/", wrong)] * 3, ("GET", "/", {"headers": MINE}))
    assert [answer.status_code for answer in answers] == [401, 401, 429, 429]


def test_a_full_server_says_so():
    app = guarded(in_flight=2)
    answers = asked(app, *[("GET", "/wait", {"headers": MINE})] * 4, at_once=True)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503]
    assert {answer.headers.get("retry-after") for answer in answers} == {None, "1"}
    (later,) = asked(app, ("GET", "/", {"headers": MINE}))
    assert later.status_code == 200


def test_bodies_of_all_requests_have_a_limit_together():
    app = guarded(body_bytes=1000, held_bytes=2500)
    request = ("POST", "/wait", {"headers": MINE, "content": b"x" * 1000})
    answers = asked(app, *[request] * 4, at_once=True)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503]
    (later,) = asked(app, request)
    assert later.status_code == 200


def test_an_answer_in_time_or_none():
    (answer,) = asked(guarded(answer_seconds=0.05), ("GET", "/wait", {"headers": MINE}))
    assert (answer.status_code, answer.json()["detail"][:14]) == (503, "no answer with")


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("size", "code"), [(1000, 200), (1001, 413), (100_000, 413)])
def test_the_size_of_a_body(size, code, declared):
    async def pieces():
        for start in range(0, size, 400):
            yield b"x" * min(400, size - start)

    content = b"x" * size if declared else pieces()
    (answer,) = asked(guarded(body_bytes=1000), ("POST", "/", {"headers": MINE, "content": content}))
    assert answer.status_code == code
    if code == 413:
        assert "at most 1,000" in answer.json()["detail"]


@pytest.mark.parametrize("length", ["-1", "1e9", "0x10", "9" * 400, "٣"])
def test_a_length_that_is_none_does_not_pass_the_limit(length):
    headers = [(b"authorization", MINE["authorization"].encode()), (b"content-length", length.encode())]

    async def run():
        sent = []
        messages = iter([{"type": "http.request", "body": b"x" * 2000, "more_body": False}])

        async def receive():
            return next(messages)

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "client": ("c", 1)}
        await guarded(body_bytes=1000)(scope, receive, send)
        return sent[0]["status"]

    assert asyncio.run(run()) == 413


def test_a_fault_is_one_line_without_its_reason(caplog):
    (answer,) = asked(guarded(), ("GET", "/fall", {"headers": MINE}))
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "secret of the house" in caplog.text
    assert SECRET not in caplog.text


def test_requests_are_counted_with_few_labels():
    app = guarded()
    asked(app, *[("GET", f"/{place}", {"headers": MINE}) for place in range(30)], ("GET", "/x", {}))
    lines = app._metrics.text().decode().splitlines()
    assert [line for line in lines if line.startswith("unseen_http_requests_total")] == [
        'unseen_http_requests_total{code="200",route="other"} 30.0',
        'unseen_http_requests_total{code="401",route="other"} 1.0',
    ]
    assert "unseen_http_in_flight 0.0" in lines


def test_many_clients_take_bounded_memory():
    rates = Rates(1.0, 1.0)
    for client in range(3 * MOST_CLIENTS):
        rates.take(str(client))
    assert len(rates) == MOST_CLIENTS


# -- tokens ------------------------------------------------------------------------------------------


def test_a_token_comes_from_file_then_environment_else_is_made(tmp_path):
    file = tmp_path / "token"
    file.write_text("the-token-of-the-file\n")
    environment = {"UNSEEN_TOKEN": "the-token-of-the-environment"}
    assert issue(file, environment).token.accepts(b"the-token-of-the-file")
    assert issue(None, environment).token.accepts(b"the-token-of-the-environment")
    one, two = issue(None, {}), issue(None, {})
    assert one.token.accepts(one.text.encode())
    assert len(one.text) >= 43
    assert one.text != two.text
    assert one.text not in repr(one)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "has 0 characters; accepted: 16 to 512"),
        (b"short", "has 5 characters"),
        (b"x" * 600, "has 528 characters"),
        (b"two words of a token", "holds blanks"),
        (b"first-line-of-token\nsecond-line", "holds blanks"),
        ("ein-schlüssel-von-hier".encode(), "is not ASCII text"),
    ],
)
def test_a_file_that_holds_no_token(tmp_path, content, says):
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        issue(file, {})


def test_a_token_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        issue(tmp_path / "none", {})
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        issue(tmp_path, {})


def test_shown_takes_the_header_before_the_cookie():
    headers = [(b"cookie", b"key=one"), (b"authorization", b"Bearer two")]
    assert shown(headers, "key") == b"two"


@pytest.mark.parametrize("name", ["body_bytes", "per_second", "in_flight", "stop_seconds"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_limits_are_above_zero(name, value):
    with pytest.raises(ConfigError, match=f"{name} .* came; accepted: a number above 0"):
        Limits(**{name: value})


def test_a_detail_is_one_line_and_short():
    assert one_line("a\r\nb\x00c") == "a b c"
    assert len(Problem(400, "x" * 10_000).detail) == 500
    assert json.loads(Problem(400, "a\ud800b").encoded())["status"] == 400


# -- on a socket -------------------------------------------------------------------------------------


def served(client, **limits):
    """What `client(port)` returns, run beside a server that is then told to stop."""

    async def run():
        began = asyncio.Event()
        taken = bind("127.0.0.1", 0)
        server = Server(guarded(**limits), taken, Limits(**limits), lambda url: began.set())
        port = taken.getsockname()[1]
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        await began.wait()
        try:
            return await client(port, server)
        finally:
            server.should_exit = True
            await serving

    return asyncio.run(run())


async def said(port, *pieces, pause=0.0):
    """Everything the server sends back to these pieces, until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
    found = b""
    with contextlib.suppress(ConnectionError):
        found = await reader.read()
    writer.close()
    return found


HEAD = f"POST / HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {SECRET}\r\n".encode()


def test_a_head_that_trickles_is_cut():
    async def client(port, server):
        started = time.monotonic()
        found = await said(port, *[HEAD[place : place + 1] for place in range(30)], pause=0.02)
        return found, time.monotonic() - started

    found, seconds = served(client, head_seconds=0.2)
    assert found == b""
    assert seconds < 10.0


def test_a_connection_that_says_nothing_is_cut():
    async def client(port, server):
        return await said(port)

    assert served(client, head_seconds=0.1) == b""


def test_a_body_that_trickles_is_cut():
    async def client(port, server):
        return await said(port, HEAD + b"Content-Length: 100\r\n\r\n", *[b"x"] * 4, pause=0.05)

    assert served(client, body_seconds=0.2).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_leaves_is_no_fault(caplog):
    async def client(port, server):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"Content-Length: 100\r\n\r\nx")
        await writer.drain()
        while not server.server_state.tasks:
            await asyncio.sleep(0.01)
        writer.transport.abort()
        while server.server_state.tasks:
            await asyncio.sleep(0.01)

    served(client)
    assert caplog.text == ""


def test_a_body_without_a_token_is_not_waited_for():
    async def client(port, server):
        head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9999999999\r\n\r\n"
        return await said(port, head + b"x" * 200_000)

    found = served(client)
    assert found == b"" or found.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        HEAD + b"Content-Length: -3\r\n\r\nabc",
        HEAD + b"X: " + b"y" * 20_000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
)
def test_what_is_no_http_is_a_problem(sent):
    async def client(port, server):
        return await said(port, sent)

    head, _, body = served(client, body_seconds=0.2).partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 408 "))
    assert json.loads(body)["status"] in (400, 408)


def test_too_many_connections_are_told_to_come_again():
    async def client(port, server):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await asyncio.sleep(0)
        found = await said(port, HEAD + b"\r\n")
        for _, writer in held:
            writer.close()
        return found

    assert served(client, connections=3).startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_requests_end_and_new_ones_are_refused(number):
    async def client(port, server):
        running = asyncio.create_task(said(port, HEAD.replace(b"/ ", b"/wait ") + b"\r\n"))
        while not server.server_state.tasks:
            await asyncio.sleep(0.01)
        signal.raise_signal(number)
        while server.servers[0].is_serving():
            await asyncio.sleep(0.01)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        return await running

    assert served(client).startswith(b"HTTP/1.1 200 ")


def test_half_an_answer_closes_the_connection(caplog):
    async def client(port, server):
        return await said(port, HEAD.replace(b"/ ", b"/halfway ") + b"\r\n")

    found = served(client)
    assert found.startswith(b"HTTP/1.1 200 ")
    assert b"secret" not in found


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none(port):
    with pytest.raises(ConfigError, match="accepted: 0 to 65535"):
        bind("127.0.0.1", port)


def test_a_port_that_is_taken():
    taken = bind("127.0.0.1", 0)
    try:
        with pytest.raises(ConfigError, match="Address already in use; choose another --port"):
            bind("127.0.0.1", taken.getsockname()[1])
    finally:
        taken.close()
