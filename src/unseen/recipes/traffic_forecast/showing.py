"""Figures of the study, and the page that holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from unseen.errors import need
from unseen.evaluation import Estimate, Record
from unseen.recipes.running import chosen
from unseen.recipes.traffic_forecast.conditions import ACI, HELD_BACK, NETWORK, ROLLING
from unseen.recipes.traffic_forecast.measures import KINDS
from unseen.recipes.traffic_forecast.numbers import COVER, TABLE, cold, cold_days, differences, mean, there
from unseen.recipes.traffic_forecast.parts import OURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unseen.recipes.results import Results
    from unseen.report.tables import Cell, Table

FOLLOWED = ("weekly profile", "persistence", "profile + .7 residual", "boosting", OURS)
"""Forecasters whose errors are drawn by hour and kind of day."""

DRAWN = {
    "errors": (
        "Errors of every forecaster",
        "Mean absolute error of the test; bars are 95 % intervals over seeds, where there are seeds.",
    ),
    "hours": ("Errors by hour", "Mean over sensors, by the local hour of the slot that was forecast."),
    "days": ("Errors by kind of day", "Bridge days count as workdays. Holidays are few."),
    "coverage": (
        "Coverage by month",
        "Share of values inside the 90 % interval. Margins that follow the outcomes keep it; others drift.",
    ),
    "cold": (
        "Sensors that were not in training",
        "Mean absolute error by length of the sensor's own history, frozen at the start of the test.",
    ),
    "week": (
        "One week of one street",
        "Line: what came. Bands: 50 % and 90 % intervals, issued half an hour before.",
    ),
}


def figures(records: Sequence[Record]) -> dict[str, Callable[[], str]]:
    """Return what draws each figure as SVG."""

    def draw(name: str) -> Callable[[], str]:
        def drawn() -> str:
            from unseen.report.svg import inline

            return inline(figure(name, records), name, DRAWN[name][0])

        return drawn

    return {f"{name}.svg": draw(name) for name in DRAWN}


def figure(name: str, records: Sequence[Record]) -> Figure:
    """Draw one of `DRAWN`.

    Raises:
        MissingExtraError: matplotlib is not installed.

    """
    need("matplotlib", extra="report", purpose="drawing forecasts")
    from unseen.recipes.traffic_forecast import figures as draw

    if name == "errors":
        return draw.errors(
            {one: mean(records, detector=one, kind="all", metric="mae") for one in there(records)}, OURS
        )
    if name == "hours":
        return draw.hours({one: _hours(records, one) for one in FOLLOWED}, OURS)
    if name == "days":
        return draw.days({one: _days(records, one) for one in FOLLOWED}, OURS)
    if name == "coverage":
        return draw.coverage(
            {one: _months(records, one) for one in (NETWORK, HELD_BACK, ACI, ROLLING)}, ROLLING
        )
    if name == "cold":
        return draw.cold_start(_cold(records), OURS)
    return draw.week(_week(records))


def _hours(records: Sequence[Record], name: str) -> list[float]:
    return [mean(records, detector=name, kind=f"hour {hour:02d}", metric="mae").value for hour in range(24)]


def _days(records: Sequence[Record], name: str) -> dict[str, float]:
    return {
        kind: mean(records, detector=name, kind=kind, metric="mae").value
        for kind in KINDS
        if chosen(records, detector=name, kind=kind, metric="mae")
    }


def _months(records: Sequence[Record], name: str) -> dict[str, float]:
    kinds = sorted({r.kind for r in chosen(records, detector=name, metric="coverage") if r.kind != "all"})
    return {kind: mean(records, detector=name, kind=kind, metric="coverage").value for kind in kinds}


def _cold(records: Sequence[Record]) -> dict[str, dict[str, float]]:
    names = sorted({record.detector for record in chosen(records, metric="cold mae")})
    return {name: {days: cold(records, name, days).value for days in cold_days(records)} for name in names}


def _week(records: Sequence[Record]) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Seconds of UTC and what stands beside them, by name of the metric."""
    shown: dict[int, dict[str, float]] = {}
    for record in chosen(records, detector=ROLLING, seed=0):
        if " at " in record.kind:
            shown.setdefault(int(record.kind.split()[-1]), {})[record.metric] = record.value
    times = sorted(shown)
    names = ("value", "0.05", "0.25", "0.5", "0.75", "0.95")
    found = {name: np.array([shown[time].get(name, np.nan) for time in times]) for name in names}
    return {"time": np.array(times, np.float64), **found}


