"""`unseen xray evaluate`: a screener on a user's own labelled films, as numbers and as a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import faults, show
from unseen.cli.film_options import FilmModel, Normal, RecordFile
from unseen.cli.options import Json

if TYPE_CHECKING:
    from unseen.screening.screener import Screener
    from unseen.studies.film_judging import JudgedFilms

MEASURES = ("AUC", "sensitivity", "specificity", "coverage normal", "coverage finding", "referred", "refused")


def evaluate(
    model: FilmModel,
    films: Annotated[
        Path,
        typer.Argument(
            metavar="FILMS", help="CSV: path, label, maybe source; or NPZ with train, val and test parts."
        ),
    ],
    record: RecordFile = None,
    normal: Normal = "normal",
    photo: Annotated[bool, typer.Option("--photo", help="The films are photographs of films.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="HTML page to write; it shows some of the films."),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option("--card", metavar="FILE", help="JSON to write: the model card, for unseen export."),
    ] = None,
    json: Json = False,
) -> None:
    """Judge a screener on labelled films, source by source.

    The films must have taken no part in training, nor in the record.

    The threshold is the one frozen on the validation films of training. Where a source has 200 films of each
    class, half of them make a record again and again and the other half is judged by it: what one brings.
    """
    from unseen.export.writing import fit_place
    from unseen.screening.records import read_record
    from unseen.screening.stored import load
    from unseen.studies.film_judging import films_by_source, judge_films

    places = [fit_place(path, suffix) for path, suffix in ((out, ".html"), (card, ".json")) if path]
    screener = load(model)
    own = None if record is None else read_record(record)
    with show.progress():
        sources, refused = films_by_source(films, screener, normal=normal)
        for line in refused:
            faults.note(line)
        judged = judge_films(screener, sources, record=own, photographs=photo)
    if out is not None:
        _write_page(screener, judged, out, films)
    if card is not None:
        _write_card(screener, judged, card)
    if json:
        found = [numbers.to_dict() for numbers in judged.numbers.values()]
        show.as_json({"threshold": judged.threshold, "sources": found, "refused": refused})
        return
    _print(judged)
    for place in places:
        typer.echo(f"wrote {place}")


def _write_page(screener: Screener, judged: JudgedFilms, out: Path, films: Path) -> None:
    from unseen.report.document import write_page
    from unseen.report.film_content import content_of
    from unseen.report.films import films_page

    write_page(films_page(content_of(screener, judged, films.name, show.command_line(sys.argv))), out)


def _write_card(screener: Screener, judged: JudgedFilms, place: Path) -> None:
    import json as text

    from unseen.export.writing import aside, publish
    from unseen.screening.card import card

    content = card(screener, list(judged.numbers.values()))
    with aside(place) as folder:
        (folder / "card.json").write_text(text.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")
        publish({folder / "card.json": place})


def _print(judged: JudgedFilms) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("source")
    for name in ("films", *MEASURES):
        table.add_column(name, justify="right", no_wrap=name == "AUC")
    for source, numbers in judged.numbers.items():
        known = numbers.estimates()
        table.add_row(
            source,
            f"{numbers.films:,}",
            str(known["AUC"]),
            *(show.number(known[name].value) for name in MEASURES[1:]),
        )
    show.console().print(table)
    for source, halves in judged.halves.items():
        normal, finding, referred, right = (
            halves[name].value
            for name in ("coverage normal", "coverage finding", "referred", "decided, right")
        )
        typer.echo(
            f"{source}: with a record of half of its films, coverage {normal:.3f} and {finding:.3f}, "
            f"{referred:.1%} referred, {right:.1%} of the decided right"
        )
    if len(judged.numbers) == 1:
        typer.echo("one source only: what the screener does elsewhere is not measured")
