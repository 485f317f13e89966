"""`unseen bench`: detectors side by side on public tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import bench_nab, examples, show
from unseen.cli.options import Json, several

if TYPE_CHECKING:
    from unseen.recipes.results import Results

app = typer.Typer(help="Set detectors side by side on public tables.", no_args_is_help=True)
app.command("nab", epilog=examples.of("nab"))(bench_nab.nab)

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
Seeds = Annotated[int | None, typer.Option("--seeds", help="Seeds 1 to this; 5 if absent.")]
Jobs = Annotated[int, typer.Option("--jobs", help="Processes side by side, each on one thread.")]


@app.command("list", epilog=examples.of("bench list"))
def list_(json: Json = False) -> None:
    """List the methods, with the versions of what they need."""
    from unseen.bench import one_class, open_methods
    from unseen.bench.method import installed
    from unseen.bench.methods import known

    found = {**known(), **one_class.available(), **open_methods.available()}.values()
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
    seeds: Seeds = None,
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
        _show(outcome.committed(asked, shares(several(ratios)), chosen), out, json)
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


@app.command("one-class", epilog=examples.of("one-class"))
def one_class(
    sets: Sets = None,
    seeds: Seeds = None,
    methods: Methods = None,
    data: Folder = None,
    out: Out = None,
    quick: Quick = False,
    committed: Committed = False,
    fresh: Fresh = False,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Give each method half of the normal rows alone, and judge it on all the others.

    Leaves with 0 whether or not the claims hold. Methods whose package is not installed are skipped.
    """
    from unseen.bench import one_class_tables
    from unseen.bench.one_class import QUICK, Plan

    asked, chosen = several(sets), several(methods)
    if committed:
        _show(one_class_tables.committed(asked, chosen), out, json)
        return
    base = QUICK if quick else Plan()
    plan = Plan(
        sets=base.sets if asked is None else asked,
        seeds=base.seeds if seeds is None else seeds,
        methods=base.methods if chosen is None else chosen,
        data=data,
        workers=jobs,
    )
    with show.progress():
        done = one_class_tables.rerun(plan, out, fresh=fresh, quick=quick)
    _say(done, json)


@app.command("open-set", epilog=examples.of("open-set"))
def open_set(
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--sets", metavar="A,B", help="Sets, e.g. nsl_kdd, cicids2017, opal or cardio; all if absent."
        ),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--labels", metavar="K,K", help="Rows of the told kind that are labelled: 10,50."),
    ] = None,
    variants: Annotated[
        list[str] | None,
        typer.Option(
            "--variants",
            metavar="V,V",
            help="clean, or dirty: with unlabelled rows of other kinds among the normal ones.",
        ),
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Seeds 0 to below this; 5 if absent.")] = None,
    methods: Methods = None,
    data: Folder = None,
    out: Out = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two sets, 10 labels and one seed; minutes.")
    ] = False,
    committed: Committed = False,
    fresh: Fresh = False,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Tell each method a few rows of one anomaly kind, and judge it on the kinds nobody told of.

    Gains and regret are against what the detector was before it was told. Leaves with 0 whether or not the
    claims hold. Methods whose package is not installed are skipped.
    """
    from unseen.bench import open_tables
    from unseen.bench.open_runs import QUICK, Plan
    from unseen.bench.open_set import counts

    asked, chosen = several(sets), several(methods)
    numbers, kept = counts(several(labels)), several(variants)
    if committed:
        _show(open_tables.committed(asked, chosen, ks=numbers, variants=kept), out, json)
        return
    base = QUICK if quick else Plan()
    plan = Plan(
        sets=base.sets if asked is None else asked,
        ks=base.ks if numbers is None else numbers,
        seeds=base.seeds if seeds is None else seeds,
        methods=base.methods if chosen is None else chosen,
        variants=base.variants if kept is None else tuple(kept),
        data=data,
        workers=jobs,
    )
    with show.progress():
        done = open_tables.rerun(plan, out, fresh=fresh, quick=quick)
    _say(done, json)


def _show(results: Results, out: Path | None, json: bool) -> None:
    """Say what came with the package; its tables and figures go into a folder where one is named."""
    if out is not None:
        results.write(out)
    _say(results, json)


def _say(results: Results, json: bool) -> None:
    if json:
        show.as_json(results.to_dict())
    else:
        typer.echo(results.summary())
