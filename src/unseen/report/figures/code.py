"""Figures of a latent code: spectra, counts, what is lost without units, what they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import NDArray

from unseen.latent.scan import Scan
from unseen.latent.zeroing import ZeroOut
from unseen.report.style import FILL, INK, MUTED, NORMAL, NUMBER, TOLD, UNSEEN, canvas, label, styled
from unseen.structure import Dimension

Floats = NDArray[np.float64]

MOST_UNITS = 64
# From paper to the colour of what counts; both are legible on light and on dark paper.
SHADES = LinearSegmentedColormap.from_list("shades", ["#eef2f6", UNSEEN.light, "#00304d"])
SIDES = LinearSegmentedColormap.from_list("sides", [TOLD.light, "#f2f3f5", UNSEEN.light])


@styled
def spectrum(
    values: Floats, counted: NDArray[np.bool_], *, axis: str, line: float, law: Floats | None = None
) -> Figure:
    """Sorted values of the units: those that count filled, the others grey, the closed form as open rings."""
    order = np.argsort(-np.nan_to_num(values, nan=-1.0), kind="stable")
    order = order[np.isfinite(values[order])][:MOST_UNITS]
    figure = canvas(3.1)
    axes = figure.add_subplot()
    places, floor = np.arange(1, order.size + 1), 10 ** np.floor(np.log10(line) - 2)
    shown = np.maximum(values[order], floor)
    if law is not None and law.size:
        used = np.flatnonzero(law[: max(order.size, 1)] > floor)
        axes.plot(
            used + 1, law[used], "o", mfc="none", mec=MUTED.light,
            mew=1.2, markersize=9, label="a linear VAE, from PCA",
        )  # fmt: skip
    sides = ((counted, UNSEEN.light, "that count"), (~counted, NORMAL.light, "of noise"))
    for every, colour, name in sides:
        marks, total = every[order], int(every.sum())
        if marks.any():
            axes.plot(places[marks], shown[marks], "o", color=colour, markersize=5, label=f"{total} {name}")
    axes.axhline(line, color=MUTED.light, linewidth=0.9, linestyle=(0, (3, 2)))
    first = f", {order.size} of {values.size}" if order.size < values.size else ""
    axes.set(yscale="log", xlabel=f"unit, most relevant first{first}", ylabel=axis)
    axes.set_ylim(floor * 0.8, None)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.yaxis.set_major_formatter(NUMBER)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.legend(frameon=False, fontsize=9, loc="lower left")
    return figure


@styled
def tally(
    counts: Mapping[str, int], rank: int | None, linear: int | None, found: Sequence[Dimension]
) -> Figure:
    """Three kinds of counts, one below the other: units by each rule, PCA rank, intrinsic dimension."""
    rows: list[tuple[str, float, tuple[float, float] | None, str]] = [
        (rule, float(count), None, UNSEEN.light) for rule, count in counts.items()
    ]
    if linear is not None:
        rows.append(("linear VAE, rho > 1", float(linear), None, MUTED.light))
    if rank is not None:
        rows.append(("PCA rank", float(rank), None, INK.light))
    for one in found:
        interval = None if np.isnan(one.low) else (one.value - one.low, one.high - one.value)
        rows.append((f"dimension, {one.estimator}", one.value, interval, TOLD.light))
    figure = canvas(0.75 + 0.27 * len(rows))
    axes = figure.add_subplot()
    for place, (_, value, interval, colour) in enumerate(rows):
        error = None if interval is None else np.array(interval)[:, None]
        axes.errorbar(value, place, xerr=error, fmt="o", color=colour, markersize=6, elinewidth=1.2)
        written = f"{value:.0f}" if interval is None and float(value).is_integer() else f"{value:.1f}"
        axes.annotate(
            written, (value, place), xytext=(8, 5), textcoords="offset points", color=colour, fontsize=8.5
        )
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.set(ylim=(len(rows) - 0.4, -0.7), xlabel="count")
    values = [value for _, value, *_ in rows if value > 0]
    if values and max(values) > 30 * min(values):
        axes.set(xscale="log", xlim=(min(values) / 2, max(values) * 2))
        axes.xaxis.set_major_formatter(NUMBER)
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.set_xlim(0, 1.12 * max(values, default=1.0))
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    return figure


@styled
def against_beta(found: Scan, dimensions: Sequence[float]) -> Figure:
    """Units with rho > 1 against beta, over the rho of each unit, and the band of the dimension."""
    betas = np.array(sorted({fit.beta for fit in found.fits}))
    ratio = np.array(
        [np.mean([fit.sorted_ratio for fit in found.fits if fit.beta == beta], axis=0) for beta in betas]
    )
    counted = [found.counted(float(beta))["rho > 1"] for beta in betas]
    figure = canvas(3.2)
    axes = figure.add_subplot()
    axes.plot(betas, ratio, color=NORMAL.light, linewidth=1.1, marker="o", markersize=2.5)
    axes.set(xscale="log", yscale="log", xlabel="beta of the summed error", ylabel="rho", ylim=(0.01, None))
    axes.axhline(1.0, color=MUTED.light, linewidth=0.9, linestyle=(0, (3, 2)))
    axes.yaxis.set_major_formatter(NUMBER)
    axes.set_xticks(betas, [f"{beta:g}" for beta in betas])
    axes.xaxis.set_minor_locator(NullLocator())
    right = axes.twinx()
    if dimensions:
        right.axhspan(min(dimensions), max(dimensions), color=TOLD.light, alpha=0.25, linewidth=0)
    middle = np.array([np.mean(each) for each in counted])
    ends = np.array([[m - min(each), max(each) - m] for m, each in zip(middle, counted, strict=True)]).T
    right.errorbar(betas, middle, yerr=ends, fmt="o-", color=UNSEEN.light, markersize=6, capsize=3)
    right.set(ylim=(0, ratio.shape[1] + 0.5))
    right.set_ylabel("units with rho > 1", color=UNSEEN.light)
    right.tick_params(axis="y", labelcolor=UNSEEN.light)
    right.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    right.grid(visible=False)
    return figure


@styled
def kept(zero: ZeroOut) -> Figure:
    """Error against the number of units kept: the most relevant, and as many by chance."""
    figure = canvas(3.1)
    axes = figure.add_subplot()
    units = zero.singly.shape[0]
    steps = np.concatenate([[0], zero.counts, [units]])
    ends = [zero.none[0]], [zero.full[0]]
    top = np.concatenate([ends[0], zero.top[:, 0], ends[1]])
    chance = np.concatenate([ends[0], zero.chance[:, :, 0].mean(0), ends[1]])
    axes.plot(steps, chance, color=NORMAL.light, marker="o", markersize=3.5, label="as many by chance")
    axes.plot(steps, top, color=UNSEEN.light, marker="o", markersize=4.5, label="the most relevant kept")
    axes.plot(
        units - zero.spare.size, zero.together[0], "D", color=TOLD.light, markersize=7, mfc="none", mew=1.6,
        clip_on=False, label=f"the {zero.spare.size} spare units gone",
    )  # fmt: skip
    axes.set(xlabel="units kept; the others stand at their mean", ylabel="error E of a row", ylim=(0, None))
    if units > 64:
        axes.set_xscale("symlog", linthresh=1.0)
        axes.set_xlim(-0.15, 1.3 * units)
        axes.xaxis.set_major_formatter(NUMBER)
        axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(NUMBER)
    axes.legend(frameon=False, fontsize=9, loc="lower left")
    return figure


@styled
def heat(
    values: Floats,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    marks: NDArray[np.bool_] | None = None,
    signed: bool = False,
    unit: str = "",
) -> Figure:
    """Values (R, C) as shades by size; a dot where `marks` says that it is not chance."""
    figure = canvas(1.3 + 0.24 * len(rows) + (0.5 if len(columns) > 8 else 0.0))
    axes = figure.add_subplot()
    most = float(np.nanmax(np.abs(values))) if signed and np.isfinite(values).any() else 1.0
    image = axes.imshow(
        np.nan_to_num(values), aspect="auto", interpolation="nearest", cmap=SIDES if signed else SHADES,
        vmin=-(most or 1.0) if signed else 0.0, vmax=most or 1.0,
    )  # fmt: skip
    axes.grid(visible=False)
    axes.set_yticks(range(len(rows)), [label(name, 14) for name in rows])
    turn = 90 if len(columns) > 8 else 0 if sum(len(label(name, 16)) for name in columns) < 40 else 35
    axes.set_xticks(
        range(len(columns)), [label(name, 16) for name in columns], rotation=turn,
        ha="right" if turn == 35 else "center", rotation_mode="anchor" if turn == 35 else "default",
        fontsize=7.5 if len(columns) > 20 else 8.5,
    )  # fmt: skip
    if marks is not None and len(columns) <= 40:
        down, across = np.nonzero(marks)
        strong = np.abs(values[down, across]) > 0.5 * most
        axes.scatter(across, down, s=7, c=["#ffffff" if s else INK.light for s in strong], linewidths=0)
    bar = figure.colorbar(image, ax=axes, shrink=0.9, pad=0.02)
    bar.set_label(unit, fontsize=8.5, color=MUTED.light)
    bar.outline.set_visible(False)
    return figure


@styled
def two_histograms(deviation: Floats, sigma: Floats, counted: NDArray[np.bool_]) -> Figure:
    """Std of the means and mean spread over units: those that count and the others."""
    figure = canvas(2.7)
    left, right = figure.subplots(1, 2)
    for axes, values, name in ((left, deviation, "std of mu"), (right, sigma, "mean sigma")):
        known = np.isfinite(values)
        top = max(1.05, float(values[known].max()) * 1.02) if known.any() else 1.0
        edges = np.linspace(0.0, top, 22)
        axes.hist(
            [values[known & counted], values[known & ~counted]], bins=edges.tolist(), stacked=True,
            color=[UNSEEN.light, FILL.light], label=["counts", "noise"],
        )  # fmt: skip
        axes.set(xlabel=name, ylabel="units" if axes is left else "")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_formatter(NUMBER)
    left.legend(frameon=False, fontsize=8.5)
    return figure


@styled
def strips(pictures: Floats, names: Sequence[str], values: Floats) -> Figure:
    """Rebuilt images (U, Q, H, W): a row a unit, a column a quantile of it."""
    count, levels, height, width = pictures.shape
    side = 4.6 / levels
    figure = canvas(count * side * min(2.0, height / width) + 0.45)
    grid = figure.subplots(count, levels, squeeze=False)
    for down in range(count):
        low, high = float(pictures[down].min()), float(pictures[down].max())
        for across in range(levels):
            axes = grid[down][across]
            axes.imshow(
                pictures[down, across], cmap="gray", vmin=low, vmax=high or 1.0, interpolation="nearest"
            )
            axes.set_axis_off()
            if down == 0:
                axes.set_title(f"{values[across]:.0%}", fontsize=8, color=MUTED.light, pad=3)
        grid[down][0].text(
            -0.12,
            0.5,
            label(names[down], 8),
            transform=grid[down][0].transAxes,
            ha="right",
            va="center",
            fontsize=8.5,
        )
    return figure
