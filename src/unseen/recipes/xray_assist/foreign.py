"""Pictures that are no films: from other sets, made up, and made from films."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from unseen.errors import DataError
from unseen.pictures.framing import Framing, framed
from unseen.pictures.reading import read_picture
from unseen.recipes.datasets import Images, existing, fashion_mnist, folder, mnist
from unseen.screening.alterations import ALTERED, altered
from unseen.screening.films import Pixels
from unseen.screening.kinds import MADE_UP, made_up

PAINTINGS = "paintings/paintings_512.zip"
SUFFIXES = (".jpg", ".jpeg", ".png")
FRESH = 1000
"""Seeds of what is judged start here, far from those of what is told."""


def foreign_kinds(films: Pixels, data: Path | None, *, each: int, seed: int) -> dict[str, Pixels]:
    """Gather pictures that are no films, (K, 1, 28, 28) in [0, 1], by kind.

    Args:
        films: Test films, for kinds that are made of films.
        data: Folder of the data sets.
        each: Pictures of a kind, at most; paintings are 230.
        seed: Of what is made up; kinds that a gate is told of are other draws.

    """
    side = films.shape[-1]
    found = {
        **never_told(data, each),
        **{name: made_up(name, each, side, seed=FRESH + seed) for name in MADE_UP},
    }
    return found | {name: altered(name, films[:each], seed=FRESH + seed) for name in ALTERED}


def never_told(data: Path | None, each: int) -> dict[str, Pixels]:
    """Digits, clothing and paintings: no gate here is told of them, nor of anything like them."""
    _, _, digits, _ = mnist(data)
    _, clothing = fashion_mnist()
    return {
        "digits": _some(digits, each),
        "clothing": _some(clothing, each),
        "paintings": paintings(existing(folder(data) / PAINTINGS), each),
    }


def _some(images: Images, each: int) -> Pixels:
    places = np.linspace(0, len(images) - 1, min(each, len(images))).astype(int)
    return images[places, None].astype(np.float32) / np.float32(255)


def paintings(archive: Path, each: int, side: int = 28) -> Pixels:
    """Read the first works in an archive as films are read: grey, centre square, area average.

    Raises:
        DataError: None is in it.

    """
    framing = Framing(height=side, width=side)
    with zipfile.ZipFile(archive) as file:
        names = sorted(name for name in file.namelist() if name.lower().endswith(SUFFIXES))[:each]
        rows = [framed(read_picture(file.read(name), name=name), framing) for name in names]
    if not rows:
        raise DataError(f"{archive} holds no pictures; accepted: an archive of {', '.join(SUFFIXES)}")
    return np.stack(rows)
