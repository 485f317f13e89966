"""What a record of the same source brings: half of its labelled films calibrate, the other half judges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.evaluation.decisions import after_referring
from unseen.evaluation.reliability import brier, error_by_chance, reliability
from unseen.screening.judging import Seen, own_label, verdicts_of
from unseen.screening.outcome import Outcome, Rule, decide
from unseen.screening.records import Record, calibrate
from unseen.seeds import generator

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

SPLITS = 50
REFERRED = (0.10, 0.20)
ANY_DAY = dt.date(2000, 1, 1)
"""Records of halves are never written, so their day is nobody's."""


def by_halves(
    seen: Seen, *, rule: Rule | None = None, splits: int = SPLITS, seed: int = 0
) -> Mapping[str, Floats]:
    """Divide films within each class again and again; calibrate on one half, judge on the other.

    Args:
        seen: What the model says of the films of one source.
        rule: When a film is refused, referred or decided.
        splits: How often.
        seed: Of the divisions.

    Returns:
        Name -> one number a split: coverage of each class; the share whose set holds both labels or none
        ("referred"), and the share of the others that is right; the same of the answers after the gate; ECE
        and Brier score of the calibrated probability, the ECE also of all films, each half calibrated by the
        other; what is right after referring the least certain 10 and 20 %.

    Raises:
        DataError: Too few films of a class.

    """
    rule, rng = rule or Rule(), generator(seed, 72)
    rows = []
    for _ in range(splits):
        left, right = _halves(seen.findings, rng)
        record = _record(seen.take(left), rule)
        other = _record(seen.take(right), rule)
        whole = _crossed(seen, (left, right), (other, record)).chance
        rows.append(
            {
                **_judged(seen.take(right), record, rule),
                "ECE, all films": reliability(whole, seen.findings).error,
                "ECE, all films, by chance": error_by_chance(whole, draws=4),
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _halves(findings: NDArray[np.int64], rng: np.random.Generator) -> tuple[Places, Places]:
    left, right = [], []
    for label in (0, 1):
        places = rng.permutation(np.flatnonzero(findings == label))
        left.append(places[: len(places) // 2])
        right.append(places[len(places) // 2 :])
    return np.concatenate(left), np.concatenate(right)


def _record(seen: Seen, rule: Rule) -> Record:
    return calibrate(
        seen.logits, seen.findings, seen.gate, source="half", date=ANY_DAY, least=rule.least, draws=1
    )


def _judged(seen: Seen, record: Record, rule: Rule) -> dict[str, float]:
    sets = record.class_p_values(seen.logits) > rule.alpha
    covered, single = own_label(sets, seen.findings), sets.sum(axis=1) == 1
    chance = record.probability(seen.logits)
    right = (chance >= 0.5) == (seen.findings == 1)
    kept = after_referring(np.abs(chance - 0.5), right, REFERRED)
    return {
        "coverage normal": float(covered[seen.findings == 0].mean()),
        "coverage finding": float(covered[seen.findings == 1].mean()),
        "referred": float(1 - single.mean()),
        "decided, right": float(covered[single].mean()) if single.any() else float("nan"),
        "ECE": reliability(chance, seen.findings).error,
        "Brier": brier(chance, seen.findings),
        "accuracy": float(right.mean()),
        **{
            f"right after referring {share:.0%}".replace("%", " %"): float(v)
            for share, v in zip(REFERRED, kept, strict=True)
        },
        **_answers(seen, record, rule),
    }


def _answers(seen: Seen, record: Record, rule: Rule) -> dict[str, float]:
    """Shares of the answers as a user sees them, gate and all."""
    answers = decide(seen.logits, seen.gate, rule=rule, base=record, record=record)
    found, films = verdicts_of(answers), len(answers)
    said = np.array([one.verdict in ("signs", "no-signs") for one in answers])
    true = np.array(
        [
            one.verdict == ("no-signs", "signs")[label]
            for one, label in zip(answers, seen.findings, strict=True)
        ]
    )
    missed = np.array([one.verdict == "no-signs" for one in answers]) & (seen.findings == 1)
    return {
        "refused": found.get("refused", 0) / films,
        "amber": found.get("amber", 0) / films,
        "answered": float(said.mean()),
        "answered, right": float(true[said].mean()) if said.any() else float("nan"),
        "no signs said of a finding": float(missed.sum() / (seen.findings == 1).sum()),
    }


@dataclass(frozen=True, eq=False)
class Crossed:
    """Films of one source, each answered with a record of the half it is not in.

    Attributes:
        chance: Calibrated probability of the finding, (N,).
        p_values: Conformal p-values of both labels, (N, 2).

    """

    chance: Floats
    p_values: Floats


def crossed(seen: Seen, *, rule: Rule | None = None, seed: int = 0) -> Crossed:
    """Answer each film with a record of the half it is not in.

    Args:
        seen: What the model says of the films.
        rule: Its alpha says how many films a half needs.
        seed: Of the division.

    Raises:
        DataError: Too few films of a class.

    """
    rule, parts = rule or Rule(), _halves(seen.findings, generator(seed, 72))
    return _crossed(seen, parts, (_record(seen.take(parts[1]), rule), _record(seen.take(parts[0]), rule)))


def crossed_answers(
    seen: Seen,
    after: Seen,
    *,
    rule: Rule | None = None,
    seed: int = 0,
    photographs: bool = False,
) -> list[Outcome]:
    """Answer films that were changed with a record of the half of the unchanged ones that each is not in.

    Args:
        seen: The films as they are.
        after: The same films, changed, or the first of them.
        rule: When a film is refused, referred or decided.
        seed: Of the division.
        photographs: Whether the changed films are photographs; the records are not.

    Raises:
        DataError: Too few films of a class.

    """
    rule, parts = rule or Rule(), _halves(seen.findings, generator(seed, 72))
    answers: dict[int, Outcome] = {}
    for places, others in (parts, parts[::-1]):
        record, places = _record(seen.take(others), rule), places[places < len(after.logits)]
        found = decide(
            after.logits[places],
            after.gate[places],
            rule=rule,
            base=record,
            record=record,
            photograph=photographs,
        )
        answers.update(zip(places.tolist(), found, strict=True))
    return [answers[place] for place in range(len(after.logits))]


def _crossed(seen: Seen, parts: tuple[Places, Places], records: tuple[Record, Record]) -> Crossed:
    chance, p_values = np.empty(len(seen.logits)), np.empty((len(seen.logits), 2))
    for places, record in zip(parts, records, strict=True):
        chance[places] = record.probability(seen.logits[places])
        p_values[places] = record.class_p_values(seen.logits[places])
    return Crossed(chance, p_values)
