"""A watch that runs: one thread asks the feed, one answers browsers, one sends, and one does the work."""

from __future__ import annotations

import fcntl
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import IO, Protocol

from unseen.alarms.log import utc
from unseen.errors import ConfigError, UnseenError
from unseen.live.clock import Clock, SpedClock
from unseen.live.config import ClockSettings, WatchSettings
from unseen.live.delivery import Deliveries, Delivery, Feed
from unseen.live.engine import Report
from unseen.live.sinks import Webhook, Word, enlist, tell
from unseen.live.store import Store

STDOUT = "stdout"
LONGEST_WAIT = 1.0
"""Seconds after which the work looks whether it was told to stop, and whom to tell of acknowledgements."""
MOST_AT_ONCE = 1_000


class Work(Protocol):
    """What is done with deliveries: `Watch` of readings, or of rows."""

    def take(self, delivery: Delivery) -> None:
        """Take in one delivery."""
        ...

    def advance(self, now: float) -> list[Report]:
        """Close what is over."""
        ...

    def next_due(self) -> float | None:
        """When something is to be closed next."""
        ...

    def finish(self, now: float) -> list[Report]:
        """Close what can be closed once the feed has ended."""
        ...


@dataclass
class Said:
    """Whom a run tells what it does.

    Attributes:
        word: Called with every change of an alarm.
        slot: Called with every closed slot, and how long after it was due it was written, by the clock.
        started: Called with the address of the dashboard, "" where there is none.

    """

    word: Callable[[Word], None] = lambda word: None
    slot: Callable[[Report, float], None] = lambda report, lag: None
    started: Callable[[str], None] = lambda url: None


@dataclass
class Run:
    """One run of a watch.

    Args:
        settings: Of the watch.
        store: Where everything is kept; nobody else writes slots to it.
        work: What is done with deliveries.
        feed: Where they come from.
        clock: What time it is.
        said: Who is told.
        stop: Set by whoever wants it to end.

    """

    settings: WatchSettings
    store: Store
    work: Work
    feed: Feed
    clock: Clock
    said: Said = field(default_factory=Said)
    stop: threading.Event = field(default_factory=threading.Event)
    _fault: UnseenError | None = None

    def go(self) -> None:
        """Run until told to stop, or until the feed ends.

        Raises:
            UnseenError: The feed cannot be opened, or the dashboard cannot listen.

        """
        out: Deliveries = queue.Queue(maxsize=MOST_AT_ONCE)
        enlist(self.store, STDOUT)
        with ExitStack() as stack:
            stack.callback(self.stop.set)
            self._thread("feed", lambda: self.feed.run(out, self.stop), out)
            self.said.started(self._served(stack))
            self.store.write_setting("started", utc(self.clock.now()))
            if self.settings.sinks.webhook is not None:
                hook = Webhook(self.settings.sinks.webhook, self.settings.store, self.clock)
                enlist(self.store, hook.name)
                self._thread("webhook", lambda: hook.run(self.stop), out)
            self._loop(out)
        if self._fault is not None:
            raise self._fault

    def _loop(self, out: Deliveries) -> None:
        ended = False
        while not (self.stop.is_set() or ended):
            for delivery in self._arrived(out):
                if delivery.end:
                    ended = True
                else:
                    self.work.take(delivery)
            self._close(self.work.finish if ended else self.work.advance)
            tell(self.store, STDOUT, self.said.word)

    def _arrived(self, out: Deliveries) -> Iterator[Delivery]:
        """Everything that is there, after waiting for the first until something is due."""
        due = self.work.next_due()
        speed = self.clock.speed if isinstance(self.clock, SpedClock) else 1.0
        wait = LONGEST_WAIT if due is None else min((due - self.clock.now()) / speed, LONGEST_WAIT)
        try:
            yield out.get(timeout=max(wait, 0.001))
            for _ in range(MOST_AT_ONCE):
                yield out.get_nowait()
        except queue.Empty:
            return

    def _close(self, closing: Callable[[float], list[Report]]) -> None:
        due, now = self.work.next_due(), self.clock.now()
        for report in closing(now):
            self.said.slot(report, 0.0 if due is None else max(self.clock.now() - due, 0.0))
            due = None if due is None else due + self.settings.step

    def _thread(self, name: str, do: Callable[[], None], out: Deliveries) -> None:
        def guarded() -> None:
            try:
                do()
            except UnseenError as error:
                self._fault = error
                out.put(Delivery(self.clock.now(), end=True))

        threading.Thread(target=guarded, name=name, daemon=True).start()

    def _served(self, stack: ExitStack) -> str:
        board = self.settings.dashboard
        if not board.on:
            return ""
        from unseen.live.serving import serving

        served = stack.enter_context(
            serving(
                self.settings.store,
                host=board.host,
                port=board.port,
                clock=self.clock,
                token_file=board.token_file,
                with_token=board.with_token,
            )
        )
        return served.entrance


def clock_of(settings: ClockSettings) -> SpedClock:
    """Return the clock that the settings describe."""
    if settings.origin is None or settings.wall is None:
        now = time.time()
        return SpedClock(settings.speed, now, now)
    origin = settings.origin
    moment = origin.timestamp() if origin.tzinfo else origin.replace(tzinfo=UTC).timestamp()
    return SpedClock(settings.speed, moment, settings.wall)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock of a store, so that no second watch writes slots to it.

    Raises:
        ConfigError: Another watch holds it.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file: IO[bytes] = open(path.with_name(path.name + ".lock"), "ab")  # noqa: SIM115 - closed below
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ConfigError(
            f"{path} belongs to another `unseen watch` that runs; stop it, or name another store"
        ) from error
    try:
        yield
    finally:
        file.close()
