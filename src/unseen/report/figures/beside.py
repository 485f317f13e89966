"""Figures of a score beside another variable, and of a trigger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from numpy.typing import NDArray

from unseen.evaluation import RateCurve, in_hertz
from unseen.report.style import MUTED, NORMAL, NUMBER, PERCENT, canvas, kind_styles, label, spread, styled

Floats = NDArray[np.float64]


def profile_of(values: Floats, scores: Floats, *, bins: int = 12, least: int = 8) -> tuple[Floats, Floats]:
    """Return the middle of equally filled bins (b,) and 16, 50, 84 % quantiles of the score, (3, b)."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, max(2, min(bins, values.size // least) + 1))))
    if edges.size < 2:
        return np.empty(0), np.empty((3, 0))
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, edges.size - 2)
    parts = [place == part for part in range(edges.size - 1) if (place == part).sum() >= least]
    if not parts:
        return np.empty(0), np.empty((3, 0))
    middle = np.array([np.median(values[part]) for part in parts])
    return middle, np.array([np.quantile(scores[part], [0.16, 0.5, 0.84]) for part in parts]).T


@styled
def profile(
    values: Floats,
    scores: Floats,
    kinds: NDArray[np.str_],
    normal: NDArray[np.bool_],
    *,
    name: str,
    told: Sequence[str] = (),
) -> Figure:
    """Median of the score against a variable: normal rows grey with a 68 % band, a line a kind."""
    figure = canvas(3.3)
    axes = figure.add_subplot()
    middle, quantiles = profile_of(values[normal], scores[normal])
    ends: list[tuple[float, str, str, Any]] = []
    if middle.size:
        axes.fill_between(middle, quantiles[0], quantiles[2], color=NORMAL.light, alpha=0.28, linewidth=0)
        axes.plot(middle, quantiles[1], color=MUTED.light, linewidth=2.2)
        ends.append((float(quantiles[1, -1]), "normal", MUTED.light, "-"))
    names = sorted(set(kinds[~normal].tolist()))
    styles = kind_styles([k for k in names if k in told], [k for k in names if k not in told])
    for kind in names:
        own = (kinds == kind) & ~normal
        x, y = profile_of(values[own], scores[own], bins=8)
        if x.size:
            colour, dash = styles[kind]
            axes.plot(x, y[1], color=colour, linestyle=dash, marker="o", markersize=2.5)
            ends.append((float(y[1, -1]), kind, colour, dash))
    axes.set(xlabel=label(name), ylabel="median score (nats)")
    axes.xaxis.set_major_formatter(NUMBER)
    axes.yaxis.set_major_formatter(NUMBER)
    low, high = axes.get_ylim()
    _names(axes, [((end[0] - low) / (high - low), *end[1:]) for end in ends])
    return figure


@styled
def efficiency(
    curves: Mapping[str, RateCurve], *, mark: float | None = None, told: Sequence[str] = ()
) -> Figure:
    """Draw what is kept of each kind against the background rate, log axis; dashed: the rate asked for."""
    figure = canvas(3.3)
    axes = figure.add_subplot()
    styles = kind_styles([k for k in curves if k in told], [k for k in curves if k not in told])
    ends = []
    lowest = min(float(curve.rate[0]) for curve in curves.values())
    highest = max(float(curve.rate[-1]) for curve in curves.values())
    for kind, curve in curves.items():
        colour, dash = styles[kind]
        axes.plot(curve.rate, curve.efficiency, color=colour, linestyle=dash, drawstyle="steps-post")
        ends.append(
            (float(np.interp(np.sqrt(lowest * highest), curve.rate, curve.efficiency)), kind, colour, dash)
        )
    if mark is not None:
        axes.axvline(mark, color=MUTED.light, linewidth=1, linestyle=(0, (3, 2)))
        axes.set_title(f"asked for: {in_hertz(mark)}", fontsize=8.5, color=MUTED.light, loc="left")
    axes.set(xscale="log", xlim=(min(lowest, mark or lowest), highest), ylim=(0, 1.015))
    axes.set(xlabel="background rate", ylabel="kept of the kind")
    axes.xaxis.set_major_locator(LogLocator(10))
    axes.xaxis.set_major_formatter(lambda value, _: in_hertz(value))
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(PERCENT)
    _names(axes, ends)
    return figure


def _names(axes: Any, ends: Sequence[tuple[float, str, str, Any]]) -> None:
    """Name the lines beside the plot, at about the height (0 to 1) they end at."""
    places = spread([0.04 + 0.9 * end[0] for end in ends], 0.062, 0.02, 0.97)
    for (_, name, colour, dash), place in zip(ends, places, strict=True):
        line: dict[str, Any] = {"color": colour, "transform": axes.transAxes}
        axes.plot([1.03, 1.085], [place] * 2, linestyle=dash, clip_on=False, **line)
        axes.text(1.105, place, label(name, 18), va="center", fontsize=9, **line)
