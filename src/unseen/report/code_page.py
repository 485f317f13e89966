"""From what was read of a code to a page of figures, each with the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from unseen.latent.rules import agreement, measures
from unseen.report.build import settings_of, versions
from unseen.report.code_panels import (
    LEVEL,
    SHOWN,
    association_panels,
    kept_panel,
    path_panels,
    scan_panels,
    tally_panel,
    unit_panels,
)
from unseen.report.content import Provenance
from unseen.report.document import Headline, Page, Section
from unseen.report.tables import Cell, Table, known_columns, to_html
from unseen.studies.code_study import CodeStudy
from unseen.studies.embedding import WHY
from unseen.studies.unit_tables import Unit, units_of


def code_page(found: CodeStudy, *, command: str = "", date: str = "") -> Page:
    """Return the page of a code; `command` and `date` go into the provenance."""
    reading, embedding = found.reading, found.embedding
    return Page(
        title=f"What the latent code learned of {found.data}",
        summary=_summary(found),
        provenance=Provenance(
            data=found.data,
            rows=found.rows,
            seed=found.detector.seed,
            command=command,
            date=date,
            versions=versions(),
            settings=settings_of(found.detector),
        ),
        headlines=tuple(_headlines(found)),
        warnings=tuple(f"{note[:1].upper()}{note[1:]}." for note in found.notes),
        sections=(
            Section("units", "Which units count", tuple(unit_panels(found)), (_unit_table(found),)),
            Section(
                "counts",
                "How many there are",
                (tally_panel(found), *scan_panels(found)),
                _agreement_table(found),
                (f"Why the counts differ: {WHY}.",) if embedding.dimensions else (),
            ),
            Section("without", "What is lost without them", (kept_panel(found),), (), _trap(found)),
            Section(
                "features",
                "What they stand for",
                tuple(association_panels(found)),
                (),
                (f"No associations: {found.silent}.",) if found.silent else (),
            ),
            Section(
                "moved",
                "What they do when they move",
                tuple(path_panels(found)) if reading.relevant.any() else (),
            ),
        ),
    )


def _summary(found: CodeStudy) -> str:
    counted, units = int(found.reading.relevant.sum()), found.reading.relevance.units
    best = next((unit for unit in units_of(found) if unit.counts and unit.feature and unit.p < LEVEL), None)
    words = f"{counted} of {units} latent units count"
    if best is None:
        return f"{words}."
    return f"{words}; {best.name}, the first that has a name, goes with “{best.feature}”."


def _headlines(found: CodeStudy) -> Iterator[Headline]:
    reading, embedding = found.reading, found.embedding
    counts = sorted(embedding.units.values())
    spread = f"{counts[0]} to {counts[-1]} by other rules" if counts[0] < counts[-1] else "by every rule"
    yield Headline(
        str(int(reading.relevant.sum())), spread, f"of {reading.relevance.units} units count", "unseen"
    )
    if embedding.rank is not None:
        yield Headline(str(embedding.rank), "", "PCA rank of the rows")
    if embedding.dimensions:
        values = [one.value for one in embedding.dimensions]
        yield Headline(
            f"{min(values):.1f} to {max(values):.1f}",
            "",
            f"intrinsic dimension, {len(values)} estimators",
            "told",
        )
    zero = reading.zero
    room = zero.none[0] - zero.full[0]
    if zero.spare.size and room > 0:
        share = 100 * zero.joint[0] / room
        yield Headline(
            f"{share:.1f}\u202f%",
            "",
            f"of the error without a code, when the {zero.spare.size} spare units go",
        )


def _unit_table(found: CodeStudy) -> tuple[str, str]:
    every = units_of(found)
    shown = [unit for unit in every if unit.counts][:SHOWN]
    table = Table(
        ("unit", "rho", "KL", "mean sigma", "std mu", "weight, %", "lost without, %", "rho, told",
         "same, told", "strongest with", "rank correlation", "phi_K", "information, nats", "corrected p"),
        tuple(_unit_row(unit) for unit in shown),
    )  # fmt: skip
    left = len(every) - len(shown)
    words = (
        f"The units that count, most relevant first; {left:,} more are in the CSV." if left else "All units."
    )
    told = (
        ""
        if found.told is None
        else (" “rho, told” and “same, told”: after being told of anomalies, and how alike the means stayed.")
    )
    return words + told, to_html(known_columns(table))


def _unit_row(unit: Unit) -> tuple[Cell, ...]:
    return (
        unit.name,
        *(_digits(value) for value in (unit.rho, unit.kl, unit.sigma, unit.deviation)),
        _digits(100 * unit.weight),
        _digits(100 * unit.ablation),
        _digits(unit.told_rho),
        _digits(unit.told_same),
        unit.feature or "n/a",
        *(_digits(value) for value in (unit.spearman, unit.phi_k, unit.information, unit.p)),
    )


def _digits(value: float) -> float:
    """Three digits are what these measures support.

    >>> _digits(0.123456), _digits(12345.6)
    (0.123, 12300.0)
    """
    return float(f"{value:.3g}")


def _agreement_table(found: CodeStudy) -> tuple[tuple[str, str], ...]:
    names = list(measures(found.reading.relevance))
    pairs = agreement(found.reading.relevance)
    both = {**pairs, **{(b, a): value for (a, b), value in pairs.items()}}
    rows: list[tuple[Cell, ...]] = [(a, *(_digits(both.get((a, b), 1.0)) for b in names)) for a in names]
    words = "How far the measures rank units alike: Spearman's correlation over units."
    return ((words, to_html(Table(("", *names), tuple(rows)))),)


def _trap(found: CodeStudy) -> tuple[str, ...]:
    zero = found.reading.zero
    if not zero.spare.size:
        return ()
    told = (
        f"The {zero.spare.size} spare units set to their mean at once change the error by {zero.joint[0]:.3g}"
    )
    if np.isfinite(zero.summed[0]):
        told += f"; the sum over them one by one is {zero.summed[0]:.3g}"
    return (
        f"{told}.",
        "Units that are harmless one by one need not be so together: others may say the same, or each too "
        "little to be missed. So they are judged as a set.",
    )
