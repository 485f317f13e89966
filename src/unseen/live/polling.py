"""A feed that is asked again and again over HTTP: bounded in time and size, patient with faults."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from unseen.errors import DataError, need
from unseen.live.clock import Clock
from unseen.live.config import FeedSettings
from unseen.live.delivery import Deliveries, Delivery
from unseen.series.feed import LARGEST, Answer, read_answer
from unseen.series.settings import SeriesSettings

if TYPE_CHECKING:
    import httpx

SECONDS = 30.0
"""Time for one answer, from the question to its last byte."""
TRIES = 4
PAUSE = 1.0
LONGEST_PAUSE = 30.0
MOST_PAGES = 100
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Codes after which asking again makes sense."""
Reader = Callable[[bytes], Any]


class Refused(Exception):  # noqa: N818 - one answer that is none, not a fault of ours
    """An answer that is no data; `again` where asking once more makes sense."""

    def __init__(self, word: str, *, again: bool, kind: str = "error") -> None:
        super().__init__(word)
        self.again, self.kind = again, kind


@dataclass
class Polling:
    """GET the address every so often; only GET requests leave.

    A question that fails is repeated with growing pauses, each drawn between half and all of its length, so
    that many watches do not ask in step. An answer that says it was cut is asked for page by page.

    Args:
        feed: Address, pace and paging.
        series: How answers are read.
        clock: Clock of the watch.

    """

    feed: FeedSettings
    series: SeriesSettings
    clock: Clock
    tag: str | None = field(default=None, init=False)
    _came: str | None = field(default=None, init=False)
    jitter: random.Random = field(default_factory=random.Random, repr=False)

    def run(self, out: Deliveries, stop: threading.Event) -> None:
        """Ask until told to stop; answers are put out as they come."""
        client = need("httpx", extra="stream", purpose="polling a feed").Client(
            timeout=SECONDS, follow_redirects=False, headers={"User-Agent": "unseen-watch", "Accept": "*/*"}
        )
        with client:
            due = self.clock.now()
            while not stop.is_set():
                out.put(self.ask(client, stop))
                # questions missed while an answer took long are not made up for
                due = max(due + self.feed.every, self.clock.now())
                if self.clock.wait(due, stop):
                    return

    def ask(self, client: httpx.Client, stop: threading.Event) -> Delivery:
        """Return one answer, all its pages together, or what was wrong with the last try."""
        passed: list[tuple[str, str]] = []
        for number in range(TRIES):
            try:
                return replace(self._pages(client), passed=tuple(passed))
            except Refused as error:
                passed.append((error.kind, str(error)))
                if not error.again:
                    break
            pause = min(PAUSE * 2**number, LONGEST_PAUSE, self.feed.every / 2)
            if number < TRIES - 1 and self._paused(pause * self.jitter.uniform(0.5, 1), stop):
                break
        *before, (kind, word) = passed
        return Delivery(self.clock.now(), fault=word, kind=kind, passed=tuple(before))

    def _paused(self, seconds: float, stop: threading.Event) -> bool:
        return self.clock.wait(self.clock.now() + seconds, stop)

    def _pages(self, client: httpx.Client) -> Delivery:
        answer: Answer | None = None
        for _ in range(MOST_PAGES):
            offset = 0 if answer is None else len(answer.readings) + answer.left_out
            body = self._get(client, offset)
            if body is None:
                return Delivery(self.clock.now(), kind="unchanged")
            page = self._read(body)
            if answer is not None and page.readings[:1] == answer.readings[:1]:
                raise Refused(f"page {offset} is the first page again; set feed.page", again=False)
            answer = page if answer is None else _joined(answer, page)
            if not answer.cut:
                # only what was read whole need not be sent again
                self.tag = self._came
                return Delivery(self.clock.now(), answer)
        raise Refused(f"more than {MOST_PAGES} pages came", again=False)

    def _read(self, body: bytes) -> Answer:
        try:
            return read_answer(body, self.series)
        except DataError as error:
            # HTML, an error body or half a body with status 200 may be gone a moment later
            raise Refused(str(error), again=True, kind="content") from error

    def _get(self, client: httpx.Client, offset: int) -> bytes | None:
        """Return a body, None where it has not changed; cut off at its largest size and longest time."""
        import httpx

        headers = {"If-None-Match": self.tag} if self.tag is not None and not offset else {}
        ends = time.monotonic() + SECONDS
        try:
            with client.stream("GET", self._address(offset), headers=headers) as response:
                if response.status_code == 304:
                    return None
                if response.status_code != 200:
                    again = response.status_code in PASSING
                    raise Refused(f"HTTP {response.status_code}", again=again)
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise Refused(f"more than {LARGEST:,} bytes came; ask page by page", again=False)
                    if time.monotonic() > ends:
                        raise Refused(f"no whole answer within {SECONDS:.0f} s", again=True)
        except httpx.HTTPError as error:
            raise Refused(_said(error), again=True) from error
        if not offset:
            self._came = response.headers.get("etag")
        return bytes(body)

    def _address(self, offset: int) -> str:
        url = self.feed.url or ""
        if not offset:
            return url
        parts = urlsplit(url)
        query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != self.feed.page]
        return urlunsplit(parts._replace(query=urlencode([*query, (self.feed.page, str(offset))])))


def _joined(first: Answer, second: Answer) -> Answer:
    return replace(
        second,
        readings=first.readings + second.readings,
        faults=(first.faults + second.faults)[:5],
        left_out=first.left_out + second.left_out,
    )


def _said(error: Exception) -> str:
    """Say what was wrong with a connection, without an address that may hold a key."""
    return f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else 'no answer'}"
