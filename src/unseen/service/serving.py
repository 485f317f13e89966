"""Serve a detector until told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import torch

from unseen.detectors.two_stage import TwoStage
from unseen.service.app import guarded
from unseen.service.columns import Sizes
from unseen.service.drift import Drift
from unseen.service.limits import Limits
from unseen.service.listening import Server
from unseen.service.tokens import Token


def serve(
    detector: TwoStage,
    taken: socket.socket,
    token: Token,
    *,
    limits: Limits,
    sizes: Sizes,
    drift: Drift,
    threads: int,
    ready: Callable[[str], None],
) -> None:
    """Answer requests on a socket that `bind` returned; returns once the service was told to stop.

    Each thread scores with one torch thread: the threads of the service are what runs side by side.
    `ready` is called with the URL once requests are answered.
    """
    app = guarded(detector, token, limits=limits, sizes=sizes, drift=drift, threads=threads)
    with _one_torch_thread():
        Server(app, taken, limits, ready).listen()


def beyond_this_machine(host: str) -> bool:
    """Whether others can reach what listens on a host.

    >>> beyond_this_machine("127.0.0.1"), beyond_this_machine("localhost"), beyond_this_machine("0.0.0.0")
    (False, False, True)
    """
    if host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
