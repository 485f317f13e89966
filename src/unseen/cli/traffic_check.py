"""`unseen traffic check`: what to know of a series before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from unseen.cli import series_options as of_series
from unseen.cli import show
from unseen.cli.faults import spelled
from unseen.cli.options import Json

if TYPE_CHECKING:
    from unseen.series.checking import Checked

WRONG = 2
"""Exit code where zone, clock or calendar cannot be right."""

BAD = ("missing", "stale", "stuck", "impossible", "filled")


def check(
    path: of_series.Series,
    map_: of_series.Map = None,
    zone: of_series.Zone = None,
    clock: of_series.Clock = None,
    slot: of_series.Slot = None,
    first: of_series.First = None,
    country: of_series.Country = None,
    holidays: of_series.Holidays = None,
    duplicates: of_series.Duplicates = None,
    set_: of_series.Set = None,
    json: Json = False,
) -> None:
    """Look at states, clock, week and holidays of a series of sensors.

    Leaves with 2 where the zone, the clock or the calendar cannot be right.
    """
    from unseen.series.checking import check as look
    from unseen.series.source import take

    settings = of_series.settings_of(
        map_, set_, country=country, zone=zone, clock=clock, slot=slot, first=first, holidays=holidays,
        duplicates=duplicates,
    )  # fmt: skip
    with show.progress():
        checked = look(take(path, settings=settings))
    if json:
        show.as_json({"file": str(path), **checked.to_dict()})
    else:
        _print(checked)
    if checked.wrong:
        raise typer.Exit(WRONG)


def _print(checked: Checked) -> None:
    from rich.markup import escape
    from rich.table import Table

    screen = show.console()
    screen.print(
        f"{len(checked.sensors):,} sensors, {checked.slots:,} slots of {checked.minutes} min, {checked.span}",
        markup=False,
    )
    bad = [name for name in BAD if any(one.shares[name] for one in checked.sensors)]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("sensor", "first", "last"):
        table.add_column(name)
    for name in ("ok", *bad, "zeros", "still"):
        table.add_column(name, justify="right")
    table.add_column("weekend")
    for one in checked.sensors:
        shares = [f"{one.shares[name]:.2%}" for name in ("ok", *bad)]
        runs = [str(one.zeros), str(one.stuck)]
        table.add_row(escape(one.sensor), one.first, one.last, *shares, *runs, one.sunday)
    screen.print(table)
    screen.print("zeros, still: slots of the longest run of zeros, and of another value", style="dim")
    for finding in checked.findings:
        mark = "[bold red]wrong[/bold red]  " if finding.wrong else ""
        screen.print(f"{finding.kind:9s} {mark}{escape(spelled(finding.sentence))}", soft_wrap=True)
