"""Panels of event images, of a score beside a variable, and of a trigger, with the tables under them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from unseen.evaluation import Lost, Sampled, in_hertz, rate_curve
from unseen.report.figures import beside, events
from unseen.report.figures.scores import MOST_KINDS
from unseen.report.panels import Panel, panel_of
from unseen.report.search_content import EventDisplay, SearchContent
from unseen.report.tables import Cell, Table


def beside_panels(search: SearchContent, told: tuple[str, ...], drawn: tuple[str, ...]) -> Iterator[Panel]:
    """Score against the variable, the code, and efficiency against the rate, of the kinds to be drawn."""
    keep = search.normal | np.isin(search.kinds, drawn)
    some = "" if keep.all() else f" Shown: the {MOST_KINDS} kinds hardest to rank."
    if search.values.size:
        rows = search.kinds[keep], search.normal[keep]
        rows_of: list[tuple[Cell, ...]] = []
        for kind in ("normal", *sorted(drawn)):
            own = search.normal if kind == "normal" else (search.kinds == kind) & ~search.normal
            x, y = beside.profile_of(
                search.values[own], search.scores[own], bins=12 if kind == "normal" else 8
            )
            rows_of += [(kind, *map(float, point)) for point in zip(x, *y, strict=True)]
        follows = search.found.follows
        words = "" if follows is None else f" Rank correlation in normal rows: {follows.spearman:+.2f}."
        yield panel_of(
            "profile",
            f"The score beside {search.variable}",
            "Median score at each value of the variable; band: the middle 68 % of the normal rows. A kind "
            f"above the band has more to it than the variable.{words}{some}",
            beside.profile(search.values[keep], search.scores[keep], *rows, name=search.variable, told=told),
            Table(("kind", search.variable, "16 %", "median", "84 %"), tuple(rows_of)),
        )
    if search.code is not None:
        points = tuple(
            (str(k), float(a), float(b))
            for k, (a, b) in zip(search.code.kinds, search.code.code, strict=True)
        )
        yield panel_of(
            "code",
            "The two-number code",
            f"Left: rows by {search.variable or 'place'}; a code that only counts is one smooth band. "
            "Right: the same by kind.",
            events.code_map(search.code, search.values, search.variable, told),
            Table(("kind", "first", "second"), points),
        )
    background = search.scores[search.normal]
    curves = {
        kind: rate_curve(
            background, search.scores[(search.kinds == kind) & ~search.normal], input_rate=search.input_rate
        )
        for kind in drawn
    }
    curves = {kind: curve for kind, curve in curves.items() if curve.rate.size > 1}
    if curves:
        trigger = search.found.trigger
        lines = tuple(
            (kind, float(r), float(e))
            for kind, curve in curves.items()
            for r, e in zip(curve.rate, curve.efficiency, strict=True)
        )
        yield panel_of(
            "rate",
            "As a trigger",
            "What a cut keeps of each kind against the background rate it lets through, on the "
            f"{search.normal.sum():,} normal rows; drawn down to ten of them.{some}",
            beside.efficiency(curves, mark=None if trigger is None else trigger.alarm_rate, told=told),
            Table(("kind", "rate, Hz", "efficiency"), lines),
        )


def display_panels(search: SearchContent) -> Iterator[Panel]:
    """Event displays, one panel a title."""
    for place, (title, shown) in enumerate(search.displays.items()):
        masks = shown[0].masks
        what, unit = ("lit pixels", "") if masks else ("transverse energy on a log scale", ", ln GeV")
        yield panel_of(
            f"events-{place}",
            title,
            f"Azimuth downwards, pseudorapidity to the right, {what}. Below: what the model made of it, and "
            "by how much that is too high (red) or too low (blue).",
            events.displays(shown),
            Table(("event", "channel", f"mean absolute difference{unit}"), tuple(_apart(shown))),
        )


def _apart(shown: Sequence[EventDisplay]) -> Iterator[tuple[Cell, ...]]:
    for event in shown:
        for name, one, two in zip(event.channels, event.image, event.rebuilt, strict=True):
            yield event.caption, name, float(np.abs(one - two).mean())


def points_table(search: SearchContent) -> Table:
    """Working points by kind, with standard errors; in brackets below ten normal rows."""
    found = search.found
    columns = ["kind", "rows", "AUC, %"]
    columns += [] if found.table.at is None else [f"at fixed {found.table.at}, %", "of rows"]
    columns += [] if found.flat is None else ["flat, %"]
    columns += ["FPR at 30 %", "FPR at 40 %", "FPR at 50 %", "1/FPR at 40 %", "SIC"]
    rows = []
    for one in found.table.kinds:
        cells: list[Cell] = [one.kind, one.n, _error(one.points.auc, 100)]
        if one.fixed is not None:
            cells += [_error(one.fixed.auc, 100), f"{one.fixed.coverage:.0%}"]
        if found.flat is not None:
            cells.append(_error(found.flat[0].kind(one.kind).points.auc, 100))
        cells += [_lost(lost, _error(lost.fpr, 100)) for lost in one.points.lost]
        cells += [_lost(one.points.rejection, one.points.rejection.rejection_text), _error(one.points.sic, 1)]
        rows.append(tuple(cells))
    return Table(tuple(columns), tuple(rows))


def _lost(lost: Lost, words: str) -> str:
    return words if lost.ranked else f"({words})"


def _error(number: Sampled, unit: float) -> str:
    return f"{unit * number.value:.1f} ± {unit * number.sd:.1f}" if number.known else "n/a"


def notes(search: SearchContent) -> Iterator[str]:
    """Say what the table does not: how the score follows the variable, and what passes as a trigger."""
    found = search.found
    for what, one in (
        ("The score", found.follows),
        ("Its p-value at a fixed value", found.flat and found.flat[1]),
    ):
        if one is not None:
            yield (
                f"{what} follows {one.name} in normal rows with a rank correlation of {one.spearman:+.2f} "
                f"and a distance correlation of {one.distance:.2f}; the worst tenth alarms "
                f"{one.unevenness:.1f} times as often as all."
            )
    if found.trigger is not None:
        rate = found.trigger.rate
        yield (
            f"A threshold of {found.trigger.cut.threshold:.4g} lets {in_hertz(rate.value)} "
            f"({in_hertz(rate.low)} to {in_hertz(rate.high)}) of {in_hertz(search.input_rate)} of background "
            "through."
        )
