"""The page of a melody network: which units are music, what they go with, how they look and sound."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from unseen.evaluation import Estimate
from unseen.music.sound import plain_wav
from unseen.music.tokens import Tokens
from unseen.report.content import Provenance
from unseen.report.document import Headline, Page, Section, Sound
from unseen.report.figures import melodies as draw
from unseen.report.panels import Panel, panel_of
from unseen.report.tables import Cell, Table, to_html
from unseen.studies.melody_analysis import Analysis
from unseen.studies.melody_listening import traversal
from unseen.studies.melody_reading import ACCURACIES
from unseen.studies.melody_training import Trained

TRAVERSED = 8
# Units whose traversal can be heard on the page: the first ones.
HEARD = 2


@dataclass(frozen=True, eq=False)
class Shown:
    """What the page and the figures are made of.

    Attributes:
        trained, found: The network that is shown, and what was found with it.
        every: What was found with the network of each seed.

    """

    trained: Trained
    found: Analysis
    every: Sequence[Analysis]

    def moved(self, count: int = TRAVERSED) -> list[Tokens]:
        """Traversals of the first units."""
        relevance = self.found.relevance
        first = relevance.order()[:count]
        return [traversal(self.trained.network, relevance.centre, relevance, int(unit)) for unit in first]

    def titles(self, count: int = TRAVERSED) -> list[str]:
        """Name each of the first units by the descriptor it goes with most."""
        return [f"unit {unit.rank}: {unit.descriptor}" for unit in self.found.units[:count]]


@dataclass(frozen=True)
class Plate:
    """One figure: heading, how to read it, what draws it, and the numbers behind it."""

    title: str
    reading: str
    figure: Figure
    behind: Table


def _spectrum(shown: Shown) -> Plate:
    return Plate(
        "Which units are used",
        "Units sorted by rho = std(mu) / mean(sigma), one line a seed; the dot is the last above the largest "
        "gap, below it is noise.",
        draw.spectrum([each.relevance for each in shown.every]),
        _spectra(shown.every),
    )


def _histograms(shown: Shown) -> Plate:
    return Plate(
        "Noise and music",
        "Noise units lie at std of mu 0 and mean sigma 1: they say the same of every melody.",
        draw.histograms(shown.found.relevance),
        _units_behind(shown.found),
    )


def _meaning(shown: Shown) -> Plate:
    return Plate(
        "What the units go with",
        "Rank correlation (without sign) of the first units with each descriptor, descriptors by group.",
        draw.heat_map(shown.found.association, shown.found.relevance),
        _associations(shown.found),
    )


def _zero_out(shown: Shown) -> Plate:
    return Plate(
        "How many units it takes",
        "Right on unseen tunes with all but k units at their means; the thin lines are all units.",
        draw.curves(shown.found.zeroed),
        _curves(shown.found),
    )


def _traversals(shown: Shown) -> Plate:
    return Plate(
        "What a unit does",
        "Each row moves one unit from -2 to 2 standard deviations, all others at their means.",
        draw.rolls(shown.moved(), shown.titles()),
        unit_table(shown.found),
    )


PLATES: dict[str, Callable[[Shown], Plate]] = {
    "spectrum": _spectrum,
    "histograms": _histograms,
    "meaning": _meaning,
    "zero-out": _zero_out,
    "traversals": _traversals,
}


def melody_page(
    title: str, summary: str, shown: Shown, provenance: Provenance, sentences: Sequence[str] = ()
) -> Page:
    """Put figures, table, sentences and sounds on one page.

    Raises:
        MissingExtraError: matplotlib is not installed.

    """
    found = shown.found
    panels: list[Panel] = [
        panel_of(name, plate.title, plate.reading, plate.figure, plate.behind)
        for name, plate in ((name, make(shown)) for name, make in PLATES.items())
    ]
    sounds = tuple(
        Sound(f"data:audio/wav;base64,{base64.b64encode(traversal_wav(windows)).decode('ascii')}", name)
        for windows, name in zip(shown.moved(HEARD), shown.titles(HEARD), strict=False)
    )
    return Page(
        title,
        summary,
        provenance,
        headlines=(
            *(
                Headline(f"{value:.3f}", "", f"{name}s right" if name != "exact" else "windows right", "ink")
                for name, value in zip(ACCURACIES, found.accuracy, strict=True)
            ),
            Headline(str(int(found.music.sum())), "", f"music units of {found.relevance.units}", "unseen"),
        ),
        sections=(
            Section("found", "What was found", sentences=tuple(sentences)),
            Section("figures", "Figures", panels=tuple(panels)),
            Section("units", "The first units", tables=(("", to_html(unit_table(found))),)),
            Section("sounds", "Moved from -2 over 0 to 2 deviations", sounds=sounds),
        ),
    )


def traversal_wav(windows: Tokens) -> bytes:
    """Sound of three of the five places of a traversal, played fast, to keep it small."""
    return plain_wav(list(windows[[0, 2, 4]]), tempo=200, gap=4)


def unit_table(found: Analysis) -> Table:
    """One row a unit, the most relevant first."""
    rows: list[tuple[Cell, ...]] = [
        (
            unit.rank,
            round(unit.rho, 2),
            round(unit.divergence, 2),
            round(unit.sigma, 2),
            unit.descriptor,
            draw.GROUP_WORDS[unit.group],
            Estimate(round(unit.spearman, 2)),
            Estimate(round(unit.phi, 2)),
            Estimate(round(unit.information, 2)),
            round(unit.p, 3),
        )
        for unit in found.units
    ]
    columns = ("unit", "rho", "KL", "sigma", "goes with", "group", "Spearman", "phi_K", "information", "p")
    return Table(columns, tuple(rows))


def _spectra(every: Sequence[Analysis]) -> Table:
    ratios = [np.sort(each.relevance.ratio)[::-1] for each in every]
    rows = tuple((rank + 1, *(round(float(r[rank]), 4) for r in ratios)) for rank in range(len(ratios[0])))
    return Table(("unit", *(f"rho of seed {seed}" for seed in range(len(every)))), rows)


def _units_behind(found: Analysis) -> Table:
    relevance = found.relevance
    rows = tuple(
        (rank, round(float(np.sqrt(relevance.variance[unit])), 5), round(float(relevance.sigma[unit]), 5))
        for rank, unit in enumerate(relevance.order(), 1)
    )
    return Table(("unit", "std of mu", "mean sigma"), rows)


def _associations(found: Analysis) -> Table:
    order = found.relevance.order()[:20]
    spearman = np.nan_to_num(found.association.spearman[order])
    rows = tuple((rank, *(round(float(v), 3) for v in row)) for rank, row in enumerate(spearman, 1))
    return Table(("unit", *found.association.features), rows)


def _curves(found: Analysis) -> Table:
    zeroed = found.zeroed
    rows = tuple(
        (int(k), *(round(float(v), 4) for v in (*first, *chance)))
        for k, first, chance in zip(zeroed.counts, zeroed.top, zeroed.chance.mean(0), strict=True)
    )
    names = [f"{name}, {words}" for words in ("first k", "k at random") for name in zeroed.names]
    return Table(("units left", *names), rows)
