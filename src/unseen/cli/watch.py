"""`unseen watch`: a feed, forecasts, tiers and alarms, a dashboard."""

from __future__ import annotations

import json as json_
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.options import Json

if TYPE_CHECKING:
    from unseen.live.config import WatchSettings
    from unseen.live.engine import Report
    from unseen.live.sinks import Word


def watch(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="TOML file with the settings of the watch.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Read the settings, say what they mean, and leave.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Write sensors, values and alarms of the store as CSV, and leave."
        ),
    ] = None,
    take_in: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", help="Read past values into the store, and leave."),
    ] = None,
    json: Json = False,
) -> None:
    """Watch a feed: forecasts and tiers of every street, alarms in a log, a dashboard in the browser.

    Polls a URL, listens to MQTT, or reads lines; every slot that closes brings forecasts, tiers and alarms,
    written in one transaction: kill -9 neither loses nor doubles an alarm. Each alarm is a line on standard
    output; with --json every change of an alarm and every slot is one JSON object on a line.

    With [rows] in the settings a detector made by unseen fit judges rows, such as flows, in the same way.
    """
    from unseen.live.config import WatchSettings

    settings = WatchSettings.read(config)
    if check:
        _check(settings, config, json)
    elif export is not None:
        _export(settings, export, json)
    elif take_in is not None:
        _import(settings, take_in, json)
    else:
        _run(settings, json)


def _check(settings: WatchSettings, config: Path, json: bool) -> None:
    if json:
        show.as_json(settings.model_dump(mode="json"))
        return
    kind = f"rows, judged by {settings.rows.detector.name}" if settings.rows else "readings of sensors"
    board = settings.dashboard
    typer.echo(f"{config}: {kind}, from {settings.feed.name}, slots of {settings.step} s")
    typer.echo(f"store {settings.store}, zone {settings.series.zone}")
    typer.echo(f"dashboard {f'http://{board.host}:{board.port}' if board.on else 'off'}")


def _export(settings: WatchSettings, folder: Path, json: bool) -> None:
    from unseen.live.past import export
    from unseen.live.store import Store

    with Store(settings.store, read_only=True) as store:
        counts = export(store, folder)
    if json:
        show.as_json({"folder": str(folder), **counts})
    else:
        typer.echo(f"{folder}: {', '.join(f'{count:,} {name}' for name, count in counts.items())}")


def _import(settings: WatchSettings, file: Path, json: bool) -> None:
    from unseen.live.past import read_history, take_in
    from unseen.live.running import alone
    from unseen.live.store import Store

    panel = read_history(settings, file)
    with alone(settings.store), Store(settings.store) as store:
        store.settle({"zone": settings.series.zone, "slot_seconds": str(settings.step)})
        slots = take_in(store, panel)
    if json:
        show.as_json({"store": str(settings.store), "sensors": len(panel.sensors), "slots": slots})
    else:
        typer.echo(f"{settings.store}: {len(panel.sensors):,} sensors, {slots:,} slots, {panel.span()}")


def _run(settings: WatchSettings, json: bool) -> None:
    from unseen.live.opening import feed_of, opened
    from unseen.live.running import Run, Said, clock_of

    _needs(settings)
    clock = clock_of(settings.clock)
    with show.progress(), opened(settings, clock) as ready:
        said = Said(_say_json if json else _say, _slot_json if json else _slot, _started)
        run = Run(settings, ready.store, ready.work, feed_of(settings, clock, ready.store), clock, said)
        with _stopped_by_signal(run.stop):
            run.go()


@contextmanager
def _stopped_by_signal(stop: threading.Event) -> Iterator[None]:
    """End as after the last slot where the system asks for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _needs(settings: WatchSettings) -> None:
    from unseen.errors import need

    wanted = ["fastapi", "uvicorn", "prometheus_client"] if settings.dashboard.on else []
    wanted += ["httpx"] if settings.feed.url or settings.sinks.webhook else []
    for module in wanted:
        need(module, extra="stream", purpose="unseen watch")


def _started(url: str) -> None:
    note(f"dashboard: {url}" if url else "no dashboard")


def _say_json(word: Word) -> None:
    sys.stdout.write(json_.dumps(word.as_json(), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _slot_json(report: Report, lag: float) -> None:
    record: dict[str, object] = {"event": "slot", "slot": report.slot, "raised": len(report.raised)}
    record |= {"known": report.known, "tiers": dict(report.tiers)}
    record |= {"seconds": round(report.seconds, 4), "lag": round(lag, 3)}
    sys.stdout.write(json_.dumps(record) + "\n")
    sys.stdout.flush()


def _say(word: Word) -> None:
    one = word.alarm
    if word.kind == "raised":
        odd, expected = f", p {one['p']:.2g}", f" at {one['target_local']}, {one['p']:.0%}"
        expected = odd if one["forecast"] is None else expected
        why = f" ({one['why']})" if one["why"] else ""
        typer.echo(f"{one['issued_local']}  alarm {one['id']}  {one['name']}: {one['tier']}{expected}{why}")
    elif word.kind == "cleared":
        typer.echo(f"{one['cleared_local']}  alarm {one['id']}  {one['name']}: cleared")


def _slot(report: Report, lag: float) -> None:
    """Say nothing: alarms are what a person wants to read."""
