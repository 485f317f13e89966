"""`unseen bench`: detectors side by side on public tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import examples, show
from unseen.cli.options import Json, several

if TYPE_CHECKING:
    from unseen.recipes.results import Results

app = typer.Typer(help="Set detectors side by side on public tables.", no_args_is_help=True)

Sets = Annotated[
    list[str] | None,
    typer.Option("--sets", metavar="A,B", help="Sets, e.g. 6_cardio or cardio; all if absent."),
]
Methods = Annotated[
    list[str] | None,
    typer.Option("--methods", metavar="A,B", help="Names of unseen bench list; all if absent."),
]
Folder = Annotated[Path | None, typer.Option("--data", help="Folder of the data sets.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Folder for results, tables and figures; a run goes on where it ended."),
]
Quick = Annotated[bool, typer.Option("--quick", help="Five small sets and one seed; minutes, not hours.")]
Committed = Annotated[
    bool, typer.Option("--committed", help="Show the results that came with the package; run nothing.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Run anew what the folder already holds.")]
Jobs = Annotated[int, typer.Option("--jobs", help="Processes side by side, each on one thread.")]


@app.command("list", epilog=examples.of("bench list"))
def list_(json: Json = False) -> None:
    """List the methods, with the versions of what they need."""
    from unseen.bench.methods import installed, known

    found = known().values()
    if json:
        show.as_json(
            {
                "methods": [
                    {
                        "name": method.name,
                        "versions": {name: installed(name) for name in (method.package or "").split()},
                        "skipped": bool(method.absent),
                        "uses labels": method.told,
                        "note": method.note,
                    }
                    for method in found
                ]
            }
        )
        return
    for method in found:
        versions = ", ".join(f"{name} {installed(name)}" for name in (method.package or "").split())
        state = f"skipped: {' and '.join(method.absent)} not installed" if method.absent else versions
        typer.echo(f"{method.name:33s} {state:34s} {method.note}".rstrip())


@app.command("few-label", epilog=examples.of("few-label"))
def few_label(
    sets: Sets = None,
    ratios: Annotated[
        list[str] | None,
        typer.Option(
            "--ratios", metavar="R,R", help="Shares of the anomalies that are labelled: 0,0.01,0.05,0.1."
        ),
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Seeds 1 to this; 5 if absent.")] = None,
    methods: Methods = None,
    data: Folder = None,
    out: Out = None,
    quick: Quick = False,
    committed: Committed = False,
    fresh: Fresh = False,
    check_protocol: Annotated[
        bool,
        typer.Option(
            "--check-protocol", help="Only compare XGBoost with its published numbers; fails above 0.05."
        ),
    ] = False,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Tell each method of a share of the anomalies and judge it, by the protocol of ADBench.

    Leaves with 0 whether or not the claims hold. Methods whose package is not installed are skipped.
    """
    from unseen.bench import outcome, protocol
    from unseen.bench.few_label import QUICK, Plan, shares

    asked, chosen = several(sets), several(methods)
    if check_protocol:
        with show.progress():
            found = protocol.compared(asked, data)
        _say(protocol.protocol_outcome(found), json)
        protocol.hold(found)
        return
    if committed:
        _say(outcome.committed(asked, shares(several(ratios)), chosen), json)
        return
    base = QUICK if quick else Plan()
    plan = Plan(
        sets=asked or base.sets,
        ratios=shares(several(ratios)) or base.ratios,
        seeds=base.seeds if seeds is None else seeds,
        methods=chosen or base.methods,
        data=data,
        workers=jobs,
    )
    with show.progress():
        done = outcome.rerun(plan, out, fresh=fresh, quick=quick)
    _say(done, json)


def _say(results: Results, json: bool) -> None:
    if json:
        show.as_json(results.to_dict())
    else:
        typer.echo(results.summary())
