"""Results as figures: who differs from whom, precision against labels, differences set by set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from unseen.bench.method import OURS
from unseen.bench.standing import (
    Result,
    Standing,
    at_ratio,
    groups,
    is_ours,
    set_means,
    standings,
    values,
)
from unseen.errors import need

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METRIC, WORDS = "aucpr", "AUCPR"
PEER = "CatBoost"
MOST_CURVES = 8


def drawn(results: Sequence[Result]) -> dict[str, Callable[[], str]]:
    """Return file name -> what draws it as SVG, for the figures there are enough results for."""
    ratios = sorted({r.ratio for r in results if r.ratio > 0})
    found: dict[str, Callable[[], str]] = {}
    for ratio in ratios:
        complete = [s for s in standings(results, ratio) if s.complete]
        if len(complete) > 1 and complete[0].of_sets > 1:
            found[f"ranks-{ratio:g}.svg"] = partial(ranks, results, ratio)
        if compared(complete) is not None:
            found[f"differences-{ratio:g}.svg"] = partial(differences, results, ratio)
    if len(ratios) > 1:
        found["aucpr.svg"] = partial(by_ratio, results, ratios)
    return found


def compared(complete: Sequence[Standing]) -> str | None:
    """Return the method whose differences to CatBoost are drawn: ours, else the best; None without both."""
    names = [s.method for s in complete]
    others = [name for name in names if name != PEER]
    if PEER not in names or not others:
        return None
    return next((name for name in (OURS, *filter(is_ours, others)) if name in others), others[0])


def _svg(draw: Callable[[], Figure], name: str, title: str) -> str:
    need("matplotlib", extra="report", purpose="drawing the figures of a bench")
    from unseen.report.style import styled
    from unseen.report.svg import inline

    return inline(styled(draw)(), name, title)


def ranks(results: Sequence[Result], ratio: float) -> str:
    """Critical-difference diagram: methods at their mean rank, a bar over those that do not differ.

    Reference: Demsar, JMLR 7 (2006) 1; Wilcoxon tests with Holm's correction in place of Nemenyi's.
    """
    complete = [s for s in standings(results, ratio) if s.complete]
    order = sorted(complete, key=lambda s: s.metrics[METRIC].rank)
    found = {name: values(rows, METRIC) for name, rows in at_ratio(results, ratio).items()}
    runs = groups(found, [s.method for s in order])
    return _svg(
        lambda: _rank_figure(order, runs),
        f"ranks-{ratio:g}",
        f"Mean ranks of {WORDS}, {100 * ratio:g} % labels",
    )


def _rank_figure(order: Sequence[Standing], runs: Sequence[tuple[int, int]]) -> Figure:
    from unseen.report.style import INK, MUTED, canvas, label

    places = [s.metrics[METRIC].rank for s in order]
    left = (len(order) + 1) // 2
    figure = canvas(0.8 + 0.2 * left + 0.1 * len(runs))
    axes = figure.add_subplot()
    bottom = -0.4 * len(runs) - 0.2
    for i, standing in enumerate(order):
        first = i < left
        depth = bottom - 0.8 * (i + 1 if first else len(order) - i)
        edge = 0.9 if first else len(order) + 0.1
        colour = _colour(standing.method)
        axes.plot([places[i], places[i], edge], [0, depth, depth], color=colour, linewidth=0.9)
        text = f"{label(standing.method, 24)} {places[i]:.1f}"
        axes.text(edge, depth, text, color=colour, va="center", ha="right" if first else "left", fontsize=8,
                  fontweight="bold" if is_ours(standing.method) else "normal")  # fmt: skip
    for row, (first_one, last_one) in enumerate(runs):
        ends = [places[first_one] - 0.08, places[last_one] + 0.08]
        axes.plot(ends, [-0.3 - 0.4 * row] * 2, color=INK.light, linewidth=2.6, solid_capstyle="butt")
    axes.set(xlim=(-0.75 * len(order), 1.75 * len(order)), ylim=(bottom - 0.8 * (left + 0.7), 0.2))
    axes.xaxis.tick_top()
    axes.set_xticks(range(1, len(order) + 1))
    axes.axhline(0, 0.345, 0.7, color=MUTED.light, linewidth=0.8)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure


def _colour(method: str) -> str:
    from unseen.report.style import MUTED, UNSEEN

    return UNSEEN.light if is_ours(method) else MUTED.light


def by_ratio(results: Sequence[Result], ratios: Sequence[float]) -> str:
    """Mean AUCPR against the share of labels, of the best methods; a 95 % band of ours, or of the best."""
    found = {ratio: {s.method: s for s in standings(results, ratio) if s.complete} for ratio in ratios}
    everywhere = set.intersection(*(set(by_name) for by_name in found.values()))
    order = [name for name in found[ratios[-1]] if name in everywhere]
    names = [name for place, name in enumerate(order) if place < MOST_CURVES or is_ours(name)]
    points = {name: [found[ratio][name].metrics[METRIC].mean for ratio in ratios] for name in names}
    return _svg(lambda: _ratio_figure(points, ratios), "aucpr", f"Mean {WORDS} against the share of labels")


def _ratio_figure(points: Mapping[str, Sequence[Any]], ratios: Sequence[float]) -> Figure:
    from unseen.report.style import COOL, DASHES, PERCENT, WARM, canvas, label, spread

    figure = canvas(3.6)
    axes = figure.add_subplot()
    others = [name for name in points if not is_ours(name)]
    palette = (*WARM, *COOL[1:])
    style = {
        name: (palette[i % len(palette)].light, DASHES[i // len(palette) % 4])
        for i, name in enumerate(others)
    }
    style |= {name: (COOL[0].light, "-") for name in points if is_ours(name)}
    # one band alone: those of all lie on each other, since most of it is the choice of sets
    banded = next((name for name in points if is_ours(name)), next(iter(points)))
    for name, means in points.items():
        colour, dash = style[name]
        if name == banded:
            ends = [p.low for p in means], [p.high for p in means]
            axes.fill_between(ratios, *ends, color=colour, alpha=0.12, linewidth=0)
        axes.plot(ratios, [p.value for p in means], color=colour, linestyle=dash, marker="o", markersize=3)
    axes.set(xscale="log", xlabel="training anomalies that are labelled", ylabel=f"mean {WORDS}, %")
    axes.set_xticks(list(ratios))
    axes.xaxis.set_major_formatter(PERCENT)
    axes.minorticks_off()
    low, high = axes.get_ylim()
    names = sorted(points, key=lambda name: points[name][-1].value)
    heights = [(points[name][-1].value - low) / (high - low) for name in names]
    for name, height in zip(names, spread(heights, 0.055, 0.02, 0.98), strict=True):
        axes.text(1.02, height, label(name, 24), transform=axes.transAxes, color=style[name][0], va="center",
                  fontsize=8)  # fmt: skip
    return figure


def differences(results: Sequence[Result], ratio: float) -> str:
    """Difference of the AUCPR of one method to CatBoost's, set by set, sorted."""
    name = compared([s for s in standings(results, ratio) if s.complete])
    found = at_ratio(results, ratio)
    if name is None or PEER not in found:
        raise ValueError("differences need CatBoost and another method on every set")
    ours, theirs = (set_means(values(found[one], METRIC)) for one in (name, PEER))
    gains = sorted((ours[one] - theirs[one], one) for one in ours.keys() & theirs.keys())
    title = f"{WORDS} of {name} minus {PEER}, {100 * ratio:g} % labels"
    return _svg(lambda: _difference_figure(gains, name), f"differences-{ratio:g}", title)


def _difference_figure(gains: Sequence[tuple[float, str]], name: str) -> Figure:
    from unseen.report.style import MUTED, TOLD, UNSEEN, canvas, label

    figure = canvas(0.8 + 0.19 * len(gains))
    axes = figure.add_subplot()
    colours = [UNSEEN.light if gain >= 0 else TOLD.light for gain, _ in gains]
    axes.barh(range(len(gains)), [gain for gain, _ in gains], color=colours, height=0.65)
    axes.set_yticks(range(len(gains)), [label(one) for _, one in gains])
    axes.axvline(0, color=MUTED.light, linewidth=0.8)
    axes.grid(visible=False, axis="y")
    axes.set(xlabel=f"{WORDS} of {label(name)} minus {PEER}, points")
    return figure
