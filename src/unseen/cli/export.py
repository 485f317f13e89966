"""`unseen export`: a model outside of Python, and the proof that it says the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.evaluate import HeldOut
from unseen.cli.export_films import SCREENER, export_screener, of_films
from unseen.cli.options import Json, Known, Label, Names, Normal
from unseen.cli.phone import export_detector
from unseen.errors import ConfigError

if TYPE_CHECKING:
    from unseen.studies.exporting import Result


def export(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="Model written by unseen fit or unseen xray train; with --verify, an export.",
        ),
    ],
    to: Annotated[
        str,
        typer.Option(metavar="KIND", help="onnx, onnx-fp16, onnx-int8, c, qonnx, web or web-int8."),
    ] = "onnx",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write: .onnx, or .h for c; of web a folder."),
    ] = None,
    part: Annotated[
        str,
        typer.Option(
            help="full; code: only the encoder of the small code and its distance; student: a network of a "
            "few thousand weights that learns the score on the samples."
        ),
    ] = "full",
    samples: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATA",
            help="Rows that took no part in training: background, and labelled anomalies to judge by. Needed "
            "for all but onnx.",
        ),
    ] = None,
    label: Label = None,
    normal: Normal = None,
    known: Known = None,
    held_out: HeldOut = False,
    names: Names = None,
    title: Annotated[
        str | None, typer.Option(help="Of web: shown at the head of the app; the model's name without it.")
    ] = None,
    runtime: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Of web: folder with what npm pack fetched, for machines without npm."
        ),
    ] = None,
    record: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Of a screener of films: source records that people may choose."),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of a screener: JSON for the page about the model."),
    ] = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help='Of a screener: "no signs" without a record, under a red banner.'),
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check an exported .onnx file against its golden vectors.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a model for other programs; it is compared with the detector, and not written where it differs.

    onnx: rows before scaling in; raw scores, score (nats), p-value, threshold and alarm out.
    onnx-fp16, onnx-int8: networks in half precision or 8-bit integers, p-values set anew on the samples.
    c: one C99 header in fixed point, for dense networks of one member.
    web, web-int8: an app of static files that screens pictures in the browser of a phone, without a network.
    qonnx: the same integers as Quant nodes, for firmware tools.

    Golden vectors of made-up rows are written beside it.
    """
    if verify:
        _verify(model, json=json)
        return
    from unseen.persist import read_model
    from unseen.registry import restored
    from unseen.studies.exporting import WEB, check_target, read_samples, write_export

    place = check_target(to, part, out, model)
    file = read_model(model)
    if file.kind == SCREENER:
        films = of_films(samples, normal, record, card, demo=demo)
        export_screener(file, to, place, model=model, title=title, films=films, runtime=runtime, json=json)
        return
    if record or card or demo:
        raise ConfigError(
            f"--record, --card and --demo go with a screener of films; {model} is of kind {file.kind}"
        )
    detector = restored(file.kind, file.document, file.arrays, of=str(model))
    rows = None
    if samples:
        rows = read_samples(
            detector, samples, label=label, normal=normal, known=known, names=names, held_out=held_out
        )
    if to in WEB:
        name = title or model.stem
        export_detector(detector, to, place, title=name, samples=rows, runtime=runtime, json=json)
        return
    with show.progress():
        result = write_export(detector, to, place, part=part, samples=rows)
    if json:
        show.as_json({"model": str(model), "to": to, **result.to_dict()})
    else:
        _print(result)


def _verify(path: Path, *, json: bool) -> None:
    from unseen.export.golden import verify

    found = verify(path)
    if json:
        show.as_json(vars(found))
    else:
        typer.echo(f"{found.path}: {found.rows} golden vectors agree within {found.tolerance:g}")


def _print(result: Result) -> None:
    written, parity = result.written, result.written.parity
    typer.echo(f"wrote     {written.path}, {Path(written.path).stat().st_size / 1000:,.0f} kB")
    typer.echo(f"golden    {written.golden}")
    points = "" if parity.points is None else f", AUROC {parity.points:+.2f} points"
    typer.echo(
        f"parity    {parity.rows:,} rows: scores within {parity.largest:.1e} of their range, ranks correlate "
        f"at {parity.spearman:.5f}, {parity.changed:.2%} of decisions change{points}"
    )
    if result.follows is not None:
        typer.echo(
            f"student   its ranks correlate with the detector's at {result.follows:.3f} on the samples"
        )
    typer.echo(
        f"alarm     above {written.threshold:.6g}, a false-alarm rate of {written.rate:g} on "
        f"{written.calibration_rows:,} background rows"
    )
    if result.timed is None:
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("batch", "p50 ms", "p99 ms", "min ms"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in result.timed.latencies:
        table.add_row(str(one.batch), *(f"{value:.3f}" for value in (one.p50, one.p99, one.least)))
    show.console().print(table)
    typer.echo(f"{result.timed.runtime}, one thread of {result.timed.processor}")
