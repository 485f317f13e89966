"""`unseen report`: one page to look at."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Annotated

import typer

from unseen.cli import show
from unseen.cli.evaluate import Against, AlarmRate, Fixed, HeldOut, InputRate, Tail, Width
from unseen.cli.faults import note
from unseen.cli.options import DataFiles, Json, Known, Label, Model, Names, Normal, Protect, Weight, as_given


def report(
    model: Model,
    data: DataFiles,
    out: Annotated[Path, typer.Option("--out", "-o", help="HTML file to write.")] = Path("report.html"),
    label: Label = None,
    normal: Normal = None,
    known: Known = None,
    weight: Weight = None,
    protect: Protect = None,
    held_out: HeldOut = False,
    names: Names = None,
    fixed: Fixed = None,
    width: Width = None,
    alarm_rate: AlarmRate = None,
    input_rate: InputRate = None,
    against: Against = None,
    tail: Tail = False,
    json: Json = False,
) -> None:
    """Write one self-contained page: told and unseen kinds, scores, alarms, the strangest rows and why.

    Label, weight and protected column and the labels are remembered from the fit unless given.
    Of event images the page holds displays, and hits are held fixed unless --fixed names another variable.
    """
    from unseen.errors import need

    need("matplotlib", extra="report", purpose="writing a report")
    from unseen.report import write_report
    from unseen.report.build import judged_content
    from unseen.studies.loading import judged_file
    from unseen.studies.searching import asked_of

    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"the folder {out.parent} does not exist; make it first", param_hint="--out")
    asked = asked_of(
        fixed=fixed, width=width, alarm_rate=alarm_rate, input_rate=input_rate, against=against, tail=tail
    )
    with show.progress():
        detector, judged = judged_file(
            model, data, label=label, normal=normal, known=known, names=names, weight=weight, protect=protect,
            held_out=held_out, beside=asked.variables,
        )  # fmt: skip
        content = judged_content(
            detector,
            judged,
            data=", ".join(Path(part).name for part in data),
            command=show.command_line(sys.argv),
            date=datetime.date.today().isoformat(),
            asked=asked,
        )
        write_report(content, out)
    for warning in judged.warnings:
        note(warning)
    if json:
        show.as_json({"model": str(model), "data": as_given(data), "report": str(out), **judged.to_dict()})
    else:
        typer.echo(f"{content.summary}\nwrote {out}")
