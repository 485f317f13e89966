"""A run: chunks made by one or several processes, kept aside until all are there, then merged into one file.

The parts lie in `FILE.parts/`. Whatever stops the program, the same call goes on where it was: a part is
whole or absent, and its events depend on its number, not on when or by whom it was made.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import math
import multiprocessing
import os
import shutil
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from unseen import seeds
from unseen.collider import store
from unseen.collider.chunk import make_chunk
from unseen.collider.cluster import anti_kt
from unseen.collider.generator import needed
from unseen.collider.merge import merge, units, warn_of_the_edge
from unseen.collider.pileup import Pool, load_pool, make_pool
from unseen.collider.settings import Run, difference, pythia_seed
from unseen.errors import ConfigError, DataError

Tell = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What a run left.

    Attributes:
        path: the file.
        manifest: how it was made, as written in it.
        made: events made by this call.
        kept: events that were there before.
        seconds: wall time.

    """

    path: Path
    manifest: Mapping[str, Any]
    made: int
    kept: int
    seconds: float


@dataclass(frozen=True)
class _Task:
    run: Run
    number: int
    count: int
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / f"{self.number:05d}.h5"


def simulate(run: Run, events: int, out: Path, *, workers: int = 1, tell: Tell | None = None) -> Outcome:
    """Simulate events to an HDF5 file (`store` says how it is laid out); go on where an earlier call stopped.

    Args:
        run: what is simulated.
        events: accepted events wanted. A file with as many or more is left alone, one with fewer extended.
        out: the file; parts lie beside it in `out` + `.parts` until it is whole.
        workers: processes at work; events do not depend on it.
        tell: called as `tell(accepted, wanted, tried)` as work goes on.

    Raises:
        ConfigError: a setting is not accepted, or differs from that of a file or parts already there.
        DataError: the place cannot be written, or another run is at work there.
        MissingExtraError: Pythia, FastJet or h5py is absent.

    """
    started = time.perf_counter()
    run = run.settled()
    if events < 1 or workers < 1:
        raise ConfigError(f"{events} events, {workers} workers: accepted is 1 or more of each")
    needed()
    anti_kt([[1.0, 0.0, 0.0, 1.0]])
    record = {**run.record(), "generator": version("pythia8mc")}
    folder = out.with_name(out.name + ".parts")
    _writable(out)
    there = _there(out, record)
    if there >= events:
        shutil.rmtree(folder, ignore_errors=True)
        return Outcome(out, store.read_manifest(out), 0, there, time.perf_counter() - started)
    with _locked(folder, record):
        old = there // run.chunk
        tasks = [
            _Task(run, number, min(run.chunk, events - number * run.chunk), folder)
            for number in range(old, math.ceil(events / run.chunk))
        ]
        missing = [task for task in tasks if not _whole(task)]
        if run.detector is not None and run.detector.pile_up > 0 and missing:
            _pool(run, folder)
        _work(missing, workers, events, tell)
        merge(run, record, out, old, [task.path for task in tasks])
        shutil.rmtree(folder)
    made = sum(task.count for task in missing)
    manifest = store.read_manifest(out)
    warn_of_the_edge(manifest)
    return Outcome(out, manifest, made, events - made, time.perf_counter() - started)


def parts_done(out: Path) -> int:
    """Count the finished parts that lie beside a file that is not finished."""
    return len(list(out.with_name(out.name + ".parts").glob("?????.h5")))


def _writable(out: Path) -> None:
    if out.suffix.lower() not in ("", ".h5", ".hdf5", ".hdf"):
        raise ConfigError(f"{out} cannot hold events; accepted: a name that ends in .h5 or .hdf5")
    if not out.parent.is_dir():
        raise DataError(f"the folder {out.parent} does not exist: create it first")
    if out.is_dir() or not os.access(out.parent, os.W_OK):
        raise DataError(
            f"{out} cannot be written: {'it is a folder' if out.is_dir() else 'permission denied'}"
        )


def _there(out: Path, record: Mapping[str, object]) -> int:
    """Count the events of a file that is already there, made with the same settings."""
    if not out.exists():
        return 0
    manifest = store.read_manifest(out)
    if differs := difference(manifest["settings"], record):
        raise ConfigError(f"{out} was made with other settings ({differs}); choose another --out")
    return int(manifest["events"])


