"""`unseen symmetry`: symmetries of a table, or of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.options import Columns, Drop, Json, Names, several
from unseen.cli.pictures import SUFFIXES, pictures

if TYPE_CHECKING:
    from unseen.studies.symmetries import Answer


def symmetry(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="One table in any format unseen reads, or pictures."),
    ],
    columns: Columns = None,
    drop: Drop = None,
    names: Names = None,
    under: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND:COLS[=AMOUNT]",
            help="Test this transformation: rotation:x,y  reflection:x  swap:x1,y1+x2,y2  boost:E,pz=0.1  "
            "scale:x,y=1.02  shift:x=0.1  turn:phi. Without an amount one is drawn a row; groups joined by + "
            "move alike. May be repeated.",
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Symmetry of this column as a function of the others."),
    ] = None,
    blocks: Annotated[
        int, typer.Option(min=1, help="With --of: columns come in so many groups that are moved alike.")
    ] = 1,
    conserved: Annotated[
        bool, typer.Option("--conserved", help="Count what one orbit conserves; columns are its phase space.")
    ] = False,
    curved: Annotated[
        int, typer.Option(min=0, max=3, help="Look for polynomial fields up to this degree; 1 adds shifts.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of functions, halves and tests.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for JSON, CSV and SVG; of pictures, the page to write."),
    ] = None,
    json: Json = False,
) -> None:
    """Find the symmetries of a table: matrices L such that exp(tL) leaves its density as it is.

    Each is found on one half of the rows, and tested on the other. Of pictures: which mirrors, turns and
    shifts they have, and how much, from small networks that learn each picture on the spot; nothing is kept
    of them or sent anywhere.
    """
    of_tables = {
        "--columns": columns, "--drop": drop, "--names": names, "--under": under, "--of": of,
        "--conserved": conserved, "--curved": curved,
    }  # fmt: skip
    if all(path.lower().endswith(SUFFIXES) for path in paths):
        _of_no_picture(of_tables)
        pictures(paths, json=json, out=out)
        return
    _one_question(paths, under, of, conserved, curved, blocks)
    answer = _answer(
        paths[0],
        (columns, drop, names),
        under=under,
        of=of,
        blocks=blocks,
        conserved=conserved,
        curved=curved,
        seed=seed,
    )
    for sentence in answer.notes:
        note(sentence)
    if out is not None:
        note(f"written to {out}: {', '.join(answer.write(out))}")
    if json:
        show.as_json(answer.values)
    else:
        typer.echo("\n".join(answer.lines))


def _of_no_picture(asked: Mapping[str, object]) -> None:
    from unseen.errors import ConfigError

    given = [name for name, value in asked.items() if value]
    if given:
        raise ConfigError(f"{given[0]} came with pictures; accepted: it is for tables. Leave it out")


def _one_question(
    paths: list[str], under: list[str] | None, of: str | None, conserved: bool, curved: int, blocks: int
) -> None:
    from unseen.errors import ConfigError

    if len(paths) > 1:
        raise ConfigError(
            f"{len(paths)} paths came; accepted: one table, or pictures ({', '.join(SUFFIXES)})"
        )
    asked = {"--under": under, "--of": of, "--conserved": conserved, "--curved": curved}
    given = [name for name, value in asked.items() if value]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} came; accepted: one of them")
    if blocks > 1 and of is None:
        raise ConfigError(
            "--blocks came without --of COLUMN; it groups the columns of which a function is taken"
        )


def _answer(
    path: str,
    chosen: tuple[list[str] | None, list[str] | None, list[str] | None],
    *,
    under: list[str] | None,
    of: str | None,
    blocks: int,
    conserved: bool,
    curved: int,
    seed: int,
) -> Answer:
    from unseen.studies import symmetries
    from unseen.studies.opening import open_rows
    from unseen.studies.structuring import read_columns

    columns, drop, names = chosen
    with show.progress():
        source = open_rows(path, names or ())
        read = read_columns(source, chosen=several(columns) or (), drop=several(drop) or ())
        if under:
            return symmetries.put_to_test(read, path, under, seed=seed)
        if of is not None:
            return symmetries.of_column(read, path, of, blocks=blocks)
        if conserved:
            return symmetries.of_orbit(read, path)
        return symmetries.discovered(read, path, curved=curved, seed=seed)
