"""The published sample of dark showers: event images by kind, without what appears twice."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.collider.totals import NINE, totals
from unseen.errors import DataError
from unseen.recipes.datasets import NORMAL, existing, folder

Images = NDArray[np.float32]
Floats = NDArray[np.float64]

SHAPE = (3, 72, 58)
# "suep_gensim_h125_phi2_..." and "svj_2100_34484_8": class and mass stand in the name; the mass codes inside
# the files differ between the two folders of the sample.
NAME = re.compile(r"(suep)_gensim_h(\d+)_|(svj)_(\d+)_|(qcd)_")


@dataclass(frozen=True)
class Events:
    """Event images of several files.

    Attributes:
        images: (N, C, 72, 58), E_T in GeV: tracker, ECAL, HCAL; or one channel, their sum.
        kinds: (N,) "normal" for QCD, else e.g. "suep 125".
        keys: File below the folder of the sample and row in it, one an event.
        tracks: (N,) number of tracks; 0 where the file has none.

    """

    images: Images
    kinds: NDArray[np.str_]
    keys: tuple[tuple[str, int], ...]
    tracks: Floats

    def rows(self, places: Any = slice(None)) -> Images:
        """Flattened images (n, D)."""
        chosen = self.images[places]
        return np.asarray(chosen.reshape(len(chosen), -1))


def kind_of(name: str) -> str:
    """Return the kind in a file name.

    Raises:
        DataError: There is none.

    >>> kind_of("svj_2100_34484_8.npz"), kind_of("qcd_gensim_104_8.npz")
    ('svj 2100', 'normal')
    """
    found = NAME.match(name)
    if found is None:
        raise DataError(
            f"{name} names no class and mass; accepted: qcd_*, suep_gensim_h<mass>_*, svj_<mass>_*"
        )
    words = [word for word in found.groups() if word]
    return NORMAL if words == ["qcd"] else " ".join(words)


def read(part: str, data: Path | None) -> Events:
    """Read the files of a part such as "n_tracks/train"; an event that came before is left out.

    Raises:
        DataError: The folder is not there, or a file is not as published.

    """
    place = existing(folder(data) / "collider" / "dark_showers")
    images, kinds, keys, tracks = [], [], [], []
    known: set[bytes] = set()
    for path in sorted(existing(place / part).glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            found = np.ascontiguousarray(file["images"].transpose(0, 3, 1, 2))
            counts = file["n_tracks"][:, 0] if "n_tracks" in file.files else np.zeros(len(found))
        fresh = [row for row, image in enumerate(found) if not _seen(image.tobytes(), known)]
        images.append(found[fresh])
        tracks.append(counts[fresh].astype(np.float64))
        kinds += [kind_of(path.name)] * len(fresh)
        keys += [(path.relative_to(place).as_posix(), row) for row in fresh]
    if not images:
        raise DataError(f"{place / part} holds no .npz file")
    return Events(np.concatenate(images), np.array(kinds), tuple(keys), np.concatenate(tracks))


def first(events: Events, most: int) -> Events:
    """Keep the first `most` events of each signal, and five times as many of QCD."""
    kept = [
        np.flatnonzero(events.kinds == kind)[: most * (5 if kind == NORMAL else 1)]
        for kind in dict.fromkeys(events.kinds)
    ]
    return at(events, np.concatenate(kept))


def at(events: Events, rows: NDArray[np.intp]) -> Events:
    """Return the events at these places."""
    keys = tuple(events.keys[row] for row in rows)
    return Events(events.images[rows], events.kinds[rows], keys, events.tracks[rows])


def without(events: Events, others: Events) -> Events:
    """Leave out events whose sum over channels is that of another event."""
    known = {image.sum(0).tobytes() for image in others.images}
    keep = [row for row, image in enumerate(events.images) if image.sum(0).tobytes() not in known]
    return at(events, np.array(keep, dtype=np.intp))


def trivial(train: Events, events: Events) -> dict[str, Floats]:
    """Scores that need no network: totals as they are, and the Mahalanobis distance in nine of them."""
    names, values = totals(events.images)
    column = dict(zip(names, values.T, strict=True))
    nine = [names.index(name) for name in names if name in NINE]
    known = totals(train.images)[1][:, nine]
    away = values[:, nine] - known.mean(0)
    distance = np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(np.cov(known.T)), away))
    return {
        "n_tracks": events.tracks,
        "hits": column["lit tracker"],
        "lit ECAL": column["lit ECAL"],
        "lit HCAL": column["lit HCAL"],
        "sum tracker": column["sum tracker"],
        "sum ECAL": column["sum ECAL"],
        "sum HCAL": column["sum HCAL"],
        "hits / sum E_T": column["hits over energy"],
        "calo MET": column["calo MET"],
        "pairs 15": column["ln pairs 15"],
        "Mahalanobis, nine totals": distance,
    }


def nine_totals(events: Events) -> Floats:
    """Nine totals of each event, (N, 9)."""
    names, values = totals(events.images)
    return np.asarray(values[:, [names.index(name) for name in names if name in NINE]])


def published(events: Events, data: Path | None) -> dict[str, Floats]:
    """Scores of the published weights for these events, from the table beside the sample."""
    path = existing(folder(data) / "collider" / "dark_showers" / "reference_scores.csv")
    with path.open(newline="", encoding="utf-8") as file:
        table = {(row["file"], int(row["row"])): row for row in csv.DictReader(file)}
    columns = ("codae_mse", "codae_l1", "codae_dice", "codae_zm1", "codae_zm2")
    return {
        f"published {name.replace('_', ' ')}": np.array([float(table[key][name]) for key in events.keys])
        for name in columns
    }


def _seen(image: bytes, known: set[bytes]) -> bool:
    if image in known:
        return True
    known.add(image)
    return False
