"""What the study draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unseen.report.style import COOL, DASHES, FILL, INK, MUTED, NORMAL, TOLD, WARM, canvas, label, styled
from unseen.studies.air import Row

Floats = NDArray[np.float64]
LINES = {
    "raw": (NORMAL, DASHES[0], "nothing"),
    "month": (WARM[0], DASHES[1], "month"),
    "day": (WARM[1], DASHES[2], "day"),
    "hour x month": (COOL[0], DASHES[3], "hour × month"),
    "day, hour x month": (COOL[1], DASHES[0], "day, hour × month"),
}
"""What is taken out -> its colour, its dash, its words."""
DAYS = {"Monday to Friday": INK, "Saturday": COOL[0], "Sunday": WARM[0]}


@styled
def lag_curves(rows: Sequence[Row]) -> Figure:
    """Correlation at each lag, one line for each thing taken out, with its interval."""
    figure = canvas(3.5)
    axes = figure.add_subplot()
    for row in rows:
        colour, dash, words = LINES[row.removed]
        lags = [one.lag for one in row.found]
        axes.fill_between(
            lags, [one.low for one in row.found], [one.high for one in row.found],
            color=colour.light, alpha=0.15, linewidth=0,
        )  # fmt: skip
        values = [one.value for one in row.found]
        axes.plot(lags, values, color=colour.light, linestyle=dash, label=words)
    axes.axhline(0, color=NORMAL.light, linewidth=0.8)
    axes.axvline(0, color=NORMAL.light, linewidth=0.8)
    axes.set_xticks(lags)
    axes.set_xlabel("hours by which NO₂ follows traffic")
    axes.set_ylabel("rank correlation")
    figure.legend(loc="outside upper left", ncols=3, frameon=False, title="taken out", alignment="left")
    return figure


@styled
def day_curves(curves: Mapping[str, Mapping[str, Floats]]) -> Figure:
    """Hourly means of traffic and NO2 by kind of day, one above the other."""
    figure = canvas(4.4)
    above, below = figure.subplots(2, 1, sharex=True)
    for axes, (words, days) in zip((above, below), curves.items(), strict=True):
        for place, (day, values) in enumerate(days.items()):
            axes.plot(values, color=DAYS[day].light, linestyle=DASHES[place], label=day)
        axes.set_ylabel(words)
        axes.set_ylim(bottom=0)
    below.set_xticks(range(0, 24, 3), [f"{hour:02d}" for hour in range(0, 24, 3)])
    below.set_xlabel("hour of the local day")
    figure.legend(*above.get_legend_handles_labels(), loc="outside upper left", ncols=3, frameon=False)
    return figure


@styled
def binned(pairs: Mapping[str, tuple[Floats, Floats]]) -> Figure:
    """Median and middle half of NO2 in each tenth of traffic, one plot for each way of taking out."""
    figure = canvas(3.0)
    for axes, (words, (traffic, air)) in zip(figure.subplots(1, len(pairs)), pairs.items(), strict=True):
        centres, quarters = tenths(traffic, air)
        axes.fill_between(centres, quarters[0], quarters[2], color=FILL.light, linewidth=0)
        axes.plot(centres, quarters[1], color=COOL[0].light, marker="o", markersize=4)
        axes.set_title(words, fontsize=9.5, color=MUTED.light, loc="left")
        axes.set_xlabel("traffic, standard deviations")
    figure.axes[0].set_ylabel("NO₂, µg/m³")
    return figure


def tenths(traffic: Floats, air: Floats) -> tuple[Floats, Floats]:
    """Median traffic in each tenth, shape (10,), and the quartiles of air there, shape (3, 10)."""
    known = np.isfinite(traffic) & np.isfinite(air)
    traffic, air = traffic[known], air[known]
    parts = np.array_split(np.argsort(traffic, kind="stable"), 10)
    centres = np.array([np.median(traffic[part]) for part in parts])
    return centres, np.array([np.percentile(air[part], [25, 50, 75]) for part in parts]).T


@styled
def by_station(rows: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Figure:
    """Correlation of each station with its interval, one colour for each thing taken out."""
    names = list(rows)
    figure = canvas(0.9 + 0.45 * len(names))
    axes = figure.add_subplot()
    kinds = list(next(iter(rows.values())))
    for place, kind in enumerate(kinds):
        found = np.array([rows[name][kind] for name in names])
        heights = np.arange(len(names)) + 0.16 * (place - (len(kinds) - 1) / 2)
        colour, _, words = LINES[kind]
        axes.hlines(heights, found[:, 1], found[:, 2], color=colour.light, linewidth=1.6)
        axes.plot(found[:, 0], heights, "o", color=colour.light, markersize=4.5, label=words)
    axes.axvline(0, color=NORMAL.light, linewidth=0.8)
    axes.set_yticks(range(len(names)), [label(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("rank correlation with traffic an hour before")
    figure.legend(loc="outside upper left", ncols=3, frameon=False, title="taken out", alignment="left")
    return figure


@styled
def wrong_ways(mistakes: Mapping[str, Mapping[str, Mapping[int, float]]]) -> Figure:
    """Correlation at each lag, as it should be and as a mistake makes it, one plot for each mistake."""
    figure = canvas(3.3)
    for axes, (title, curves) in zip(figure.subplots(1, len(mistakes)), mistakes.items(), strict=True):
        for place, (words, found) in enumerate(curves.items()):
            colour = (INK, TOLD)[place].light
            axes.plot(list(found), list(found.values()), color=colour, linestyle=DASHES[place], label=words)
            best = max(found, key=lambda lag: found[lag])
            axes.plot([best], [found[best]], "o", color=colour, markersize=5)
        axes.axhline(0, color=NORMAL.light, linewidth=0.8)
        axes.set_title(title, fontsize=9.5, color=MUTED.light, loc="left")
        axes.set_xticks(list(found)[::3])
        axes.set_xlabel("hours after traffic")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.12), frameon=False, fontsize=8.5)
    figure.axes[0].set_ylabel("rank correlation")
    return figure
