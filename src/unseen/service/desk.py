"""Where requests wait for a thread: a queue, from which small ones are taken together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from unseen.service.answers import Answer
from unseen.service.problems import Problem
from unseen.service.requests import ToExplain, ToScore

Request = ToScore | ToExplain
# An exception is a fault of the request (a `Problem`) or of the server.
Outcome = Answer | Exception

# Bytes and requests that are taken together at most: one that waits must not wait for long.
AT_ONCE_BYTES, AT_ONCE = 1 << 20, 128


@dataclass(eq=False)
class _Waiting:
    request: Request
    answer: asyncio.Future[Answer] = field(repr=False)


class Desk:
    """Hands requests to threads, in the order they came; what waits to be scored is scored in one pass.

    Args:
        score: Answers many requests for scores at once, in their order.
        explain: Answers one request for reasons, or raises a `Problem`.
        threads: How many work at a time.

    """

    def __init__(
        self,
        score: Callable[[Sequence[ToScore]], list[Answer | Problem]],
        explain: Callable[[ToExplain], Answer],
        threads: int,
    ) -> None:
        self._score = score
        self._explain = explain
        self._threads = threads
        self._queue: deque[_Waiting] = deque()
        self._came = asyncio.Condition()
        self._pool: ThreadPoolExecutor | None = None
        self._clerks: list[asyncio.Task[None]] = []

    def __len__(self) -> int:
        """Return the number of requests that wait."""
        return len(self._queue)

    @property
    def open(self) -> bool:
        """Whether every thread is there to work."""
        return bool(self._clerks) and not any(clerk.done() for clerk in self._clerks)

    async def start(self) -> None:
        """Begin to work."""
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="unseen")
        self._clerks = [asyncio.create_task(self._work(self._pool)) for _ in range(self._threads)]

    async def stop(self) -> None:
        """Let what is being worked on end, and leave."""
        for clerk in self._clerks:
            clerk.cancel()
        await asyncio.gather(*self._clerks, return_exceptions=True)
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._clerks = []

    async def ask(self, request: Request) -> Answer:
        """Wait for the answer to a request.

        Raises:
            Problem: What is wrong with it.

        """
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        async with self._came:
            self._queue.append(waiting)
            self._came.notify()
        return await waiting.answer

    async def _work(self, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            async with self._came:
                await self._came.wait_for(lambda: self._queue)
                taken = self._take()
            if not taken:
                continue
            try:
                answers = await loop.run_in_executor(pool, self._answered, [one.request for one in taken])
            except asyncio.CancelledError:
                for one in taken:
                    _give(one, Problem(503, "the server is stopping", {"Retry-After": "1"}))
                raise
            for one, answer in zip(taken, answers, strict=True):
                _give(one, answer)

    def _take(self) -> list[_Waiting]:
        """Take the first request, and those behind it that can be answered with it."""
        taken: list[_Waiting] = []
        size = 0
        while self._queue and len(taken) < AT_ONCE:
            following = self._queue[0]
            if following.answer.done():  # its client has left
                self._queue.popleft()
                continue
            size += len(following.request.rows.body)
            alone = isinstance(following.request, ToExplain) or size > AT_ONCE_BYTES
            if taken and alone:
                break
            taken.append(self._queue.popleft())
            if alone:
                break
        return taken

    def _answered(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer requests that were taken together; of a fault only the request that has it hears."""
        try:
            return list(self._together(requests))
        except Exception as error:
            if len(requests) == 1:
                return [error]
            return [self._answered([request])[0] for request in requests]

    def _together(self, requests: Sequence[Request]) -> Sequence[Outcome]:
        first = requests[0]
        if isinstance(first, ToExplain):
            return [self._explain(first)]
        return self._score([request for request in requests if isinstance(request, ToScore)])


def _give(one: _Waiting, outcome: Outcome) -> None:
    if one.answer.done():
        return
    if isinstance(outcome, Exception):
        one.answer.set_exception(outcome)
    else:
        one.answer.set_result(outcome)
