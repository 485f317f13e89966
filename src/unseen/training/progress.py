"""Progress of long work, told to whoever listens; silent where nobody does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("unseen_progress", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener(what, done, total)` as work goes on inside the block, after those of blocks around it.

    >>> with listening(lambda what, done, total: print(what, done, total)):
    ...     tell("stage 1", 1, 10)
    stage 1 1 10
    >>> tell("stage 1", 2, 10)
    """
    outer = _listener.get()

    def both(what: str, done: int, total: int) -> None:
        if outer is not None:
            outer(what, done, total)
        listener(what, done, total)

    token = _listener.set(both)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(what: str, done: int, total: int) -> None:
    """Report that `done` of `total` units of `what` are done."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, total)
