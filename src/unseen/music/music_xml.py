"""MusicXML files, read by music21 (extra `music`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unseen.errors import DataError, need
from unseen.music.melody import TICKS, Melody, melody
from unseen.music.midi import MOST_BYTES, Sounding, single_line


def read_music_xml(path: Path, collection: str) -> Melody:
    """Read the first part of a file; of chords the highest note; a short first bar is an upbeat.

    Raises:
        DataError: It is no MusicXML, or damaged.
        MissingExtraError: music21 is not installed.

    """
    music21 = need("music21", extra="music", purpose=f"reading {path.name}")
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path.name} has more than {MOST_BYTES:,} bytes")
    try:
        score = music21.converter.parse(str(path), forceSource=True)
        part = score.parts[0] if score.parts else score
        tune = _line(part.stripTies(), path.name, collection)
    except DataError:
        raise
    except Exception as error:  # music21 raises what its parser happens to meet
        raise DataError(f"{path.name} cannot be read as MusicXML") from error
    return tune


def _line(part: Any, name: str, collection: str) -> Melody:
    notes: list[Sounding] = []
    for element in part.flatten().notes:
        start = round(float(element.offset) * TICKS)
        length = round(float(element.duration.quarterLength) * TICKS)
        if length > 0:  # a grace note has none
            notes += [(start, start + length, int(pitch.midi)) for pitch in element.pitches]
    meters = [str(found.ratioString) for found in part.flatten().getElementsByClass("TimeSignature")]
    line = single_line(notes, meters, TICKS, name, collection)
    bars = list(part.getElementsByClass("Measure"))
    upbeat = 0
    if bars and meters and bars[0].duration.quarterLength < bars[0].barDuration.quarterLength:
        upbeat = round(float(bars[0].duration.quarterLength) * TICKS)
    return melody(
        name,
        collection,
        line.starts.tolist(),
        line.lengths.tolist(),
        line.pitches.tolist(),
        first_bar=upbeat,
        end=max(line.end, round(float(part.highestTime) * TICKS)),
        meters=line.meters,
        chords=line.chords,
    )
