"""What time it is: the clock of the machine, one that runs faster, or one moved by hand."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits; seconds of UTC."""

    def now(self) -> float:
        """Second of UTC."""
        ...

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait for a moment; return whether it was told to stop before."""
        ...


@dataclass(frozen=True)
class SpedClock:
    """A clock that runs `speed` times as fast as the machine's.

    now = origin + speed (t - wall), where t is what the machine's clock says.

    Args:
        speed: 1 is real time.
        origin: What it showed ...
        wall: ... when the machine's clock showed this.

    >>> SpedClock(speed=100.0, origin=1e9, wall=time.time()).now() >= 1e9
    True
    """

    speed: float = 1.0
    origin: float = 0.0
    wall: float = 0.0

    def now(self) -> float:
        """Second of UTC that this clock shows."""
        return self.origin + self.speed * (time.time() - self.wall)

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait in short steps, since the machine's clock may be set meanwhile."""
        while not stop.is_set():
            left = (until - self.now()) / self.speed
            if left <= 0:
                return False
            stop.wait(min(left, 5.0))
        return True


@dataclass
class ManualClock:
    """A clock that shows what it is told, and for which waiting takes no time."""

    time: float = 0.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Second of UTC."""
        return self.time

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Be there at once."""
        self.waits.append(until)
        self.time = max(self.time, until)
        return stop.is_set()
