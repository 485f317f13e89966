"""`unseen latent`: what the code of a model has learned."""

from __future__ import annotations

import datetime
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.evaluate import HeldOut
from unseen.cli.faults import note
from unseen.cli.options import DataFiles, Json, Label, Model, Names, Normal, as_given, several

if TYPE_CHECKING:
    from rich.table import Table

    from unseen.structure import Dimension
    from unseen.studies.code_study import CodeStudy
    from unseen.studies.unit_tables import Unit


def latent(
    model: Model,
    data: DataFiles,
    features: Annotated[
        list[str] | None,
        typer.Option(
            "--features",
            metavar="COLUMNS|all",
            help="Columns to hold the units against, names or patterns; all (unless given): those the model "
            "reads, of event images hits, ht and met.",
        ),
    ] = None,
    label: Label = None,
    normal: Normal = None,
    names: Names = None,
    held_out: HeldOut = False,
    member: Annotated[int, typer.Option(min=0, help="Which of several networks.")] = 0,
    betas: Annotated[
        str | None,
        typer.Option(
            metavar="B,B", help="Learn the network of a table anew at these betas, and count units at each."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Fits at each of these betas.")] = 3,
    units: Annotated[int, typer.Option(min=1, help="Units shown on the screen.")] = 16,
    seed: Annotated[int, typer.Option(help="Of the rows chosen and of the permutations.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="HTML", help="Page with figures to write.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Every unit with every number, as CSV.")
    ] = None,
    json: Json = False,
) -> None:
    """Show which latent units matter, what they stand for, and their count beside what the data itself holds.

    rho: std of a unit's mean over its mean spread, signal over noise.
    KL: what it says of a row, nats.
    weight: its share in what the decoder makes of the code.
    without: error without it, as a share of the error without any code.
    r, phi_K, MI, p: of the feature it is strongest with: rank correlation, correlation of any shape, mutual
    information in nats, and the share of 200 shuffled tables in which any pair is as strong.
    told: rho after being told of anomalies, where a model was; same: how alike its means are to before.

    Units are measured on normal rows where the data says which are, and held against features on all rows.
    """
    from unseen.studies.reading import Question, study_code
    from unseen.studies.unit_tables import as_dict, units_table

    for option, place in (("--out", out), ("--csv", csv)):
        if place is not None and not place.absolute().parent.is_dir():
            raise typer.BadParameter(
                f"the folder {place.parent} does not exist; make it first", param_hint=option
            )
    if out is not None:
        from unseen.errors import need

        need("matplotlib", extra="report", purpose="writing a page")
    asked = Question(
        features=several(features) or (), label=label, normal=several(normal), names=names, held_out=held_out,
        member=member, betas=_betas(betas), seeds=seeds, seed=seed,
    )  # fmt: skip
    with show.progress():
        found = study_code(model, data, asked)
    if csv is not None:
        from unseen.studies.sinks import sink_to

        with sink_to(csv) as sink:
            sink.write(units_table(found))
            sink.close({})
    if out is not None:
        from unseen.report import write_page
        from unseen.report.code_page import code_page

        write_page(
            code_page(found, command=show.command_line(sys.argv), date=datetime.date.today().isoformat()), out
        )
    written = [str(place) for place in (out, csv) if place is not None]
    if json:
        show.as_json({"model": str(model), "data": as_given(data), **as_dict(found), "wrote": written})
        return
    _print(found, units)
    for name in written:
        typer.echo(f"wrote {name}")


def _betas(given: str | None) -> list[float]:
    from unseen.errors import ConfigError

    found = []
    for word in several([given]) or [] if given is not None else []:
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf:
            raise ConfigError(
                f"--betas {given!r}: {word!r} came; accepted: numbers above 0, e.g. 0.5,0.2,0.1"
            )
        found.append(value)
    return found


def _print(found: CodeStudy, most: int) -> None:
    from unseen.studies.unit_tables import units_of

    screen = show.console()
    every = units_of(found)
    screen.print(_table(found, every[:most]))
    rest = len(every) - most
    if rest > 0:
        counted = sum(unit.counts for unit in every[most:])
        screen.print(f"[dim]{rest} more units, {counted} of them count; --units {len(every)} shows all[/dim]")
    screen.print(_counts(found))
    for sentence in found.notes:
        note(sentence)
    if found.silent:
        note(f"no associations: {found.silent}")


def _table(found: CodeStudy, units: tuple[Unit, ...]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    spread, told = found.reading.relevance.spread, found.told is not None
    linked = found.association is not None
    table = Table(box=None, pad_edge=False, header_style="bold")
    numbers = [*(["rho", "KL", "sigma"] if spread else ["std mu"]), "weight", "without"]
    table.add_column("unit")
    for name in numbers + (["told", "same"] if told else []):
        table.add_column(name, justify="right")
    for name in ["strongest with"] if linked else []:
        table.add_column(name, overflow="fold")
    for name in ["r", "phi_K", "MI", "p"] if linked else []:
        table.add_column(name, justify="right")
    for unit in units:
        size = [unit.rho, unit.kl, unit.sigma] if spread else [unit.deviation]
        cells = [
            unit.name,
            *(show.number(value, 2) for value in size),
            _share(unit.weight),
            _share(unit.ablation),
        ]
        cells += [show.number(unit.told_rho, 2), show.number(unit.told_same, 2)] if told else []
        if linked and not unit.counts:
            cells += [""] * 5
        elif linked:
            values = (unit.spearman, unit.phi_k, unit.information)
            cells += [escape(unit.feature), *(show.number(value, 2) for value in values), _p(unit.p)]
        table.add_row(*cells, style=None if unit.counts else "dim")
    return table


def _counts(found: CodeStudy) -> Table:
    from rich.table import Table

    from unseen.latent.rules import agreement
    from unseen.studies.scanning import ranged
    from unseen.studies.unit_tables import ranges

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    reading, embedding = found.reading, found.embedding
    table.add_row("", "")
    table.add_row(
        "VAE embedding count" if reading.relevance.spread else "units that count",
        ", ".join(f"{count} ({rule})" for rule, count in embedding.units.items()),
    )
    table.add_row(
        "PCA rank", "-" if embedding.rank is None else f"{embedding.rank} of {len(embedding.eigenvalues)}"
    )
    table.add_row("intrinsic dimension", _dimensions(embedding.dimensions) or "refused")
    if embedding.of_code:
        table.add_row("the same of the code", _dimensions(embedding.of_code))
    if embedding.linear is not None:
        table.add_row("a linear VAE would count", f"{embedding.linear.counted} (rho > 1)")
    for beta, by_rule in {} if found.scan is None else ranges(found.scan).items():
        words = ", ".join(f"{ranged(*ends)} ({rule})" for rule, ends in list(by_rule.items())[:3])
        table.add_row(f"at beta {beta:g}", words)
    zero = reading.zero
    table.add_row(
        "error",
        f"{zero.full[0]:.4g}; without the {len(zero.spare)} spare units {zero.together[0]:.4g}; "
        f"without any code {zero.none[0]:.4g}",
    )
    ranked = {pair: value for pair, value in agreement(reading.relevance).items() if not math.isnan(value)}
    if ranked:
        (a, b), least = min(ranked.items(), key=lambda pair: pair[1])
        table.add_row("rank agreement", f"{least:.2f} or more between measures; least {a} with {b}")
    return table


def _dimensions(found: tuple[Dimension, ...]) -> str:
    return ", ".join(f"{one.estimator} {one.value:.2f}" for one in found)


def _share(value: float) -> str:
    return "-" if value != value else f"{100 * value:.1f} %"


def _p(value: float) -> str:
    return "-" if value != value else f"{value:.2g}"
