"""`unseen collider images`: event images made, checked and packed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unseen.cli import faults, show
from unseen.cli.options import Json, as_given


def images(
    events: Annotated[
        list[str],
        typer.Argument(
            metavar="EVENTS...",
            help="Particles (ROOT, HDF5, Parquet) or images (NPZ, HDF5, ROOT, packed, folder); or KIND=PATH.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Packed images: .feather, .arrow or .parquet.")
    ],
    channels: Annotated[
        str, typer.Option(help="Of particles: pt, their sum; or detector, emulated tracker, ECAL and HCAL.")
    ] = "pt",
    prefix: Annotated[
        str | None, typer.Option(metavar="NAME", help="List of particles, e.g. PFCands of PFCands_pt.")
    ] = None,
    eta_max: Annotated[float, typer.Option(help="Pixels span eta from minus this to this.")] = 2.5,
    cells: Annotated[str, typer.Option(metavar="ETAxPHI", help="Cells in eta and phi.")] = "286x360",
    block: Annotated[int, typer.Option(help="Cells of a pixel's side, summed.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the emulated detector.")] = 0,
    mask: Annotated[
        bool, typer.Option("--mask", help="Keep only which pixels of the tracker are lit, one bit each.")
    ] = False,
    layout: Annotated[
        str, typer.Option(help="Of dense images: channels-first or channels-last, where it is not plain.")
    ] = "",
    json: Json = False,
) -> None:
    """Make images of particles, or check and pack images that are there; phi goes round.

    Packed images are read by every command like any data. They are stored as the lit pixels alone, about 2 kB
    in place of 50 for an event of 72 x 58 x 3 pixels.
    """
    from unseen.collider.event_images import Imaging
    from unseen.collider.imaging import Geometry
    from unseen.studies.imaging import make_images

    eta_cells, phi_cells = _cells(cells)
    geometry = Geometry(eta_max, eta_cells, phi_cells, block)
    imaging = Imaging(channels, geometry, seed)  # type: ignore[arg-type]  # checked where it is used
    with show.progress():
        written = make_images(events, out, imaging=imaging, prefix=prefix, mask=mask, layout=layout)
    if written.empty:
        faults.note(
            f"{written.empty:,} of {written.rows:,} images have no lit pixel; drop such events, or expect"
            " them to be strange"
        )
    if json:
        sizes = {"shape": list(written.shape), "bytes": written.bytes}
        rows = {"rows": written.rows, "empty": written.empty}
        show.as_json({"file": str(out), "events": as_given(events), **rows, **sizes})
        return
    c, h, w = written.shape
    typer.echo(
        f"{written.rows:,} images of {c} x {h} x {w} (channels, phi, eta) written to {out}: "
        f"{written.bytes_per_event:,.0f} bytes an event, {4 * c * h * w:,} unpacked"
    )


def _cells(text: str) -> tuple[int, int]:
    eta, _, phi = text.lower().partition("x")
    if not (eta.isdecimal() and phi.isdecimal()):
        raise typer.BadParameter(f"{text!r} came; accepted: ETAxPHI, such as 286x360", param_hint="--cells")
    return int(eta), int(phi)
