"""`unseen fit`: learn a model."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.options import (
    Columns,
    DataFiles,
    Drop,
    Json,
    Known,
    Label,
    Names,
    Normal,
    Protect,
    Weight,
    as_given,
    several,
)

if TYPE_CHECKING:
    from unseen.studies.fitting import Learned


def fit(
    data: DataFiles,
    out: Annotated[Path, typer.Option("--out", "-o", help="Model folder to write (or a .unseen file).")],
    label: Label = None,
    normal: Normal = None,
    known: Known = None,
    drop: Drop = None,
    columns: Columns = None,
    weight: Weight = None,
    protect: Protect = None,
    decorrelate: Annotated[
        float | None,
        typer.Option(metavar="WEIGHT", help="Penalty on scores that follow the protected column, e.g. 1."),
    ] = None,
    names: Names = None,
    hold_out: Annotated[
        float | None, typer.Option(help="Share of the rows kept back for evaluate --held-out.")
    ] = None,
    missing: Annotated[str | None, typer.Option(help="Missing values: error or median.")] = None,
    scaling: Annotated[
        str | None, typer.Option(help="How columns are scaled: standard, or quantiles (units mean little).")
    ] = None,
    false_alarms: Annotated[float | None, typer.Option(help="False-alarm rate to state, e.g. 0.01.")] = None,
    alarm_rate: Annotated[
        str | None,
        typer.Option(metavar="RATE", help='False alarms as a rate in place of a share, e.g. "100 Hz".'),
    ] = None,
    input_rate: Annotated[
        str | None,
        typer.Option(metavar="RATE", help='What arrives, for --alarm-rate ("40 kHz" unless given).'),
    ] = None,
    trim: Annotated[
        float | None, typer.Option(help="Share of hidden anomalies expected among the normal rows.")
    ] = None,
    trust: Annotated[
        float | None, typer.Option(help="Largest share of the false alarms that may be due to what was told.")
    ] = None,
    joining: Annotated[
        str | None,
        typer.Option(
            help="How what was told joins: auto (the labels decide), beyond, leading (labels are a sample of "
            "all anomalies), or shared (being told of one kind should help with others)."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="committee (the default for tables), vae (for images), autoencoder, or classifier (of the "
            "normal labels). --hidden, --latent, --beta, --loss, --steps, --members, --trim and "
            "--decorrelate are of networks: without --model they mean vae."
        ),
    ] = None,
    hidden: Annotated[
        str | None, typer.Option(metavar="W,W", help="Widths of the hidden layers, e.g. 64,64.")
    ] = None,
    latent: Annotated[int | None, typer.Option(help="Latent units of a network.")] = None,
    beta: Annotated[
        float | None,
        typer.Option(help="Weight of the divergence of a vae: fewer units count where it is large."),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            help="Awareness loss of a network: abc, hinge, aesad, sigmoid, inverse, ramp, ramp_capped; "
            "of a classifier, uniform."
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Training steps of stage 1, at most.")] = None,
    members: Annotated[int | None, typer.Option(help="Networks trained side by side.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same model.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of settings; options go before it.")] = None,
    json: Json = False,
) -> None:
    """Learn what is normal, be told of the known anomalies, write a model.

    Of tables a committee of plain learners; of images, or with --model vae, an auto-encoder made aware.
    Rows of kinds that are neither normal nor known are left out.
    Without --label all rows count as normal, unless files are given by kind: KIND=PATH KIND=PATH.
    """
    from unseen.config import FitSettings, read_settings
    from unseen.persist import check_place
    from unseen.registry import save
    from unseen.studies.fitting import learn, rate_of
    from unseen.studies.opening import open_rows
    from unseen.studies.rows import read_rows

    if alarm_rate is not None or input_rate is not None:
        false_alarms = rate_of(alarm_rate, input_rate, false_alarms)
    widths = None if hidden is None else several([hidden])
    given = {
        "label": label, "normal": normal, "known": known, "drop": several(drop),
        "columns": several(columns), "weight": weight, "protect": protect, "decorrelate": decorrelate,
        "hold_out": hold_out, "missing": missing, "scaling": scaling, "false_alarms": false_alarms,
        "trim": trim, "trust": trust, "joining": joining, "model": model, "hidden": widths,
        "latent": latent, "beta": beta, "loss": loss, "steps": steps, "members": members, "seed": seed,
    }  # fmt: skip
    start = FitSettings() if config is None else read_settings(config)
    settings = start.over(given, where="options")
    check_place(out)
    with show.progress():
        source = open_rows(data, names or ())
        rows = read_rows(
            source, label=settings.label, normal=settings.normal, known=settings.known, drop=settings.drop,
            columns=settings.columns, weight=settings.weight, protect=settings.protect,
        )  # fmt: skip
        learned = learn(rows, settings, names=source.columns if names else ())
        save(learned.detector, out)
    if json:
        show.as_json({"model": str(out), "data": as_given(data), **learned.to_dict()})
    else:
        _tell(learned, data, out)


def _tell(learned: Learned, data: list[str], out: Path) -> None:
    from unseen.studies.fitting import silence

    columns = f"{learned.columns} columns" if learned.columns > 1 else "1 column"
    lines = [
        f"read      {learned.rows:,} rows, {columns} ({learned.features} features)",
        f"learned   {learned.normal:,} normal rows in {learned.seconds:.1f} s",
    ]
    if learned.effective is not None:
        lines.append(f"weighted  worth {learned.effective:,.0f} normal rows of equal weight")
    if learned.repeated:
        trained = learned.normal + sum(learned.known.values())
        share = learned.repeated / max(1, trained)
        lines.append(f"repeated  {learned.repeated:,} rows hold what an earlier one holds ({share:.1%})")
    if learned.known:
        lines.append(f"told      {show.counted(learned.known)}")
    if learned.joined is not None:
        lines.append(f"joined    {learned.joined.sentence}")
    if learned.left_out:
        lines.append(f"left out  {show.counted(learned.left_out)} (neither normal nor known)")
    if learned.kept_back:
        lines.append(f"held out  {learned.kept_back:,} rows, chosen by their content")
    if learned.accuracy is not None:
        after = "" if learned.accuracy.after is None else f", {learned.accuracy.after:.1%} after being told"
        lines.append(f"classes   {learned.accuracy.before:.1%} of held-out normal rows in their own{after}")
    lines.append(
        f"alarm     above {learned.threshold:.2f} nats, a false-alarm rate of {learned.rate:.3g}"
        if math.isfinite(learned.threshold)
        else f"alarm     never: {silence(learned.detector)}"
    )
    if learned.hard:
        lines.append(f"hard      {learned.hard} known anomalies looked ordinary before they were told of")
    lines.append(f"wrote     {out}")
    model, rows = shlex.quote(str(out)), shlex.join(data)
    one = rows if len(data) == 1 else "ONE_FILE"
    judge = f"{rows} --held-out" if learned.kept_back else "OTHER_ROWS   (which it has not seen, with labels)"
    lines += ["", "next:", f"  unseen evaluate {model} {judge}", f"  unseen score {model} {one} --top 10"]
    for line in lines:
        typer.echo(line)
