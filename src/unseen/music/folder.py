"""A user's own melodies: a folder (or one file) of MIDI, ABC or MusicXML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from unseen.errors import DataError
from unseen.music.abc_notation import read_tune, tunes
from unseen.music.corpus import text_of
from unseen.music.melody import Melody
from unseen.music.midi import MOST_BYTES, read_midi
from unseen.music.music_xml import read_music_xml
from unseen.music.tunes import Left, Tunes, gathered

ABC = (".abc",)
MIDI = (".mid", ".midi")
MUSIC_XML = (".xml", ".musicxml", ".mxl")


def own_tunes(path: Path) -> Tunes:
    """Read all melodies below a folder; what cannot be used is counted and named.

    Raises:
        DataError: The path is not there, holds no such file, or nothing in it can be used.

    """
    if not path.exists():
        raise DataError(f"{path} is not there; name a folder of .mid, .abc or .musicxml files")
    files = sorted(found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]
    wanted = [found for found in files if found.suffix.lower() in (*ABC, *MIDI, *MUSIC_XML)]
    if not wanted:
        accepted = ", ".join((*ABC, *MIDI, *MUSIC_XML))
        raise DataError(f"{path} holds no melodies ({len(files):,} files); accepted: {accepted}")
    left = Left()
    return gathered(_melodies(wanted, left), left)


def _melodies(files: list[Path], left: Left) -> Iterator[Melody]:
    for path in files:
        try:
            yield from _of_file(path)
        except DataError:
            left.out(path.name, "cannot be read")


def _of_file(path: Path) -> Iterator[Melody]:
    suffix, collection = path.suffix.lower(), path.parent.name
    if suffix in MIDI:
        yield read_midi(path, collection)
    elif suffix in MUSIC_XML:
        yield read_music_xml(path, collection)
    else:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path.name} has more than {MOST_BYTES:,} bytes")
        found = list(tunes(text_of(path)))
        if not found:
            raise DataError(f"{path.name} has no tune: no line begins with X:")
        for number, text in found:
            yield read_tune(text, name=f"{path.name}, tune {number}", collection=collection)
