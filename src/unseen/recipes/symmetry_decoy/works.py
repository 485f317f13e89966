"""230 works of art: what the pictures say of their symmetry, and what networks that learned them hold."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from unseen.decoy.elements import GROUPS
from unseen.decoy.level import LevelReader
from unseen.decoy.luminance import look, resized
from unseen.decoy.networks import Schedule
from unseen.decoy.pictures import BANDS, FINE, by_chance, detrended, direct, learned, patches
from unseen.decoy.reference import SIGHTS, Reference, made
from unseen.evaluation import Record
from unseen.recipes.datasets import existing, folder

Floats = NDArray[np.floating[Any]]

POSITIVE, NEGATIVE = "126.jpg", "138.jpg"
"""Malevich's Black Square; a landscape whose horizon makes left and right alike."""
NAMED = {"Black Square": POSITIVE, "landscape": NEGATIVE}
RANKED = "mirror left-right"
FIRST = list(GROUPS).index(RANKED)
CONTROLS = (
    (f"Black Square, {RANKED}, detrended: level", ">=", 0.9),
    (f"Black Square, {RANKED}, detrended: by chance in", "<=", 0.05),
    (f"landscape, {RANKED}, as it is: agreement", ">=", 0.9),
    (f"landscape, {RANKED}, detrended: by chance in", ">", 0.05),
)


@dataclass(frozen=True)
class Gallery:
    """Works and their scores; the two sights are as it is and detrended.

    Attributes:
        files: Name of each work's file, (N,).
        titles: Painter, title, year of each.
        squares: Brightness of the centre squares, (N, 192, 192).
        levels: Read from the hidden layer, (2, N, G).
        agreement: Of the picture with its moved self, (2, N, G).
        p: How often unrelated works agree as much, by the first component, (2, N, G).
        patches: Largest and mean agreement of the 3 x 3 patches, by sight, (2, 2, N, G).
        right: Median share of levels their networks tell, by sight, (2,).
        reference: What a user's picture is compared with.
        records: Summary numbers.

    """

    files: tuple[str, ...]
    titles: tuple[str, ...]
    squares: Floats
    levels: Floats
    agreement: Floats
    p: Floats
    patches: Floats
    right: Floats
    reference: Reference
    records: list[Record]

    @property
    def order(self) -> NDArray[np.int64]:
        """Works by the level of `RANKED` without broad light and dark, the highest first."""
        return np.argsort(-self.levels[1, :, FIRST], kind="stable")

    def place(self, file: str) -> int:
        """Return the number of a work."""
        return self.files.index(file)


def study(records: Sequence[Record], config: dict[str, Any], data: Path | None) -> Gallery:
    """Judge the works of the collection, with the level reading averaged over the seeds of the study."""
    files, titles, squares = collection(data, config["works"])
    whole = np.stack([resized(square, FINE) for square in squares])
    sights = (whole, detrended(whole))
    known = [learned(sight, seed=0, schedule=Schedule(**config["schedule"])) for sight in sights]
    leading = [one.leading for one in known]
    chance = [by_chance(maps, others=config["others"], seed=0).reshape(-1, len(GROUPS)) for maps in leading]
    reference = made(read_slopes(records), dict(zip(SIGHTS, chance, strict=True)), len(files))
    levels = np.stack([reference.reader.read(one.seen) for one in known])
    agreement = np.stack([direct(sight) for sight in sights])
    p = np.stack([reference.p_value(k.agreement, s) for k, s in zip(known, SIGHTS, strict=True)])
    pieces = np.stack([of_patches(squares, sight) for sight in (np.asarray, detrended)])
    right = np.array([np.median(one.right) for one in known])
    found = Gallery(files, titles, squares, levels, agreement, p, pieces, right, reference, [])
    pairs = [by_chance(sight, others=config["others"], seed=1) for sight in sights]
    found.records.extend(summed(found, pairs))
    return found


def collection(data: Path | None, count: int) -> tuple[tuple[str, ...], tuple[str, ...], Floats]:
    """Read the first works of the collection, both controls among them; nothing of it is kept on disk."""
    home = folder(data) / "paintings"
    listed = json.loads(existing(home / "manifest.json").read_text(encoding="utf-8"))
    wanted = [one for one in listed if one["file"] in NAMED.values()]
    wanted += [one for one in listed if one["file"] not in NAMED.values()][: max(0, count - len(wanted))]
    wanted.sort(key=lambda one: one["file"])
    with (
        zipfile.ZipFile(existing(home / "paintings_512.zip")) as archive,
        tempfile.TemporaryDirectory() as place,
    ):
        squares = [look(archive.extract(one["file"], place)).square for one in wanted]
    titles = [f"{one['author'] or one['author_ru']}, {one['title_ru']}, {one['year']}" for one in wanted]
    return tuple(one["file"] for one in wanted), tuple(titles), np.stack(squares)


