"""Figures of the study, and its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unseen.persist import canonical_versions
from unseen.recipes.traffic_pollution import figures as draw
from unseen.recipes.traffic_pollution import shown
from unseen.recipes.traffic_pollution.sets import COUNTS, Bologna
from unseen.report.content import Provenance
from unseen.report.document import Headline, Page, Section, render_page
from unseen.report.panels import Panel, panel_of
from unseen.report.svg import inline
from unseen.report.tables import Table, to_html
from unseen.studies.air import Related, Row

Floats = NDArray[np.float64]
Made = tuple[Callable[[], Figure], Callable[[], Table]]
"""What draws a figure, and what makes the table behind it."""
TITLES = {
    "lags": "Traffic now, NO₂ later",
    "days": "The day, by kind of day",
    "relation": "How much NO₂ goes with how much traffic",
    "stations": "Station by station",
    "mistakes": "The two usual mistakes",
}
READINGS = {
    "lags": "To the right NO₂ is read later than traffic. Bands are 95 % intervals from whole weeks. Most "
    "lines are highest an hour after traffic; what is left once day and hour are taken out is smaller.",
    "days": "Hourly means on the local clock, holidays among the other days. Both have two humps on working "
    "days; NO₂ falls in the afternoon, when traffic does not.",
    "relation": "Dots are medians of NO₂ in each tenth of traffic, the band its middle half. Left as "
    "measured, right with the mean of each day taken out of both.",
    "stations": "NO₂ an hour after traffic; bars are 95 % intervals from whole weeks.",
    "mistakes": "Dots mark the highest lag. Left: joined as stamped, all of summer is an hour off. Right: "
    "the sum of whatever reports jumps as stations start and stop, and goes with NO₂ for that reason.",
}


def figures(known: Bologna, related: Related, config: dict[str, Any]) -> dict[str, Callable[[], str]]:
    """Return what draws each figure."""
    made = drawn(known, related, config)
    return {f"{name}.svg": partial(_svg, name, figure) for name, (figure, _) in made.items()}


def _svg(name: str, figure: Callable[[], Figure]) -> str:
    return inline(figure(), name, TITLES[name])


def drawn(known: Bologna, related: Related, config: dict[str, Any]) -> dict[str, Made]:
    """Name -> what draws a figure, and what makes the table behind it."""
    first = related.rows[0].station
    mine = [row for row in related.rows if row.station == first]
    rows = [
        (row.station, row.removed, one.lag, one.value, one.low, one.high)
        for row in related.rows
        for one in row.found
    ]
    behind = Table(("station", "taken out", "lag", "rho", "low", "high"), tuple(rows))
    curves = shown.curves(known, config)
    pairs = shown.pairs(known, config)
    stations = shown.stations(related)
    wrong = shown.mistakes(known, config)
    return {
        "lags": (lambda: draw.lag_curves(mine), lambda: behind),
        "days": (lambda: draw.day_curves(curves), lambda: _hours(curves)),
        "relation": (lambda: draw.binned(pairs), lambda: _tenths(pairs)),
        "stations": (lambda: draw.by_station(stations), lambda: behind),
        "mistakes": (lambda: draw.wrong_ways(wrong), lambda: _ways(wrong)),
    }


def page(known: Bologna, related: Related, held: Related, config: dict[str, Any]) -> str:
    """Lay out what was found for a reader without the package."""
    panels = [
        panel_of(name, TITLES[name], READINGS[name], figure(), behind())
        for name, (figure, behind) in drawn(known, related, config).items()
    ]
    first = related.rows[0].station
    at = {
        row.removed: one
        for row in related.rows
        for one in row.found
        if row.station == first and one.lag == shown.AT
    }
    days = related.days[first]
    headlines = tuple(
        Headline(f"{at[name].value:.2f}", f"{at[name].low:.2f} to {at[name].high:.2f}", words, role)
        for name, words, role in (
            ("raw", "as measured, NO₂ an hour after traffic", "ink"),
            ("day", "within the day", "unseen"),
            ("day, hour x month", "once the usual hour of each month is gone too", "told"),
        )
        if name in at
    )
    return render_page(
        Page(
            title="Traffic and nitrogen dioxide in Bologna, 2024",
            summary=f"NO₂ ({first}) goes with traffic about an hour before, by a rank correlation of "
            f"{at['raw'].value:.2f}. From Monday to Friday it is {days['Monday to Friday']:.1f} µg/m³, on "
            f"Saturdays {days['Saturday']:.1f}, on Sundays {days['Sunday']:.1f}. What goes together need not "
            "cause each other.",
            provenance=Provenance(
                f"{COUNTS}, NO2_hourly.csv: Bologna 2024 (ARPAE Emilia-Romagna, CC BY 4.0; regional counts)",
                related.hours,
                seed=0,
                command="unseen recipe run traffic-pollution",
                versions=canonical_versions(),
            ),
            headlines=headlines,
            sections=_sections(panels, known, related, held),
        )
    )


def _sections(panels: list[Panel], known: Bologna, related: Related, held: Related) -> tuple[Section, ...]:
    first, given = related.rows[0].station, [row for row in held.rows if row.given]
    return (
        Section("found", "What goes together", panels=tuple(panels)),
        Section(
            "tables",
            "Numbers",
            tables=(
                (f"Rank correlation at each lag: {first}", to_html(_lags(related.rows, (first,)))),
                (
                    "With ozone, then CO too, held fixed: five loop stations, those present",
                    to_html(_lags(given, (first,))),
                ),
                ("The other stations", to_html(_lags(related.rows, tuple(related.days)[2:]))),
            ),
        ),
        Section(
            "how",
            "How it was done",
            sentences=(
                f"Traffic: {related.traffic}.",
                f"Air: {related.air}.",
                f"Panel: stations {', '.join(related.sensors)}, {related.how}; {related.hours:,} hours, "
                f"{related.dropped:,} dropped.",
                f"Left out on reading: {known.counts.incomplete} station-hours with one direction only, "
                f"{known.counts.added} that hold two hours added up.",
                "Means of months, days or hours of each month are taken out of both series before ranks are "
                "correlated.",
            ),
        ),
    )


def _lags(rows: Sequence[Row], stations: Sequence[str]) -> Table:
    """Lay out correlations of some stations, station by station, one column a lag."""
    lags = [one.lag for one in rows[0].found]
    body = [
        (row.station, " and ".join(row.given) or row.removed, *(f"{one.value:.2f}" for one in row.found))
        for station in stations
        for row in rows
        if row.station == station
    ]
    return Table(
        ("station", "taken out or held", *(f"{lag:+d} h" if lag else "0 h" for lag in lags)), tuple(body)
    )


def _hours(curves: Mapping[str, Mapping[str, Floats]]) -> Table:
    rows = [
        (words.replace("\n", " "), day, hour, float(value))
        for words, days in curves.items()
        for day, values in days.items()
        for hour, value in enumerate(values)
    ]
    return Table(("what", "day", "hour", "mean"), tuple(rows))


def _tenths(pairs: Mapping[str, tuple[Floats, Floats]]) -> Table:
    rows = [
        (words, float(centre), float(low), float(middle), float(high))
        for words, (traffic, air) in pairs.items()
        for centre, (low, middle, high) in _rows(draw.tenths(traffic, air))
    ]
    return Table(("taken out", "traffic", "first quartile", "median", "third quartile"), tuple(rows))


def _rows(found: tuple[Floats, Floats]) -> Iterator[tuple[float, Floats]]:
    centres, quarters = found
    return zip(centres, quarters.T, strict=True)


def _ways(mistakes: Mapping[str, Mapping[str, Mapping[int, float]]]) -> Table:
    rows = [
        (title, words, lag, value)
        for title, curves in mistakes.items()
        for words, found in curves.items()
        for lag, value in found.items()
    ]
    return Table(("of", "way", "lag", "rho"), tuple(rows))
