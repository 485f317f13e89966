"""What the study writes beside its numbers: figures, tables, and one page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unseen.evaluation import Estimate, Record
from unseen.recipes.results import Claim
from unseen.recipes.traffic_alarm import figures as draw
from unseen.recipes.traffic_alarm import shown
from unseen.recipes.traffic_alarm.chances import JOINED
from unseen.recipes.traffic_alarm.decisions import STEADY
from unseen.recipes.traffic_alarm.forecasters import OURS
from unseen.recipes.traffic_alarm.rows import DECISION, ERRORS, HINDSIGHT, Groups
from unseen.report.content import Provenance
from unseen.report.document import Headline, Page, Section, render_page
from unseen.report.panels import Panel, panel_of
from unseen.report.svg import inline
from unseen.report.tables import Table, to_html, to_markdown

Floats = NDArray[np.float64]
BUDGET = 2.0
ZONE = "Europe/Madrid"

FORECASTS = (
    "accuracy", "green recall", "red recall", "precision", "base rate", "false a day", "average precision",
    "onset recall",
)  # fmt: skip
ALARMS = (
    "recall", "precision", "false a day", "onset recall", "alarms a day", "flips a day",
    "false episodes a day", "detected", "lead 15", "lead 30", "median lead",
)  # fmt: skip
LEGEND = {OURS: "ours, quantiles alone", JOINED: "ours, joined with trees"}
TITLES = {
    "curves": ("What alarms cost", "Onset recall against false red slots a sensor-day, every threshold."),
    "reliability": ("Do chances hold?", "On the line, what was said is what came."),
    "leads": ("How early", "Share of episodes warned of at least so long before; tier A."),
    "week": ("One week of one street", "Forecasts were issued half an hour before each quarter of an hour."),
}


def figures(records: Sequence[Record]) -> dict[str, Callable[[], str]]:
    """Return what draws each figure."""

    def drawing(name: str) -> Callable[[], str]:
        return lambda: inline(figure_of(name, records), name, TITLES[name][0])

    return {f"{name}.svg": drawing(name) for name in TITLES}


def figure_of(name: str, records: Sequence[Record]) -> Figure:
    """Draw one of `TITLES` from the records."""
    if name == "curves":
        lines = _lines(records, shown.CURVE, "false a day", "onset recall")
        named = {LEGEND.get(row, row): line for row, line in lines.items()}
        return draw.curves(named, LEGEND[JOINED], HINDSIGHT, BUDGET)
    if name == "reliability":
        (table,) = _tables(records, shown.BINS).values()
        return draw.reliability(table["said"], table["came"], table["slots"])
    if name == "leads":
        found = {
            row: (np.array([float(key) for key in keys]), table["warned"])
            for row, (keys, table) in _keyed(records, shown.LEADS).items()
            if f"F {BUDGET:g}," in row and row.startswith(JOINED)
        }
        return draw.leads(found, STEADY.format(BUDGET))
    ((sensor, (keys, table)),) = _keyed(records, shown.WEEK_SHOWN).items()
    zone = ZoneInfo(ZONE)
    return draw.week(_wall([int(key) for key in keys], zone), table, sensor)


def files(
    records: Sequence[Record],
    groups: Groups,
    claims: Sequence[Claim],
    name: str,
) -> dict[str, Callable[[], bytes]]:
    """Return what makes each file: tables in Markdown, and the page."""
    return {
        "tables.md": lambda: tables(records, groups).encode(),
        "alarms.html": lambda: page(records, groups, claims, name).encode(),
    }


def tables(records: Sequence[Record], groups: Groups) -> str:
    """Write every table as Markdown."""
    parts = [f"## {title}\n\n{to_markdown(table)}\n" for title, table in _all_tables(records, groups)]
    return "\n".join(
        ["# traffic-alarm: tables", "", "Means over sensors, 95 % intervals over seeds.", "", *parts]
    )


def page(records: Sequence[Record], groups: Groups, claims: Sequence[Claim], name: str) -> str:
    """Lay out claims, figures and tables on one page."""
    claimed = Table(
        ("claim", "value", "target", "holds"),
        tuple((c.name, f"{c.value:.3f}", c.target, "yes" if c.holds else "no") for c in claims),
    )
    sections = [Section("claims", "Claims", tables=(("", to_html(claimed)),))]
    sections.append(Section("figures", "Figures", panels=tuple(_panel(key, records) for key in TITLES)))
    sections += [
        Section(f"table-{place}", title, tables=(("", to_html(table)),))
        for place, (title, table) in enumerate(_all_tables(records, groups))
    ]
    slots = sum(r.value for r in records if r.kind.startswith(shown.BINS) and r.metric == "slots")
    return render_page(
        Page(
            title="Alarms for ten streets of Madrid",
            summary="Red is expected half an hour ahead, told from January to September 2017, judged on "
            "October to December.",
            provenance=Provenance(
                "madrid_15min_2017_10sensors.npz", int(slots), 0, f"unseen recipe run {name}"
            ),
            headlines=tuple(_headlines(groups)),
            sections=tuple(sections),
        )
    )


def _headlines(groups: Groups) -> list[Headline]:
    wanted = (
        ("tier A", DECISION, "red recall", "of red slots called red, three classes"),
        ("tier A", DECISION, "green recall", "of green slots left green"),
        ("tier A", DECISION, "precision", "of red calls right"),
        ("tier A", STEADY.format(BUDGET), "false a day", "false red slots a sensor-day, steady alarm"),
    )
    found = []
    for kind, row, measure, words in wanted:
        if (kind, row, measure) in groups:
            one = groups[kind, row, measure]
            sure = "" if np.isnan(one.low) else f"{one.low:.3f} to {one.high:.3f}"
            found.append(Headline(f"{one.value:.3f}", sure, words, "unseen"))
    return found


def _panel(name: str, records: Sequence[Record]) -> Panel:
    prefix = {
        "curves": shown.CURVE,
        "reliability": shown.BINS,
        "leads": shown.LEADS,
        "week": shown.WEEK_SHOWN,
    }
    rows = tuple(
        (r.detector, r.kind, r.metric, r.value) for r in records if r.kind.startswith(f"{prefix[name]} ")
    )
    title, reading = TITLES[name]
    behind = Table(("row", "place", "measure", "value"), rows)
    return panel_of(name, title, reading, figure_of(name, records), behind)


# -- tables ------------------------------------------------------------------------------------------


def _all_tables(records: Sequence[Record], groups: Groups) -> list[tuple[str, Table]]:
    rows = {
        kind: list(dict.fromkeys(row for k, row, _ in groups if k == kind))
        for kind in ("tier A", "tier B", ERRORS)
    }
    found = [
        (
            "Errors of forecasts",
            _table(groups, ERRORS, rows[ERRORS], ("mae", "rmse", "r2", "coverage", "least_coverage")),
        )
    ]
    for tier in ("tier A", "tier B"):
        alarms = [row for row in rows[tier] if ", F " in row]
        plain = [row for row in rows[tier] if row not in alarms and (tier, row, "recall") in groups]
        found.append((f"{tier}: forecasts at their word", _table(groups, tier, plain, FORECASTS)))
        found.append((f"{tier}: alarms by budget", _table(groups, tier, alarms, ALARMS)))
    found.append(("By weeks: 95 % intervals of whole weeks, first seed", _weekly(groups)))
    main = (DECISION, STEADY.format(BUDGET))
    return found + [
        (f"The five sensors with the lowest onset recall: {row}", _worst(records, row)) for row in main
    ]


def _table(groups: Groups, kind: str, rows: Sequence[str], measures: Sequence[str]) -> Table:
    def cells(row: str) -> tuple[str | Estimate, ...]:
        return (row, *(groups.get((kind, row, measure), Estimate(float("nan"))) for measure in measures))

    return Table(("row", *measures), tuple(cells(row) for row in rows))


def _weekly(groups: Groups) -> Table:
    rows = [
        (kind, row, measure, one)
        for (kind, row, measure), one in groups.items()
        if measure.endswith(", by weeks")
    ]
    return Table(
        ("tier", "row", "measure", "value"),
        tuple((kind, row, measure.partition(",")[0], one) for kind, row, measure, one in rows),
    )


def _worst(records: Sequence[Record], row: str, most: int = 5) -> Table:
    found: dict[str, dict[str, list[float]]] = {}
    for r in records:
        if r.detector == row and r.kind.startswith("tier A, sensor "):
            found.setdefault(r.kind.rpartition(" ")[2], {}).setdefault(r.metric, []).append(r.value)
    measures = ("recall", "precision", "base rate", "false a day", "onset recall", "detected", "lead 15")
    means = {
        sensor: [
            float(np.mean(columns[measure])) if measure in columns else float("nan") for measure in measures
        ]
        for sensor, columns in found.items()
    }
    order = sorted(means, key=lambda sensor: means[sensor][measures.index("onset recall")])[:most]
    return Table(
        ("sensor", *measures), tuple((sensor, *(f"{v:.3f}" for v in means[sensor])) for sensor in order)
    )


# -- records back to arrays --------------------------------------------------------------------------


def _keyed(records: Sequence[Record], prefix: str) -> dict[str, tuple[list[str], dict[str, Floats]]]:
    """Row -> places in their order, and measure -> values (NaN where one is missing)."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for r in records:
        if r.kind.startswith(f"{prefix} ") and r.seed == 0:
            found.setdefault(r.detector, {}).setdefault(r.kind.removeprefix(f"{prefix} "), {})[r.metric] = (
                r.value
            )
    tables = {}
    for row, places in found.items():
        measures = list(dict.fromkeys(measure for values in places.values() for measure in values))
        columns = {m: np.array([values.get(m, np.nan) for values in places.values()]) for m in measures}
        tables[row] = (list(places), columns)
    return tables


def _tables(records: Sequence[Record], prefix: str) -> dict[str, dict[str, Floats]]:
    return {row: table for row, (_, table) in _keyed(records, prefix).items()}


def _lines(records: Sequence[Record], prefix: str, x: str, y: str) -> dict[str, tuple[Floats, Floats]]:
    return {row: (table[x], table[y]) for row, table in _tables(records, prefix).items()}


def _wall(times: Sequence[int], zone: ZoneInfo) -> NDArray[np.datetime64]:
    """Tell what the clock on the wall showed at seconds of UTC."""
    return np.array([dt.datetime.fromtimestamp(t, zone).replace(tzinfo=None) for t in times], "datetime64[s]")
