"""Windows to look at and to listen to: what one unit does, and what is lost without noise units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.latent.relevance import Relevance
from unseen.latent.rules import above_nats
from unseen.models.network import Network
from unseen.music.midi import midi_bytes, write_aside
from unseen.music.sound import wav_bytes
from unseen.music.tokens import Tokens
from unseen.seeds import generator
from unseen.studies.melody_reading import codes, played
from unseen.studies.melody_training import Trained

Floats = NDArray[np.float64]
# Of a traversal, in standard deviations of the unit over the windows.
PLACES = (-2.0, -1.0, 0.0, 1.0, 2.0)


def traversal(network: Network, base: Floats, relevance: Relevance, unit: int) -> Tokens:
    """Decode a code (Z,) with one unit moved through `PLACES`, shape (5, T)."""
    moved = np.repeat(base[None], len(PLACES), axis=0)
    spread = float(np.sqrt(relevance.variance[unit]))
    moved[:, unit] = relevance.centre[unit] + spread * np.array(PLACES)
    return played(network, moved)


def imagined(relevance: Relevance, music: NDArray[np.bool_], count: int, seed: int) -> Floats:
    """Draw codes nobody wrote: music units as spread as those of windows, the rest at their means.

    No tune of the corpus stands behind them, so that they may be shown and sent.
    """
    noise = generator(seed, 75).standard_normal((count, relevance.units))
    spread = np.where(music, np.sqrt(relevance.variance), 0.0)
    return np.asarray(relevance.centre + spread * noise)


def with_noise(base: Floats, relevance: Relevance, music: NDArray[np.bool_], seed: int) -> Floats:
    """Set the noise units of codes (N, Z) to draws from the prior, which is all they ever say."""
    noise = generator(seed, 76).standard_normal(base.shape)
    return np.asarray(np.where(music, base, noise * relevance.sigma))


def listening_files(trained: Trained, tokens: Tokens, *, units: int, seed: int) -> dict[str, Tokens]:
    """Name -> windows (n, T) to write: traversals of the most relevant units, and melodies without noise.

    Args:
        trained: The network.
        tokens: Windows from which the spread of the units is read; none of them is written.
        units: How many traversals.
        seed: Of the imagined melodies.

    """
    relevance = codes(trained.network, tokens).relevance()
    music = above_nats(relevance)
    base = imagined(relevance, music, 4, seed)
    found = {
        f"unit-{rank}": traversal(trained.network, relevance.centre, relevance, int(unit))
        for rank, unit in enumerate(relevance.order()[:units], 1)
    }
    found["imagined"] = played(trained.network, with_noise(base, relevance, music, seed))
    found["imagined-without-noise-units"] = played(trained.network, base)
    return found


def write_files(found: dict[str, Tokens], folder: Path, *, sound: bool) -> list[Path]:
    """Write each as a MIDI file, and as a WAV file where `sound`; the folder is made.

    Raises:
        MissingExtraError: mido is not installed.

    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, windows in found.items():
        contents = {folder / f"{name}.mid": midi_bytes(list(windows))}
        if sound:
            contents[folder / f"{name}.wav"] = wav_bytes(list(windows))
        for path, content in contents.items():
            write_aside(path, content)
            written.append(path)
    return written
