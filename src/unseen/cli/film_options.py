"""Arguments and options of the commands that read films."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FilmModel = Annotated[Path, typer.Argument(metavar="MODEL", help="Model written by unseen xray train.")]
Normal = Annotated[str, typer.Option(metavar="LABEL", help="Label of films without the finding, in a CSV.")]
RecordFile = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Source record of unseen xray calibrate for these films."),
]
