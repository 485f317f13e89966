"""`unseen score`: one number a row."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.options import Data, Json, Model, Names, several

if TYPE_CHECKING:
    from unseen.studies.sinks import Sink


def score(
    model: Model,
    data: Data,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write: .csv, .parquet or .json.")
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="Only the N strangest rows, strangest first.")
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option(metavar="COLS", help="Columns of the data to repeat in the result.")
    ] = None,
    names: Names = None,
    json: Json = False,
) -> None:
    """Score every row, in constant memory whatever the size of the data.

    row: counted from 0.
    score: evidence against "normal" in nats, higher is stranger.
    p_value: share of normal rows expected to be as strange.
    alarm: whether the score is above the threshold of the model.
    """
    from unseen.registry import load
    from unseen.studies.memory import recall
    from unseen.studies.rows import open_rows
    from unseen.studies.scoring import ALARM, scored, strongest

    detector = load(model)
    source = open_rows(data, names or recall(detector).names)
    rows = alarms = 0
    with show.progress(), _sink(out, json=json) as sink:
        parts = scored(detector, source, keep=several(columns) or ())
        for result, _ in [strongest(parts, top)] if top else parts:
            sink.write(result)
            rows += result.num_rows
            alarms += sum(result.column(ALARM).to_pylist())
        sink.close({"model": str(model), "data": data, "rows": rows, "alarms": alarms})
    if out is not None:
        if json:
            show.as_json({"model": str(model), "data": data, "rows": rows, "alarms": alarms, "out": str(out)})
        else:
            typer.echo(f"{rows:,} rows, {alarms:,} alarms, written to {out}")


@contextmanager
def _sink(out: Path | None, *, json: bool) -> Iterator[Sink]:
    from unseen.studies.sinks import CsvSink, JsonSink, sink_to

    if out is None:
        yield (JsonSink if json else CsvSink)(sys.stdout.buffer)
    else:
        with sink_to(out) as sink:
            yield sink