@contextmanager
def _locked(folder: Path, record: Mapping[str, object]) -> Iterator[None]:
    """Hold the parts folder; the lock ends with the process, however that ends."""
    folder.mkdir(exist_ok=True)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataError(
                f"another run is at work in {folder}; wait for it or choose another --out"
            ) from error
        _same_settings(folder, record)
        for left in folder.glob("*.tmp-*"):
            left.unlink(missing_ok=True)
        try:
            yield
        except (ConfigError, DataError):
            if not any(folder.glob("?????.h5")):  # settings that cannot run must not block those that can
                shutil.rmtree(folder, ignore_errors=True)
            raise
    finally:
        os.close(lock)


def _same_settings(folder: Path, record: Mapping[str, object]) -> None:
    notes = folder / "settings.json"
    if notes.exists():
        try:
            before = json.loads(notes.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{notes} is damaged; remove {folder} to begin again") from error
        if differs := difference(before, record):
            raise ConfigError(
                f"{folder} holds parts of other settings ({differs}); choose another --out or remove it"
            )
        return
    aside = folder / f"settings.tmp-{os.getpid()}"
    aside.write_text(json.dumps(record, indent=1), encoding="utf-8")
    aside.replace(notes)


def _whole(task: _Task) -> bool:
    """Say whether a part is there, undamaged and of the wanted size; another is made again."""
    if not task.path.exists():
        return False
    try:
        return len(store.read(task.path)) == task.count
    except DataError as error:
        warnings.warn(f"{error}; this part is made again", UserWarning, stacklevel=4)
        return False


def _pool(run: Run, folder: Path) -> Pool | None:
    """Read the run's pile-up, or make it; it depends on seed and settings alone, as chunks do."""
    if run.detector is None or run.detector.pile_up == 0:
        return None
    path = folder / "pileup.npz"
    if path.exists():
        try:
            return load_pool(path)
        except (OSError, ValueError, KeyError, EOFError) as error:
            warnings.warn(f"{path} is damaged ({error}); it is made again", UserWarning, stacklevel=4)
    words = [run.detector.pool, round(run.physics.energy)]
    pool = make_pool(run.detector.pool, run.physics.energy, pythia_seed(seeds.generator(run.seed, 7, *words)))
    pool.save(path)
    return pool


def _work(tasks: list[_Task], workers: int, events: int, tell: Tell | None) -> None:
    done = events - sum(task.count for task in tasks)
    tried = 0
    if workers == 1 or len(tasks) < 2:
        for task in tasks:
            before = (done, tried)

            def inside(accepted: int, attempts: int, before: tuple[int, int] = before) -> None:
                if tell is not None:
                    tell(before[0] + accepted, events, before[1] + attempts)

            tried += _make(task, inside)
            done += task.count
        return
    try:
        for task, attempts in _elsewhere(tasks, min(workers, len(tasks))):
            done, tried = done + task.count, tried + attempts
            if tell is not None:
                tell(done, events, tried)
    except BrokenProcessPool as error:
        raise DataError("a worker died, perhaps for want of memory; the same call goes on") from error


def _elsewhere(tasks: list[_Task], workers: int) -> Iterator[tuple[_Task, int]]:
    """Make chunks in other processes; none is handed out before a worker is free, so that a stop stops."""
    context = multiprocessing.get_context("spawn")
    left = iter(tasks)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_on_interrupt) as executor:
        busy = {executor.submit(_make_elsewhere, task) for task in itertools.islice(left, workers)}
        while busy:
            ready, busy = wait(busy, return_when=FIRST_COMPLETED)
            busy |= {executor.submit(_make_elsewhere, task) for task in itertools.islice(left, len(ready))}
            for one in ready:
                yield one.result()


def _end_on_interrupt() -> None:
    """Let Ctrl-C end a worker without a traceback; its unfinished chunk is made again."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _make_elsewhere(task: _Task) -> tuple[_Task, int]:
    return task, _make(task, None)


def _make(task: _Task, tell: Callable[[int, int], None] | None) -> int:
    made = make_chunk(task.run, task.number, task.count, _pool(task.run, task.folder), tell)
    store.write(task.path, [made], units(made), {"chunk": task.number, "events": task.count})
    return int(made.chunks["tried"][0])
