"""From films judged to the page: what was measured, on which sources, and what was not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from unseen.evaluation import Estimate
from unseen.persist import canonical_versions
from unseen.report.content import Provenance
from unseen.report.document import Headline, Picture
from unseen.report.figures.films import Spread
from unseen.report.film_curves import spread
from unseen.report.film_pictures import gallery
from unseen.report.film_shown import FilmsContent, Traced
from unseen.screening.halves import crossed
from unseen.screening.judging import UNMEASURED, SourceNumbers
from unseen.screening.kinds import MADE_UP, made_up
from unseen.screening.records import LEAST, Record
from unseen.screening.screener import Screener
from unseen.studies.film_judging import JudgedFilms

EACH = 100
"""Pictures of each made-up kind that are shown to the gate."""
TRAINED_ON = "train"
"""Films of this part of a MedMNIST file are in the tables, not in the figures: they say nothing of others."""
NEVER = (
    "Not tested on: whatever is no source above. A network learns the hospital along with the disease; "
    "films of "
    "other machines, ages, positions or with tubes may be answered wrongly and surely."
)


def content_of(screener: Screener, judged: JudgedFilms, data: str, command: str = "") -> FilmsContent:
    """Gather what the page of a screener says of a user's films."""
    last = list(judged.films)[-1]
    refuse = refusing_score(screener.base_, screener.rule.refuse)
    return FilmsContent(
        title="A film screener, judged",
        summary=_summary(judged, last),
        provenance=Provenance(
            data,
            sum(numbers.films for numbers in judged.numbers.values()),
            seed=screener.seed,
            command=command,
            versions=canonical_versions(),
        ),
        base=screener.base_,
        threshold=judged.threshold,
        alpha=screener.rule.alpha,
        refuse=refuse,
        sources={source: _numbers(one) for source, one in judged.numbers.items()},
        traced={source: _traced(judged, source) for source in judged.films if source != TRAINED_ON},
        headlines=_headlines(judged.numbers[last]),
        warnings=(*screener.notes_, *judged.refused[:10]),
        halves=judged.halves.get(last, {}),
        kinds=_kinds(screener, judged, refuse),
        disturbed=judged.changed,
        gallery=_gallery(screener, judged, last),
        tested=_tested(judged),
        notes=_notes(judged),
    )


def refusing_score(base: Record, refuse: float) -> float:
    """Return the least gate score at which a picture is refused, p <= refuse; infinite with too few films.

    p = (1 + #{g >= G}) / (n + 1) <= refuse holds once at most k = floor(refuse (n + 1)) - 1 films reach G.
    """
    rising = np.asarray(base.gate)
    allowed = int(np.floor(refuse * (len(rising) + 1) + 1e-9)) - 1
    return float(np.nextafter(rising[-1 - allowed], np.inf)) if 0 <= allowed < len(rising) else float("inf")


def _numbers(numbers: SourceNumbers) -> dict[str, Estimate]:
    about = {"films": Estimate(float(numbers.films)), "prevalence": Estimate(numbers.prevalence)}
    return {**about, **numbers.estimates()}


def _traced(judged: JudgedFilms, source: str) -> Traced:
    seen = judged.seen[source]
    enough = min(judged.films[source].counts) >= 2 * LEAST
    return Traced(seen, judged.record, crossed(seen) if enough and judged.record is None else None)


def _headlines(numbers: SourceNumbers) -> tuple[Headline, ...]:
    known = numbers.estimates()
    wanted = (
        ("AUC", "AUC", "unseen"),
        ("sensitivity", "of the films with the finding called", "unseen"),
        ("specificity", "of the films without it not called", "told"),
        ("referred", "referred to a physician", "ink"),
    )
    return tuple(
        Headline(
            f"{known[name].value:.3f}",
            f"{known[name].low:.3f} to {known[name].high:.3f}",
            f"{words} ({numbers.source})",
            role,
        )
        for name, words, role in wanted
    )


def _kinds(screener: Screener, judged: JudgedFilms, refuse: float) -> Mapping[str, Spread]:
    found = {source: spread(seen.gate, refuse, film=True) for source, seen in judged.seen.items()}
    for name in MADE_UP:
        gate = screener.read(made_up(name, EACH, screener.size, seed=screener.seed + 1)).gate
        found[f"{name} (told)" if name in screener.told_ else name] = spread(gate, refuse)
    return found


def _gallery(screener: Screener, judged: JudgedFilms, source: str) -> tuple[Picture, ...]:
    films, readings, seen = judged.films[source], judged.readings[source], judged.seen[source]
    chance = _traced(judged, source).chance
    return gallery(
        films.pixels, readings.maps, seen, chance, most=screener.most_, finding=screener.labels_[1]
    )


def _summary(judged: JudgedFilms, last: str) -> str:
    known = judged.numbers[last].estimates()
    return (
        f"On {judged.numbers[last].films:,} films of {last} the screener ranks with an AUC of "
        f"{known['AUC'].value:.3f}. At the threshold that was frozen on its validation films it calls "
        f"{100 * known['sensitivity'].value:.0f} % of the films with the finding and "
        f"{100 - 100 * known['specificity'].value:.0f} % of those without."
    )


def _tested(judged: JudgedFilms) -> tuple[str, ...]:
    tested = [
        f"Tested on {source}: {numbers.counts[0]:,} films without and {numbers.counts[1]:,} with the finding."
        for source, numbers in judged.numbers.items()
    ]
    return (*tested, NEVER, *((UNMEASURED,) if len(tested) == 1 else ()))


def _notes(judged: JudgedFilms) -> tuple[str, ...]:
    record = "no record of their source" if judged.record is None else f"the record of {judged.record.source}"
    return (
        f"Films were answered with {record}. Intervals of shares are Wilson's, those of AUCs DeLong's, 95 %.",
        f"The threshold, a logit of {judged.threshold:.2f}, is the one at which sensitivity and "
        f"specificity of "
        "the validation films of training are nearest.",
        "ECE: 15 bins of equal width. One label: the set of labels holds exactly one.",
        "With a record of half of the films: divided within each class 50 times, one half makes the "
        "record, the "
        "other is judged; “all films”: each half calibrated by the other; “by chance”: what the error "
        "would be "
        "if the probabilities held.",
        "Maps show where the score comes from, not where disease is; their scale is the same for all films.",
    )
