"""Options of commands that can work on a Ray cluster, and the way to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from unseen.scale.cluster import Cluster

Ray = Annotated[
    str | None,
    typer.Option("--ray", metavar="ADDRESS", help="Work on a Ray cluster: local, auto, or HOST:PORT."),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", help="With --ray: processes at work; by default the processors there are."),
]


@contextmanager
def connected(address: str | None, workers: int | None) -> Iterator[Cluster | None]:
    """Give the cluster that was asked for, or None."""
    from unseen.errors import ConfigError

    if address is None:
        if workers is not None:
            raise ConfigError(
                "--workers came without --ray ADDRESS; it counts the processes of a Ray cluster"
            )
        yield None
        return
    from unseen.scale.cluster import cluster

    with cluster(address, workers) as found:
        yield found
