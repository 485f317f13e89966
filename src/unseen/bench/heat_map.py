"""The seen x unseen picture: what telling of one kind does to the AUC on each, one square matrix a set."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from unseen.bench.open_rows import Result
from unseen.errors import need

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS = 3
FULL = 5.0
"""Points of AUC at which a colour is at its full strength."""

Cells = dict[tuple[str, str], float]


def mean_gains(rows: Sequence[Result], method: str) -> dict[str, Cells]:
    """Gain in points against stage 1, mean over seeds: set -> (told kind, judged kind) -> gain."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row.method == method and not math.isnan(row.gain):
            found[row.set, row.told, row.kind].append(row.gain)
    sets: dict[str, Cells] = defaultdict(dict)
    for (name, told, kind), gains in found.items():
        sets[name][told, kind] = float(np.mean(gains))
    return dict(sets)


def heat_map(sets: Mapping[str, Cells], name: str, title: str) -> str:
    """Draw one matrix a set as SVG: rows told, columns judged, the number in points of AUC.

    Cool cells gain, warm ones lose; the told kind itself is framed. Where there is nothing to draw, an empty
    text comes back.

    Args:
        sets: As `mean_gains` returns it.
        name: Prefix of the ids in the SVG.
        title: What a screen reader says.

    Raises:
        MissingExtraError: matplotlib is not installed.

    """
    if not sets:
        return ""
    need("matplotlib", extra="report", purpose="drawing the heat map")
    from unseen.report.style import canvas, styled
    from unseen.report.svg import inline

    @styled
    def drawn() -> Figure:
        down = math.ceil(len(sets) / ACROSS)
        figure = canvas(1.75 * down + 0.2)
        grid = figure.subplots(down, ACROSS, squeeze=False)
        for axes, (one, cells) in zip(grid.flat, sets.items(), strict=False):
            _matrix(axes, one, cells)
        for axes in grid.flat[len(sets) :]:
            axes.set_axis_off()
        figure.supxlabel("kind judged", fontsize=9)
        figure.supylabel("kind told", fontsize=9)
        return figure

    return inline(drawn(), name, title)


def _matrix(axes: Any, title: str, cells: Cells) -> None:
    from matplotlib.patches import Rectangle

    from unseen.report.style import INK, TOLD, UNSEEN, label

    told = list(dict.fromkeys(pair[0] for pair in cells))
    kinds = [*told, *(kind for kind in dict.fromkeys(pair[1] for pair in cells) if kind not in told)]
    for (one, other), gain in cells.items():
        x, y = kinds.index(other), told.index(one)
        colour = UNSEEN.light if gain >= 0 else TOLD.light
        strength = min(abs(gain) / FULL, 1.0) * 0.75
        axes.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, alpha=strength, linewidth=0))
        if one == other:
            axes.add_patch(
                Rectangle((x + 0.03, y + 0.03), 0.94, 0.94, fill=False, edgecolor=INK.light, linewidth=0.8)
            )
        axes.text(
            x + 0.5,
            y + 0.5,
            f"{round(gain, 1) + 0.0:+.1f}",
            ha="center",
            va="center",
            fontsize=7 if len(kinds) < 5 else 5.5,
            color=INK.light,
        )
    axes.set(xlim=(0, len(kinds)), ylim=(len(told), 0))
    axes.set_xticks(
        np.arange(len(kinds)) + 0.5, [label(kind, 7) for kind in kinds], fontsize=6.5, rotation=30
    )
    axes.set_yticks(np.arange(len(told)) + 0.5, [label(kind, 7) for kind in told], fontsize=6.5)
    axes.set_title(label(title, 18), fontsize=8)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
