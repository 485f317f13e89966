"""Sound of a window: a synthesiser where one is installed, else a plain tone of a few harmonics."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.music.midi import midi_bytes, notes_of
from unseen.music.tokens import Tokens

RATE = 11_025
# Loudness of the harmonics of a soft reed.
HARMONICS = (1.0, 0.45, 0.25, 0.12, 0.06)
ATTACK, RELEASE = 0.012, 0.05
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


def wav_bytes(windows: Sequence[Tokens], *, tempo: int = 100, gap: int = 8) -> bytes:
    """Return a mono WAV file of windows one after the other, `gap` silent steps between them.

    timidity or fluidsynth (with its sound font) play it where they are installed; the plain tone is the same
    on every machine.
    """
    played = _synthesised(midi_bytes(windows, tempo=tempo, gap=gap))
    return played if played is not None else plain_wav(windows, tempo=tempo, gap=gap)


def plain_wav(windows: Sequence[Tokens], *, tempo: int = 100, gap: int = 8) -> bytes:
    """Return the WAV file of the plain tone, 16 bit, `RATE` samples a second.

    >>> note = np.array([50, 0, 0, 0], dtype=np.int8)
    >>> with wave.open(io.BytesIO(plain_wav([note], tempo=60, gap=0))) as file:
    ...     round(file.getnframes() / file.getframerate(), 3)
    1.05
    """
    step = 15.0 / tempo
    steps = sum(len(window) for window in windows) + gap * max(len(windows) - 1, 0)
    sound = np.zeros(round((steps * step + RELEASE) * RATE))
    offset = 0
    for window in windows:
        for start, end, pitch in notes_of(window):
            tone = _tone(pitch, (end - start) * step)
            first = round((offset + start) * step * RATE)
            sound[first : first + len(tone)] += tone[: len(sound) - first]
        offset += len(window) + gap
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return stream.getvalue()


def _tone(pitch: int, seconds: float) -> NDArray[np.float64]:
    """Play one note: harmonics below half the sampling rate, with a soft beginning and end."""
    time = np.arange(round((seconds + RELEASE) * RATE)) / RATE
    frequency = 440.0 * 2.0 ** ((pitch - 69) / 12)
    heard = [(h, loud) for h, loud in enumerate(HARMONICS, 1) if h * frequency < RATE / 2]
    tone = sum(
        (loud * np.sin(2 * np.pi * h * frequency * time) for h, loud in heard), start=np.zeros_like(time)
    )
    envelope = np.minimum(time / ATTACK, 1.0) * np.clip((seconds + RELEASE - time) / RELEASE, 0.0, 1.0)
    return np.asarray(0.3 * tone * envelope * np.exp(-1.2 * time))


def _synthesised(midi: bytes) -> bytes | None:
    """Have an installed synthesiser play a MIDI file; None where there is none or it fails."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "a.mid", Path(folder) / "a.wav"
        source.write_bytes(midi)
        if timidity := shutil.which("timidity"):
            command = [timidity, str(source), "-Ow", "-s", str(RATE), "--output-mono", "-o", str(target)]
        elif (fluidsynth := shutil.which("fluidsynth")) and SOUND_FONT.is_file():
            command = [fluidsynth, "-ni", str(SOUND_FONT), str(source), "-F", str(target), "-r", str(RATE)]
        else:
            return None
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)  # noqa: S603 - own arguments
        return target.read_bytes() if done.returncode == 0 and target.is_file() else None
