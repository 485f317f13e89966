"""Figures of single rows: contribution bars, image grids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unseen.report.content import ImageRow, TopAnomaly
from unseen.report.style import FILL, INK, MUTED, canvas, label, styled

Floats = NDArray[np.float64]


@styled
def contributions(top: Sequence[TopAnomaly], *, features: int = 5) -> Figure:
    """Bars of the largest parts of each row's score, with the value the row had; all rows share one axis."""
    figure = canvas(0.5 + sum(0.42 + 0.235 * min(features, len(row.contributions)) for row in top))
    ratios = [1.2 + min(features, len(row.contributions)) for row in top]
    grid: Any = figure.subplots(len(top), 1, sharex=True, squeeze=False, height_ratios=ratios)
    for axes, row in zip(grid[:, 0], top, strict=True):
        _bars(axes, row, features)
    low, high = grid[0, 0].get_xlim()
    # Room for the number beyond the longest bar.
    grid[0, 0].set_xlim(low - (0.1 * (high - low) if low < 0 else 0), high + 0.1 * (high - low))
    grid[-1, 0].set_xlabel("part of the score")
    return figure


def _bars(axes: Any, row: TopAnomaly, features: int) -> None:
    parts = row.contributions[:features]
    y = np.arange(len(parts))
    amounts = np.array([part.amount for part in parts])
    axes.barh(y, amounts, color=[MUTED.light if a >= 0 else FILL.light for a in amounts], height=0.66)
    for i, amount in enumerate(amounts):
        axes.annotate(
            f"{amount:+.3g}".replace("-", "−"),
            (amount, i),
            xytext=(3 if amount >= 0 else -3, 0),
            textcoords="offset points",
            va="center",
            ha="left" if amount >= 0 else "right",
            fontsize=8,
            color=MUTED.light,
        )
    axes.set_yticks(
        y, [f"{label(part.feature, 22)} = {label(part.value, 10)}" for part in parts], fontsize=8.5
    )
    axes.set(ylim=(len(parts) - 0.4, -0.6))
    for tick in axes.get_yticklabels():
        tick.set_color(INK.light)
    axes.set_title(
        f"row {label(row.row)}" + (f" · {label(row.kind)}" if row.kind else "") + f" · score {row.score:.4g}",
        fontsize=9,
        loc="left",
        color=INK.light,
        fontweight="bold",
        pad=3,
    )
    axes.grid(visible=False, axis="y")
    axes.spines["bottom"].set_visible(False)
    axes.axvline(0, color=MUTED.light, linewidth=0.8)


@styled
def images(rows: Sequence[ImageRow], *, most: int = 8) -> Figure:
    """Strange images, what the model made of them, and the absolute residual, column by column."""
    shown = rows[:most]
    strips = (
        _strip([row.image for row in shown]),
        _strip([row.reconstruction for row in shown]),
        _strip([_residual(row) for row in shown]),
    )
    low, high = min(0.0, float(np.nanmin(strips[0]))), max(1.0, float(np.nanmax(strips[0])))
    figure = canvas(0.35 + 3 * 4.6 / max(len(shown), 5))
    grid: Any = figure.subplots(3, 1, squeeze=False)
    for axes, strip, name in zip(grid[:, 0], strips, ("image", "rebuilt", "residual"), strict=True):
        # matplotlib draws one picture a strip: a grid of small axes takes ten times as long.
        if name == "residual":
            axes.imshow(strip, cmap="inferno", vmin=0, interpolation="nearest")
        else:
            axes.imshow(np.clip(strip, low, high), cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name, fontsize=9)
    width = strips[0].shape[1] / len(shown)
    for i, row in enumerate(shown):
        grid[0, 0].text(
            (i + 0.5) * width - 0.5, -1, label(row.caption, 13), ha="center", va="bottom", fontsize=8.5
        )
    return figure


def _residual(row: ImageRow) -> Floats:
    apart = np.abs(row.image - row.reconstruction)
    return np.asarray(apart.mean(axis=-1) if apart.ndim == 3 else apart)


def _strip(pictures: Sequence[Floats]) -> Floats:
    """Lay pictures of one size side by side, with a gap of NaN (drawn as nothing) around each."""
    gap = max(1, pictures[0].shape[1] // 20)
    padding = [(0, 0), (gap, gap)] + [(0, 0)] * (pictures[0].ndim - 2)
    return np.concatenate([np.pad(p, padding, constant_values=np.nan) for p in pictures], axis=1)
