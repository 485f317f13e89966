"""What a feed hands over: an answer, or why there is none; with what the clock said."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import Any, Protocol

from unseen.series.feed import Answer


@dataclass(frozen=True)
class Delivery:
    """One answer of a feed.

    Attributes:
        received: Second of UTC by the clock of the watch.
        answer: Its readings; None where there are none.
        rows: Rows of a table for a detector, each a mapping of columns; None for readings.
        fault: Why there is no answer.
        kind: "ok", "unchanged", or that of the fault: "error", "content".
        passed: Kind and word of faults that asking again has got over.
        end: The feed has ended; nothing will follow.
        place: How far a file was read.

    """

    received: float
    answer: Answer | None = None
    rows: tuple[dict[str, Any], ...] | None = None
    fault: str | None = None
    kind: str = "ok"
    passed: tuple[tuple[str, str], ...] = ()
    end: bool = False
    place: int | None = None


Deliveries = queue.Queue[Delivery]


class Feed(Protocol):
    """A source of deliveries that runs in a thread of its own."""

    def run(self, out: Deliveries, stop: threading.Event) -> None:
        """Hand over what comes until told to stop, or until the feed ends."""
        ...
