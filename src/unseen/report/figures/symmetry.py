"""Figures of found symmetries: the z-score of every direction, and the entries of the generators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from unseen.report.style import FILL, MUTED, NUMBER, TOLD, UNSEEN, canvas, label, styled
from unseen.report.svg import inline
from unseen.symmetry import Symmetries

MOST_MAPS = 6
_SIGNS = LinearSegmentedColormap.from_list("signs", [TOLD.light, "#ffffff", UNSEEN.light])


@styled
def z_scores(found: Symmetries) -> Figure:
    """Bars of z-scores, ascending; candidates in colour, with noise at 1."""
    figure = canvas(2.8)
    axes = figure.add_subplot()
    values = np.maximum(found.spectrum, 0.1)
    count = len(found.generators)
    colours = [UNSEEN.light if place < count else FILL.light for place in range(len(values))]
    axes.bar(range(1, len(values) + 1), values, color=colours, width=0.7, bottom=0.0)
    axes.axhline(1.0, color=MUTED.light, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_yscale("log")
    axes.set_ylim(0.3, max(10.0, float(values.max())) * 1.6)
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_major_formatter(NUMBER)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(range(1, len(values) + 1))
    axes.set(xlabel="direction", ylabel="z-score (noise: 1)")
    axes.grid(visible=False, axis="x")
    return figure


@styled
def heat_map(found: Symmetries) -> Figure:
    """Entries of each generator: which term (across) moves which column (down), in columns' sizes."""
    shown = found.generators[:MOST_MAPS]
    across = min(3, len(shown))
    down = -(-len(shown) // across)
    terms = [label(term, 8) for term in shown[0].field.dictionary.labels(found.columns)]
    small = 9 if len(terms) <= 4 else 7
    figure = canvas(0.4 + 2.0 * down)
    for place, one in enumerate(shown):
        axes = figure.add_subplot(down, across, place + 1)
        entries = one.field.coefficients
        most = float(np.abs(entries).max())
        axes.imshow(entries, cmap=_SIGNS, vmin=-most, vmax=most, aspect="auto" if len(terms) > 8 else "equal")
        axes.set_xticks(range(len(terms)), terms, fontsize=small, rotation=90 if len(terms) > 4 else 0)
        axes.set_yticks(range(len(found.columns)), [label(c, 8) for c in found.columns], fontsize=small)
        axes.grid(visible=False)
        axes.set_title(f"generator {place + 1}", fontsize=9)
        if entries.size <= 36:
            _written(axes, entries, most)
    return figure


def _written(axes: Any, entries: np.ndarray, most: float) -> None:
    for (row, column), value in np.ndenumerate(entries):
        if abs(value) > 0.05 * most:
            colour = "#ffffff" if abs(value) > 0.7 * most else MUTED.light
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=colour)


def drawings(found: Symmetries) -> dict[str, Callable[[], str]]:
    """File name -> what draws it as SVG."""
    made: dict[str, Callable[[], str]] = {
        "spectrum.svg": lambda: inline(z_scores(found), "spectrum", "z-score of every direction")
    }
    if found.generators:
        made["generators.svg"] = lambda: inline(heat_map(found), "generators", "entries of the generators")
    return made
