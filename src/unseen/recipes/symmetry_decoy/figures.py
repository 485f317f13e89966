"""Figures of the study: templates, components, confusions, steps, levels, works of art."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unseen.decoy.networks import Networks
from unseen.decoy.readout import densities, read
from unseen.decoy.templates import CLASSES, FAMILIES, Templates
from unseen.report.style import COOL, INK, MUTED, NORMAL, TOLD, UNSEEN, canvas, styled

Floats = NDArray[np.floating[Any]]

SHORT = ("none", "one\nreflection", "two\nreflections", "quarter\nturn", "translation", "rotation")


def _bare(axes: Any) -> None:
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


@styled
def gallery(templates: Templates) -> Figure:
    """One template a class (column) and family (row); rows of `templates` go class by class, then family."""
    figure = canvas(3.0)
    grid: Any = figure.subplots(len(FAMILIES), len(CLASSES))
    for j, kind in enumerate(SHORT):
        for i, family in enumerate(FAMILIES):
            axes = grid[i, j]
            axes.imshow(templates.values[j * len(FAMILIES) + i], cmap="gray", origin="lower")
            _bare(axes)
            if i == 0:
                axes.set_title(kind, fontsize=8.5, color=INK.light)
            if j == 0:
                axes.set_ylabel(family, fontsize=8.5)
    return figure


@styled
def seen(templates: Templates, trained: Networks, untrained: Networks) -> Figure:
    """Show a template a class, its first two components as maps and as density; below, without training."""
    figure = canvas(5.4)
    names = ("template", "component 1", "component 2", "density", "component 1", "component 2", "density")
    grid: Any = figure.subplots(len(names), len(CLASSES))
    strips = [templates.values, *_strips(trained, templates), *_strips(untrained, templates)]
    for i, (name, strip) in enumerate(zip(names, strips, strict=True)):
        for j, kind in enumerate(SHORT):
            axes = grid[i, j]
            axes.imshow(strip[j], cmap="inferno" if name == "density" else "gray", origin="lower")
            _bare(axes)
            if i == 0:
                axes.set_title(kind, fontsize=8.5, color=INK.light)
            if j == 0:
                axes.set_ylabel(name, fontsize=7.5, rotation=0, ha="right", va="center")
    for row, text in ((1, "trained"), (4, "untrained")):
        grid[row, -1].annotate(
            text,
            (1.08, 0.5),
            xycoords="axes fraction",
            rotation=-90,
            va="center",
            fontsize=8.5,
            color=MUTED.light,
        )
    return figure


def _strips(networks: Networks, templates: Templates) -> list[Floats]:
    maps = read(networks, templates.values).maps
    return [maps[:, 0], maps[:, 1], densities(maps)[:, 0]]


@styled
def confusion(tables: Mapping[str, Floats]) -> Figure:
    """Each read-out a square: rows true classes, columns named ones, shares of a row in percent."""
    figure = canvas(2.35 * ((len(tables) + 1) // 2) + 0.5)
    grid: Any = figure.subplots((len(tables) + 1) // 2, 2, squeeze=False)
    words = ("none", "1 refl.", "2 refl.", "quarter", "transl.", "rotat.")
    for axes, (name, counts) in zip(grid.ravel(), tables.items(), strict=False):
        share = 100 * counts / np.maximum(counts.sum(1, keepdims=True), 1)
        axes.imshow(share, cmap="Blues", vmin=0, vmax=130)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        for i, j in np.ndindex(*share.shape):
            if share[i, j] >= 0.5:
                axes.text(
                    j,
                    i,
                    f"{share[i, j]:.0f}",
                    ha="center",
                    va="center",
                    fontsize=7.5,
                    color="white" if share[i, j] > 75 else INK.light,
                )
        axes.set_xticks(range(6), words, fontsize=7, rotation=40, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(6), words, fontsize=7)
        axes.set_title(fill(name, 32), fontsize=8.5, loc="left", color=INK.light)
    for axes in grid.ravel()[len(tables) :]:
        axes.set_visible(False)
    return figure


@styled
def steps(curves: Mapping[str, Sequence[tuple[float, float]]]) -> Figure:
    """Each number against the steps of the decoy task."""
    figure = canvas(2.7)
    axes: Any = figure.subplots()
    colours = (INK, TOLD, UNSEEN, *COOL[1:])
    for (name, points), colour in zip(curves.items(), colours, strict=False):
        x, y = np.array(sorted(points)).T
        axes.plot(x, y, color=colour.light, marker="o", markersize=3.5, label=name)
    axes.axhline(1 / 6, color=NORMAL.light, linewidth=0.9, linestyle=":")
    axes.set(xlabel="steps of the decoy task", ylim=(0, 1.02))
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


@styled
def levels(true: Floats, read: Floats, groups: Sequence[str]) -> Figure:
    """Level read from the hidden layer against the level a template was made with."""
    figure = canvas(3.6)
    axes: Any = figure.subplots()
    axes.plot([0, 1], [0, 1], color=NORMAL.light, linewidth=0.9, linestyle=":")
    for group, colour in zip(
        sorted(set(groups)), (INK, TOLD, UNSEEN, *COOL[1:], MUTED, NORMAL), strict=False
    ):
        mine = np.array(groups) == group
        axes.scatter(true[mine], read[mine], s=13, color=colour.light, alpha=0.75, linewidth=0, label=group)
    axes.set(xlabel="level 1 - e² of the template", ylabel="level read", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(frameon=False, fontsize=7.5, loc="upper left", handletextpad=0.2)
    return figure


@styled
def works(decoy: Floats, direct: Floats, named: Mapping[str, int], *, words: str) -> Figure:
    """Works of art by what their networks say and what the picture says; a few by name."""
    figure = canvas(3.4)
    axes: Any = figure.subplots()
    axes.scatter(direct, decoy, s=12, color=UNSEEN.light, alpha=0.55, linewidth=0)
    for name, place in named.items():
        axes.scatter([direct[place]], [decoy[place]], s=30, color=TOLD.light, linewidth=0, zorder=3)
        left = direct[place] > 0.5
        axes.annotate(
            name,
            (direct[place], decoy[place]),
            xytext=(-7 if left else 7, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=8.5,
            color=INK.light,
        )
    axes.set(xlabel=f"agreement of the picture, {words}", ylabel="level read from the hidden layer")
    return figure
