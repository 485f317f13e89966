"""The folk tunes inside the package music21, and the chorales of the data folder; nothing is copied or sent.

Collections: Essen folk songs, O'Neill's 1850, Aird's Airs, Ryan's Mammoth Collection and the two files of
miscFolk. The terms differ from tune to tune, so that no tune is shipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from unseen.errors import DataError, need
from unseen.music.abc_notation import read_tune, tunes
from unseen.music.melody import STEP, Melody, melody
from unseen.music.tunes import Left, Tunes, gathered

COLLECTIONS = ("essenFolksong", "oneills1850", "airdsAirs", "ryansMammoth", "miscFolk")
SILENT = -1


def corpus_folder() -> Path:
    """Return the folder of music21's corpus.

    Raises:
        MissingExtraError: music21 is not installed.

    """
    spec = find_spec("music21")
    if spec is None or spec.origin is None:
        need("music21", extra="music", purpose="reading its folk tunes")
        raise DataError("music21 is installed without its corpus; install the wheel of music21==10.5.1")
    return Path(spec.origin).parent / "corpus"


def corpus_melodies(most: int | None = None) -> Iterator[Melody]:
    """Yield the tunes of all collections in a fixed order; at most `most` of each collection."""
    home = corpus_folder()
    for collection in COLLECTIONS:
        taken = 0
        for path in sorted((home / collection).glob("*.abc")):
            for number, text in tunes(text_of(path)):
                if most is not None and taken >= most:
                    break
                taken += 1
                name = f"{collection}/{path.name}, tune {number}"
                yield read_tune(text, name=name, collection=collection)


def corpus(most: int | None = None) -> Tunes:
    """Read the corpus; at most `most` tunes of each collection."""
    return gathered(corpus_melodies(most))


def text_of(path: Path) -> str:
    """Read a text file in UTF-8, whatever its line ends; bytes that are none are replaced."""
    return path.read_text(encoding="utf-8", errors="replace")


def chorales(path: Path) -> Tunes:
    """Read the sopranos of the Bach chorales: four pitches a sixteenth; equal neighbours are one held note.

    The file does not say where a note is struck again, so that repeated notes are longer ones here.

    Raises:
        DataError: The file is not there or not of that form.

    """
    if not path.is_file():
        raise DataError(f"{path} is not there; name the folder of the data sets with --data or UNSEEN_DATA")
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))
        pieces = [
            (f"{part} {place}", [int(step[0]) if step else SILENT for step in piece])
            for part in parts
            for place, piece in enumerate(parts[part])
        ]
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise DataError(
            f"{path} is not a file of chorales, part -> pieces -> steps -> four pitches"
        ) from error
    return gathered([_held(name, pitches) for name, pitches in pieces if pitches], Left())


def _held(name: str, pitches: list[int]) -> Melody:
    """Join equal neighbours."""
    line = np.asarray(pitches)
    starts = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
    lengths = np.diff(np.append(starts, len(line)))
    heard = line[starts] != SILENT
    return melody(
        f"chorale, {name}",
        "chorales",
        (starts[heard] * STEP).tolist(),
        (lengths[heard] * STEP).tolist(),
        line[starts][heard].tolist(),
        end=len(line) * STEP,
    )
