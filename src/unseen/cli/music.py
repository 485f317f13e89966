"""`unseen music`: melodies, a network that learns them, and what its units stand for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import examples, faults, show
from unseen.cli.options import Json

if TYPE_CHECKING:
    from unseen.music.tunes import Tunes
    from unseen.music.windows import Parts
    from unseen.studies.melody_analysis import Analysis
    from unseen.studies.melody_training import Trained

app = typer.Typer(help="Learn melodies, and see which units are music.", no_args_is_help=True)

OwnTunes = Annotated[
    Path | None,
    typer.Option("--tunes", metavar="FILE", help="File of unseen music prepare; else music21's folk tunes."),
]
MelodyModel = Annotated[
    Path, typer.Argument(metavar="MODEL", help="Model folder or file written by unseen music train.")
]


@app.command("prepare", epilog=examples.of("prepare"))
def prepare(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="NPZ file to write.")],
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="Your own .mid, .abc, .musicxml; else music21's folk tunes."),
    ] = None,
    json: Json = False,
) -> None:
    """Read melodies in 4/4 or 2/4 on the grid of sixteenths; what cannot be used is counted and named."""
    from unseen.errors import ConfigError
    from unseen.music.corpus import corpus
    from unseen.music.folder import own_tunes

    if not out.parent.is_dir():
        raise ConfigError(f"the folder {out.parent} does not exist: create it first")
    tunes = corpus() if folder is None else own_tunes(folder)
    tunes.write(out)
    _told(tunes)
    if json:
        show.as_json({"file": str(out), "tunes": len(tunes), "left_out": dict(tunes.left.counts)})
    else:
        typer.echo(f"{len(tunes):,} tunes in {out}")
        for line in tunes.left.lines():
            typer.echo(line)


@app.command("train", epilog=examples.of("train"))
def train(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="MODEL", help="Folder, or .unseen file.")],
    tunes: OwnTunes = None,
    bars: Annotated[int, typer.Option(help="Of a window: 2, 4, 8 or 16.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and tunes, same network.")] = 0,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of training.")] = None,
    beta: Annotated[float | None, typer.Option(help="Weight of the divergence, sum over steps.")] = None,
    json: Json = False,
) -> None:
    """Train a melody network of 512 units; the same command goes on where a stopped one stood."""
    from unseen.studies.melody_training import Setting
    from unseen.studies.melody_training import train as run

    asked = {"bars": bars, "seed": seed, "steps": steps, "beta": beta}
    setting = Setting(**{name: value for name, value in asked.items() if value is not None})  # type: ignore[arg-type]
    parts = _windows(tunes, bars)
    with show.progress(), _resumable(out):
        found = run(parts.learn.tokens, setting, out)
    standing = found.standing
    if json:
        told = {"file": str(out), "windows": len(parts.learn), "steps": standing.done}
        show.as_json({**told, "cpu_seconds": round(standing.seconds, 1), "loss": standing.losses[-1][0]})
        return
    typer.echo(f"{standing.done:,} steps on {len(parts.learn):,} windows, {standing.seconds:,.0f} s of CPU")
    typer.echo(f"loss      {standing.losses[-1][0]:.2f} nats a window, beta {setting.beta} KL among them")
    typer.echo(f"next      unseen music analyse {out}")


@app.command("analyse", epilog=examples.of("analyse"))
def analyse(
    model: MelodyModel,
    tunes: OwnTunes = None,
    windows: Annotated[int, typer.Option(min=1, help="At most so many, of tunes not learned from.")] = 2000,
    top: Annotated[int, typer.Option(min=1, help="Rows of the table of units.")] = 10,
    permutations: Annotated[int, typer.Option(min=100, help="Behind the corrected p-values.")] = 200,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write a page, .html.")
    ] = None,
    json: Json = False,
) -> None:
    """Say how well windows are played back, which units are music, and what these stand for."""
    from unseen.music.windows import chosen
    from unseen.studies.melody_analysis import analyse as look
    from unseen.studies.melody_training import load

    trained = load(model)
    if not trained.finished:
        faults.note(f"training stands at step {trained.standing.done:,} of {trained.setting.steps:,}")
    test = chosen(_windows(tunes, trained.setting.bars).test, windows, seed=0)
    with show.progress():
        found = look(trained, test.tokens, permutations=permutations, top=top)
    if out is not None:
        _page(model, trained, found, out)
    if json:
        show.as_json({"model": str(model), **found.to_dict()})
    else:
        _print(found)


@app.command("listen", epilog=examples.of("listen"))
def listen(
    model: MelodyModel,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the files.")],
    tunes: OwnTunes = None,
    units: Annotated[int, typer.Option(min=1, max=64, help="The N most relevant units.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of the imagined melodies.")] = 0,
    wav: Annotated[bool, typer.Option("--wav", help="Sound files too.")] = False,
    json: Json = False,
) -> None:
    """Write MIDI (and WAV) files: each unit moved from -2 to 2 deviations; melodies without noise units."""
    from unseen.music.windows import chosen
    from unseen.studies.melody_listening import listening_files, write_files
    from unseen.studies.melody_training import load

    trained = load(model)
    test = chosen(_windows(tunes, trained.setting.bars).test, 2000, seed=0)
    files = write_files(listening_files(trained, test.tokens, units=units, seed=seed), out, sound=wav)
    if json:
        show.as_json({"files": [str(path) for path in files]})
    else:
        typer.echo("\n".join(str(path) for path in files))


def _windows(tunes: Path | None, bars: int) -> Parts:
    """Windows of a file of tunes, or of the corpus, divided by tune."""
    from unseen.music.caching import cached_corpus
    from unseen.music.tunes import read
    from unseen.music.windows import divided

    return divided(cached_corpus() if tunes is None else read(tunes), bars, seed=0)


def _told(tunes: Tunes) -> None:
    if tunes.chords:
        faults.note(f"{tunes.chords:,} tunes have several notes at once; the highest was taken")


def _page(model: Path, trained: Trained, found: Analysis, out: Path) -> None:
    """Write the page of one network."""
    from unseen.persist import canonical_versions
    from unseen.report.content import Provenance
    from unseen.report.document import write_page
    from unseen.report.melodies import Shown, melody_page

    provenance = Provenance(
        f"windows of {trained.setting.bars} bars, of tunes not learned from",
        len(found.tokens),
        seed=trained.setting.seed,
        command=show.command_line(sys.argv),
        versions=canonical_versions(),
    )
    summary = "A melody network: which of its units are music, and what these go with."
    page = melody_page(f"Units of {model.name}", summary, Shown(trained, found, [found]), provenance)
    write_page(page, out)


@contextmanager
def _resumable(out: Path) -> Iterator[None]:
    """Say after an interrupt that the same command goes on."""
    try:
        yield
    except KeyboardInterrupt:
        if out.exists():
            faults.note(f"what was learned is in {out}; the same command goes on from there")
        raise


def _print(found: Analysis) -> None:
    from rich.table import Table

    told = found.to_dict()
    screen = show.console()
    token, onset, exact = found.accuracy
    screen.print(f"played back  {token:.3f} of tokens, {onset:.3f} of onsets, {exact:.3f} of windows exactly")
    screen.print(
        f"music units  of {told['units']}: "
        + "; ".join(f"{count} where music is {rule}" for rule, count in told["music_units"].items())
    )
    for rule, lost in found.lost.items():
        screen.print(
            f"noise units  all at their means, where music is {rule}: {max(lost[0], 0.0):.3f} of tokens "
            f"and {max(lost[1], 0.0):.3f} of onsets lost"
        )
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("unit", "rho", "KL", "sigma", "goes with", "group", "Spearman", "phi_K", "MI", "p"):
        table.add_column(title, justify="left" if title in ("goes with", "group") else "right")
    for unit in found.units:
        table.add_row(
            str(unit.rank),
            f"{unit.rho:.2f}",
            f"{unit.divergence:.2f}",
            f"{unit.sigma:.2f}",
            unit.descriptor,
            unit.group,
            f"{unit.spearman:+.2f}",
            f"{unit.phi:.2f}",
            show.number(unit.information, 2),
            f"{unit.p:.3f}",
        )
    screen.print(table)
