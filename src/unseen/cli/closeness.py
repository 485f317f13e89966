"""`unseen collider closeness`: simulated event images beside published ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.options import Json

if TYPE_CHECKING:
    from unseen.collider.closeness import Closeness


def closeness(
    simulated: Annotated[
        list[Path], typer.Argument(metavar="SIMULATED...", help="Files of unseen collider simulate --images.")
    ],
    published: Annotated[
        Path, typer.Option("--published", metavar="FOLDER", help="Published dark-shower images, NPZ.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of folds and trees.")] = 0,
    json: Json = False,
) -> None:
    """Compare simulated images with published ones of the same process and mass.

    Means of totals, their Kolmogorov-Smirnov distance, and how well the two can be told apart: an AUC of 0.5
    is alike, 1 is told apart without fail.
    """
    from unseen.collider.closeness import compare

    found = compare(simulated, published, seed=seed)
    if json:
        show.as_json({"closeness": [one.to_dict() for one in found]})
        return
    for one in found:
        _print(one)


def _print(one: Closeness) -> None:
    from rich.table import Table

    table = Table(title=f"{one.process}: {one.file}", title_justify="left", box=None)
    for name in ("sample", "events", "total", "mean", "KS distance", "AUC against published"):
        table.add_column(name, justify="left" if name in ("sample", "total") else "right")
    for row in one.totals:
        ours, theirs = f"{row.simulated:,.1f}", f"{row.published:,.1f}"
        apart = (show.number(row.ks), show.number(row.auc))
        table.add_row("simulated", f"{one.n_simulated:,}", row.total, ours, *apart)
        table.add_row("published", f"{one.n_published:,}", row.total, theirs, "", "")
    show.console().print(table)
    typer.echo(
        f"\nboosted trees on all totals tell them apart with AUC {one.judge:.3f} +- {one.judge_sd:.3f}\n"
    )
