"""`unseen bench nab`: detectors of streams on the Numenta Anomaly Benchmark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.options import Json, several

if TYPE_CHECKING:
    from unseen.recipes.results import Results


def nab(
    series: Annotated[
        list[str] | None,
        typer.Option(
            "--series", metavar="A,B", help="Parts of names, e.g. realTraffic or nyc_taxi; all if absent."
        ),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option("--methods", metavar="A,B", help="constant, random, ...; all if absent."),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="Draws of the random detector, 10 if absent.")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder of the data sets.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for results and tables; a run goes on where it ended."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="The seven traffic series; seconds.")] = False,
    committed: Annotated[
        bool, typer.Option("--committed", help="Show the results that came with the package; run nothing.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run anew what the folder already holds.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", help="Processes side by side, each on one thread.")] = 1,
    json: Json = False,
) -> None:
    """Judge detectors of streams by the rules of the Numenta Anomaly Benchmark.

    0 is no alarm at all, 100 the perfect detector. Leaves with 0 whether or not the claim holds.
    """
    from unseen.bench import nab_tables
    from unseen.bench.nab import QUICK, Plan

    asked, chosen = several(series), several(methods)
    if committed:
        found = nab_tables.committed(chosen)
        if out is not None:
            found.write(out)
        _say(found, json)
        return
    plan = replace(QUICK if quick else Plan(), detectors=chosen, data=data, workers=jobs)
    plan = replace(
        plan,
        series=plan.series if asked is None else tuple(asked),
        draws=plan.draws if seeds is None else seeds,
    )
    with show.progress():
        done = nab_tables.rerun(plan, out, fresh=fresh, quick=quick)
    _say(done, json)


def _say(results: Results, json: bool) -> None:
    if json:
        show.as_json(results.to_dict())
    else:
        typer.echo(results.summary())
