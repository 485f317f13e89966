"""`unseen app`: an app folder on loopback, and whether it is whole; and `unseen export --to web`."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from unseen.cli import examples, show
from unseen.cli.options import Json

if TYPE_CHECKING:
    from types import FrameType

    from unseen.detectors.two_stage import TwoStage
    from unseen.export.onnx import Precision
    from unseen.export.samples import Samples
    from unseen.phone.bundle import WrittenApp
    from unseen.phone.serving import Server

app = typer.Typer(
    help="Apps that run on a phone: on this machine to try them, and checked.", no_args_is_help=True
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="App written by unseen export --to web.")]


def serve(
    folder: Folder,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 is any that is free.")] = 8080,
    json: Json = False,
) -> None:
    """Show an app to the browsers of this machine, with the rules a browser is to keep; Ctrl-C stops.

    For phones, put the folder on any host of static files with https: nothing else is needed.
    """
    from unseen.phone.serving import bound

    server = bound(folder, port)
    if json:
        show.as_json({"app": str(folder), "url": server.url})
    else:
        typer.echo(f"{folder} at {server.url}; Ctrl-C stops")
    sys.stdout.flush()
    _until_stopped(server)


def _until_stopped(server: Server) -> None:
    """Answer until SIGINT or SIGTERM."""

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()  # waits for the loop below

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        server.server_close()


def check(folder: Folder, json: Json = False) -> None:
    """Check the hash of every file of an app, and that its model gives its golden vectors again."""
    from unseen.phone.check import check_app

    found = check_app(folder)
    if json:
        show.as_json(found.to_dict())
        return
    typer.echo(f"{found.path}: {found.title} ({found.kind} {found.id})")
    typer.echo(f"files     {found.files}, {found.bytes / 1e6:.1f} MB, every hash fits")
    typer.echo(f"golden    {found.golden} vectors agree within {found.largest:.1e}")
    if found.others:
        typer.echo(f"others    {len(found.others)} files are no part of it, e.g. {found.others[0]}")


def export_detector(
    detector: TwoStage,
    to: str,
    folder: Path,
    *,
    title: str,
    samples: Samples | None,
    runtime: Path | None,
    json: bool,
) -> None:
    """Write a detector as an app, and say what it weighs."""
    from unseen.phone.detector_app import write_detector_app

    precision = cast("Precision", to.removeprefix("web").lstrip("-") or "fp32")
    with show.progress():
        written = write_detector_app(
            detector, folder, title=title, precision=precision, samples=samples, runtime=runtime
        )
    if json:
        show.as_json({"to": to, **written.to_dict()})
        return
    say_written(written.app)
    parity = written.exported.parity
    typer.echo(
        f"parity    {parity.rows:,} rows: scores within {parity.largest:.1e} of their range, "
        f"{parity.changed:.2%} of decisions change"
    )


def say_written(written: WrittenApp) -> None:
    """Say what an app weighs, and how it is tried."""
    typer.echo(f"wrote     {written.path}, {written.files} files, {written.bytes / 1e6:.1f} MB")
    typer.echo(f"model     {written.id}, {written.model_bytes / 1000:,.0f} kB")
    typer.echo(f"load      {written.first_load / 1e6:.1f} MB the first time, nothing after it")
    typer.echo(f"try it    unseen app serve {written.path}")


app.command("serve", epilog=examples.of("app-serve"))(serve)
app.command("check", epilog=examples.of("app-check"))(check)
