"""`unseen stream`: a verdict for every reading of a stream, as it comes."""

from __future__ import annotations

import csv
import json as jsons
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from unseen.cli.faults import note

if TYPE_CHECKING:
    from unseen.streaming import StreamDetector, Verdict
    from unseen.streaming.lines import Reading

COLUMNS = ("time", "value", "score", "p", "alarm", "state", "why")
EVERY = 1000
"""Readings between two writes of the state."""


def stream(
    path: Annotated[
        str,
        typer.Argument(
            metavar="FILE|-",
            help="CSV with a header, or one JSON object a line; - reads standard input line by line.",
        ),
    ],
    time: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column of the stamp: seconds, or date and time of ISO 8601."),
    ] = None,
    value: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of the value.")] = None,
    warmup: Annotated[
        int | None, typer.Option(help="Readings to learn from before the first alarm; 750 if absent.")
    ] = None,
    quiet: Annotated[
        int | None, typer.Option(help="Readings after an alarm in which none starts; 150 if absent.")
    ] = None,
    alarms: Annotated[
        float | None,
        typer.Option(help="False alarms in 10,000 readings of reference streams; 5 if absent."),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Go on from this state, and leave it here; made where absent."),
    ] = None,
    alarms_only: Annotated[
        bool, typer.Option("--alarms-only", help="Only the readings where an alarm starts.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a reading in place of CSV.")] = False,
) -> None:
    """Score a stream as it comes, with neither training nor labels: one reading in, one line out.

    score: evidence in decades that the last readings are unlike all before; 0 is ordinary.
    p: share of readings of reference streams without any event that score as high.
    alarm: whether one starts here; why: the aspect that speaks loudest.
    """
    from unseen.streaming.lines import lines_of, readings

    detector = _detector(state, {"warmup": warmup, "quiet": quiet, "alarms": alarms})
    write, number, counted = _writer(json), 0, 0
    with _opened(path) as file, _kept(detector, state) as keep:
        for number, reading in enumerate(readings(lines_of(file), time=time, value=value), 1):
            if number == 1:  # not before: of a file that cannot be read nothing is printed
                _head(json)
            verdict = detector.update(reading.time, reading.value)
            counted += verdict.alarm
            if verdict.alarm or not alarms_only:
                write(reading, verdict)
            if number % EVERY == 0:
                keep()
    if not number:
        _head(json)
    note(f"readings: {number:,}, alarms: {counted:,}")


def _detector(state: Path | None, settings: dict[str, float | None]) -> StreamDetector:
    from unseen.errors import ConfigError
    from unseen.streaming import StreamDetector
    from unseen.streaming.kept import load

    given = {name: setting for name, setting in settings.items() if setting is not None}
    if state is None or not state.exists():
        return StreamDetector(**given)  # type: ignore[arg-type]
    if given:
        raise ConfigError(
            f"--{next(iter(given))} came with {state}, which has its own; leave one of them out"
        )
    return load(state)


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    from unseen.errors import DataError

    if path == "-":
        yield sys.stdin.buffer
        return
    if not Path(path).is_file():
        raise DataError(f"{path} is not a file; accepted: CSV with a header, or one JSON object a line")
    with Path(path).open("rb") as file:
        yield file


@contextmanager
def _kept(detector: StreamDetector, state: Path | None) -> Iterator[Callable[[], None]]:
    """Yield what writes the state; write it at once, and at the end, also after a fault or an interrupt."""
    from unseen.streaming.kept import save

    def keep() -> None:
        if state is not None:
            save(detector, state)

    keep()  # a place that cannot be written is said before anything runs
    try:
        yield keep
    finally:
        keep()


def _head(json: bool) -> None:
    if not json:
        sys.stdout.write(",".join(COLUMNS) + "\n")


def _writer(json: bool) -> Callable[[Reading, Verdict], None]:
    table = csv.writer(sys.stdout, lineterminator="\n")

    def write(reading: Reading, verdict: Verdict) -> None:
        value = None if reading.value != reading.value else reading.value
        cells = (
            reading.stamp, value, round(verdict.score, 3), float(f"{verdict.p:.3g}"), verdict.alarm,
            verdict.state, verdict.why,
        )  # fmt: skip
        if json:
            sys.stdout.write(jsons.dumps(dict(zip(COLUMNS, cells, strict=True)), ensure_ascii=False) + "\n")
        else:
            table.writerow([*cells[:4], "yes" if verdict.alarm else "no", *cells[5:]])
        sys.stdout.flush()

    return write
