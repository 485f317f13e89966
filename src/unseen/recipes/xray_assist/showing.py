"""The page of the study and its figures; no film is on it, since the page is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.evaluation import Estimate, Record
from unseen.persist import canonical_versions
from unseen.recipes.results import Claim
from unseen.recipes.xray_assist.derived import HALVES, SOURCE, TEST, Table, base_of, judged
from unseen.recipes.xray_assist.gates import GATE, SPREADS, TEST_FILMS
from unseen.recipes.xray_assist.reading import FLOAT, is_film, seen_of
from unseen.recipes.xray_assist.trained import CHANGED, FILE
from unseen.report.content import Provenance
from unseen.report.document import Headline, render_page
from unseen.report.figures.films import Spread
from unseen.report.film_content import refusing_score
from unseen.report.film_panels import TITLES, figures_of, numbers_table
from unseen.report.film_shown import FilmsContent, Traced
from unseen.report.films import films_page
from unseen.report.svg import inline
from unseen.report.tables import Cell, known_columns, to_markdown
from unseen.report.tables import Table as Shown
from unseen.screening.gate_study import AWARE, LEFT_OUT, UNAWARE
from unseen.screening.halves import crossed
from unseen.screening.judging import UNMEASURED, frozen_threshold
from unseen.screening.outcome import Rule

FIRST = 0
"""The seed whose films are drawn."""
CREDIT = (
    "Films: PneumoniaMNIST of MedMNIST v2 (Yang et al., Scientific Data 2023, CC BY 4.0), made from "
    "Kermany et "
    "al., Cell 2018: children of one to five years, one hospital in Guangzhou."
)
HOW = (
    "Mean over five seeds with 95 % t intervals; figures show the first seed.",
    "The threshold is the one at which sensitivity and specificity of the validation films are nearest; it "
    "was frozen before any test film was read.",
    "ECE: 15 bins of equal width. “By chance” is what it would be if the probabilities held: 312 films do "
    "not "
    "allow a smaller one.",
    "With a record: the test films are divided within each class 50 times; one half makes the record, the "
    "other is judged. “All films”: each half calibrated by the other. “Referred”: sets with both labels "
    "or none.",
    "Changed films are answered with a record of unchanged films of the same source that they are not among.",
    "Photographs are made of films enlarged from 28 to 512 pixels, which adds pixels and no detail: 480 x "
    "640, "
    "perspective, moiré, glare, JPEG of quality 40, corners set by hand 1 % off. Real photographs of real "
    "films were not tested.",
)

Sections = Mapping[str, Table]


def figures(
    records: Sequence[Record], sections: Sections, config: dict[str, Any]
) -> dict[str, Callable[[], str]]:
    """Return what draws each figure; one without records is left out."""
    needs = {"gate": SPREADS, "disturbed": CHANGED}
    return {
        f"{name}.svg": partial(_svg, name, records, sections, config)
        for name in TITLES
        if needs.get(name, SOURCE) in sections
    }


def _svg(name: str, records: Sequence[Record], sections: Sections, config: dict[str, Any]) -> str:
    drawn = dict(figures_of(content(records, sections, (), "", config)))
    return inline(drawn[name][0], name, TITLES[name])


def files(
    records: Sequence[Record],
    sections: Sections,
    claims: Sequence[Claim],
    name: str,
    config: dict[str, Any],
) -> dict[str, Callable[[], bytes]]:
    """Return what makes each file: tables in Markdown, and the page."""
    return {
        "tables.md": lambda: tables(sections).encode(),
        "films.html": lambda: render_page(
            films_page(content(records, sections, claims, name, config))
        ).encode(),
    }


def tables(sections: Sections) -> str:
    """Write every table as Markdown."""
    parts = ["# xray-assist: tables", "", "Means over seeds with 95 % t intervals."]
    for section, rows in sections.items():
        if section != SPREADS:
            measures = tuple(dict.fromkeys(name for row in rows.values() for name in row))
            shown = tuple(name for name in measures if name not in ("films", "prevalence"))
            parts += ["", f"## {section}", "", to_markdown(numbers_table(rows, section, shown))]
    return "\n".join(parts) + "\n"


def content(
    records: Sequence[Record],
    sections: Sections,
    claims: Sequence[Claim],
    name: str,
    config: dict[str, Any],
) -> FilmsContent:
    """Gather what the page says."""
    base = base_of([r for r in records if is_film(r)], FIRST)
    films = {part: seen_of(records, FLOAT, FIRST, part) for part in ("validation", TEST)}
    halved = crossed(films[TEST], seed=FIRST)
    return FilmsContent(
        title="An aid that reads chest films on the phone",
        summary=_summary(sections),
        provenance=Provenance(
            f"{FILE}: PneumoniaMNIST (CC BY 4.0)",
            len(films[TEST].logits),
            seed=FIRST,
            command=f"unseen recipe run {name}",
            versions=canonical_versions(),
        ),
        base=base,
        threshold=frozen_threshold(base),
        alpha=Rule().alpha,
        refuse=refusing_score(base, Rule().refuse),
        sources=_sources(records, sections[SOURCE]),
        traced={"validation": Traced(films["validation"]), TEST: Traced(films[TEST], crossed=halved)},
        headlines=tuple(_headlines(sections)),
        warnings=(UNMEASURED,),
        halves=sections[HALVES][TEST],
        kinds=_spreads(sections),
        gate=_gate(sections),
        disturbed=sections.get(CHANGED, {}),
        claims=Shown(
            ("claim", "value", "target", "holds"),
            tuple((c.name, f"{c.value:.4f}", c.target, "yes" if c.holds else "no") for c in claims),
        )
        if claims
        else None,
        tested=_tested(films[TEST].findings),
        notes=(*HOW, CREDIT),
    )


def _sources(records: Sequence[Record], rows: Table) -> dict[str, Mapping[str, Estimate]]:
    """Give means over seeds, then the first seed alone with intervals over its films."""
    films, found = [r for r in records if is_film(r)], dict[str, Mapping[str, Estimate]](rows)
    for part in ("validation", TEST):
        numbers = judged(films, FIRST, part)
        about = {"films": Estimate(numbers.films), "prevalence": Estimate(numbers.prevalence)}
        found[f"{part}, first seed alone"] = {**about, **numbers.estimates()}
    return found


def _summary(sections: Sections) -> str:
    test, halves = sections[SOURCE][TEST], sections[HALVES][TEST]
    return (
        f"On the {test['films'].value:.0f} official test films the network ranks with an AUC of "
        f"{test['AUC'].value:.3f} over seeds. What was set on validation films does not hold there: of the "
        f"normal films {100 * test['coverage normal'].value:.0f} % keep their label, where "
        f"{100 * (1 - Rule().alpha):.1f} % was stated. With a record of films of the same source "
        f"{100 * halves['coverage normal'].value:.0f} % do."
    )


def _headlines(sections: Sections) -> list[Headline]:
    wanted = (
        (SOURCE, TEST, "AUC", "AUC on the official test films", "unseen"),
        (SOURCE, TEST, "specificity", "of normal test films not called, threshold of validation", "told"),
        (HALVES, TEST, "decided, right", "of the decided right, with a record", "unseen"),
        (HALVES, TEST, "referred", "referred to a physician, with a record", "ink"),
    )
    found = []
    for section, row, measure, words, role in wanted:
        one = sections[section][row][measure]
        sure = "" if np.isnan(one.low) else f"{one.low:.3f} to {one.high:.3f}"
        found.append(Headline(f"{one.value:.3f}", sure, words, role))
    return found


def _tested(findings: NDArray[np.int64]) -> tuple[str, ...]:
    normal, finding = int((findings == 0).sum()), int((findings == 1).sum())
    return (
        f"Tested on: the official test films, {normal} normal and {finding} with pneumonia, of the same "
        "hospital and the same age as the films of training; validation films; both from files of 28 x 28 "
        "pixels.",
        "Not tested on: any other hospital, adults, portable films, films with tubes or lines, films of the "
        "side, real photographs of films, any finding but pneumonia, any phone at a bedside.",
        UNMEASURED,
    )


def _spreads(sections: Sections) -> dict[str, Spread]:
    """Gate scores by kind with the share refused; films first, then what is hardest to tell from them."""
    shares = sections.get(GATE, {})
    rows = {
        name: Spread(
            (low.value, first.value, middle.value, third.value, high.value),
            shares[name][AWARE].value,
            name == TEST_FILMS,
        )
        for name, quantiles in sections.get(SPREADS, {}).items()
        for low, first, middle, third, high in [quantiles.values()]
    }
    return dict(sorted(rows.items(), key=lambda row: (not row[1].film, row[1].refused, row[1].quantiles[2])))


def _gate(sections: Sections) -> tuple[tuple[str, Shown], ...]:
    """Share refused of each kind by each gate."""
    if GATE not in sections:
        return ()
    ways, unknown = (UNAWARE, AWARE, LEFT_OUT), Estimate(float("nan"))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (kind, *(shares.get(way, unknown) for way in ways)) for kind, shares in sections[GATE].items()
    )
    caption = (
        "Share refused where 2 % of the validation films are. Digits, clothing and paintings are told to "
        "none; of "
        "all others the aware gate is told in other draws; in the last column of nothing like it"
    )
    return ((caption, known_columns(Shown(("kind", *ways), rows))),)
