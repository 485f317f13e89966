"""`unseen export --to web` of a screener of films."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unseen.cli import faults, show
from unseen.cli.phone import say_written
from unseen.errors import ConfigError

if TYPE_CHECKING:
    from unseen.persist import ModelFile
    from unseen.phone.screener_app import ScreenerApp

SCREENER = "Screener"
"""Kind of the model files that unseen xray train writes."""


@dataclass(frozen=True)
class FilmApp:
    """What an app of films is made of beside the model.

    Attributes:
        samples: File of labelled films, for 8 bits; empty for single precision.
        normal: Label of films without the finding, in a table.
        records: Files of source records.
        card: File of the page about the model.
        demo: Whether "no signs" may be said without a record.

    """

    samples: str
    normal: str
    records: tuple[Path, ...]
    card: Path | None
    demo: bool


def of_films(
    samples: list[str] | None,
    normal: list[str] | None,
    records: list[Path] | None,
    card: Path | None,
    *,
    demo: bool,
) -> FilmApp:
    """Gather the options.

    Raises:
        ConfigError: Several files of samples, or several normal labels.

    """
    for name, values in (("samples", samples), ("normal", normal)):
        if values and len(values) > 1:
            raise ConfigError(f"--{name} takes one value for films; {', '.join(values)} came")
    return FilmApp(
        samples[0] if samples else "", normal[0] if normal else "normal", tuple(records or ()), card, demo
    )


def export_screener(
    file: ModelFile,
    to: str,
    folder: Path,
    *,
    model: Path,
    title: str | None,
    films: FilmApp,
    runtime: Path | None,
    json: bool,
) -> None:
    """Write a screener as an app, and say what it weighs."""
    from unseen.phone.screener_app import write_screener_app
    from unseen.screening.records import read_record
    from unseen.screening.stored import made
    from unseen.studies.films import read_card, read_rounding

    if to not in ("web", "web-int8"):
        raise ConfigError(f"a screener of films is exported to web or web-int8; {to} came")
    if (to == "web-int8") != bool(films.samples):
        raise ConfigError(
            "web-int8 needs labelled films, and web none: pass --samples FILMS with --to web-int8"
        )
    screener = made(file, str(model))
    records = [read_record(path) for path in films.records]
    card = None if films.card is None else read_card(films.card)
    with show.progress():
        rounding = read_rounding(Path(films.samples), screener, films.normal) if films.samples else None
        written = write_screener_app(
            screener,
            folder,
            title=title or model.stem,
            records=records,
            rounding=rounding,
            demo=films.demo,
            card=card,
            runtime=runtime,
        )
    if json:
        show.as_json({"model": str(model), "to": to, **written.to_dict()})
        return
    _say(written)
    if not records and not films.demo:
        faults.note(
            'no source record: the app will never say "no signs"; make one with unseen xray calibrate'
        )


def _say(written: ScreenerApp) -> None:
    graph = written.graph
    say_written(written.app)
    typer.echo(
        f"parts     network {graph.network_bytes / 1000:,.0f} kB in {graph.precision}, gate "
        f"{graph.gate_bytes / 1000:,.0f} kB"
    )
    if graph.agreement is not None:
        typer.echo(
            f"rounding  AUC {-graph.agreement.auc_loss:+.4f}, chances within {graph.agreement.most:.3f}, "
            f"{graph.agreement.changed:.2%} of decisions change, maps correlate by "
            f"{graph.agreement.correlation:.4f}"
        )
