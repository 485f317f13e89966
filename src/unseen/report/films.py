"""The page of a screener: which sources it was judged on and which not, what may be said, what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

from unseen.report.document import Page, Section
from unseen.report.film_panels import ABOUT, READINGS, TITLES, disturbed_table, figures_of, numbers_table
from unseen.report.film_shown import FilmsContent, Numbers
from unseen.report.panels import Panel, panel_of
from unseen.report.tables import Table, to_html

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
            (caption, to_html(numbers_table(content.sources, "source", measures, about)))
            for caption, measures, about in (
                ("Ranked, and called at the frozen threshold", CALLS, ABOUT),
                ("Sets of labels, and answers as the films came", SETS, ABOUT),
                ("What a call is worth where 1, 5, 10 or 20 % have the finding", WORTH, ()),
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


def _halves(halves: Numbers) -> tuple[tuple[str, str], ...]:
    rows = tuple((words, halves[name]) for name, words in HALVES.items() if name in halves)
    caption = "Half of the films make the record, the other half is judged; means over 50 divisions"
    return ((caption, to_html(Table(("with a record", "value"), rows))),) if rows else ()
