"""Figures of a screener with the tables behind them, and how to read each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from matplotlib.figure import Figure

from unseen.evaluation import Estimate
from unseen.report.figures import films as draw
from unseen.report.figures.films import Line
from unseen.report.film_curves import bins, coverage_line, referring_line, roc_line
from unseen.report.film_shown import FilmsContent, Numbers
from unseen.report.tables import Cell, Table, known_columns

ABOUT = ("films", "prevalence")
CHANGED = (
    "AUC", "sensitivity", "specificity", "calls changed", "answer reversed", "referred", "refused",
)  # fmt: skip
TITLES = {
    "roc": "Which films are ranked first",
    "reliability": "Do probabilities hold?",
    "coverage": "Do sets of labels hold what they state?",
    "referring": "What referring brings",
    "gate": "What the gate refuses",
    "disturbed": "Films that were changed",
}
READINGS = {
    "roc": "One line a source; the dot is the threshold frozen on validation films. The same threshold "
    "lies elsewhere on another source: that is what a source record is for.",
    "reliability": "On the dotted line, what is said is what is. The area of a dot is the share of "
    "films. Raw probabilities need not hold on another source; a record of the same source mends them.",
    "coverage": "A set should hold the label of a share 1 − α of the films of each class, 96.4 % unless set "
    "otherwise. Below the dotted line more films lose their label than was stated.",
    "referring": "The least certain films are referred first; the lower the line falls, the more the "
    "probability knows of its errors.",
    "gate": "Blue: films. Orange: what is no film. Lines span 5 to 95 % of the scores, bars the middle half; "
    "right of the dashed line a picture is refused; numbers are the share refused.",
    "disturbed": "Sensitivity and specificity at the frozen threshold; dotted lines are the films as they "
    "are. The AUC is blind to a threshold that moves.",
}


def figures_of(content: FilmsContent) -> Iterator[tuple[str, tuple[Figure, Table]]]:
    """Yield name, figure and the table behind it."""
    if content.traced:
        for name, make in (
            ("roc", _roc),
            ("reliability", _reliability),
            ("coverage", _coverage),
            ("referring", _referring),
        ):
            yield name, make(content)
    if content.kinds:
        rows = tuple((name, *one.quantiles, one.refused) for name, one in content.kinds.items())
        columns = ("kind", "5 %", "25 %", "50 %", "75 %", "95 %", "refused")
        yield "gate", (draw.gate(content.kinds, content.refuse), Table(columns, rows))
    if content.disturbed:
        pairs = {
            name: (numbers["sensitivity"], numbers["specificity"])
            for name, numbers in content.disturbed.items()
        }
        yield "disturbed", (draw.disturbances(pairs), disturbed_table(content.disturbed))


def _roc(content: FilmsContent) -> tuple[Figure, Table]:
    lines = {name: roc_line(one.seen, content.threshold) for name, one in content.traced.items()}
    return draw.roc(lines), _behind(lines, "false alarms", "sensitivity")


def _reliability(content: FilmsContent) -> tuple[Figure, Table]:
    found = {}
    for name, one in content.traced.items():
        how = "raw" if one.record is None else "by its record"
        found[f"{name}, {how}"] = bins(one.chance, one.seen.findings)
        if one.crossed:
            found[f"{name}, by a record of its other half"] = bins(one.crossed.chance, one.seen.findings)
    rows = tuple(
        (name, *row)
        for name, columns in found.items()
        for row in zip(*(c.tolist() for c in columns), strict=True)
    )
    return draw.reliability(found), Table(("of", "said", "came", "films"), rows)


def _coverage(content: FilmsContent) -> tuple[Figure, Table]:
    found: dict[str, dict[str, Line]] = {}
    for label, title in enumerate(("films without the finding", "films with it")):
        lines = found.setdefault(title, {})
        for name, one in content.traced.items():
            p_values = (one.record or content.base).class_p_values(one.seen.logits)
            lines[name] = coverage_line(p_values, one.seen.findings, label)
            if one.crossed:
                lines[f"{name}, own record"] = coverage_line(one.crossed.p_values, one.seen.findings, label)
    flat = {f"{title}: {name}": line for title, lines in found.items() for name, line in lines.items()}
    return draw.coverage(found, content.alpha), _behind(flat, "stated", "held")


def _referring(content: FilmsContent) -> tuple[Figure, Table]:
    lines = {}
    for name, one in content.traced.items():
        record = one.record or content.base
        lines[name] = referring_line(record.probability(one.seen.logits), one.seen.findings)
        if one.crossed:
            lines[f"{name}, own record"] = referring_line(one.crossed.chance, one.seen.findings)
    return draw.referring(lines), _behind(lines, "referred", "errors")


def _behind(lines: Mapping[str, Line], x: str, y: str) -> Table:
    rows = tuple(
        (name, float(a), float(b))
        for name, line in lines.items()
        for a, b in zip(line.x, line.y, strict=True)
    )
    return Table(("of", x, y), rows)


def disturbed_table(rows: Mapping[str, Numbers]) -> Table:
    """One row a change."""
    return numbers_table(rows, "change", CHANGED, ("films",))


def numbers_table(
    rows: Mapping[str, Numbers], what: str, measures: Sequence[str], about: Sequence[str] = ABOUT
) -> Table:
    """One row a source, one column a measure; rows and columns without a number are left out."""
    unknown = Estimate(float("nan"))
    known = {name: numbers for name, numbers in rows.items() if set(measures) & set(numbers)}
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (name, *(_cell(column, numbers.get(column, unknown)) for column in (*about, *measures)))
        for name, numbers in known.items()
    )
    return known_columns(Table((what, *about, *measures), cells))


def _cell(column: str, estimate: Estimate) -> Cell:
    return f"{estimate.value:,.0f}" if column == "films" and estimate.known else estimate
