"""What commands put on the screen: tables and sentences on standard output, progress on standard error."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

# Columns of a table that goes to a file or pipe rather than a screen.
WIDE = 132


def console() -> Console:
    """Return the console of standard output; a pipe gets wide lines without colour."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, soft_wrap=False)


def as_json(record: Mapping[str, object]) -> None:
    """Print one JSON object."""
    typer.echo(json.dumps(record, indent=2, ensure_ascii=False))


@contextmanager
def progress() -> Iterator[None]:
    """Show bars on standard error while work tells of its progress; nothing where that is no screen."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    from unseen.training.progress import listening

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def listen(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        with listening(listen):
            yield


def command_line(arguments: Sequence[str]) -> str:
    """Write the command as it could be typed again.

    >>> command_line(["/usr/bin/unseen", "report", "my model", "flows.csv"])
    "unseen report 'my model' flows.csv"
    """
    return " ".join(["unseen", *(shlex.quote(word) for word in arguments[1:])])


def number(value: float | None, digits: int = 3) -> str:
    """Write a number, or a dash where there is none.

    >>> number(0.95331), number(float("nan")), number(None)
    ('0.953', '-', '-')
    """
    return "-" if value is None or value != value else f"{value:.{digits}f}"


def counted(kinds: Mapping[str, int], most: int = 6) -> str:
    """Write how many of each kind, most first.

    >>> counted({"DoS": 1200, "scan": 3})
    'DoS 1,200, scan 3'
    """
    parts = [f"{kind} {count:,}" for kind, count in sorted(kinds.items(), key=lambda item: -item[1])]
    return ", ".join(parts[:most]) + (f", {len(parts) - most} more kinds" if len(parts) > most else "")
