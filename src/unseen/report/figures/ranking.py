"""Figures of how well kinds are ranked: ROC, dots with intervals, gain matrix, label budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from unseen.evaluation import Estimate, Evaluation, GainMatrix, RocCurve
from unseen.report.content import BudgetCurve, Scored
from unseen.report.style import (
    FILL,
    MUTED,
    NORMAL,
    NUMBER,
    PERCENT,
    TOLD,
    UNSEEN,
    canvas,
    kind_styles,
    label,
    spread,
    styled,
)

_DIVERGING = LinearSegmentedColormap.from_list(
    "gain", ["#b2432f", "#e9a287", "#ffffff", "#8fb8de", "#1f5fa8"]
)


def _roles(evaluation: Evaluation) -> tuple[list[str], list[str]]:
    told = [k.kind for k in evaluation.kinds if k.told]
    return told, [k.kind for k in evaluation.kinds if not k.told]


@styled
def roc(curves: Mapping[str, RocCurve], evaluation: Evaluation, *, floor: float = 0.0) -> Figure:
    """ROC curve of each kind, named at the right in the order of the curves.

    Args:
        curves: kind -> curve, thinned.
        evaluation: says which kinds were told.
        floor: lowest false-alarm rate on a log axis; 0 draws a linear axis.

    """
    figure = canvas(3.5)
    axes = figure.add_subplot()
    styles = kind_styles(*_roles(evaluation))
    told = set(_roles(evaluation)[0])
    grid = np.geomspace(floor, 1, 200) if floor else np.linspace(0, 1, 200)
    axes.plot(grid, grid, color=NORMAL.light, linewidth=1, dashes=(2, 3))
    for name, curve in curves.items():
        colour, dash = styles[name]
        steps: dict[str, Any] = {"drawstyle": "steps-post"} if floor else {}
        axes.plot(curve.fpr, curve.tpr, color=colour, linestyle=dash, **steps)
    if floor:
        axes.set(xscale="log", xlim=(floor, 1))
        axes.xaxis.set_major_formatter(PERCENT)
        axes.minorticks_off()
    else:
        axes.set(xlim=(-0.01, 1))
        axes.xaxis.set_major_formatter(PERCENT)
    axes.set(ylim=(0, 1.015), xlabel="normal rows that raise a false alarm", ylabel="anomalies caught")
    axes.yaxis.set_major_formatter(PERCENT)
    _name_curves(axes, curves, styles, told, at=1e-2 if floor else 0.1)
    return figure


def _name_curves(
    axes: Any, curves: Mapping[str, RocCurve], styles: Mapping[str, Any], told: set[str], *, at: float
) -> None:
    """List the kinds beside the plot, highest curve (at one rate) on top."""
    height = {name: float(np.interp(at, curve.fpr, curve.tpr)) for name, curve in curves.items()}
    names = sorted(height, key=lambda name: height[name])
    places = spread([0.08 + 0.84 * height[name] for name in names], 0.062, 0.02, 0.97)
    for name, place in zip(names, places, strict=True):
        colour, dash = styles[name]
        axes.plot(
            [1.03, 1.085], [place] * 2, color=colour, linestyle=dash, transform=axes.transAxes, clip_on=False
        )
        axes.text(
            1.105,
            place,
            label(name, 18) + (" (told)" if name in told else ""),
            color=colour,
            transform=axes.transAxes,
            va="center",
            fontsize=9,
        )


@styled
def dots(scores: Sequence[Scored], measure: str, axis: str) -> Figure:
    """One measure of every kind with its interval: told kinds above, unseen below, each with its mean.

    The judged score is a filled dot in the colour of its role; the scores beside it are open grey marks.
    """
    evaluation = scores[0].evaluation
    if evaluation is None:
        raise ValueError("dots need an evaluation")
    rows = _dot_rows(evaluation)
    others = [scored for scored in scores[1:] if scored.evaluation is not None][: len(_MARKS)]
    figure = canvas(0.95 + 0.3 * len(rows) + 0.2 * (len(others) > 0))
    axes = figure.add_subplot()
    for y, (kind, is_told, _) in enumerate(rows):
        _dot_row(axes, y, kind, is_told, [(scores[0], ""), *zip(others, _MARKS, strict=False)], measure)
    axes.set_yticks(range(len(rows)), [text for _, _, text in rows])
    for tick, (kind, is_told, _) in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set_color(TOLD.light if is_told else UNSEEN.light)
        tick.set_fontweight("bold" if kind is None else "normal")
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel=axis)
    axes.grid(visible=False, axis="y")
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, -0.015), min(high, 1 + 0.03 * (1 - max(low, 0))))
    axes.xaxis.set_major_formatter(PERCENT if measure.startswith("tpr") else NUMBER)
    if others:
        _marks_key(figure, scores[0].name, [scored.name for scored in others])
    return figure


_MARKS = ("o", "s", "D", "^", "v")


def _dot_rows(evaluation: Evaluation) -> list[tuple[str | None, bool, str]]:
    """Rows from the top: (kind or None for a mean, told, text)."""
    rows: list[tuple[str | None, bool, str]] = []
    for is_told, role in ((True, "told"), (False, "unseen")):
        kinds = [k for k in evaluation.easiest_first() if k.told == is_told]
        if not kinds:
            continue
        rows += [(k.kind, is_told, f"{label(k.kind, 20)} · {k.n:,}") for k in kinds]
        if sum(k.averaged for k in kinds) > 1:
            rows.append((None, is_told, f"mean {role}"))
    return rows


def _dot_row(
    axes: Any, y: int, kind: str | None, is_told: bool, scores: Sequence[tuple[Scored, str]], measure: str
) -> None:
    shifts = np.linspace(-0.2, 0.2, len(scores)) if len(scores) > 1 else [0.0]
    # The judged score lies on the line of its name, the others around it, drawn first.
    shifts = sorted(shifts, key=abs)
    for (scored, mark), shift in list(zip(scores, shifts, strict=True))[::-1]:
        estimate = _estimate(scored.evaluation, kind, is_told, measure)
        if estimate is None or not estimate.known:
            continue
        colour = NORMAL.light if mark else (TOLD.light if is_told else UNSEEN.light)
        if np.isfinite(estimate.low):
            axes.plot(
                [estimate.low, estimate.high], [y + shift] * 2, color=colour, linewidth=1 if mark else 2.2
            )
        face = "none" if mark else colour
        size = 4 if mark else (7 if kind is None else 5.5)
        axes.plot(
            [estimate.value],
            [y + shift],
            mark or ("D" if kind is None else "o"),
            color=colour,
            markerfacecolor=face,
            markersize=size,
            markeredgewidth=1.1,
            zorder=2 if mark else 3,
        )


def _estimate(
    evaluation: Evaluation | None, kind: str | None, is_told: bool, measure: str
) -> Estimate | None:
    if evaluation is None:
        return None
    if kind is None:
        mean = evaluation.told if is_told else evaluation.unseen
        return None if mean is None else getattr(mean, measure)
    found = {k.kind: k for k in evaluation.kinds}
    return getattr(found[kind].measures, measure) if kind in found else None


def _marks_key(figure: Figure, main: str, others: Sequence[str]) -> None:
    signs = {"o": "○", "s": "□", "D": "◇", "^": "△", "v": "▽"}
    text = "   ".join(
        [f"● {label(main)}"] + [f"{signs[m]} {label(n)}" for m, n in zip(_MARKS, others, strict=False)]
    )
    figure.suptitle(text, fontsize=9, color=MUTED.light, x=0.99, ha="right")


@styled
def gains(matrix: GainMatrix) -> Figure:
    """Gain in AUC of each told set (row) on each kind (column); white is none, framed kinds were told."""
    rows, columns = matrix.gain.shape
    figure = canvas(1.3 + 0.42 * rows)
    axes = figure.add_subplot()
    finite = np.abs(matrix.gain[np.isfinite(matrix.gain)])
    bound = max(0.01, float(finite.max(initial=0)))
    axes.pcolormesh(
        np.ma.masked_invalid(matrix.gain),
        cmap=_DIVERGING,
        norm=Normalize(-bound, bound),
        edgecolors=FILL.light,
        linewidth=0.6,
    )
    for i in range(rows):
        for j in range(columns):
            _gain_cell(axes, i, j, matrix, bound)
    axes.set_xticks(
        np.arange(columns) + 0.5,
        [label(k, 14) for k in matrix.kinds],
        rotation=30 if columns > 4 else 0,
        ha="right" if columns > 4 else "center",
    )
    axes.set_yticks(np.arange(rows) + 0.5, [label(t, 18) for t in matrix.told])
    axes.set(ylim=(rows, 0), ylabel="told of", xlabel="judged on")
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return figure


def _signed(value: float) -> str:
    text = f"{value:+.3f}".replace("-", "−")
    return "0.000" if text.endswith("0.000") and len(text) == 6 else text


def _gain_cell(axes: Any, i: int, j: int, matrix: GainMatrix, bound: float) -> None:
    value = matrix.gain[i, j]
    if not np.isfinite(value):
        axes.text(j + 0.5, i + 0.5, "–", ha="center", va="center", color=MUTED.light)
        return
    # Cells keep their colours on dark paper too, so their text is fixed: not one of the page's own colours.
    ink = "#ffffff" if abs(value) > 0.62 * bound else "#15191e"
    axes.text(
        j + 0.5,
        i + 0.5,
        _signed(value),
        ha="center",
        va="center",
        color=ink,
        fontsize=8.5 if len(matrix.kinds) <= 8 else 6,
    )
    if matrix.kinds[j] in matrix.told[i].split(" + "):
        x, y = j + np.array([0.04, 0.96, 0.96, 0.04, 0.04]), i + np.array([0.07, 0.07, 0.93, 0.93, 0.07])
        axes.plot(x, y, color=TOLD.light, linewidth=1.6)


@styled
def budget(curves: Sequence[BudgetCurve], axis: str) -> Figure:
    """Draw a metric against the number of told rows, its interval as a band, curves named at the end."""
    figure = canvas(3.2)
    axes = figure.add_subplot()
    ends = []
    for i, curve in enumerate(curves):
        colour = (UNSEEN if curve.unseen else TOLD).light
        counts = np.array([k for k, _ in curve.points])
        values, low, high = (
            np.array([getattr(e, part) for _, e in curve.points]) for part in ("value", "low", "high")
        )
        x = np.log10(1 + counts)
        axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
        dash = "-" if i == 0 or curves[i - 1].unseen != curve.unseen else (0, (5, 1.5))
        axes.plot(x, values, color=colour, linestyle=dash, marker="o", markersize=4)
        side = "unseen" if curve.unseen else "told"
        ends.append((float(values[-1]), f"{curve.name}, {side}", colour))
    ticks = sorted({k for curve in curves for k, _ in curve.points})
    axes.set_xticks(np.log10(1 + np.array(ticks)), [f"{k:,}" for k in ticks])
    axes.set(xlabel="known anomalies the detector was told of", ylabel=axis)
    axes.yaxis.set_major_formatter(NUMBER)
    low_y, high_y = axes.get_ylim()
    places = spread([end[0] for end in ends], 0.075 * (high_y - low_y), low_y, high_y)
    for (_, name, colour), place in zip(ends, places, strict=True):
        axes.text(
            1.02,
            (place - low_y) / (high_y - low_y),
            label(name, 20),
            color=colour,
            fontsize=9,
            transform=axes.transAxes,
            va="center",
        )
    return figure
