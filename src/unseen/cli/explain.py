"""`unseen explain`: which features make a row strange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.options import Data, Json, Model, Names, several

if TYPE_CHECKING:
    from unseen.studies.explaining import Explained


def explain(
    model: Model,
    data: Data,
    rows: Annotated[str | None, typer.Option(metavar="3,17", help="Row numbers, counted from 0.")] = None,
    top: Annotated[int, typer.Option(min=1, help="The N strangest rows, where no rows are named.")] = 10,
    features: Annotated[int, typer.Option(min=1, help="Features shown a row; the rest is summed up.")] = 5,
    names: Names = None,
    json: Json = False,
) -> None:
    """Show what each feature contributes to the score of a row; the parts add up to it.

    Of a model of several members, the one that added most to the score is named; --json has all of them.
    """
    from unseen.registry import load
    from unseen.studies.explaining import explain_rows
    from unseen.studies.memory import recall
    from unseen.studies.opening import open_rows
    from unseen.studies.scoring import picked, scored, strongest

    wanted = _numbers(rows)
    detector = load(model)
    source = open_rows(data, names or recall(detector).names)
    with show.progress():
        parts = scored(detector, source)
        result, table = strongest(parts, top) if wanted is None else picked(parts, wanted)
        explained = explain_rows(detector, result, table)
    if json:
        show.as_json({"model": str(model), "data": data, "rows": [row.to_dict() for row in explained]})
        return
    for row in explained:
        _print(row, features)


def _numbers(rows: str | None) -> list[int] | None:
    from unseen.errors import ConfigError

    if rows is None:
        return None
    words = several([rows]) or []
    for word in words:
        if not word.isdecimal():
            raise ConfigError(
                f"--rows {rows!r}: {word!r} is not a row number; accepted: 0, 1, 2, ... joined by commas"
            )
    return [int(word) for word in dict.fromkeys(words)]


def _print(row: Explained, count: int) -> None:
    from rich.markup import escape
    from rich.table import Table

    screen = show.console()
    state = "[red]alarm[/red]" if row.alarm else "no alarm"
    most = f"  said most by: {row.loudest}" if row.loudest else ""
    screen.print(
        f"[bold]row {row.row}[/bold]  score {row.score:.2f} nats  p = {row.p_value:.2g}  {state}{most}"
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    largest = max((part.amount for part in row.parts), default=0.0) or 1.0
    for part in row.parts[:count]:
        bar = "█" * max(1, round(24 * part.amount / largest)) if part.amount > 0 else ""
        table.add_row(escape(part.feature), escape(part.value), f"{part.amount:.2f}", bar)
    rest = row.parts[count:]
    if rest:
        others = "1 other" if len(rest) == 1 else f"{len(rest)} others"
        table.add_row(f"[dim]{others}[/dim]", "", f"{sum(p.amount for p in rest):.2f}", "")
    screen.print(table)
    screen.print()