def of_patches(squares: Floats, sight: Any) -> Floats:
    """Agreement of the 3 x 3 patches of each square (N, 192, 192): largest and mean, (2, N, G)."""
    found = [direct(sight(patches(square))) for square in squares]
    return np.stack([np.stack([one.max(0), one.mean(0)]) for one in found], axis=1)


def slopes_of(reader: LevelReader, seed: int) -> list[Record]:
    """Write a reading of levels as records."""
    return [
        Record("level", seed, (), f"slope {g} {f}", "slope", float(reader.slopes[g, f]), 0)
        for g, f in np.ndindex(*reader.slopes.shape)
    ]


def read_slopes(records: Sequence[Record]) -> LevelReader:
    """Average the readings of levels over seeds."""
    found: dict[tuple[int, int], list[float]] = {}
    for r in records:
        if r.metric == "slope":
            _, g, f = r.kind.split()
            found.setdefault((int(g), int(f)), []).append(r.value)
    shape = tuple(1 + max(place[axis] for place in found) for axis in (0, 1))
    slopes = np.zeros(shape)
    for place, values in found.items():
        slopes[place] = np.mean(values)
    return LevelReader(slopes)


def summed(gallery: Gallery, pairs: Sequence[Floats]) -> list[Record]:
    """Medians, what unrelated works reach, how the two scores go together, and both controls."""
    found = []
    for i, sight in enumerate(SIGHTS):
        found.append(_one(f"all, {sight}", "levels told, median", gallery.right[i]))
        for g, name in enumerate(GROUPS):
            if i and name in BANDS:
                continue
            title = f"{name}, {sight}"
            agreed, levels = gallery.agreement[i, :, g], gallery.levels[i, :, g]
            numbers = {
                "agreement, median": np.median(agreed),
                "agreement, 90 %": np.quantile(agreed, 0.9),
                "agreement of unrelated works, 95 %": np.quantile(pairs[i][..., g], 0.95),
                "level, median": np.median(levels),
                "more than chance, share of works": (gallery.p[i, :, g] < 0.05).mean(),
                "Spearman of level and agreement": spearmanr(agreed, levels)[0],
            }
            found += [_one(title, metric, value) for metric, value in numbers.items()]
    for words, file in NAMED.items():
        n = gallery.place(file)
        for i, sight in enumerate(SIGHTS):
            title = f"{words}, {RANKED}, {sight}"
            found.append(_one(title, "level", gallery.levels[i, n, FIRST]))
            found.append(_one(title, "agreement", gallery.agreement[i, n, FIRST]))
            found.append(_one(title, "by chance in", gallery.p[i, n, FIRST]))
    return found


def _one(kind: str, metric: str, value: Any) -> Record:
    return Record("works", 0, (), kind, metric, float(value), 0)


def table(gallery: Gallery) -> bytes:
    """Every score of every work, as CSV, in the order of the ranking."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    scores = {"level": gallery.levels, "agreement": gallery.agreement, "by chance in": gallery.p}
    scores |= {"largest of patches": gallery.patches[:, 0], "mean of patches": gallery.patches[:, 1]}
    columns = [
        (f"{name}: {metric}, {sight}", values[i, :, g])
        for g, name in enumerate(GROUPS)
        for i, sight in enumerate(SIGHTS)
        for metric, values in scores.items()
        if not (i and name in BANDS)
    ]
    writer.writerow(["rank", "file", "work", *(title for title, _ in columns)])
    for rank, n in enumerate(gallery.order.tolist(), start=1):
        numbers = [f"{column[n]:.3f}" for _, column in columns]
        writer.writerow([rank, gallery.files[n], gallery.titles[n], *numbers])
    return stream.getvalue().encode()


def notes(gallery: Gallery) -> list[str]:
    """Plain sentences on the works."""
    rank = {
        words: int(np.flatnonzero(gallery.order == gallery.place(f))[0]) + 1 for words, f in NAMED.items()
    }
    return [
        f"{len(gallery.files)} works of art, ranked by the level of {RANKED} without broad light and dark:"
        f" the Black Square is number {rank['Black Square']}, the landscape number {rank['landscape']}",
        "there are one to eleven works a painter: nothing is said of painters",
    ]
