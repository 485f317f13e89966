"""Figures of the model: relevance of the latent units, training trace."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from unseen.report.content import Latent, Trace
from unseen.report.style import (
    FILL,
    INK,
    MUTED,
    NORMAL,
    NUMBER,
    TOLD,
    UNSEEN,
    canvas,
    label,
    spread,
    styled,
)

MOST_UNITS = 40


@styled
def latent(units: Latent) -> Figure:
    """Bars of relevance, falling; units that carry nothing are grey and counted."""
    order = np.argsort(-units.relevance, kind="stable")[:MOST_UNITS]
    names = units.names or tuple(f"z{i}" for i in range(units.relevance.size))
    figure = canvas(3.0)
    axes = figure.add_subplot()
    colours = [FILL.light if units.noise[i] else UNSEEN.light for i in order]
    axes.bar(range(order.size), units.relevance[order], color=colours, width=0.78)
    small = 7.5 if order.size > 16 else 9
    turn = 90 if order.size > 16 or max(len(label(names[i], 8)) for i in order) > 4 else 0
    axes.set_xticks(range(order.size), [label(names[i], 8) for i in order], fontsize=small, rotation=turn)
    axes.set(ylabel=units.unit, xlim=(-0.7, order.size - 0.3))
    axes.yaxis.set_major_formatter(NUMBER)
    axes.grid(visible=False, axis="x")
    noisy = int(units.noise.sum())
    live = units.relevance.size - noisy
    axes.text(
        0.99,
        0.97,
        f"{live} of {units.relevance.size} units carry information",
        color=UNSEEN.light,
        transform=axes.transAxes,
        ha="right",
        va="top",
    )
    if noisy:
        axes.text(
            0.99,
            0.89,
            f"{noisy} at the prior: noise (below {number_text(units.threshold)})",
            color=MUTED.light,
            transform=axes.transAxes,
            ha="right",
            va="top",
            fontsize=9,
        )
    return figure


def number_text(value: float) -> str:
    """Write a small number shortly."""
    return f"{value:.3g}"


@styled
def trace(history: Trace) -> Figure:
    """Loss of held-out normals and known anomalies against the step, log scale, over the ramp."""
    figure = canvas(3.2)
    axes = figure.add_subplot()
    ends = []
    for values, name, colour in (
        (history.known, "known\nanomalies", TOLD.light),
        (history.normal, "held-out\nnormals", INK.light),
    ):
        seen = np.flatnonzero(np.isfinite(values) & (values > 0)) if values.size else np.empty(0, dtype=int)
        if seen.size:
            # a single look has no line
            axes.plot(history.step[seen], values[seen], color=colour, marker="o" if seen.size == 1 else "")
            ends.append((float(values[seen[-1]]), name, colour))
    axes.set(yscale="log", xlabel="training step", ylabel=history.unit)
    _room(axes, history)
    axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(NUMBER)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(NUMBER)
    axes.margins(x=0)
    _ramp(axes, history)
    _events(axes, history)
    low, high = np.log(axes.get_ylim())
    lowest = 0.2 if history.ramp.size else 0.05
    places = spread([(np.log(value) - low) / (high - low) for value, _, _ in ends], 0.13, lowest, 0.95)
    for (_, name, colour), place in zip(ends, places, strict=True):
        axes.text(1.02, place, name, color=colour, fontsize=9, transform=axes.transAxes, va="center")
    return figure


def _room(axes: Any, history: Trace) -> None:
    """Leave space for the ramp below the curves and for the names of the events above them."""
    low, high = np.log(axes.get_ylim())
    below = 0.24 * (high - low) if history.ramp.size else 0.0
    above = 0.08 * (high - low) * len(history.events)
    axes.set_ylim(np.exp(low - below), np.exp(high + above))


def _ramp(axes: Any, history: Trace) -> None:
    if not history.ramp.size:
        return
    floor = axes.twinx()
    floor.fill_between(history.step, 0, history.ramp, color=NORMAL.light, alpha=0.22, linewidth=0)
    floor.set(ylim=(0, 6), yticks=[])
    floor.grid(visible=False)
    floor.spines["left"].set_visible(False)
    # beside the area like the names of the curves, where nothing else is drawn
    floor.text(
        1.02,
        0.07,
        "weight of\nthe known",
        transform=floor.transAxes,
        va="center",
        color=MUTED.light,
        fontsize=8.5,
    )
    axes.set_zorder(floor.get_zorder() + 1)


def _events(axes: Any, history: Trace) -> None:
    for i, (step, text) in enumerate(sorted(history.events.items())):
        axes.axvline(step, color=MUTED.light, linewidth=1, linestyle=(0, (3, 2)))
        late = step > 0.6 * history.step[-1]
        axes.annotate(
            label(text, 34),
            (step, 1),
            xycoords=("data", "axes fraction"),
            fontsize=8.5,
            xytext=(-5 if late else 5, -2 - 12 * i),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top",
            color=MUTED.light,
        )
