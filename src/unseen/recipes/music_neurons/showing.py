"""Figures, MIDI and sound files, and the page of the study: each made when the results are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from unseen.music.tokens import Tokens
from unseen.studies.melody_analysis import Analysis
from unseen.studies.melody_listening import listening_files
from unseen.studies.melody_training import Trained

FIGURES = ("spectrum", "histograms", "meaning", "zero-out", "traversals")
TRAVERSED = 8
# Sound is made of these only, so that no file is large; the MIDI files hold all.
HEARD = ("unit-1", "unit-2")


def figures(first: Analysis, trained: Trained, every: Sequence[Analysis]) -> Mapping[str, Callable[[], str]]:
    """File name -> what draws it as SVG."""

    def drawn(name: str) -> str:
        from unseen.report.melodies import PLATES, Shown
        from unseen.report.svg import inline

        plate = PLATES[name](Shown(trained, first, every))
        return inline(plate.figure, name, plate.title)

    return {f"{name}.svg": partial(drawn, name) for name in FIGURES}


def files(
    name: str, first: Analysis, trained: Trained, every: Sequence[Analysis], notes: Sequence[str]
) -> Mapping[str, Callable[[], bytes]]:
    """File name -> its bytes: MIDI of traversals and of melodies nobody wrote, two as sound, and the page."""
    found = listening_files(trained, first.tokens, units=TRAVERSED, seed=0)
    made: dict[str, Callable[[], bytes]] = {
        f"{title}.mid": partial(_midi, windows) for title, windows in found.items()
    }
    made |= {f"{title}.wav": partial(_sound, found[title]) for title in HEARD}
    made["music-neurons.html"] = partial(_page, name, first, trained, every, notes)
    return made


def _midi(windows: Tokens) -> bytes:
    from unseen.music.midi import midi_bytes

    return midi_bytes(list(windows))


def _sound(windows: Tokens) -> bytes:
    from unseen.report.melodies import traversal_wav

    return traversal_wav(windows)


def _page(
    name: str, first: Analysis, trained: Trained, every: Sequence[Analysis], notes: Sequence[str]
) -> bytes:
    from unseen.persist import canonical_versions
    from unseen.report.content import Provenance
    from unseen.report.document import render_page
    from unseen.report.melodies import Shown, melody_page

    provenance = Provenance(
        "folk tunes of the corpus of music21, windows of tunes not learned from",
        len(first.tokens),
        seed=trained.setting.seed,
        command=f"unseen recipe run {name.removesuffix(' (quick)')}",
        versions=canonical_versions(),
    )
    summary = (
        "A melody VAE trained on folk tunes: most units of its code are noise, and the page shows what the "
        "others go with. Nothing here is a tune of the corpus: all music on it was decoded from codes."
    )
    shown = Shown(trained, first, every)
    return render_page(melody_page("Music neurons", summary, shown, provenance, notes)).encode()
