"""`unseen symmetry`: the symmetries of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unseen.cli.options import Json


def symmetry(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures: PNG, JPEG, TIFF, ...")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Page with the pictures, HTML.")
    ] = None,
    json: Json = False,
) -> None:
    """Show which symmetries pictures have, and how much; nothing is kept of them or sent anywhere.

    Mirrors, turns and shifts of the centre square, its light and dark only. Each is read from small networks
    that learn the picture on the spot, two to three seconds a picture.
    """
    from unseen.cli.pictures import pictures

    pictures(images, json=json, out=out)
