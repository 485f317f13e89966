"""Figures, MIDI and sound files, and the page of the study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from unseen.evaluation import Estimate
from unseen.music.tokens import Tokens
from unseen.studies.melody_analysis import Analysis
from unseen.studies.melody_listening import listening_files, traversal
from unseen.studies.melody_training import Trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAVERSED = 8
# Sound files of the study: kept short, so that each stays well below what is committed.
HEARD = ("unit-1", "unit-2")


def drawn(
    first: Analysis, trained: Trained, every: Sequence[Analysis]
) -> dict[str, tuple[str, str, Callable[[], Figure]]]:
    """File name -> title, how to read it, and what draws it."""
    from unseen.recipes.music_neurons import pictures

    order = first.relevance.order()
    rolls = [
        traversal(trained.network, first.relevance.centre, first.relevance, int(unit))
        for unit in order[:TRAVERSED]
    ]
    titles = [f"unit {unit.rank}: {unit.descriptor}" for unit in first.units[:TRAVERSED]]
    return {
        "spectrum.svg": (
            "Which units are used",
            "Sorted rho = std(mu) / mean(sigma) of each seed; the dot is the last above the largest gap.",
            partial(pictures.spectrum, [found.relevance for found in every]),
        ),
        "histograms.svg": (
            "Noise and music",
            "Noise units lie at std of mu 0 and mean sigma 1.",
            partial(pictures.histograms, first.relevance),
        ),
        "meaning.svg": (
            "What units go with",
            "|Spearman| of the first units with each descriptor, grouped; seed 0.",
            partial(pictures.heat_map, first.association, first.relevance),
        ),
        "zero-out.svg": (
            "How many units it takes",
            "Accuracy with all but k units at their means; seed 0.",
            partial(pictures.curves, first.zeroed),
        ),
        "traversals.svg": (
            "What a unit does",
            "Each row moves one unit from -2 to 2 deviations, all others at their means.",
            partial(pictures.rolls, rolls, titles),
        ),
    }


def figures(first: Analysis, trained: Trained, every: Sequence[Analysis]) -> Mapping[str, Callable[[], str]]:
    """File name -> what draws it as SVG."""

    def draw(name: str) -> str:
        from unseen.report.svg import inline

        title, _, make = drawn(first, trained, every)[name]
        return inline(make(), title)

    return {name: partial(draw, name) for name in NAMES}


NAMES = ("spectrum.svg", "histograms.svg", "meaning.svg", "zero-out.svg", "traversals.svg")


def files(
    name: str, first: Analysis, trained: Trained, numbers: Mapping[str, Estimate], notes: Sequence[str]
) -> Mapping[str, Callable[[], bytes]]:
    """File name -> its bytes: MIDI of traversals and of melodies nobody wrote, two of them as sound."""
    found = listening_files(trained, first.tokens, units=TRAVERSED, seed=0)
    made: dict[str, Callable[[], bytes]] = {
        f"{title}.mid": partial(_midi, windows) for title, windows in found.items()
    }
    made |= {f"{title}.wav": partial(_sound, found[title]) for title in HEARD if title in found}
    return made


def _midi(windows: Tokens) -> bytes:
    from unseen.music.midi import midi_bytes

    return midi_bytes(list(windows))


def _sound(windows: Tokens) -> bytes:
    from unseen.music.sound import plain_wav

    # three of the five places of a traversal, played fast
    return plain_wav(list(windows[np.array([0, 2, 4])]), tempo=180, gap=4)