def page(results: Results) -> str:
    """Write the page: what was found, the tables, the figures with the numbers behind them."""
    from unseen.report.content import Provenance
    from unseen.report.document import Headline, Page, Section, render_page
    from unseen.report.panels import panel_of
    from unseen.report.tables import to_html

    records, numbers = results.records, results.numbers
    panels = {
        name: panel_of(name, *DRAWN[name], figure(name, records), _behind(name, records)) for name in DRAWN
    }
    mine, cover = numbers[f"{OURS} MAE"], numbers[f"{ROLLING} coverage"]
    seeds = len({record.seed for record in records})
    streets = len({r.kind.split()[1] for r in chosen(records, detector=OURS, metric="known slots")})
    slots = round(mean(records, detector=OURS, kind="all", metric="slots").value)
    return render_page(
        Page(
            "Traffic, half an hour ahead",
            f"{streets} streets of Madrid, trained on some months of 2017, judged on those after. One model "
            f"for all streets is off by {mine:.1f} vehicles an hour; its 90 % intervals hold {cover:.1%}.",
            Provenance("madrid_15min_2017_10sensors.npz", slots, seed=0, settings={"seeds": str(seeds)}),
            headlines=(
                Headline(f"{mine.value:.1f}", "", "vehicles an hour, mean absolute error", "unseen"),
                Headline(f"{cover.value:.1%}", "", "of values inside the rolling 90 % interval"),
                Headline(
                    f"{numbers[f'cold start, 7 days, {OURS}'].value:.1f}", "", "for a street known for a week"
                ),
            ),
            warnings=tuple(
                f"{claim.name}: {claim.value:.3f}, target {claim.target} is missed."
                for claim in results.must_show
                if not claim.holds
            ),
            sections=(
                Section("table", "Every forecaster", (panels["errors"],),
                        (("Means over sensors and seeds.", to_html(_forecasters(records))),)),
                Section("differences", "Is the difference real?", (),
                        (("MAE of ours minus that of the other.", to_html(_paired(records))),)),
                Section("where", "Where errors come from", (panels["hours"], panels["days"])),
                Section("intervals", "Intervals", (panels["coverage"], panels["week"]),
                        (("Of nominal 90 %.", to_html(_covers(records))),)),
                Section("cold", "New sensors", (panels["cold"],)),
                Section("notes", "Notes", sentences=tuple(results.notes)),
            ),
        )
    )  # fmt: skip


def _behind(name: str, records: Sequence[Record]) -> Table:
    """Numbers behind a figure."""
    from unseen.report.tables import Table

    kinds: dict[str, tuple[str | tuple[str, ...], str | None]] = {
        "errors": ("all", "mae"), "hours": ("hour ", "mae"), "days": (tuple(KINDS), "mae"),
        "coverage": ("2", "coverage"), "cold": ("sensor ", "cold mae"), "week": ("sensor ", None),
    }  # fmt: skip
    begins, metric = kinds[name]
    rows = tuple(
        (r.detector, r.seed, r.kind, r.metric, r.value)
        for r in records
        if r.kind.startswith(begins) and (r.metric == metric or (metric is None and " at " in r.kind))
    )
    return Table(("forecaster", "seed", "kind", "measure", "value"), rows)


def _forecasters(records: Sequence[Record]) -> Table:
    from unseen.report.tables import Table

    names = there(records)[::-1]
    rows = tuple(_row(records, name, TABLE) for name in names)
    return Table(("forecaster", *TABLE.values()), rows, frozenset({names.index(OURS)}))


def _paired(records: Sequence[Record]) -> Table:
    from unseen.report.tables import Table

    found: dict[str, Estimate] = differences(records)
    rows = sorted(((name.split(" minus ")[1].removesuffix(", MAE"), one) for name, one in found.items()),
                  key=lambda row: -row[1].value)  # fmt: skip
    return Table(("beside", "difference"), tuple(rows))


def _covers(records: Sequence[Record]) -> Table:
    from unseen.report.tables import Table

    rows = tuple(_row(records, name, COVER) for name in (NETWORK, HELD_BACK, ACI, ROLLING))
    return Table(("margins", *COVER), rows)


def _row(records: Sequence[Record], name: str, metrics: Iterable[str]) -> tuple[Cell, ...]:
    return (name, *(mean(records, detector=name, kind="all", metric=metric) for metric in metrics))
