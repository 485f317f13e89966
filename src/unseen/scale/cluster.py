"""A Ray cluster: one started here for the time of a block, or one that is there already."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from unseen.errors import ConfigError, DataError, need

LOCAL = "local"
STORE = 256 << 20
"""Bytes in which processes of a local cluster hand rows to each other."""
MOST_WORKERS = 1_024
PATIENCE = 5.0  # seconds
DEATHS = 4


@dataclass(frozen=True)
class Cluster:
    """A cluster that is connected.

    Attributes:
        ray: The module.
        workers: Processes that work at the same time.
        deaths: Times a worker may die before its work is given up.

    """

    ray: Any
    workers: int
    deaths: int = DEATHS

    def actors(self, kind: type[Any], *arguments: object) -> list[Any]:
        """Start one object of a class in each worker; it is made again, and its call repeated, if it dies."""
        remote = self.ray.remote(num_cpus=1, max_restarts=self.deaths, max_task_retries=self.deaths)(kind)
        return [remote.remote(*arguments) for _ in range(self.workers)]

    def shared(self, value: object) -> list[Any]:
        """Lay a value down where every worker can take it, also one that is made again; see `taken`."""
        return [self.ray.put(value)]

    def result(self, reference: Any) -> Any:
        """Wait for a result; a fault of the work is raised as what it was.

        Raises:
            DataError: Workers died again and again.

        """
        errors = self.ray.exceptions
        try:
            return self.ray.get(reference)
        except errors.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, Exception) else error) from None
        except (errors.RayActorError, errors.WorkerCrashedError, errors.OutOfMemoryError) as error:
            raise DataError(
                f"workers died {self.deaths + 1} times over the same rows, perhaps for want of memory; use "
                "fewer workers, or machines with more"
            ) from error


def taken(reference: list[Any]) -> Any:
    """Take, inside a worker, what the cluster has `shared`."""
    ray = need("ray", extra="scale", purpose="working on many machines")
    return ray.get(reference[0])


@contextmanager
def cluster(address: str = LOCAL, workers: int | None = None) -> Iterator[Cluster]:
    """Connect to a cluster, or start one on this machine, which ends with the block.

    Nothing is told to the makers of Ray, and a local cluster listens on loopback only, without a dashboard.

    Args:
        address: `local`, `auto` (the one that runs here), or an address such as 10.0.0.5:6379.
        workers: Processes that work at the same time; by default the processors there are.

    Raises:
        ConfigError: The number of workers is out of its bounds, or there is no cluster at the address.
        MissingExtraError: Ray is not installed.

    """
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise ConfigError(f"{workers} workers came; accepted: 1 to {MOST_WORKERS:,}")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if address == LOCAL:
        # read as Ray is imported: it then keeps 127.0.0.1 as its address, and binds to nothing else
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    ray = need("ray", extra="scale", purpose="working on many machines")
    joined = ray.is_initialized()
    if not joined:
        _start(ray, address, workers)
    try:
        yield Cluster(ray, workers or _processors(ray))
    finally:
        if not joined:
            ray.shutdown()


def _start(ray: Any, address: str, workers: int | None) -> None:
    settings: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": "ERROR",
        "runtime_env": {"env_vars": {"OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0"}},
    }
    if address == LOCAL:
        settings |= {
            "num_cpus": workers or os.cpu_count() or 1,
            "include_dashboard": False,
            "object_store_memory": STORE,
            "_node_ip_address": "127.0.0.1",
            "_system_config": {"worker_niceness": 0},  # Ray's 15 starves them where others are at work
        }
    try:
        _knock(address)
        ray.init(address=address, **settings)
    except Exception as error:  # Ray raises bare ones where its processes are slow to start
        reason = str(error).splitlines()[0][:150]
        if address == LOCAL:
            raise ConfigError(
                f"no local Ray cluster came up ({reason}); try again when the machine is less busy, or leave "
                "--ray out"
            ) from error
        raise ConfigError(
            f"no Ray cluster at {address!r} ({reason}); accepted: local, auto, or HOST:PORT of one that runs"
        ) from error


def _knock(address: str) -> None:
    """See that somebody is there: Ray itself goes on trying for minutes."""
    host, colon, port = address.rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()


def _processors(ray: Any) -> int:
    return max(1, int(ray.cluster_resources().get("CPU", 1)))
