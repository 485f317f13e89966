"""The figures of the study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from unseen.latent.association import Association
from unseen.latent.relevance import Relevance
from unseen.latent.rules import GAP_RANKS, gap
from unseen.latent.zeroing import ZeroOut
from unseen.music.descriptors import GROUPS
from unseen.music.midi import notes_of
from unseen.music.tokens import Tokens
from unseen.report.style import COOL, FILL, INK, MUTED, NORMAL, TOLD, UNSEEN, WIDTH, canvas, number, styled

GROUP_WORDS = {"P": "pitch", "R": "rhythm", "M": "melody"}


@styled
def spectrum(every: Sequence[Relevance]) -> Figure:
    """Sorted rho of each seed, with its largest gap."""
    figure = canvas(3.0)
    axes = figure.add_subplot()
    for seed, found in enumerate(every):
        ratio = np.sort(found.ratio)[::-1][:GAP_RANKS]
        colour = (UNSEEN, TOLD, *COOL[1:])[seed % 4].light
        axes.plot(np.arange(1, len(ratio) + 1), ratio, color=colour, label=f"seed {seed}", linewidth=1.4)
        steep = gap(found)
        axes.plot([steep.count], [steep.above], "o", color=colour, markersize=5)
    _decades(axes)
    axes.axhline(1.0, color=MUTED.light, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.annotate(
        "signal = noise", (1.0, 1.0), xycoords=axes.get_yaxis_transform(), xytext=(0, 2),
        textcoords="offset points", ha="right", va="bottom", color=MUTED.light, fontsize=8.5,
    )  # fmt: skip
    axes.set(xlabel="unit, most relevant first", ylabel="rho")
    axes.legend(frameon=False)
    return figure


def _decades(axes: Axes) -> None:
    """Make the upright axis logarithmic, with plain numbers at the powers of ten."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_major_formatter(FuncFormatter(number))
    axes.yaxis.set_minor_formatter(NullFormatter())


@styled
def histograms(found: Relevance) -> Figure:
    """Histograms of std mu and of mean sigma."""
    figure = canvas(2.6)
    left, right = figure.subplots(1, 2)
    bins = np.linspace(0.0, 1.25, 51)
    left.hist(np.sqrt(found.variance), bins=bins, color=UNSEEN.light)
    right.hist(found.sigma, bins=bins, color=UNSEEN.light)
    for axes, words in ((left, "std of mu"), (right, "mean sigma")):
        _decades(axes)
        axes.set(xlabel=words)
    left.set(ylabel="units")
    return figure


@styled
def heat_map(found: Association, relevance: Relevance, most: int = 20) -> Figure:
    """|Spearman| of the first units with each descriptor, descriptors by group."""
    groups = [GROUPS[name] for name in found.features]
    order = sorted(range(len(groups)), key=lambda place: "PRM".index(groups[place]))
    units = relevance.order()[:most]
    values = np.abs(np.nan_to_num(found.spearman))[np.ix_(units, order)]
    figure = canvas(6.2)
    axes = figure.add_subplot()
    image = axes.imshow(values.T, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    axes.set_yticks(range(len(order)), [found.features[place] for place in order], fontsize=8)
    axes.set_xticks(range(0, len(units), 2), [str(rank) for rank in range(1, len(units) + 1, 2)])
    axes.set(xlabel="unit, most relevant first")
    axes.grid(visible=False)
    _bands(axes, [groups[place] for place in order])
    figure.colorbar(image, ax=axes, label="|Spearman|", shrink=0.5, pad=0.08)
    return figure


def _bands(axes: Axes, groups: list[str]) -> None:
    """Draw a line between groups of descriptors, and name each group at the right."""
    for group, word in GROUP_WORDS.items():
        places = [place for place, own in enumerate(groups) if own == group]
        if places:
            axes.axhline(places[-1] + 0.5, color=INK.light, linewidth=0.8)
            axes.text(
                1.02, (places[0] + places[-1]) / 2, word, transform=axes.get_yaxis_transform(), rotation=90,
                va="center", fontsize=9, color=INK.light,
            )  # fmt: skip


@styled
def curves(found: ZeroOut) -> Figure:
    """Accuracy against the number of units left, the most relevant ones and random ones."""
    figure = canvas(3.0)
    axes = figure.add_subplot()
    for place, (name, colour) in enumerate(zip(found.names, (UNSEEN, TOLD, COOL[1]), strict=True)):
        axes.plot(found.counts, found.top[:, place], color=colour.light, label=f"{name}: first k")
        axes.plot(
            found.counts,
            found.chance[:, :, place].mean(0),
            color=colour.light,
            linestyle=(0, (2, 2)),
            linewidth=1.2,
        )
        axes.axhline(found.full[place], color=colour.light, linewidth=0.6)
    axes.plot([], [], color=MUTED.light, linestyle=(0, (2, 2)), linewidth=1.2, label="k at random")
    axes.set(xlabel="units left", ylabel="right", ylim=(0.0, 1.02))
    axes.legend(frameon=False, fontsize=8.5, loc="lower right", bbox_to_anchor=(1.0, 0.08))
    return figure


@styled
def rolls(windows: Sequence[Tokens], titles: Sequence[str]) -> Figure:
    """Piano rolls: a row for each unit, a column for each place it is moved to."""
    figure = Figure(figsize=(WIDTH * 1.5, 0.95 * len(windows) + 0.5), layout="constrained")
    grid = figure.subplots(len(windows), len(windows[0]), sharex=True, sharey=True, squeeze=False)
    heard = [pitch for row in windows for window in row for _, _, pitch in notes_of(window)]
    low, high = (min(heard) - 2, max(heard) + 2) if heard else (48, 84)
    for row, (own, title) in enumerate(zip(windows, titles, strict=True)):
        for column, window in enumerate(own):
            _roll(grid[row, column], window)
        grid[row, 0].set_title(title, loc="left", fontsize=8.5, color=INK.light, pad=2)
    for axes, place in zip(grid[-1], ("-2", "-1", "mean", "+1", "+2"), strict=True):
        axes.set_xlabel(place, fontsize=8.5)
    grid[0, 0].set(ylim=(low, high), xlim=(0, len(windows[0][0])))
    return figure


def _roll(axes: Axes, window: Tokens) -> None:
    for bar in range(0, len(window), 16):
        axes.axvline(bar, color=NORMAL.light, linewidth=0.6)
    for start, end, pitch in notes_of(window):
        axes.add_patch(Rectangle((start, pitch - 0.6), end - start - 0.15, 1.2, color=UNSEEN.light))
    axes.set_xticks([])
    axes.set_yticks([48, 60, 72, 84], ["C3", "C4", "C5", "C6"], fontsize=7)
    axes.set_facecolor(FILL.light + "40")
    axes.grid(visible=True, axis="y", linewidth=0.5)
