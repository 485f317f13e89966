"""`unseen symmetry IMAGE...`: which symmetries pictures have, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from unseen.cli import faults, show

if TYPE_CHECKING:
    from unseen.decoy.verdicts import Judged

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".ppm", ".pgm", ".mpo")
"""By these a path is known as a picture; what it really is, its content says."""


def pictures(paths: Sequence[str | Path], *, json: bool = False, out: Path | None = None) -> None:
    """Print the symmetries of pictures; write them as a page where `out` is given.

    Raises:
        DataError: A picture cannot be judged, or the folder of `out` is not there.

    """
    import sys

    from unseen.decoy.verdicts import judge

    if out is not None:
        _check_place(out)
    with show.progress():
        judged = judge(paths)
    for one in judged:
        for note in one.seen.notes:
            faults.note(f"{one.seen.name}: {note}")
    if out is not None:
        from unseen.report.pictures import write_pictures

        write_pictures(judged, out, command=show.command_line(sys.argv))
    if json:
        page = {} if out is None else {"page": str(out)}
        show.as_json({"pictures": [one.to_dict() for one in judged], **page})
        return
    for one in judged:
        _print(one)
    if out is not None:
        show.console().print(f"page written to {out}", markup=False)


def _check_place(out: Path) -> None:
    """Refuse a page that could not be written before the work is done."""
    from unseen.errors import ConfigError

    if out.is_dir():
        raise ConfigError(f"--out {out} is a folder; name a file in it, such as {out}/symmetry.html")
    if not out.parent.is_dir():
        raise ConfigError(f"--out {out}: the folder {out.parent} does not exist; make it first")


def _print(one: Judged) -> None:
    from rich.markup import escape
    from rich.table import Table

    screen = show.console()
    screen.print(f"[bold]{escape(one.seen.name)}[/bold]  {one.seen.size[0]} x {one.seen.size[1]} pixels")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("symmetry", "verdict"):
        table.add_column(name)
    for name in ("level", "detrended", "by chance in", "best patch"):
        table.add_column(name, justify="right")
    for reading in one.readings:
        sight = reading.detrended or reading.whole
        table.add_row(
            reading.symmetry,
            f"[bold]{reading.words}[/bold]" if reading.present else f"[dim]{reading.words}[/dim]",
            f"{reading.whole.level:.0%}",
            f"{reading.detrended.level:.0%}" if reading.detrended else "-",
            f"{sight.p:.0%}",
            f"{round(reading.patches, 2) + 0:.2f}",
        )
    screen.print(table)
    screen.print()
