"""What the study comes to: numbers, claims, notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from unseen.evaluation import Estimate, Record
from unseen.recipes.results import Claim, Results
from unseen.recipes.xray_assist.derived import HALVES, SOURCE, TEST, Table, derived, tables_of
from unseen.recipes.xray_assist.gates import GATE, SPREADS, TEST_FILMS
from unseen.recipes.xray_assist.showing import figures, files
from unseen.recipes.xray_assist.trained import IN_8_BITS
from unseen.screening.gate_study import AWARE, LEFT_OUT, UNAWARE
from unseen.screening.judging import UNMEASURED
from unseen.screening.outcome import Rule

Sections = dict[str, Table]

QUICK = "(quick)"
"""A network trained for seconds has nothing to show; a gate has."""
SURE = ("digits", "clothing", "uniform noise", "gaussian noise", "blank", "inverted")
NEVER_TOLD = ("digits", "clothing", "paintings")


def conclude(name: str, records: Sequence[Record], config: dict[str, Any]) -> Results:
    """Numbers, claims, figures and the page, all from records: a change of a claim needs no training."""
    every = [*records, *derived(records, config)]
    sections = tables_of(every)
    numbers = {
        f"{section}: {row}: {measure}": estimate
        for section, rows in sections.items()
        if section != SPREADS
        for row, measures in rows.items()
        for measure, estimate in measures.items()
    }
    quick = name.endswith(QUICK)
    claims = gate_claims(sections[GATE], trial=False) if quick else claims_of(sections)
    return Results(
        name,
        numbers,
        claims,
        records,
        notes_of(sections),
        figures(records, sections, config),
        files(records, sections, claims, name, config),
        held(numbers, name),
    )


def claims_of(sections: Sections) -> list[Claim]:
    """Say what the project claims of this study, targets fixed before the run."""

    def value(section: str, row: str, measure: str) -> float:
        found = sections.get(section, {}).get(row, {}).get(measure)
        return math.nan if found is None else found.value

    size = value(IN_8_BITS, TEST, "bytes") / 1000
    normal, finding = (value(HALVES, TEST, f"coverage {label}") for label in ("normal", "finding"))
    claims = [
        Claim("AUC on the official test films", value(SOURCE, TEST, "AUC"), ">= 0.988"),
        Claim("AUC of the classifier in 8 bits", value(SOURCE, "test, in 8 bits", "AUC"), ">= 0.988"),
        Claim("size of the classifier in 8 bits, kB", size, "<= 100"),
        Claim("AUC lost by 8 bits", value(IN_8_BITS, TEST, "AUC lost"), "<= 0.002"),
    ]
    for words, covered in (("normal films", normal), ("films with the finding", finding)):
        claims.append(Claim(f"with a source record: coverage of {words}", covered, ">= 0.93"))
        claims.append(Claim(f"with a source record: coverage of {words}, at most", covered, "<= 0.97"))
    claims += [
        Claim(
            "with a source record: expected calibration error",
            value(HALVES, TEST, "ECE, all films"),
            "<= 0.03",
        ),
        Claim(
            "with a source record: accuracy of the decided", value(HALVES, TEST, "decided, right"), ">= 0.96"
        ),
        Claim("with a source record: share referred", value(HALVES, TEST, "referred"), "<= 0.10"),
    ]
    return claims + gate_claims(sections.get(GATE, {}))


def gate_claims(gate: Table, *, trial: bool = True) -> list[Claim]:
    """Say what the gate refuses at 2 % of true films; told kinds are judged on draws that were not told."""

    def least(*kinds: str) -> float:
        found = [gate.get(kind, {}).get(AWARE) for kind in kinds]
        return min((math.nan if one is None else one.value for one in found), default=math.nan)

    return [
        Claim(
            "gate: digits, clothing, noise, blank and inverted films, the least refused",
            least(*SURE),
            ">= 0.99",
        ),
        Claim("gate: paintings refused", least("paintings"), ">= 0.97"),
        Claim("gate: smooth noise refused", least("smooth noise"), ">= 0.97"),
        Claim("gate: films turned by 90 degrees refused", least("turned 90"), ">= 0.90"),
        *([_trial(gate)] if trial else []),
    ]


def _trial(gate: Table) -> Claim:
    """Set the aware gate against the unaware one on foreign kinds, and on families it was not told of."""
    pairs = [
        (shares[way].value, shares[UNAWARE].value)
        for kind, shares in gate.items()
        for way in (AWARE if kind in NEVER_TOLD else LEFT_OUT,)
        if way in shares and UNAWARE in shares
    ]
    gained = sum(aware - plain for aware, plain in pairs) / len(pairs) if pairs else math.nan
    return Claim("gate: aware less unaware, mean over kinds neither was told of", gained, "> 0")


def notes_of(sections: Sections) -> list[str]:
    """Say what a reader must know beside the numbers."""
    test, halves = sections[SOURCE][TEST], sections[HALVES][TEST]
    return [
        UNMEASURED,
        "Without a record of their source, test films are worse off than was stated on validation films: "
        f"coverage of normal films {test['coverage normal'].value:.3f}, where {1 - Rule().alpha:.3f} was "
        f"stated, specificity {test['specificity'].value:.3f} at the frozen threshold.",
        f"A probability that held would show an expected calibration error of "
        f"{halves['ECE, all films, by chance'].value:.3f} on as many films, by chance alone (15 bins).",
        "Share referred: sets with both labels or none. The gate refuses or sets aside a further "
        f"{halves['refused'].value + halves['amber'].value:.3f}.",
        *_of_gate(sections.get(GATE, {})),
        "Photographs are made of films enlarged from 28 pixels; no real photograph was tested.",
    ]


def _of_gate(gate: Table) -> list[str]:
    if TEST_FILMS not in gate:
        return []
    test, mirrored = gate[TEST_FILMS][AWARE].value, gate["mirrored"][AWARE].value
    return [
        f"Where 2 % of the validation films are refused, {test:.3f} of the test films are: another folder.",
        f"Of mirrored films {mirrored:.3f} are refused: they are not noticed.",
    ]


def held(numbers: Mapping[str, Estimate], name: str) -> dict[str, float]:
    """Numbers a rerun is held to; networks round differently elsewhere, so wider in the quick run."""
    quick = name.endswith(QUICK)
    slack = {
        f"{SOURCE}: validation: AUC": 0.06 if quick else 0.005,
        f"{SOURCE}: {TEST}: AUC": 0.06 if quick else 0.01,
        f"{IN_8_BITS}: {TEST}: correlation of maps": 0.005,
        f"{HALVES}: {TEST}: coverage normal": 0.1 if quick else 0.02,
        f"{GATE}: inverted: {AWARE}": 0.1 if quick else 0.02,
        f"{GATE}: paintings: {AWARE}": 0.1 if quick else 0.02,
    }
    return {number: tolerance for number, tolerance in slack.items() if number in numbers}
