"""`unseen collider significance`: what a model is worth to a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.evaluate import HeldOut
from unseen.cli.faults import note
from unseen.cli.options import DataFiles, Json, Known, Label, Model, Names, Normal, Weight, as_given

if TYPE_CHECKING:
    from unseen.studies.significance import Search


def significance(
    model: Model,
    data: DataFiles,
    luminosity: Annotated[float, typer.Option(metavar="FB", help="Integrated luminosity, fb^-1.")],
    cross_section: Annotated[
        list[str],
        typer.Option(
            metavar="KIND=PB",
            help="Cross-section of the rows of a kind, pb, after their selection; once for every normal kind "
            "and for the signals.",
        ),
    ],
    uncertainty: Annotated[
        float, typer.Option(help="Relative uncertainty of the background in each bin, e.g. 0.05.")
    ] = 0.0,
    label: Label = None,
    normal: Normal = None,
    known: Known = None,
    weight: Weight = None,
    held_out: HeldOut = False,
    names: Names = None,
    json: Json = False,
) -> None:
    """Say how significant each kind would be at a luminosity.

    events: expected before any cut, luminosity x cross-section.
    SIC: TPR / sqrt(FPR) at a false-alarm rate of 1 % and 0.1 %.
    without, Z: Asimov significance (standard deviations) of all events counted together, and of the histogram
    of the score.
    """
    from unseen.studies.loading import judged_file
    from unseen.studies.significance import read_cross_sections, search

    sizes = read_cross_sections(cross_section)
    with show.progress():
        _, judged = judged_file(
            model, data, label=label, normal=normal, known=known, names=names, weight=weight,
            held_out=held_out,
        )  # fmt: skip
        found = search(judged, sizes, luminosity=luminosity, relative_uncertainty=uncertainty)
    for warning in judged.warnings:
        note(warning)
    if json:
        show.as_json({"model": str(model), "data": as_given(data), **found.to_dict()})
    else:
        _print(found)


def _print(found: Search) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("kind", overflow="fold")
    for title in ("rows", "events", "AUC", "SIC@1%", "SIC@0.1%", "without", "Z"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in found.prospects:
        table.add_row(
            escape(one.kind) + (" (told)" if one.told else ""),
            f"{one.rows:,}",
            show.number(one.events, 1),
            show.number(one.auc, 4),
            show.number(one.sic_1e2.value, 2),
            show.number(one.sic_1e3.value, 2),
            show.number(one.before, 2),
            show.number(one.z, 2),
        )
    show.console().print(table)
    total = sum(found.background.values())
    typer.echo(
        f"\nbackground: {total:,.0f} events at {found.luminosity:g} fb^-1 ({', '.join(found.background)})"
    )
