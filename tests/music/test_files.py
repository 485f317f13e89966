"""Files of a user: MIDI, ABC and MusicXML that agree, and files that are broken, foreign or hostile."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.music.folder import own_tunes
from unseen.music.midi import midi_bytes, notes_of, read_midi
from unseen.music.sound import RATE, plain_wav
from unseen.music.tokens import tokens

mido = pytest.importorskip("mido")

ABC = "X:1\nT:a\nM:4/4\nL:1/8\nK:C\nCDEF G2A2|B>c d4 z2|c2e2 g2e2|c8|\n"


def window(seed=0, length=64):
    rng = np.random.default_rng(seed)
    found = np.where(rng.random(length) < 0.4, rng.integers(30, 60, length), 0).astype(np.int8)
    found[0], found[7], found[-1] = 44, 1, 40
    return found


def heard(steps):
    """Tokens with the rests at the end and the doubled ones left out, which sound alike."""
    return notes_of(steps)


def test_midi_comes_back(tmp_path):
    for seed in range(5):
        path = tmp_path / f"{seed}.mid"
        path.write_bytes(midi_bytes([window(seed)]))
        assert heard(tokens(read_midi(path, ""))) == heard(window(seed))


def test_three_formats_agree(tmp_path):
    music21 = pytest.importorskip("music21")
    (tmp_path / "a.abc").write_text(ABC)
    from_abc = own_tunes(tmp_path / "a.abc")
    (tmp_path / "a.mid").write_bytes(midi_bytes([from_abc.steps]))
    score = music21.converter.parse("%abc-2.1\n" + ABC, format="abc", forceSource=True)
    score.write("musicxml", fp=str(tmp_path / "a.musicxml"))
    notes = heard(from_abc.steps)
    assert len(notes) == 14
    assert heard(own_tunes(tmp_path / "a.mid").steps) == notes
    assert heard(own_tunes(tmp_path / "a.musicxml").steps) == notes


def test_notes_played_nearly_on_the_grid_are_on_it(tmp_path):
    path = tmp_path / "played.mid"
    write(path, [(n * 240 + (n % 3 - 1) * 8, 200, 60 + n) for n in range(12)])
    assert heard(own_tunes(path).steps) == [(2 * n, 2 * n + 2, 60 + n) for n in range(12)]


def test_of_chords_the_highest_note_is_taken(tmp_path):
    path = tmp_path / "chords.mid"
    write(path, [note for n in range(10) for note in ((n * 480, 480, 60 + n), (n * 480, 480, 48))])
    tunes = own_tunes(path)
    assert tunes.chords == 1
    assert [pitch for _, _, pitch in heard(tunes.steps)] == list(range(60, 70))


def write(path, notes, meter=(4, 4), **header):
    """Write notes (tick, length, pitch) at 480 ticks a quarter."""
    events = [(max(start, 0), "note_on", pitch) for start, _, pitch in notes]
    events += [(start + length, "note_off", pitch) for start, length, pitch in notes]
    track = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=meter[0], denominator=meter[1])])
    now = 0
    for tick, kind, pitch in sorted(events, key=lambda event: (event[0], event[1] == "note_on")):
        track.append(mido.Message(kind, note=pitch, time=tick - now))
        now = tick
    file = mido.MidiFile(ticks_per_beat=480, **header)
    file.tracks.append(track)
    file.save(path)


def test_what_cannot_be_used_is_counted_and_named(tmp_path):
    (tmp_path / "good.abc").write_text(ABC)
    (tmp_path / "short.abc").write_text("X:1\nM:4/4\nL:1/8\nK:C\nCDE|\n")
    (tmp_path / "none.abc").write_text("no tune here")
    (tmp_path / "broken.mid").write_bytes(b"MThd\x00\x00\x00\x06\x00\x01\x00\x09\x01")
    (tmp_path / "text.mid").write_text("not MIDI")
    (tmp_path / "empty.mid").write_bytes(b"")
    (tmp_path / "broken.musicxml").write_text("<score-partwise><part>")
    (tmp_path / "notes.txt").write_text("passed over")
    write(tmp_path / "waltz.mid", [(n * 480, 480, 60 + n) for n in range(9)], meter=(3, 4))
    write(tmp_path / "free.mid", [(n * 333, 300, 60 + n) for n in range(9)])
    tunes = own_tunes(tmp_path)
    assert tunes.names.tolist() == ["good.abc, tune 1"]
    assert dict(tunes.left.counts) == {
        "cannot be read": 5,
        "another meter (3/4)": 1,
        "off the grid of sixteenths": 1,
        "fewer than 8 notes": 1,
    }
    assert "waltz.mid" in tunes.left.names["another meter (3/4)"]
    assert tunes.left.lines()[0].startswith(
        "5 left out: cannot be read (broken.mid, broken.musicxml, empty.mid"
    )


@pytest.mark.parametrize("content", [{}, {"a.txt": "x"}, {"a.abc": "nothing"}])
def test_folders_without_melodies_are_refused(tmp_path, content):
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=r"holds no melodies|no tune could be used: 1 left out"):
        own_tunes(tmp_path)


def test_sound_has_the_length_of_the_music():
    steps = window(1, 32)
    with wave.open(io.BytesIO(plain_wav([steps, steps], tempo=120, gap=16))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        assert file.getnframes() == round((80 * 0.125 + 0.05) * RATE)
        sound = np.frombuffer(file.readframes(10**9), dtype="<i2")
    assert 2000 < np.abs(sound).max() < 32767
    # a gap is silent, and the first note has its pitch
    assert np.abs(sound[round(4.1 * RATE) : round(5.9 * RATE)]).max() == 0
    tone = plain_wav([np.array([50, *[0] * 15], dtype=np.int8)], tempo=60, gap=0)
    spectrum = np.abs(np.fft.rfft(np.frombuffer(tone[44:], dtype="<i2")))
    assert spectrum.argmax() * RATE / (len(tone[44:]) // 2) == pytest.approx(440.0, abs=0.5)
