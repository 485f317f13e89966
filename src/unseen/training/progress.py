"""Progress of long work, told to whoever listens; silent where nobody does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("unseen_progress", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener(what, done, total)` as work goes on inside the block.

    >>> with listening(lambda what, done, total: print(what, done, total)):
    ...     tell("stage 1", 1, 10)
    stage 1 1 10
    >>> tell("stage 1", 2, 10)
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(what: str, done: int, total: int) -> None:
    """Report that `done` of `total` units of `what` are done."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, total)
