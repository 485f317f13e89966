"""Arguments and options that several commands share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="CSV (.gz too), Parquet, Arrow, NPZ, ROOT, HDF5 (FILE:TABLE), LHE, a folder of images or "
        "Parquet; - is standard input.",
    ),
]
DataFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA...",
        help="CSV (.gz too), Parquet, Arrow, NPZ, ROOT, HDF5 (FILE:TABLE), LHE, a folder of images or "
        "Parquet; - is standard input. Several files, each as KIND=PATH, have their rows labelled by file.",
    ),
]
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Model folder or file written by unseen fit.")]
Label = Annotated[
    str | None, typer.Option("--label", metavar="COLUMN", help="Column that says what each row is.")
]
Normal = Annotated[list[str] | None, typer.Option("--normal", metavar="A,B", help="Labels that are normal.")]
Known = Annotated[
    list[str] | None, typer.Option("--known", metavar="C,D", help="Labels of the known anomalies.")
]
Drop = Annotated[
    list[str] | None, typer.Option("--drop", metavar="COLS", help="Columns that are not features.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="GLOB,GLOB",
        help="Only these columns are features, e.g. 'Muon_*'; the rest is not read.",
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--names",
        metavar="FILE",
        help="Column names for data without a header: a file with one a line, or names joined by commas; "
        "may be repeated.",
    ),
]
Weight = Annotated[
    str | None,
    typer.Option("--weight", metavar="COLUMN", help="Column of event weights; it is no feature."),
]
Protect = Annotated[
    str | None,
    typer.Option("--protect", metavar="COLUMN", help="Column, such as a mass, that is no feature."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def as_given(data: list[str]) -> str | list[str]:
    """Return one path as a text, several as a list, for a record."""
    return data[0] if len(data) == 1 else data


def several(values: list[str] | None) -> list[str] | None:
    """Cut column names joined by commas; None where none were given."""
    if not values:
        return None
    return [part.strip() for value in values for part in value.split(",") if part.strip()]
