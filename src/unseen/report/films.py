"""The page of a screener: which sources it was judged on and which not, what may be said, what it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import expit

from unseen.evaluation import Estimate
from unseen.report.content import Provenance
from unseen.report.document import Headline, Page, Picture, Section
from unseen.report.figures import films as draw
from unseen.report.figures.films import Line, Spread
from unseen.report.film_curves import bins, coverage_line, referring_line, roc_line
from unseen.report.panels import Panel, panel_of
from unseen.report.tables import Cell, Table, known_columns, to_html
from unseen.screening.halves import Crossed
from unseen.screening.judging import Seen
from unseen.screening.records import Record

Floats = NDArray[np.float64]
Numbers = Mapping[str, Estimate]
"""Name of a measure -> its value, with an interval or without."""

NOT_FOR = ("Not a medical device: for research and teaching. A probability of a network is no diagnosis.",)
CALLS = ("AUC", "sensitivity", "specificity", "accuracy", "ECE", "Brier")
SETS = ("coverage normal", "coverage finding", "one label", "one label, right", "referred", "refused")
WORTH = tuple(f"{name} at {share} %" for share in (1, 5, 10, 20) for name in ("PPV", "NPV"))
HALVES = {
    "coverage normal": "normal films whose set of labels holds theirs",
    "coverage finding": "films with the finding whose set holds theirs",
    "referred": "referred: the set holds both labels, or none",
    "decided, right": "right among the others",
    "refused": "refused by the gate",
    "amber": "referred as strange at the gate",
    "answered": "answered in the end",
    "answered, right": "right among these",
    "no signs said of a finding": "films with the finding that were told “no signs”",
    "accuracy": "right if nothing is referred, probability of .5",
    "right after referring 10 %": "right after referring the least certain 10 %",
    "right after referring 20 %": "right after referring the least certain 20 %",
    "Brier": "Brier score",
    "ECE": "ECE of the judged half",
    "ECE, all films": "ECE of all films, each calibrated by the half it is not in",
    "ECE, all films, by chance": "the same if every probability held",
}
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
    "coverage": "At 1 − α = 95 % a set should hold the label of 95 % of the films of each class. Below the "
    "dotted line more films lose their label than was stated.",
    "referring": "The least certain films are referred first; the lower the line falls, the more the "
    "probability knows of its errors.",
    "gate": "Blue: films. Orange: what is no film. Lines span 5 to 95 % of the scores, bars the middle half; "
    "right of the dashed line a picture is refused; numbers are the share refused.",
    "disturbed": "Sensitivity and specificity at the frozen threshold; dotted lines are the films as they "
    "are. The AUC is blind to a threshold that moves.",
}


@dataclass(frozen=True, eq=False)
class Traced:
    """Films of one source, for figures.

    Attributes:
        seen: What the model says of them.
        record: By which they are answered; None shows raw probabilities, and sets by the base record.
        crossed: The same films, each with a record of the half it is not in; None where too few.

    """

    seen: Seen
    record: Record | None = None
    crossed: Crossed | None = None

    @property
    def chance(self) -> Floats:
        """Probability that is shown, (N,)."""
        z = self.seen.logits
        return np.asarray(expit(z)) if self.record is None else self.record.probability(z)


@dataclass(frozen=True, eq=False)
class FilmsContent:
    """All that the page says.

    Attributes:
        title, summary: Of the page.
        provenance: Where the numbers come from.
        headlines: The numbers to take home.
        warnings: What to know first.
        alpha: Error a class may have.
        threshold: Logit, frozen.
        base: Record of the validation films.
        sources: Source -> its numbers.
        traced: Source -> its films, for figures; as many as shall be drawn.
        halves: Of a record made from half of the films of one source.
        kinds: Kind -> gate scores; the refusing score.
        refuse: Gate score from which on a picture is refused.
        gate: Caption and table of gate studies.
        disturbed: Change -> numbers of the changed films.
        gallery: Films with their maps; empty where films must not be shown.
        tested, untested: In plain words.
        notes: How it was done.

    """

    title: str
    summary: str
    provenance: Provenance
    base: Record
    threshold: float
    sources: Mapping[str, Numbers]
    traced: Mapping[str, Traced]
    alpha: float = 0.05
    refuse: float = float("inf")
    headlines: tuple[Headline, ...] = ()
    warnings: tuple[str, ...] = ()
    halves: Numbers = field(default_factory=dict)
    kinds: Mapping[str, Spread] = field(default_factory=dict)
    gate: tuple[tuple[str, Table], ...] = ()
    disturbed: Mapping[str, Numbers] = field(default_factory=dict)
    claims: Table | None = None
    gallery: tuple[Picture, ...] = ()
    tested: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def films_page(content: FilmsContent) -> Page:
    """Lay out the page."""
    return Page(
        title=content.title,
        summary=content.summary,
        provenance=content.provenance,
        headlines=content.headlines,
        warnings=(*NOT_FOR, *content.warnings),
        sections=tuple(_sections(content)),
    )


def _sections(content: FilmsContent) -> Iterator[Section]:
    drawn = dict(figures_of(content))

    def panels(*names: str) -> tuple[Panel, ...]:
        return tuple(
            panel_of(name, TITLES[name], READINGS[name], *drawn[name]) for name in names if name in drawn
        )

    if content.claims is not None:
        yield Section("claims", "Claims", tables=(("", to_html(content.claims)),))
    yield Section("tested", "Tested on, and not tested on", sentences=content.tested)
    yield Section(
        "sources",
        "Source by source",
        panels=panels("roc", "reliability", "coverage", "referring"),
        tables=tuple(
            (caption, to_html(numbers_table(content.sources, "source", measures)))
            for caption, measures in (
                ("Ranked, and called at the frozen threshold", CALLS),
                ("Sets of labels, and answers without a record of the source", SETS),
                ("What a call is worth where 1, 5, 10 or 20 % have the finding", WORTH),
            )
        ),
    )
    yield Section("halves", "With a record of its own source", tables=_halves(content.halves))
    yield Section(
        "gate", "The gate", panels=panels("gate"), tables=tuple((c, to_html(t)) for c, t in content.gate)
    )
    yield Section(
        "disturbed",
        "Changed films",
        panels=panels("disturbed"),
        tables=(("At the frozen threshold", to_html(disturbed_table(content.disturbed))),)
        if content.disturbed
        else (),
    )
    yield Section("films", "Films and where their scores come from", gallery=content.gallery)
    yield Section("how", "How it was done", sentences=content.notes)


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


def numbers_table(rows: Mapping[str, Numbers], what: str, measures: Sequence[str]) -> Table:
    """One row a source, one column a measure; rows and columns without a number are left out."""
    unknown = Estimate(float("nan"))
    known = {name: numbers for name, numbers in rows.items() if set(measures) & set(numbers)}
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (name, _count(numbers), *(numbers.get(measure, unknown) for measure in ("prevalence", *measures)))
        for name, numbers in known.items()
    )
    return known_columns(Table((what, "films", "prevalence", *measures), cells))


def disturbed_table(rows: Mapping[str, Numbers]) -> Table:
    """One row a change."""
    measures = (
        "AUC",
        "sensitivity",
        "specificity",
        "calls changed",
        "answer reversed",
        "referred",
        "refused",
    )
    unknown = Estimate(float("nan"))
    return known_columns(
        Table(
            ("change", *measures),
            tuple((name, *(numbers.get(m, unknown) for m in measures)) for name, numbers in rows.items()),
        )
    )


def _halves(halves: Numbers) -> tuple[tuple[str, str], ...]:
    rows = tuple((words, halves[name]) for name, words in HALVES.items() if name in halves)
    caption = "Half of the films make the record, the other half is judged; means over 50 divisions"
    return ((caption, to_html(Table(("with a record", "value"), rows))),) if rows else ()


def _count(numbers: Numbers) -> Cell:
    return f"{numbers['films'].value:,.0f}" if "films" in numbers else "n/a"
