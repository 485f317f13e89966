"""Figures of a search: significance improvement, a variable before and after the cut, the bump hunt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unseen.evaluation import BumpHunt, Deciles, Evaluation, SicCurve
from unseen.report.style import (
    FILL,
    INK,
    MUTED,
    NORMAL,
    NUMBER,
    PERCENT,
    UNSEEN,
    canvas,
    kind_styles,
    label,
    spread,
    styled,
)

Floats = NDArray[np.float64]


@styled
def improvement(curves: Mapping[str, SicCurve], evaluation: Evaluation) -> Figure:
    """TPR / sqrt(FPR) against TPR of each kind, named at the right by the height of its maximum."""
    told = [k.kind for k in evaluation.kinds if k.told]
    styles = kind_styles(told, [k.kind for k in evaluation.kinds if not k.told])
    figure = canvas(3.3)
    axes = figure.add_subplot()
    axes.axhline(1, color=NORMAL.light, linewidth=1, dashes=(2, 3))
    best = {name: float(curve.sic.max()) for name, curve in curves.items()}
    top = max([1.0, *best.values()]) * 1.06
    for name, curve in curves.items():
        colour, dash = styles[name]
        axes.plot(curve.tpr, curve.sic, color=colour, linestyle=dash)
    names = sorted(best, key=lambda name: best[name])
    places = spread([0.04 + 0.9 * best[name] / top for name in names], 0.062, 0.02, 0.97)
    for name, place in zip(names, places, strict=True):
        colour, dash = styles[name]
        line: dict[str, Any] = {"color": colour, "transform": axes.transAxes}
        axes.plot([1.03, 1.085], [place] * 2, linestyle=dash, clip_on=False, **line)
        words = label(name, 18) + (" (told)" if name in told else "")
        axes.text(1.105, place, words, va="center", fontsize=9, **line)
    axes.set(xlim=(0, 1), ylim=(0, top), xlabel="anomalies caught", ylabel="gain in significance")
    axes.xaxis.set_major_formatter(PERCENT)
    axes.yaxis.set_major_formatter(NUMBER)
    return figure


@styled
def spectrum(
    edges: Floats, before: Floats, after: Floats, *, name: str, before_words: str, after_words: str
) -> Figure:
    """Density of a variable in all normal rows (grey) and in the selected ones (line), on one axis."""
    figure = canvas(3.0)
    axes = figure.add_subplot()
    axes.stairs(before, edges, fill=True, color=FILL.light)
    axes.stairs(after, edges, color=UNSEEN.light, linewidth=1.6)
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, None), xlabel=label(name), ylabel="share of the rows")
    axes.xaxis.set_major_formatter(NUMBER)
    axes.yaxis.set_major_formatter(PERCENT)
    _key(figure, [("■", before_words, MUTED.light), ("━", after_words, UNSEEN.light)])
    return figure


@styled
def by_decile(deciles: Deciles, *, name: str, rate: float) -> Figure:
    """False-alarm rate of one cut in each tenth of the variable, with its interval; dotted: all of it."""
    figure = canvas(2.8)
    axes = figure.add_subplot()
    parts = np.arange(1, len(deciles.share) + 1)
    axes.axhline(rate, color=NORMAL.light, linewidth=1, dashes=(2, 3))
    for place, part in zip(parts, deciles.share, strict=True):
        if part.known:
            axes.plot([place] * 2, [part.low, part.high], color=UNSEEN.light, linewidth=2.2)
            axes.plot([place], [part.value], "o", color=UNSEEN.light, markersize=5.5)
    ticks = [
        f"{_short(low)}\nto {_short(high)}"
        for low, high in zip(deciles.edges[:-1], deciles.edges[1:], strict=True)
    ]
    axes.set_xticks(parts, ticks, fontsize=7.5)
    axes.grid(visible=False, axis="x")
    axes.set(ylim=(0, None), xlabel=f"{label(name)}, tenths of the normal rows", ylabel="false alarms")
    axes.yaxis.set_major_formatter(PERCENT)
    return figure


def _short(value: float) -> str:
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


@styled
def bump(found: BumpHunt, *, name: str) -> Figure:
    """Draw selected events against a smooth background; below, the difference in standard deviations."""
    figure = canvas(4.0)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.2])
    middle = 0.5 * (found.edges[1:] + found.edges[:-1])
    # a histogram of weights scatters more than its height says; scaled counts have this spread
    spread_of = np.sqrt(np.maximum(found.expected, 1e-9) * found.unit)
    for axes in (above, below):
        axes.axvspan(found.low, found.high, color=UNSEEN.light, alpha=0.13, linewidth=0)
    above.stairs(found.expected, found.edges, color=MUTED.light, linewidth=1.6, baseline=None)
    error = np.sqrt(np.maximum(found.observed, 0) * found.unit)
    above.errorbar(middle, found.observed, error, fmt="o", color=INK.light, markersize=3.2, linewidth=1)
    shown = found.observed[found.observed > 0]
    if shown.size and shown.max() / shown.min() > 30:
        above.set(yscale="log", ylim=(0.5 * shown.min(), None))
        above.minorticks_off()
    else:
        above.set(ylim=(0, None))
    above.set(ylabel="events above the cut")
    above.yaxis.set_major_formatter(NUMBER)
    pulls = (found.observed - found.expected) / spread_of
    below.bar(middle, pulls, np.diff(found.edges), color=[_pull_colour(p) for p in pulls])
    below.axhline(0, color=MUTED.light, linewidth=0.8)
    below.set(xlabel=label(name), ylabel="deviations", xlim=(found.edges[0], found.edges[-1]))
    below.xaxis.set_major_formatter(NUMBER)
    _key(figure, [("●", "observed", INK.light), ("━", "smooth background", MUTED.light)])
    return figure


def _pull_colour(pull: float) -> str:
    return UNSEEN.light if pull > 0 else FILL.light


def _key(figure: Figure, entries: list[tuple[str, str, str]]) -> None:
    """Name what is drawn in one line on top, each in its own colour."""
    x, step = 0.12, 0.44
    axes: Any = figure.axes[0]
    for place, (sign, words, colour) in enumerate(entries):
        axes.text(
            (x + step * place) - 0.12,
            1.03,
            f"{sign} {words}",
            color=colour,
            transform=axes.transAxes,
            va="bottom",
            fontsize=8.5,
        )
