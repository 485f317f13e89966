"""MIDI files in and out (extra `music`: mido)."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from unseen.errors import DataError, need
from unseen.music.abc_notation import MOST_NOTES
from unseen.music.melody import STEP, TICKS, Melody, melody
from unseen.music.tokens import FIRST, HOLD, LOWEST, Tokens

DRUMS = 9
# An onset this close to the grid (in steps) was meant to be on it; files that were played by hand are not.
NEAR = 0.13
MOST_BYTES = 4 * 2**20

Sounding = tuple[int, int, int]  # start, end, pitch


@dataclass
class _Heard:
    """Notes of a file on its way through time."""

    now: int = 0
    open: dict[tuple[int, int], int] = field(default_factory=dict)
    notes: list[Sounding] = field(default_factory=list)
    meters: list[str] = field(default_factory=list)

    def take(self, message: Any) -> None:
        self.now += message.time
        if message.type == "time_signature":
            self.meters.append(f"{message.numerator}/{message.denominator}")
        if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
            return
        key = (message.channel, message.note)
        if key in self.open:
            self.notes.append((self.open.pop(key), self.now, message.note))
        if message.type == "note_on" and message.velocity > 0:
            self.open[key] = self.now


def read_midi(path: Path, collection: str) -> Melody:
    """Read one file: all channels but drums as one line; where notes overlap, the highest is taken.

    Raises:
        DataError: It is no MIDI file, damaged, or longer than any melody.
        MissingExtraError: mido is not installed.

    """
    mido = need("mido", extra="music", purpose=f"reading {path.name}")
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path.name} has more than {MOST_BYTES:,} bytes")
    try:
        file = mido.MidiFile(path)
        heard = _Heard()
        for message in mido.merge_tracks(file.tracks):
            heard.take(message)
            if len(heard.notes) > MOST_NOTES:
                raise DataError(f"{path.name} has more than {MOST_NOTES:,} notes")
        a_quarter = file.ticks_per_beat
        if a_quarter <= 0:
            raise DataError(f"{path.name} counts time in frames, not in notes")
    except DataError:
        raise
    except Exception as error:  # mido raises what its parser happens to meet
        raise DataError(f"{path.name} cannot be read as MIDI") from error
    return single_line(heard.notes, heard.meters or ["4/4"], a_quarter, path.name, collection)


def single_line(
    notes: Sequence[Sounding], meters: Iterable[str], a_quarter: float, name: str, collection: str
) -> Melody:
    """Make one line of notes (start, end, pitch) in ticks: the highest where several sound, near the grid.

    >>> chord = [(0, 90, 60), (0, 96, 64), (96, 190, 62)]
    >>> tune = single_line(chord, ["4/4"], 96, "two", "mine")
    >>> tune.pitches.tolist(), (tune.lengths / TICKS).tolist(), tune.chords
    ([64, 62], [1.0, 1.0], 1)
    """
    kept: list[Sounding] = []
    chords = 0
    for start, end, pitch in sorted(notes, key=lambda note: (note[0], -note[2])):
        # an overlap of an eighth of a quarter is how a player binds two notes
        if kept and start < kept[-1][1] - a_quarter / 8:
            chords += 1
            if pitch < kept[-1][2]:
                continue
        if kept and start == kept[-1][0]:
            kept[-1] = (start, end, pitch)
            continue
        if kept:
            kept[-1] = (kept[-1][0], min(kept[-1][1], start), kept[-1][2])
        kept.append((start, end, pitch))
    starts = [_near(start / a_quarter * 4) for start, _, _ in kept]
    ends = [STEP * max(round(end / a_quarter * 4), 0) for _, end, _ in kept]
    following = [*starts[1:], None]
    lengths = [
        max(min(end, limit) if limit is not None else end, start + STEP) - start
        for start, end, limit in zip(starts, ends, following, strict=True)
    ]
    return melody(
        name,
        collection,
        starts,
        lengths,
        [pitch for _, _, pitch in kept],
        meters=tuple(dict.fromkeys(meters)),
        chords=chords,
    )


def _near(steps: float) -> int:
    """Return a place in ticks, on the grid where it is near it."""
    whole = round(steps)
    return STEP * whole if abs(steps - whole) <= NEAR else round(STEP * steps)


def notes_of(tokens: Tokens) -> list[Sounding]:
    """Return start step, end step and MIDI pitch of each note of a window (T,).

    >>> notes_of(np.array([41, 0, 1, 43], dtype=np.int8))
    [(0, 2, 60), (3, 4, 62)]
    """
    events = np.flatnonzero(tokens != HOLD)
    ends = np.append(events[1:], len(tokens))
    return [
        (int(start), int(end), int(tokens[start]) - FIRST + LOWEST)
        for start, end in zip(events, ends, strict=True)
        if tokens[start] >= FIRST
    ]


def midi_bytes(windows: Sequence[Tokens], *, tempo: int = 100, gap: int = 16, program: int = 73) -> bytes:
    """Write windows one after the other as a MIDI file, with `gap` silent steps between them.

    Args:
        windows: Tokens, shape (T,) each.
        tempo: Quarter notes a minute.
        program: General MIDI instrument; 73 is a flute.

    Raises:
        MissingExtraError: mido is not installed.

    """
    mido = need("mido", extra="music", purpose="writing MIDI")
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    track.append(mido.Message("program_change", program=program))
    events: list[tuple[int, int, str, int]] = []
    offset = 0
    for window in windows:
        for start, end, pitch in notes_of(window):
            events += [(offset + start, 1, "note_on", pitch), (offset + end, 0, "note_off", pitch)]
        offset += len(window) + gap
    now = 0
    for step, _, kind, pitch in sorted(events):
        track.append(mido.Message(kind, note=pitch, velocity=80, time=(step - now) * TICKS // 28))
        now = step
    file = mido.MidiFile(ticks_per_beat=TICKS // 7)
    file.tracks.append(track)
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def write_aside(path: Path, content: bytes) -> None:
    """Write a file aside, then rename it."""
    aside = path.with_name(path.name + ".tmp")
    aside.write_bytes(content)
    os.replace(aside, path)
