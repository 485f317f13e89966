"""`unseen relevance`: how many directions VAEs use for a table, beside rank and intrinsic dimension."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.options import Columns, Data, Drop, Json, Label, Names, several

if TYPE_CHECKING:
    from unseen.studies.scanning import Relevant


def relevance(
    data: Data,
    betas: Annotated[
        str, typer.Option(metavar="B,B", help="Weights of the divergence, for the summed squared error.")
    ] = "0.5,0.2,0.1,0.05,0.02",
    seeds: Annotated[int, typer.Option(min=1, help="VAEs at each beta.")] = 5,
    steps: Annotated[int, typer.Option(min=1, help="Training steps of each VAE.")] = 4000,
    latent: Annotated[
        int | None, typer.Option(min=1, help="Latent units; two more than columns, 6 to 16, if absent.")
    ] = None,
    columns: Columns = None,
    drop: Drop = None,
    label: Label = None,
    names: Names = None,
    rows: Annotated[int, typer.Option(min=500, help="Most rows, drawn at random.")] = 10_000,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for JSON and CSV.")] = None,
    json: Json = False,
) -> None:
    """Fit VAEs over beta and seeds and count the latent units they use, by every rule.

    rho: std of a unit's mean over its mean spread; linear: what the closed form of a linear VAE gives.
    Beside the count stand PCA rank and intrinsic dimension: the count is of directions that embed the rows,
    of a circle 2. To read the code of a model file: unseen latent.
    """
    from unseen.latent.scan import Setup
    from unseen.studies.opening import open_rows
    from unseen.studies.scanning import relevance as measured
    from unseen.studies.structuring import read_columns
    from unseen.training.loop import Plan

    chosen = _numbers(betas)
    source = open_rows(data, names or ())
    with show.progress():
        read = read_columns(source, chosen=several(columns) or (), drop=several(drop) or (), label=label)
        setup = Setup(latent=latent, plan=Plan(steps=steps))
        found = measured(read, data, betas=chosen, seeds=seeds, rows=rows, setup=setup)
    for sentence in (*found.structure.notes, *found.notes):
        note(sentence)
    if out is not None:
        found.write(out)
        note(f"written to {out}: relevance.json, units.csv, counts.csv and the files of unseen structure")
    if json:
        show.as_json(found.to_dict())
    else:
        _print(found)


def _numbers(betas: str) -> list[float]:
    from unseen.data.columns import is_number
    from unseen.errors import ConfigError

    words = several([betas]) or []
    if not words or not all(is_number(word) and 0 < float(word) < float("inf") for word in words):
        raise ConfigError(f"--betas {betas!r} came; accepted: numbers above 0 joined by commas")
    return list(dict.fromkeys(float(word) for word in words))


def _print(found: Relevant) -> None:
    from rich.table import Table

    from unseen.studies.scanning import RULE, least_agreement, ranged, rows_of

    count = len({fit.seed for fit in found.scan.fits})
    typer.echo(f"{found.structure.name}: {found.structure.rows:,} rows, {count} VAEs at each beta\n")
    rules = list(found.scan.counted(found.betas[0]))
    table = Table("beta", "linear", *rules, box=None, padding=(0, 2))
    for beta in found.betas:
        counts = [ranged(*found.counted(beta, rule)) for rule in rules]
        table.add_row(f"{beta:g}", str(found.predicted(beta)), *counts)
    show.console().print(table)
    typer.echo("")
    least = min(found.counted(beta)[0] for beta in found.betas)
    most = max(found.counted(beta)[1] for beta in found.betas)
    each = "   ".join(f"{one.estimator} {one.value:.2f}" for one in found.structure.dimensions)
    typer.echo(f"VAE embedding count  {ranged(least, most)} ({RULE})")
    typer.echo(f"PCA rank             {found.structure.relations.rank}")
    typer.echo(f"intrinsic dimension  {each}")
    if found.warning:
        typer.echo(f"warning: {found.warning}")
    fit = found.shown
    typer.echo(f"\nunits at beta {fit.beta:g}, seed {fit.seed}; least rank agreement of two measures "
               f"{show.number(least_agreement(fit), 2)}")  # fmt: skip
    units = Table("unit", "rho", "KL", "Var mu", "weight", "without", "rho linear", box=None, padding=(0, 2))
    for _, _, unit, *values, closed, _ in rows_of(fit):
        units.add_row(str(unit), *(show.number(value) for value in values), show.number(closed))
    show.console().print(units)
