"""Tunes read once and kept in a cache folder, since reading takes longer than anything done with them."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

from unseen.errors import DataError
from unseen.music.corpus import corpus, corpus_folder
from unseen.music.tunes import Tunes, read

# Raise it when reading changes.
READER = 1


def cache_folder() -> Path:
    """Return UNSEEN_CACHE, else `unseen` in the user's cache folder; it is made where it is not there."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(os.environ.get("UNSEEN_CACHE") or Path(home).expanduser() / "unseen")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cached_corpus(most: int | None = None) -> Tunes:
    """Return the corpus of music21, from the cache where it is there; at most `most` tunes a collection.

    Raises:
        MissingExtraError: music21 is not installed.

    """
    corpus_folder()
    part = "" if most is None else f"-{most}"
    path = cache_folder() / f"tunes-{version('music21')}-{READER}{part}.npz"
    try:
        return read(path)
    except DataError:  # not there yet, or damaged
        found = corpus(most)
        found.write(path)
        return found
