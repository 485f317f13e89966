"""Figures of a screener: ranking, do chances hold, coverage, referring, the gate, disturbed films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unseen.evaluation import Estimate
from unseen.report.style import (
    COOL,
    DASHES,
    FILL,
    INK,
    MUTED,
    NORMAL,
    NUMBER,
    PERCENT,
    TOLD,
    UNSEEN,
    WARM,
    canvas,
    label,
    styled,
)

Floats = NDArray[np.float64]

COLOURS = (UNSEEN, TOLD, COOL[1], COOL[2], WARM[1], WARM[2], COOL[3], MUTED)
NEAR = 0.7
"""An axis that only shows the corner where all lines are is easier to read; it says where it begins."""


@dataclass(frozen=True, eq=False)
class Line:
    """A line by name: x and y, (k,) each, and maybe one point on it that is meant."""

    x: Floats
    y: Floats
    point: tuple[float, float] | None = None


def _look(place: int) -> dict[str, Any]:
    return {"color": COLOURS[place % len(COLOURS)].light, "linestyle": DASHES[place % len(DASHES)]}


@styled
def roc(lines: Mapping[str, Line]) -> Figure:
    """Sensitivity over false alarms, one line a source; dots are the frozen threshold."""
    figure = canvas(3.9)
    axes = figure.add_subplot()
    low = min((line.point[1] for line in lines.values() if line.point), default=0.0)
    far = max((line.point[0] for line in lines.values() if line.point), default=1.0)
    near = low > NEAR and far < 1 - NEAR
    for place, (name, line) in enumerate(lines.items()):
        look = _look(place)
        axes.plot(line.x, line.y, label=label(name), **look)
        if line.point:
            axes.plot(*line.point, "o", color=look["color"], markersize=6.5, zorder=4)
    axes.plot([0, 1], [0, 1], color=NORMAL.light, linewidth=1, linestyle=(0, (2, 3)))
    axes.set(xlim=(0, 1 - NEAR) if near else (0, 1), ylim=(NEAR, 1.004) if near else (0, 1.01))
    axes.set(xlabel="films without the finding that are called", ylabel="films with it that are called")
    _percent(axes)
    figure.legend(loc="outside upper left", ncols=2, frameon=False)
    return figure


@styled
def reliability(lines: Mapping[str, tuple[Floats, Floats, Floats]]) -> Figure:
    """Share of films with the finding over the probability said; below, how many films said so.

    Args:
        lines: Name -> mean probability, share and films of each bin, (B,) each.

    """
    figure = canvas(4.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.plot([0, 1], [0, 1], color=NORMAL.light, linewidth=1, linestyle=(0, (2, 3)))
    for place, (name, (said, came, films)) in enumerate(lines.items()):
        look = _look(place)
        known = films > 0
        above.plot(said[known], came[known], alpha=0.55, linewidth=1.3, **look)
        above.scatter(
            said[known], came[known], s=8 + 140 * films[known] / films.sum(), color=look["color"],
            label=label(name, 40), zorder=3, linewidth=0,
        )  # fmt: skip
        edges = np.linspace(0, 1, len(films) + 1)
        below.stairs(np.maximum(films, 0.5), edges, color=look["color"], linewidth=1.4, baseline=0.5)
    above.set(xlim=(0, 1), ylim=(-0.02, 1.02), ylabel="share with the finding")
    below.set(yscale="log", xlabel="probability said", ylabel="films")
    below.yaxis.set_major_formatter(NUMBER)
    below.yaxis.set_minor_locator(_no_ticks())
    _percent(above)
    figure.legend(loc="outside upper left", ncols=1, frameon=False)
    return figure


@styled
def coverage(lines: Mapping[str, Mapping[str, Line]], alpha: float) -> Figure:
    """Share of films whose set holds their label over the share stated, one plot a class, a line a source."""
    figure = canvas(3.5)
    plots = np.atleast_1d(figure.subplots(1, len(lines), sharey=True))
    for axes, (title, sources) in zip(plots, lines.items(), strict=True):
        axes.plot([0, 1], [0, 1], color=NORMAL.light, linewidth=1, linestyle=(0, (2, 3)))
        axes.axvline(1 - alpha, color=FILL.light, linewidth=1.2, zorder=0)
        for place, (name, line) in enumerate(sources.items()):
            axes.plot(line.x, line.y, label=label(name, 40), **_look(place))
        axes.set_title(title, fontsize=9.5, color=MUTED.light, loc="left")
        axes.set(xlim=(0.7, 1), ylim=(0.3, 1.01))
        axes.set_xticks([0.7, 0.8, 0.9, 1.0])
        _percent(axes)
    plots[0].set_ylabel("films whose set holds their label")
    figure.supxlabel("share stated, 1 − α", fontsize=9.5, color=MUTED.light)
    figure.legend(*plots[0].get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False)
    return figure


@styled
def referring(lines: Mapping[str, Line]) -> Figure:
    """Errors among the films that are not referred over the share that is, one line a source."""
    figure = canvas(3.5)
    axes = figure.add_subplot()
    for place, (name, line) in enumerate(lines.items()):
        axes.plot(line.x, line.y, label=label(name, 40), **_look(place))
    axes.axvline(0.1, color=FILL.light, linewidth=1.2, zorder=0)
    axes.set(xlim=(0, 0.5), ylim=(0, None))
    axes.set(xlabel="least certain films that are referred", ylabel="errors among the others")
    _percent(axes)
    figure.legend(loc="outside upper left", ncols=2, frameon=False)
    return figure


@dataclass(frozen=True)
class Spread:
    """Gate scores of one kind: quantiles at 5, 25, 50, 75, 95 %, the share refused; whether it was told."""

    quantiles: tuple[float, float, float, float, float]
    refused: float
    film: bool = False


@styled
def gate(kinds: Mapping[str, Spread], refuse: float) -> Figure:
    """Gate scores of each kind: 5 to 95 % as a line, the middle half as a bar; beside it the share refused.

    Args:
        kinds: Name -> scores, films first.
        refuse: Score from which on a picture is refused.

    """
    figure = canvas(0.9 + 0.24 * len(kinds))
    axes = figure.add_subplot()
    for place, spread in enumerate(kinds.values()):
        low, first, middle, third, high = spread.quantiles
        colour = (UNSEEN if spread.film else TOLD).light
        axes.hlines(place, low, high, color=colour, linewidth=1.2)
        axes.hlines(place, first, third, color=colour, linewidth=5, alpha=0.45)
        axes.plot([middle], [place], "o", color=colour, markersize=4)
        axes.text(
            1.01, place, _rate(spread.refused), transform=axes.get_yaxis_transform(), va="center",
            fontsize=8.5, color=INK.light,
        )  # fmt: skip
    axes.axvline(refuse, color=INK.light, linewidth=1, linestyle=(0, (3, 2)))
    axes.set_yticks(range(len(kinds)), [label(name) for name in kinds])
    axes.set_ylim(len(kinds) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    scores = [one for spread in kinds.values() for one in spread.quantiles]
    if max(scores) - min(scores) > 50:
        axes.set_xscale("symlog", linthresh=10)
        axes.xaxis.set_major_formatter(NUMBER)
    axes.set_xlabel("gate score, nats")
    return figure


@styled
def disturbances(rows: Mapping[str, tuple[Estimate, Estimate]]) -> Figure:
    """Sensitivity and specificity at the frozen threshold, one line a disturbance, with intervals."""
    figure = canvas(1.1 + 0.26 * len(rows))
    axes = figure.add_subplot()
    parts: Sequence[tuple[str, Any, float]] = (
        ("sensitivity", UNSEEN, -0.13),
        ("specificity", TOLD, 0.13),
    )
    for index, (name, colour, aside) in enumerate(parts):
        found = np.array([[pair[index].value, pair[index].low, pair[index].high] for pair in rows.values()])
        heights = np.arange(len(rows)) + aside
        axes.hlines(heights, found[:, 1], found[:, 2], color=colour.light, linewidth=1.6, alpha=0.6)
        axes.plot(found[:, 0], heights, "os"[index], color=colour.light, markersize=4.5, label=name)
        axes.axvline(found[0, 0], color=colour.light, linewidth=0.8, linestyle=(0, (2, 3)))
    axes.set_yticks(range(len(rows)), [label(name) for name in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_formatter(PERCENT)
    figure.legend(loc="outside upper left", ncols=2, frameon=False)
    return figure


def _percent(axes: Any) -> None:
    axes.xaxis.set_major_formatter(PERCENT)
    axes.yaxis.set_major_formatter(PERCENT)


def _no_ticks() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def _rate(share: float) -> str:
    return f"{100 * share:.0f} %" if share < 0.995 or share == 1 else f"{100 * share:.1f} %"
