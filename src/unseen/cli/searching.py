"""What `unseen evaluate` prints for a search: working points, a fixed variable, a trigger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from unseen.cli import show

if TYPE_CHECKING:
    from unseen.evaluation import Dependence, Lost, Sampled, TriggerView
    from unseen.evaluation.search_table import KindPoints
    from unseen.studies.searching import Found


def print_found(found: Found) -> None:
    """Print the working points by kind, what holds at the fixed variable, and the trigger."""
    from rich.markup import escape
    from rich.table import Table

    at = found.table.at
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("kind", overflow="fold")
    fixed = () if at is None else (f"at fixed {at}", "of rows")
    flat = () if found.flat is None else ("flat",)
    for title in ("rows", "AUC", *fixed, *flat, "FPR@30%", "FPR@40%", "FPR@50%", "1/FPR@40%", "SIC"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in found.table.kinds:
        table.add_row(escape(one.kind), f"{one.n:,}", *_cells(one, found))
    screen = show.console()
    screen.print()
    screen.print(table)
    screen.print("\n".join(_below(found)), markup=False, soft_wrap=True)


def _cells(one: KindPoints, found: Found) -> Iterator[str]:
    points = one.points
    yield _percent(points.auc)
    if one.fixed is not None:
        yield _percent(one.fixed.auc)
        yield f"{one.fixed.coverage:.0%}"
    if found.flat is not None:
        yield _percent(found.flat[0].kind(one.kind).points.auc)
    for lost in points.lost:
        yield _lost(lost, _percent(lost.fpr))
    yield _lost(points.rejection, points.rejection.rejection_text)
    yield _error(points.sic, 1.0, 2)


def _lost(lost: Lost, words: str) -> str:
    return words if lost.ranked else f"[dim]({words})[/dim]"


def _percent(number: Sampled) -> str:
    return _error(number, 100.0, 1)


def _error(number: Sampled, unit: float, digits: int) -> str:
    if not number.known:
        return "-"
    return f"{unit * number.value:.{digits}f} ± {unit * number.sd:.{digits}f}"


def _below(found: Found) -> Iterator[str]:
    yield "\nin per cent, ± the standard error of 1,000 bootstrap resamples"
    points = [one.points for one in found.table.kinds]
    if any(not lost.ranked for own in points for lost in (*own.lost, own.rejection)):
        yield (
            f"(in brackets: fewer than ten of {found.table.normals:,} normal rows, not to be ranked; > is a "
            "limit at 95 %)"
        )
    if found.follows is not None:
        yield f"at fixed {found.table.at}: mean over bins, by their anomalies; of rows: share it is about"
        yield _follows("the score", found.follows)
    if found.flat is not None:
        yield _follows("flat, its p-value at fixed " + found.flat[1].name + ",", found.flat[1])
    if found.trigger is not None:
        yield from _trigger(found.trigger)


def _follows(what: str, found: Dependence) -> str:
    return (
        f"{what} follows {found.name} in normal rows: rank correlation {found.spearman:+.2f}, distance "
        f"correlation {found.distance:.2f}; worst tenth alarms {found.unevenness:.1f} times as often as all"
    )


def _trigger(view: TriggerView) -> Iterator[str]:
    from unseen.evaluation import in_hertz

    rate = view.rate
    how = "a quantile of" if view.cut.method == "rows" else "a generalised Pareto tail fitted to"
    yield (
        f"\ntrigger: {in_hertz(rate.value)} [{in_hertz(rate.low)}, {in_hertz(rate.high)}] of "
        f"{in_hertz(view.input_rate)} above {view.cut.threshold:.4g} ({how} {view.cut.rows:,} normal rows)"
    )
    for kind, found in view.efficiency.items():
        yield f"  {kind}: {found:.1%}"
    for one in view.beside:
        shared, own, other = (
            in_hertz(view.input_rate * part)
            for part in (one.background.both, one.background.only, one.background.other)
        )
        yield (
            f"beside {one.name} above {one.cut.threshold:.4g}: shared {shared}, pure {own}, {one.name} alone "
            f"{other}"
        )
        for kind, parts in one.kinds.items():
            yield (
                f"  {kind}: both {parts.both:.1%}, pure {parts.only:.1%}, "
                f"{one.name} alone {parts.other:.1%}, either {parts.either:.1%}"
            )
