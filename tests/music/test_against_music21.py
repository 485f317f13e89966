"""The ABC reader agrees with music21's on the tunes of its corpus."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from unseen.music.abc_notation import read_tune, tunes
from unseen.music.corpus import COLLECTIONS, corpus_folder, text_of
from unseen.music.melody import TICKS, Melody

music21 = pytest.importorskip("music21")


def drawn(count: int) -> list[tuple[str, str]]:
    """Tunes drawn from all collections: name and text."""
    every = [
        (f"{collection}/{path.name}, tune {number}", text)
        for collection in COLLECTIONS
        for path in sorted((corpus_folder() / collection).glob("*.abc"))
        for number, text in tunes(text_of(path))
    ]
    assert len(every) > 12_000
    return [every[place] for place in np.random.default_rng(7).choice(len(every), count, replace=False)]


def by_music21(text: str) -> list[tuple[int, int]]:
    """Onset in ticks and pitch of each note; of a chord the highest, of a tie the first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # music21 lets accidentals last for the bar in files of version 2 only; the standard says so for all
        score = music21.converter.parse("%abc-2.1\n" + text, format="abc", forceSource=True)
    part = (score.parts[0] if score.parts else score).stripTies().flatten()
    return [
        (round(float(note.offset) * TICKS), int(max(pitch.midi for pitch in note.pitches)))
        for note in part.notes
        if note.pitches and note.duration.quarterLength > 0
    ]


def share_found(ours: Melody, theirs: list[tuple[int, int]]) -> tuple[int, int]:
    """Notes of music21 that ours has at the same place with the same pitch, and how many there are."""
    mine = set(zip(ours.starts.tolist(), ours.pitches.tolist(), strict=True))
    return sum((start, pitch) in mine for start, pitch in theirs), len(theirs)


def agreement(count: int) -> float:
    found = total = 0
    for name, text in drawn(count):
        ours = read_tune(text, name=name, collection="")
        if "V:" in text:
            continue
        same, notes = share_found(ours, by_music21(text))
        if same < notes:
            print(f"{name}: {same} of {notes}")
        found, total = found + same, total + notes
    return found / total


def test_twelve_tunes_agree():
    assert agreement(12) >= 0.99


@pytest.mark.slow
def test_a_hundred_tunes_agree():
    assert agreement(100) >= 0.99
