"""How the figures of the study are drawn."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.dates as mdates
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
    PERCENT,
    TOLD,
    UNSEEN,
    WARM,
    canvas,
    styled,
)

OTHERS = (NORMAL, WARM[1], COOL[2], TOLD, COOL[1])
Floats = NDArray[np.float64]


def looks(names: list[str], main: str) -> dict[str, tuple[str, object, float]]:
    """Give each line its colour, dash and width; the main one is blue, solid and wide."""
    found: dict[str, tuple[str, object, float]] = {main: (UNSEEN.light, "-", 2.4)}
    for place, name in enumerate(name for name in names if name != main):
        found[name] = (OTHERS[place % len(OTHERS)].light, DASHES[place % len(DASHES)], 1.4)
    return found


@styled
def errors(found: Mapping[str, Estimate], main: str) -> Figure:
    """Bars of the mean absolute error, the worst on top."""
    figure = canvas(0.36 * len(found) + 0.6)
    axis = figure.subplots()
    most = max(one.value for one in found.values())
    for place, (name, one) in enumerate(found.items()):
        colour = UNSEEN.light if name == main else FILL.light
        axis.barh(place, one.value, color=colour, height=0.66)
        end = one.value
        if np.isfinite(one.high):
            axis.plot([one.low, one.high], [place, place], color=INK.light, linewidth=1.2)
            end = max(end, min(one.high, most))
        axis.text(end + 1.5, place, f"{one.value:.1f}", va="center", color=INK.light, fontsize=9)
    axis.set_yticks(range(len(found)), list(found))
    axis.invert_yaxis()
    axis.set_xlim(0, 1.12 * most)
    axis.grid(visible=False, axis="y")
    axis.set_xlabel("mean absolute error, vehicles an hour")
    return figure


@styled
def hours(found: Mapping[str, list[float]], main: str) -> Figure:
    """Lines of the error over the day."""
    figure = canvas(3.0)
    axis = figure.subplots()
    look = looks(list(found), main)
    for name, values in found.items():
        colour, dash, width = look[name]
        axis.plot(range(24), values, color=colour, linestyle=dash, linewidth=width, label=name)
    axis.set_xticks(range(0, 24, 3))
    axis.set_xlabel("local hour")
    axis.set_ylabel("vehicles an hour")
    axis.set_ylim(0, None)
    figure.legend(*axis.get_legend_handles_labels(), frameon=False, ncols=2, loc="outside lower center")
    return figure


@styled
def days(found: Mapping[str, Mapping[str, float]], main: str) -> Figure:
    """Dots of the error by kind of day."""
    figure = canvas(2.8)
    axis = figure.subplots()
    kinds = list(found[main])
    look = looks(list(found), main)
    for name, values in found.items():
        colour, _, width = look[name]
        axis.plot([values[kind] for kind in kinds], range(len(kinds)), "o", color=colour,
                  markersize=3.2 * width, label=name, zorder=3 if name == main else 2)  # fmt: skip
    axis.set_yticks(range(len(kinds)), kinds)
    axis.set_ylim(len(kinds) - 0.5, -0.5)
    axis.set_xlim(0, None)
    axis.set_xlabel("mean absolute error, vehicles an hour")
    figure.legend(*axis.get_legend_handles_labels(), frameon=False, ncols=2, loc="outside lower center")
    return figure


@styled
def coverage(found: Mapping[str, Mapping[str, float]], main: str) -> Figure:
    """Lines of the coverage by month, beside what is stated."""
    figure = canvas(2.8)
    axis = figure.subplots()
    look = looks(list(found), main)
    axis.axhline(0.9, color=MUTED.light, linewidth=1)
    months = list(found[main])
    for name, values in found.items():
        colour, dash, width = look[name]
        axis.plot(range(len(months)), [values[month] for month in months], color=colour, linestyle=dash,
                  linewidth=width, marker="o", markersize=4, label=name)  # fmt: skip
    axis.set_xticks(range(len(months)), months)
    axis.set_xlim(-0.3, len(months) - 0.7)
    axis.yaxis.set_major_formatter(PERCENT)
    axis.set_ylabel("values inside")
    figure.legend(*axis.get_legend_handles_labels(), frameon=False, ncols=2, loc="outside lower center")
    return figure


@styled
def cold_start(found: Mapping[str, Mapping[str, float]], main: str) -> Figure:
    """Lines of the error by length of history."""
    figure = canvas(2.6)
    axis = figure.subplots()
    look = looks(list(found), main)
    for name, values in found.items():
        colour, dash, width = look[name]
        axis.plot(range(len(values)), list(values.values()), color=colour, linestyle=dash,
                  linewidth=width, marker="o", markersize=4, label=name)  # fmt: skip
    ticks = list(found[main])
    axis.set_xticks(range(len(ticks)), ticks)
    axis.set_xlim(-0.3, len(ticks) - 0.7)
    axis.set_ylabel("vehicles an hour")
    figure.legend(*axis.get_legend_handles_labels(), frameon=False, ncols=3, loc="outside lower center")
    return figure


@styled
def week(shown: Mapping[str, Floats]) -> Figure:
    """Draw what came and both bands, over a week."""
    figure = canvas(2.8)
    axis = figure.subplots()
    times = shown["time"] / 86_400
    for low, high, alpha, words in (("0.05", "0.95", 0.22, "90 %"), ("0.25", "0.75", 0.45, "50 %")):
        axis.fill_between(times, shown[low], shown[high], color=UNSEEN.light, alpha=alpha, linewidth=0,
                          label=f"{words} interval")  # fmt: skip
    axis.plot(times, shown["value"], color=INK.light, linewidth=0.9, label="what came")
    axis.xaxis.set_major_locator(mdates.DayLocator())
    axis.xaxis.set_major_formatter(mdates.DateFormatter("%a %d"))
    axis.set_xlim(times.min(), times.max())
    axis.set_ylim(0, None)
    axis.set_ylabel("vehicles an hour")
    figure.legend(*axis.get_legend_handles_labels(), frameon=False, ncols=3, loc="outside lower center")
    return figure
