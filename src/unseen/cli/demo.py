"""`unseen demo`: the main job end to end."""

from __future__ import annotations

import dataclasses
import datetime
import time
from pathlib import Path
from typing import Annotated

import typer

from unseen.cli import show
from unseen.cli.evaluate import print_table
from unseen.cli.options import Json


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for data, model and report.")] = Path(
        "unseen-demo"
    ),
    look: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    json: Json = False,
) -> None:
    """Train on handwritten digits, judge on digits nobody showed, write a report. Takes half a minute.

    The digits are real and come with scikit-learn.
    0 to 6 are normal, 20 examples of 9 are told, 7 and 8 are never shown.
    """
    from unseen.errors import need

    need("matplotlib", extra="report", purpose="writing the report of the demo")
    from unseen.report import write_report
    from unseen.report.build import budget_curves, judged_content
    from unseen.studies.digits import demonstrate

    started = time.perf_counter()
    page = out / "report.html"
    with show.progress():
        made = demonstrate(out)
        content = judged_content(
            made.learned.detector,
            made.judged,
            data="handwritten digits",
            command="unseen demo",
            date=datetime.date.today().isoformat(),
        )
        content = dataclasses.replace(content, budget=budget_curves("AUC", made.budget))
        write_report(content, page)
    seconds = time.perf_counter() - started
    if json:
        found = {"train": made.train, "test": made.test, "model": made.model, "report": page}
        places = {name: str(path) for name, path in found.items()}
        show.as_json(
            {**places, "sentence": made.sentence, "seconds": round(seconds, 1), **made.judged.to_dict()}
        )
    else:
        print_table(made.judged)
        typer.echo(f"\n{made.sentence}\n\nreport  {page}  ({seconds:.0f} s)\nmodel   {made.model}\n")
        typer.echo(f"next:\n  unseen evaluate {made.model} {made.test}")
        typer.echo(f"  unseen explain {made.model} {made.test} --top 3")
    if look:
        typer.launch(page.absolute().as_uri())
