"""`unseen score`: one number a row."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.on_cluster import Ray, Workers, connected
from unseen.cli.options import Data, Json, Model, Names, Weight, several

if TYPE_CHECKING:
    import pyarrow as pa

    from unseen.data import Source
    from unseen.scale.cluster import Cluster
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
    every: Annotated[
        bool, typer.Option("--every-score", help="Also each score the detector is made of, in its own units.")
    ] = False,
    weight: Weight = None,
    names: Names = None,
    ray: Ray = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Score every row, in constant memory whatever the size of the data.

    row: counted from 0.
    score: evidence against "normal" in nats, higher is stranger.
    p_value: share of normal rows expected to be as strange.
    alarm: whether the score is above the threshold of the model.
    """
    from unseen.registry import load
    from unseen.studies.fitting import silence
    from unseen.studies.memory import recall
    from unseen.studies.opening import open_rows
    from unseen.studies.scoring import Count, every_score_of, scored, strongest

    detector = load(model)
    if silence(detector):
        note(f"no alarm is ever raised: {silence(detector)}")
    source = open_rows(data, names or recall(detector).names)
    count = Count(weight)
    keep = list(dict.fromkeys([*(several(columns) or ()), *([weight] if weight else [])]))
    beside = every_score_of(detector) if every else None
    here = partial(scored, detector, source, keep=keep, beside=beside)
    with show.progress(), connected(ray, workers) as cluster, _sink(out, json=json) as sink:
        parts = count.over(_far(cluster, model, source, keep, every) if cluster else here())
        for result, _ in [strongest(parts, top)] if top else parts:
            sink.write(result)
        summary = {"model": str(model), "data": data, "rows": count.rows, "alarms": count.alarms}
        if weight:
            summary["alarm_weight_share"] = count.share
        sink.close(summary)
    if out is not None and json:
        show.as_json({**summary, "out": str(out)})
    elif out is not None:
        weighed = f" ({count.share:.3%} of the weight)" if weight else ""
        typer.echo(f"{count.rows:,} rows, {count.alarms:,} alarms{weighed}, written to {out}")


def _far(
    cluster: Cluster, model: Path, source: Source, keep: list[str], every: bool
) -> Iterator[tuple[pa.Table, pa.Table]]:
    from unseen.scale.scoring import scored_on

    return scored_on(cluster, model, source, keep=keep, every=every)


@contextmanager
def _sink(out: Path | None, *, json: bool) -> Iterator[Sink]:
    from unseen.studies.sinks import CsvSink, JsonSink, sink_to

    if out is None:
        yield (JsonSink if json else CsvSink)(sys.stdout.buffer)
    else:
        with sink_to(out) as sink:
            yield sink
