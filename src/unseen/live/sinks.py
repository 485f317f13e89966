"""Who is told of alarms: a line on standard output, a webhook. At least once each, in their order."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unseen.errors import need
from unseen.live.alarm_table import alarm
from unseen.live.clock import Clock
from unseen.live.store import Store
from unseen.live.views import zone

if TYPE_CHECKING:
    import httpx

AT_ONCE = 500
SECONDS = 10.0
LONGEST_PAUSE = 60.0
LOOK = 1.0
PASSING = frozenset({408, 425, 429})
"""Codes below 500 after which sending again makes sense."""


@dataclass(frozen=True)
class Word:
    """One change of an alarm: its number among all changes, its kind, and the alarm as it stands."""

    number: int
    kind: str
    alarm: dict[str, object]

    @property
    def key(self) -> str:
        """What stays the same however often it is told."""
        return f"{self.alarm['id']}-{self.kind}-{self.number}"

    def as_json(self) -> dict[str, Any]:
        """Return what is sent."""
        return {"event": self.kind, "key": self.key, **self.alarm}


def enlist(store: Store, name: str) -> None:
    """Begin to tell a sink, from the next change on; one that is known goes on where it was."""
    with store.whole():
        store.db.execute(
            "INSERT OR IGNORE INTO sinks SELECT ?, coalesce(max(number), 0) FROM transitions", (name,)
        )


def untold(store: Store, name: str) -> Iterator[Word]:
    """Yield the changes that a sink was not told of, oldest first."""
    rows = store.db.execute(
        "SELECT transitions.number, transitions.kind, transitions.alarm FROM transitions "
        "WHERE number > (SELECT told FROM sinks WHERE name = ?) ORDER BY number LIMIT ?",
        (name, AT_ONCE),
    ).fetchall()
    clock = zone(store)
    for number, kind, which in rows:
        record = alarm(store, which)
        if record is not None:
            yield Word(number, kind, record.as_row(clock))


def told(store: Store, name: str, number: int) -> None:
    """Note that a sink knows of all changes up to this one."""
    store.change("UPDATE sinks SET told = ? WHERE name = ?", (number, name))


def tell(store: Store, name: str, say: Callable[[Word], None]) -> int:
    """Tell a sink everything it does not know, then note it; return how much that was."""
    count = 0
    while words := list(untold(store, name)):
        for word in words:
            say(word)
        told(store, name, words[-1].number)
        count += len(words)
    return count


@dataclass
class Webhook:
    """POST every change to an address until it is taken; a key tells the receiver what it has already.

    Args:
        url: Where to.
        path: Store, read over a connection of its own.
        clock: Clock of the watch.

    """

    url: str
    path: Path
    clock: Clock
    name: str = "webhook"

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop; after a fault with growing pauses."""
        client = need("httpx", extra="stream", purpose="a webhook").Client(
            timeout=SECONDS, follow_redirects=False
        )
        with client, Store(self.path) as store:
            pause = LOOK
            while not stop.is_set():
                words = list(untold(store, self.name))
                for word in words:
                    if not self._sent(client, store, word):
                        pause = min(2 * pause, LONGEST_PAUSE)
                        break
                    told(store, self.name, word.number)
                    pause = LOOK
                if not words or pause > LOOK:
                    stop.wait(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads load, hides nothing

    def _sent(self, client: httpx.Client, store: Store, word: Word) -> bool:
        """Send one change; what the receiver refuses for good is logged and left."""
        import httpx

        try:
            answer = client.post(
                self.url,
                content=json.dumps(word.as_json()).encode(),
                headers={"Content-Type": "application/json", "Idempotency-Key": word.key},
            )
        except httpx.HTTPError as error:
            store.log(self.clock.now(), "webhook", type(error).__name__)
            return False
        if answer.is_success:
            return True
        store.log(self.clock.now(), "webhook", f"HTTP {answer.status_code}")
        return 400 <= answer.status_code < 500 and answer.status_code not in PASSING
