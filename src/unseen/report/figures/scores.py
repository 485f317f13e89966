"""Figures of the scores themselves: histograms by kind, calibration of the p-values."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray

from unseen.evaluation import CalibrationCurve, FalseAlarms
from unseen.report.content import Scored
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
    percent,
    styled,
)

Floats = NDArray[np.float64]
MOST_KINDS = 12


def score_edges(scored: Scored, bins: int = 56) -> Floats:
    """Bin edges shared by all kinds: log-spaced where the scores are positive and span decades."""
    every = np.concatenate([scored.normal, *scored.kinds.values()])
    every = every[np.isfinite(every)]
    if every.size == 0:
        return np.linspace(0, 1, bins + 1)
    low, high = float(every.min()), float(every.max())
    if low > 0 and high / float(np.median(scored.normal)) > 30:
        return np.geomspace(float(np.quantile(every, 0.0005)), high * 1.0001, bins + 1)
    margin = (high - low) * 0.001 or 0.5
    return np.linspace(low - margin, high + margin, bins + 1)


def shares(rows: Floats, edges: Floats, weights: Floats | None = None) -> Floats:
    """Share of rows, or of their weight, in each bin, (b,); scores beyond the edges count in the end bins."""
    counts, _ = np.histogram(np.clip(rows, edges[0], edges[-1]), edges, weights=weights)
    return np.asarray(counts / (max(rows.size, 1) if weights is None else weights.sum()))


@styled
def histograms(scored: Scored, threshold: float | None = None) -> Figure:
    """One strip a kind on a common axis, log heights, the normal rows in grey behind each.

    Args:
        scored: the score; at most twelve kinds are drawn, the hardest to rank.
        threshold: score of the 1 % false-alarm rate, drawn through all strips.

    """
    told = {k.kind for k in scored.evaluation.kinds if k.told} if scored.evaluation else set()
    kinds = scored.hardest(MOST_KINDS)
    # sorted() is stable: told kinds first, each group in the order it had.
    strips: list[str | None] = [*sorted(kinds, key=lambda name: name not in told)] or [None]
    figure = canvas(0.75 + 0.62 * len(strips))
    edges = score_edges(scored)
    every = {
        name: shares(rows, edges, scored.weights_of(name))
        for name, rows in scored.kinds.items()
        if name in kinds
    }
    normal = shares(scored.normal, edges, scored.normal_weights)
    floor = 0.4 / max(scored.normal.size, 1)
    styles = kind_styles(*_in_order(scored, told))
    grid: Any = figure.subplots(len(strips), 1, sharex=True, sharey=True, squeeze=False)
    for axes, name in zip(grid[:, 0], strips, strict=True):
        axes.stairs(np.maximum(normal, floor), edges, baseline=floor, fill=True, color=FILL.light)
        if name is not None:
            colour = styles[name][0]
            axes.stairs(
                np.maximum(every[name], floor), edges, baseline=floor, fill=True, color=colour, alpha=0.3
            )
            axes.stairs(np.maximum(every[name], floor), edges, baseline=floor, color=colour, linewidth=1.3)
            text = f"{label(name, 17)}\n{'told' if name in told else 'unseen'}, n={scored.kinds[name].size:,}"
            axes.text(1.015, 0.5, text, color=colour, transform=axes.transAxes, va="center", fontsize=8.5)
        _strip(axes, edges, floor, threshold)
    grid[-1, 0].set_xlabel(f"score “{label(scored.name)}” (higher is stranger)")
    if threshold is not None:
        grid[0, 0].set_title("1 % false alarms ▸", fontsize=8.5, color=MUTED.light, loc="left", pad=3)
        _place_title(grid[0, 0], threshold)
    return figure


def _in_order(scored: Scored, told: set[str]) -> tuple[list[str], list[str]]:
    names = [k.kind for k in scored.evaluation.kinds] if scored.evaluation else list(scored.kinds)
    return [n for n in names if n in told], [n for n in names if n not in told]


def _strip(axes: Any, edges: Floats, floor: float, threshold: float | None) -> None:
    axes.set(yscale="log", ylim=(floor, 1), xlim=(edges[0], edges[-1]))
    if edges[0] > 0 and not np.isclose(edges[1] - edges[0], edges[-1] - edges[-2]):
        axes.set_xscale("log")
    axes.yaxis.set_major_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(NUMBER)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    if threshold is not None:
        axes.axvline(threshold, color=INK.light, linewidth=1, linestyle=(0, (3, 2)))


def _place_title(axes: Any, threshold: float) -> None:
    """Move the words to the line they belong to, on the side that has room."""
    left, right = axes.get_xlim()
    if axes.get_xscale() == "log":
        left, right, threshold = np.log([left, right, threshold])
    share = float(np.clip((threshold - left) / (right - left), 0, 1))
    axes.set_title("", loc="left")
    words, side = ("1 % false alarms ▸", "left") if share < 0.6 else ("◂ 1 % false alarms", "right")
    axes.text(
        share, 1.03, words, transform=axes.transAxes, ha=side, va="bottom", fontsize=8.5, color=MUTED.light
    )


@styled
def calibration(curve: CalibrationCurve, marks: tuple[FalseAlarms, ...] = ()) -> Figure:
    """Realised against stated false-alarm rate, both logarithmic, with the exact binomial band."""
    figure = canvas(3.5)
    axes = figure.add_subplot()
    floor = float(curve.stated[0])
    axes.plot([floor, 1], [floor, 1], color=NORMAL.light, linewidth=1, dashes=(2, 3))
    bottom = floor / 3
    axes.fill_between(
        curve.stated, np.maximum(curve.low, bottom), curve.high, color=UNSEEN.light, alpha=0.16, linewidth=0
    )
    axes.plot(
        curve.stated,
        np.where(curve.realised > 0, curve.realised, np.nan),
        color=UNSEEN.light,
        drawstyle="steps-post",
    )
    axes.set(xscale="log", yscale="log", xlim=(floor, 1), ylim=(bottom, 1.3))
    for mark in marks:
        if mark.alarms and mark.stated > floor:
            axes.plot([mark.stated], [mark.realised.value], "o", color=UNSEEN.light, markersize=6)
            axes.annotate(
                f"{percent(mark.stated)} stated\n{100 * mark.realised.value:.3g} % seen",
                (mark.stated, mark.realised.value),
                xytext=(8, -9),
                textcoords="offset points",
                va="top",
                fontsize=8.5,
            )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(10))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(PERCENT)
    axes.set(xlabel="stated false-alarm rate", ylabel="realised on fresh normal rows")
    return figure
