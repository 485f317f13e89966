"""`unseen xray`: chest films, a screener that learns them, and answers that may be "refer"."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import examples, faults, show, xray_evaluate
from unseen.cli.film_options import FilmModel, Normal, RecordFile
from unseen.cli.options import Json

if TYPE_CHECKING:
    from unseen.screening.outcome import Outcome
    from unseen.studies.films import Screened

app = typer.Typer(help="Screen chest films; not a medical device.", no_args_is_help=True)

app.command("evaluate", epilog=examples.of("xray evaluate"))(xray_evaluate.evaluate)

# Leave with this where a file could not be read at all.
UNREAD = 2


@app.command("train", epilog=examples.of("xray train"))
def train(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="FILMS",
            help="NPZ with train_images, train_labels, val_..., test_...; or CSV: path, label, source, "
            "patient, maybe split.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="MODEL", help="Folder, or .unseen file.")],
    allow_other: Annotated[
        bool, typer.Option("--allow-other", help="Take a NPZ file with other counts than PneumoniaMNIST.")
    ] = False,
    no_patients: Annotated[
        bool, typer.Option("--no-patients", help="Take a CSV without patients; every report then says so.")
    ] = False,
    normal: Normal = "normal",
    size: Annotated[int, typer.Option(help="Side of a film of a CSV, pixels: 28, 64, 128 or 224.")] = 28,
    told: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=FOLDER", help="Pictures that are no films, told to the gate."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and films, same model.")] = 0,
    json: Json = False,
) -> None:
    """Train a screener: the classifier of one finding, and the gate that refuses what is no film.

    What the classifier finds is a matter of its source: make a record of your own films with unseen xray
    calibrate before an answer may be "no signs".
    """
    from unseen.persist import check_place
    from unseen.screening.screener import Screener
    from unseen.screening.stored import save
    from unseen.studies.films import Reading, read_sets, read_told

    check_place(out)
    reading = Reading(allow_other=allow_other, patients=not no_patients, normal=normal, size=size)
    with show.progress():
        sets, refused = read_sets(data, reading)
        told_rows = read_told(told or [], sets.train.pixels.shape[-1])
        for note in (*sets.notes, *refused):
            faults.note(note)
        screener = Screener(seed=seed).fit(sets, told=told_rows)
    save(screener, out)
    base = screener.base_
    if json:
        about = {"counts": screener.counts_, "told": screener.told_, "notes": sets.notes}
        show.as_json({"model": str(out), **about, "validation_auc": base.auc, "refused": refused})
        return
    normal_films, finding_films = screener.counts_["training"]
    typer.echo(f"wrote     {out}")
    typer.echo(
        f"learned   {normal_films:,} films without and {finding_films:,} with {screener.labels_[1]}; the "
        f"gate was told of {len(screener.told_)} kinds of other pictures"
    )
    typer.echo(
        f"AUC       {base.auc[0]:.3f} [{base.auc[1]:.3f}, {base.auc[2]:.3f}] on validation films of the same "
        "source; other sources are known to fall far below"
    )


@app.command("calibrate", epilog=examples.of("xray calibrate"))
def calibrate(
    model: FilmModel,
    films: Annotated[
        Path, typer.Argument(metavar="FILMS", help="CSV with path and label; or NPZ, see --part.")
    ],
    source: Annotated[str, typer.Option(metavar="NAME", help="What people will choose this source by.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="JSON file to write.")],
    part: Annotated[str, typer.Option(help="Of a NPZ file: train, val or test.")] = "test",
    normal: Normal = "normal",
    site: Annotated[str, typer.Option(help="Where the films were made.")] = "",
    device: Annotated[str, typer.Option(help="With what.")] = "",
    photo: Annotated[bool, typer.Option("--photo", help="The films are photographs of films.")] = False,
    json: Json = False,
) -> None:
    """Write the record of a source: 100 or more labelled films of each class, kept as numbers alone."""
    from unseen.export.writing import aside, fit_place, publish
    from unseen.screening.records import record_json
    from unseen.screening.stored import load
    from unseen.studies.films import read_labelled

    place, screener = fit_place(out, ".json"), load(model)
    with show.progress():
        labelled, refused = read_labelled(films, screener, part=part, normal=normal)
        for line in refused:
            faults.note(line)
        record = screener.calibrate(labelled, source=source, site=site, device=device, photo=photo)
    with aside(place) as folder:
        (folder / "record.json").write_bytes(record_json(record))
        publish({folder / "record.json": place})
    if json:
        show.as_json({"record": str(out), "source": source, "counts": record.counts, "auc": record.auc})
        return
    typer.echo(f"wrote     {out}: {record.counts[0]} films without and {record.counts[1]} with the finding")
    typer.echo(f"AUC       {record.auc[0]:.3f} [{record.auc[1]:.3f}, {record.auc[2]:.3f}]")


@app.command("screen", epilog=examples.of("xray screen"))
def screen(
    model: FilmModel,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="PNG, JPEG or DICOM.")],
    record: RecordFile = None,
    photo: Annotated[
        bool, typer.Option("--photo", help="The files are photographs of films; some say so themselves.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a file and line.")] = False,
) -> None:
    """Answer for each file: refused, refer, signs or no signs; exit code 2 where one could not be read.

    Nothing of a file but its grey values is looked at; nothing is stored.
    """
    from unseen.screening.records import read_record
    from unseen.screening.stored import load
    from unseen.studies.films import screen_files

    screener = load(model)
    own = None if record is None else read_record(record)
    unread = False
    for one in screen_files(screener, files, record=own, photograph=photo):
        unread |= one.unreadable
        _print(one, screener.labels_[1], json=json)
    if unread:
        raise typer.Exit(UNREAD)


def _print(one: Screened, finding: str, *, json: bool) -> None:
    import json as text

    if json:
        typer.echo(text.dumps({"file": one.file, **one.outcome.to_dict(), "said": one.said}))
    else:
        typer.echo(f"{one.file}: {one.said or sentence(one.outcome, finding)}")


def sentence(outcome: Outcome, finding: str) -> str:
    """Say an answer in words, as the app does."""
    from unseen.screening.words import said

    return said(outcome, finding)
