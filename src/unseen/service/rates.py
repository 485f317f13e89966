"""How often a client may ask: a bucket of requests that refills, one a client, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_CLIENTS = 4096


class Rates:
    """A token bucket for each client: `burst` requests at once, `per_second` in the long run.

    Clients beyond `MOST_CLIENTS` push out the one that has been silent longest; who is forgotten starts with
    a full bucket.

    Reference: Turner, IEEE Communications Magazine 24 (1986) 8 (the leaky bucket as a meter).

    >>> now = 0.0
    >>> rates = Rates(per_second=2.0, burst=1.0, clock=lambda: now)
    >>> rates.take("a"), rates.take("a"), rates.take("b")
    (0.0, 0.5, 0.0)
    >>> now = 0.5
    >>> rates.take("a")
    0.0
    """

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        # client -> what is left in the bucket, and when that was so
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of clients that are remembered."""
        return len(self._left)

    def wait(self, client: str) -> float:
        """Return the seconds until one more request is accepted; 0 where it is now. Nothing is taken."""
        return max(0.0, 1.0 - self._filled(client)) / self._per_second

    def take(self, client: str) -> float:
        """Take one request and return 0; take nothing of an empty bucket, and return the seconds to wait."""
        left, now = self._filled(client), self._clock()
        accepted = left >= 1.0
        self._left[client] = (left - 1.0 if accepted else left, now)
        self._left.move_to_end(client)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if accepted else (1.0 - left) / self._per_second

    def _filled(self, client: str) -> float:
        left, since = self._left.get(client, (self._burst, self._clock()))
        return min(self._burst, left + (self._clock() - since) * self._per_second)
