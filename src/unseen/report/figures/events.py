"""Figures of event images: displays by channel, maps of a two-number code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unseen.report.search_content import CodeMap, EventDisplay
from unseen.report.style import FILL, INK, NORMAL, canvas, kind_styles, label, spread, styled

Floats = NDArray[np.float64]
GEV = (0.0, 1.0, 10.0, 100.0, 1000.0)
# Points drawn of the normal rows and of each kind: more hide each other.
MOST_POINTS = 400


@styled
def displays(events: Sequence[EventDisplay]) -> Figure:
    """Event images, what the model made of them and the difference, channel by channel; one colour scale."""
    figure = canvas(0.75 + 3 * 5.0 * _height(events) / _width(events))
    grid: Any = figure.subplots(3, 1)
    given, made = (
        [np.concatenate([_padded(part) for part in parts], axis=1) for parts in stack]
        for stack in ([e.image for e in events], [e.rebuilt for e in events])
    )
    top = max(float(np.nanmax(strip)) for strip in given) or 1.0
    apart = [two - one for one, two in zip(given, made, strict=True)]
    spread_of = max(float(np.nanquantile(np.abs(strip), 0.999)) for strip in apart) or 1.0
    pictures = {"event": (given, "magma", 0.0, top), "rebuilt": (made, "magma", 0.0, top),
                "difference": (apart, "RdBu_r", -spread_of, spread_of)}  # fmt: skip
    for axes, (name, (strips, colours, low, high)) in zip(grid, pictures.items(), strict=True):
        strip = np.concatenate([_framed(s) for s in strips], axis=1)
        image = axes.imshow(strip, cmap=colours, vmin=low, vmax=high, interpolation="nearest", aspect="auto")
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name, fontsize=9)
        if not events[0].masks:
            _scale(figure, axes, image, signed=name == "difference")
        else:
            _chances(figure, axes, image)
    _captions(grid, events, given)
    return figure


def _chances(figure: Figure, axes: Any, image: Any) -> None:
    bar = figure.colorbar(image, ax=axes, pad=0.012, fraction=0.03, aspect=14)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7.5)
    bar.ax.set_title("lit", fontsize=7.5, pad=2, loc="left")


def _scale(figure: Figure, axes: Any, image: Any, *, signed: bool) -> None:
    high = float(image.norm.vmax)
    ticks = [g for g in GEV if np.log1p(g) <= high * 1.001]
    marks = [-np.log1p(g) for g in ticks[:0:-1]] if signed else []
    bar = figure.colorbar(image, ax=axes, pad=0.012, fraction=0.03, aspect=14)
    bar.set_ticks(
        [*marks, *(np.log1p(g) for g in ticks)],
        labels=[f"−{g:g}" for g in (ticks[:0:-1] if signed else [])] + [f"{g:g}" for g in ticks],
    )
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7.5)
    bar.ax.set_title("GeV", fontsize=7.5, pad=2, loc="left")


def _captions(grid: Any, events: Sequence[EventDisplay], strips: Sequence[Floats]) -> None:
    left = 0
    for event, strip in zip(events, strips, strict=True):
        width = strip.shape[1] + 4
        middle = left + width / 2 - 0.5
        grid[0].text(
            middle, -13, label(event.caption, 30), ha="center", va="bottom", fontsize=8.5, color=INK.light
        )
        each = event.image.shape[2] + 2
        for place, name in enumerate(event.channels):
            x = left + 2 + (place + 0.5) * each - 0.5
            grid[0].text(x, -2, name, ha="center", va="bottom", fontsize=7.5)
        left += width


def _padded(channel: Floats) -> Floats:
    return np.pad(channel, [(0, 0), (1, 1)], constant_values=np.nan)


def _framed(strip: Floats) -> Floats:
    return np.pad(strip, [(0, 0), (2, 2)], constant_values=np.nan)


def _height(events: Sequence[EventDisplay]) -> int:
    return int(events[0].image.shape[1])


def _width(events: Sequence[EventDisplay]) -> int:
    return sum(4 + e.image.shape[0] * (2 + e.image.shape[2]) for e in events)


@styled
def code_map(found: CodeMap, values: Floats, name: str, told: Sequence[str] = ()) -> Figure:
    """Draw the two numbers of the code: left coloured by a variable, right by kind, normal rows grey."""
    figure = canvas(2.9)
    grid: Any = figure.subplots(1, 2, sharex=True, sharey=True)
    rows = _picked(found)
    limits = np.quantile(found.code, [0.002, 0.998], axis=0)
    room = 0.06 * np.maximum(limits[1] - limits[0], 1e-9)
    if values.size:
        order = rows[np.argsort(values[rows], kind="stable")]
        dots = grid[0].scatter(
            *found.code[order].T, c=np.maximum(values[order], 0), s=5, cmap="viridis", linewidths=0,
            norm="linear",
        )  # fmt: skip
        bar = figure.colorbar(dots, ax=grid[0], location="top", pad=0.02, fraction=0.05, aspect=30)
        bar.set_label(label(name), fontsize=8.5)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=7.5)
    kinds = sorted(set(found.kinds[~found.normal].tolist()))
    styles = kind_styles([k for k in kinds if k in told], [k for k in kinds if k not in told])
    ordinary = rows[found.normal[rows]]
    grid[1].scatter(*found.code[ordinary].T, s=5, color=NORMAL.light, linewidths=0)
    for kind in kinds:
        own = rows[(found.kinds[rows] == kind) & ~found.normal[rows]]
        grid[1].scatter(*found.code[own].T, s=5, color=styles[kind][0], alpha=0.75, linewidths=0)
    entries = [("normal", NORMAL.light), *((kind, styles[kind][0]) for kind in kinds)]
    places = spread(list(np.linspace(0.97, 0.5, len(entries))), 0.075, 0.02, 0.97)
    for (kind, colour), place in zip(entries, places, strict=True):
        grid[1].text(
            1.03, place, label(kind, 14), color=colour, transform=grid[1].transAxes, fontsize=8.5, va="center"
        )
    for axes in grid:
        axes.set(
            xlim=(limits[0, 0] - room[0], limits[1, 0] + room[0]),
            ylim=(limits[0, 1] - room[1], limits[1, 1] + room[1]),
            xlabel="first number of the code",
        )
        axes.spines["bottom"].set_color(FILL.light)
    grid[0].set_ylabel("second number")
    return figure


def _picked(found: CodeMap) -> NDArray[np.intp]:
    """Rows to draw: evenly spaced ones of the normal rows and of every kind."""
    kept = []
    for mask in (found.normal, *(found.kinds == kind for kind in np.unique(found.kinds[~found.normal]))):
        rows = np.flatnonzero(mask & (found.normal == found.normal[mask][0]))
        kept.append(rows[:: max(1, -(-rows.size // MOST_POINTS))])
    return np.concatenate(kept)
