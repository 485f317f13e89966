"""`unseen evaluate`: what is caught, and at what price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.options import DataFiles, Json, Known, Label, Model, Names, Normal, Protect, Weight, as_given

if TYPE_CHECKING:
    from unseen.evaluation import Measures
    from unseen.studies.judging import Judged
    from unseen.studies.sculpting import Sculpted


PANEL = "For a search"
Points = Annotated[
    bool,
    typer.Option("--points", help="Working points by kind, with bootstrap errors.", rich_help_panel=PANEL),
]
Fixed = Annotated[
    str | None,
    typer.Option(
        "--fixed",
        metavar="COLUMN",
        help="AUC at fixed values of a column; of event images also hits, ht or met.",
        rich_help_panel=PANEL,
    ),
]
Width = Annotated[
    float | None,
    typer.Option("--width", help="Width of its bins (10 unless given).", rich_help_panel=PANEL),
]
AlarmRate = Annotated[
    str | None,
    typer.Option(
        "--alarm-rate",
        metavar="RATE",
        help='Background rate that may pass, e.g. "100 Hz".',
        rich_help_panel=PANEL,
    ),
]
InputRate = Annotated[
    str | None,
    typer.Option(
        "--input-rate", metavar="RATE", help='What arrives ("40 kHz" unless given).', rich_help_panel=PANEL
    ),
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        "--against",
        metavar="COLUMN",
        help="Another trigger of equal rate, e.g. ht: shared and pure rates; may be repeated.",
        rich_help_panel=PANEL,
    ),
]
Tail = Annotated[
    bool,
    typer.Option(
        "--tail", help="Rates below ten normal rows: fit a generalised Pareto tail.", rich_help_panel=PANEL
    ),
]
HeldOut = Annotated[bool, typer.Option("--held-out", help="Only rows that fit --hold-out kept back.")]


def evaluate(
    model: Model,
    data: DataFiles,
    label: Label = None,
    normal: Normal = None,
    known: Known = None,
    weight: Weight = None,
    protect: Protect = None,
    held_out: HeldOut = False,
    names: Names = None,
    points: Points = False,
    fixed: Fixed = None,
    width: Width = None,
    alarm_rate: AlarmRate = None,
    input_rate: InputRate = None,
    against: Against = None,
    tail: Tail = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for evaluation.json and scores.csv.")
    ] = None,
    json: Json = False,
) -> None:
    """Judge a model on labelled rows: every kind, what it was told of and what it never saw apart.

    Label, weight and protected column and the labels are remembered from the fit unless given.

    AUC: how often an anomaly ranks above a normal row; 1 is perfect, 0.5 chance.
    AP: average precision.
    TPR@1%: share caught while 1 % of the normal rows raise an alarm.
    SIC: gain in significance, the largest TPR / sqrt(FPR).
    stage 1, gain: AUC before the model was told, and what being told changed.

    Sculpting, with --protect: Jensen-Shannon divergence of the column in all normal rows from that in the
    strangest of them, 0 to 1 bit, and what as many random rows give.

    Below each number stands its 95 % interval. With --weight every share is one of the weight.

    FPR@40%, with --points, --fixed or --alarm-rate: share of the normal rows above the cut that catches 40 %
    of a kind; in brackets below ten rows, where it must not be ranked.
    at fixed COLUMN: AUC among rows alike in it; flat: AUC of the score's p-value at fixed COLUMN.
    """
    from unseen.cli.searching import print_found
    from unseen.studies.loading import judged_file
    from unseen.studies.records import write_judged
    from unseen.studies.searching import asked_of, searched

    asked = asked_of(
        points=points, fixed=fixed, width=width, alarm_rate=alarm_rate, input_rate=input_rate,
        against=against, tail=tail,
    )  # fmt: skip
    with show.progress():
        _, judged = judged_file(
            model, data, label=label, normal=normal, known=known, names=names, weight=weight, protect=protect,
            held_out=held_out, beside=asked.variables,
        )  # fmt: skip
        found = searched(judged, asked) if asked.anything else None
    for warning in judged.warnings:
        note(warning)
    search = {} if found is None else {"search": found.to_dict()}
    if out is not None:
        write_judged(judged, out, search)
    if json:
        show.as_json(
            {"model": str(model), "data": as_given(data), "held_out": held_out, **judged.to_dict(), **search}
        )
        return
    print_table(judged)
    if found is not None:
        print_found(found)


COLUMNS = {
    "AUC": ("auc", 4),
    "AP": ("ap", 3),
    "TPR@1%": ("tpr_1e2", 3),
    "TPR@0.1%": ("tpr_1e3", 3),
    "SIC": ("sic", 1),
}


def print_table(judged: Judged) -> None:
    """Print two lines a kind (values, intervals), means over told and unseen kinds, and the false alarms."""
    from rich.table import Table

    shown = {
        title: (measure, digits)
        for title, (measure, digits) in COLUMNS.items()
        if any(getattr(kind.measures, measure).known for kind in judged.joined.kinds)
    }
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("kind", overflow="fold")
    for title in ("rows", *shown, *(() if judged.stage1 is None else ("stage 1", "gain"))):
        table.add_column(title, justify="right", no_wrap=True)
    for cells in _lines(judged, shown):
        table.add_row(*cells)
    screen = show.console()
    screen.print(table)
    screen.print("\n".join(_below(judged, shown)), markup=False)


def _lines(judged: Judged, shown: Mapping[str, tuple[str, int]]) -> Iterator[list[str]]:
    from rich.markup import escape

    for role in ("unseen", "told"):
        kinds = [kind for kind in judged.joined.kinds if kind.told is (role == "told")]
        kinds.sort(key=lambda kind: -kind.n)
        if kinds:
            yield [f"[bold]{role}[/bold]"]
        for kind in kinds:
            before = None if judged.stage1 is None else judged.stage1.kind(kind.kind).measures
            count = f"{kind.n:,}" + ("" if kind.averaged else "*")
            yield [f"  {escape(kind.kind)}", count, *_cells(kind.measures, before, shown)]
        mean: Measures | None = getattr(judged.joined, role)
        if mean is not None and sum(kind.averaged for kind in kinds) > 1:
            other: Measures | None = None if judged.stage1 is None else getattr(judged.stage1, role)
            yield ["  [italic]mean[/italic]", "", *_cells(mean, other, shown)]


def _below(judged: Judged, shown: Mapping[str, tuple[str, int]]) -> Iterator[str]:
    alarms = judged.alarms
    of_weight = "" if alarms.effective is None else " of the weight"
    yield (
        f"\nfalse alarms: {alarms.alarms:,} of {alarms.rows:,} normal rows, {alarms.realised:.2%}{of_weight} "
        f"where {alarms.stated:.2%} is stated"
    )
    if alarms.effective is not None:
        yield f"weighted events: the normal rows are worth {alarms.effective:,.0f} of equal weight"
    if alarms.too_many:
        yield "more than stated: these normal rows differ from those the model learned from"
    if not all(kind.averaged for kind in judged.joined.kinds):
        yield "* too few rows to count in the mean"
    for title, least in (("TPR@1%", 1_000), ("TPR@0.1%", 10_000)):
        if title not in shown:
            yield f"{title} needs {least:,} normal rows; here are {alarms.effective or alarms.rows:,.0f}"
    if judged.mass is not None:
        yield from _sculpting(judged.mass)


def _sculpting(mass: Sculpted) -> Iterator[str]:
    """Say what the cut does to the protected column, and what random rows would do."""
    told = mass.stage1 is not None
    scores = {" before being told": mass.stage1, " after being told" if told else "": mass.joined}
    for name, found in scores.items():
        if found is not None:
            yield (
                f"sculpting of {mass.name!r} by the strangest {mass.share:.1%} of the normal rows{name}: "
                f"{found.js:.3f} bits, {found.by_chance:.3f} by chance (p = {found.p_value:.2g})"
            )
    yield f"distance correlation of score and {mass.name!r} in normal rows: {mass.dependence:.3f}"


def _cells(measures: Measures, before: Measures | None, shown: Mapping[str, tuple[str, int]]) -> list[str]:
    cells = []
    for measure, digits in shown.values():
        found = getattr(measures, measure)
        interval = (
            f"\n[dim]{found.low:.{digits}f}-{found.high:.{digits}f}[/dim]" if found.low == found.low else ""
        )
        cells.append(show.number(found.value, digits) + interval)
    if before is not None:
        cells += [show.number(before.auc.value, 4), f"{measures.auc.value - before.auc.value:+.4f}"]
    return cells
