"""Figures of the study: do chances hold, what alarms cost, how early they come, one week of a street."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.dates as mdates
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

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
    styled,
)

Floats = NDArray[np.float64]

RED, YELLOW = TOLD.light, WARM[1].light
OTHERS = (NORMAL, WARM[1], COOL[1], COOL[2], TOLD, WARM[2], COOL[3], MUTED)


def looks(names: list[str], main: str, bound: str) -> dict[str, dict[str, Any]]:
    """Give each line its colour and dash; the main one is blue and wide, the bound dotted ink."""
    found: dict[str, dict[str, Any]] = {}
    others = [name for name in names if name not in (main, bound)]
    for place, name in enumerate(others):
        turn = place + place // len(OTHERS)
        colour, dash = OTHERS[place % len(OTHERS)].light, DASHES[turn % len(DASHES)]
        found[name] = {"color": colour, "linestyle": dash, "linewidth": 1.3}
    found[main] = {"color": UNSEEN.light, "linewidth": 2.4, "zorder": 4}
    found[bound] = {"color": INK.light, "linestyle": (0, (1, 1.5)), "linewidth": 1.6}
    return found


@styled
def curves(lines: Mapping[str, tuple[Floats, Floats]], main: str, bound: str, budget: float) -> Figure:
    """Onset recall over false red slots a day, one line a chance; names below."""
    figure = canvas(4.6)
    axis = figure.subplots()
    look = looks(list(lines), main, bound)
    for name, (false, onset) in lines.items():
        axis.plot(false, onset, label=name, **look[name])
    axis.axvline(budget, color=FILL.light, linewidth=1.2, zorder=0)
    axis.text(budget + 0.08, 0.97, f"budget of {budget:g}", color=MUTED.light, va="top",
              transform=axis.get_xaxis_transform(), fontsize=8.5)  # fmt: skip
    axis.set(xlim=(0, 8), ylim=(0, 0.8), xlabel="false red slots a sensor-day", ylabel="onset recall")
    axis.yaxis.set_major_formatter(PERCENT)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8.5)
    return figure


@styled
def reliability(said: Floats, came: Floats, slots: Floats) -> Figure:
    """Share of slots that turned red over the chance that was given, and how many slots there were."""
    figure = canvas(3.9)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.plot([0, 1], [0, 1], color=NORMAL.light, linewidth=1, linestyle=DASHES[1])
    above.plot(said, came, color=UNSEEN.light, linewidth=2, marker="o", markersize=4)
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that turned red")
    below.bar(said, slots, width=0.045, color=FILL.light)
    below.set_yscale("log")
    below.set(xlabel="chance of red, as said half an hour before", ylabel="slots")
    below.yaxis.set_major_formatter(NUMBER)
    for axis in (above, below):
        axis.xaxis.set_major_formatter(PERCENT)
    above.yaxis.set_major_formatter(PERCENT)
    return figure


@styled
def leads(lines: Mapping[str, tuple[Floats, Floats]], main: str) -> Figure:
    """Share of episodes warned of at least so many minutes before their start."""
    figure = canvas(3.9)
    axis = figure.subplots()
    for place, (name, (minutes, share)) in enumerate(lines.items()):
        colour = UNSEEN.light if name == main else OTHERS[place % len(OTHERS)].light
        width, dash = (2.4, "-") if name == main else (1.3, DASHES[place % len(DASHES)])
        axis.plot(
            minutes,
            share,
            color=colour,
            linewidth=width,
            linestyle=dash,
            marker="o",
            markersize=3,
            label=name,
        )
    axis.axvline(0, color=FILL.light, linewidth=1.2, zorder=0)
    axis.set(ylim=(0, 1), xlabel="minutes before an episode, at least", ylabel="share of episodes")
    axis.set_xticks(next(iter(lines.values()))[0])
    axis.yaxis.set_major_formatter(PERCENT)
    figure.legend(loc="outside lower center", ncols=1, frameon=False, fontsize=8.5)
    return figure


@styled
def week(times: NDArray[np.datetime64], columns: Mapping[str, Floats], sensor: str) -> Figure:
    """Seven days of a street, one below the other: what came, what was expected, thresholds and alarms."""
    days = times.astype("datetime64[D]")
    each = np.unique(days)
    figure = canvas(1.05 * len(each) + 0.9)
    axes = np.atleast_1d(figure.subplots(len(each), 1, sharey=True))
    most = 1.08 * np.nanmax([columns["value"], columns["0.95"]])
    for axis, day in zip(axes, each, strict=True):
        mine = days == day
        _day(axis, times[mine], {name: column[mine] for name, column in columns.items()})
        axis.set(ylim=(0, most), xlim=(day, day + np.timedelta64(1, "D")))
        axis.set_title(f"{day.astype(object):%a %d %b}", loc="left", fontsize=8.5, color=INK.light, pad=2)
        axis.set_xticks([day + np.timedelta64(hour, "h") for hour in range(0, 25, 4)])
        axis.xaxis.set_major_formatter(mdates.DateFormatter("%H" if axis is axes[-1] else ""))
    axes[-1].set_xlabel("hour of the local day")
    axes[len(axes) // 2].set_ylabel(f"vehicles an hour, sensor {sensor}")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False, fontsize=8.5)
    return figure


def _day(axis: Any, times: NDArray[np.datetime64], day: Mapping[str, Floats]) -> None:
    axis.fill_between(times, day["0.05"], day["0.95"], color=COOL[0].light, alpha=0.15, linewidth=0,
                      label="90 % of the forecast")  # fmt: skip
    axis.fill_between(times, day["0.25"], day["0.75"], color=COOL[0].light, alpha=0.25, linewidth=0,
                      label="50 %")  # fmt: skip
    axis.plot(times, day["value"], color=INK.light, linewidth=1.1, label="what came")
    axis.plot(times, day["yellow"], color=YELLOW, linewidth=1, linestyle=DASHES[2], label="yellow from")
    axis.plot(times, day["red"], color=RED, linewidth=1, linestyle=DASHES[1], label="red from")
    axis.fill_between(times, 0, 0.07, where=day["on"] > 0, step="mid", color=RED, linewidth=0,
                      transform=axis.get_xaxis_transform(), label="alarm on")  # fmt: skip
