"""The model card of a screener: what it learned from, its numbers source by source, what it is not for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from unseen.evaluation import Estimate
from unseen.screening.films import PUBLISHED
from unseen.screening.judging import UNMEASURED, SourceNumbers

if TYPE_CHECKING:
    from unseen.screening.screener import Screener

NOT_FOR = ("adults", "portable", "tubes", "rotated", "lateral", "others", "alone")
FAILURES = ("source", "mirror", "exposure", "noise", "size", "gate")
NOTICE = ("children", "one-hospital", "one-finding", "not-validated")
"""Codes of sentences that the app has in its languages; a notice must be accepted before the first film."""
CREDIT = (
    "Films: PneumoniaMNIST of MedMNIST v2 (Yang et al., Scientific Data 2023), CC BY 4.0, made from the "
    "films of "
    "Kermany et al., Cell 2018. Changed: reduced to 28 x 28 pixels by their makers. Not intended for "
    "clinical use."
)
POPULATION = "children of one to five years, one hospital in Guangzhou"
MEASURES = {
    "auc": "AUC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "ece": "ECE",
    "brier": "Brier",
    "coverage_normal": "coverage normal",
    "coverage_finding": "coverage finding",
    "refer": "referred",
    "refuse": "refused",
    "ppv": "PPV at 5 %",
    "npv": "NPV at 5 %",
}
"""Key of the card -> name of the number."""


def card(
    screener: Screener, measured: Sequence[SourceNumbers] = (), *, about: str = "", untested: str = ""
) -> dict[str, Any]:
    """Write the card of a fitted screener as plain JSON values.

    Args:
        screener: Fitted.
        measured: Numbers of sources it was judged on.
        about: What it learned from, where that is not PneumoniaMNIST.
        untested: What it was not tested on; the known list where empty.

    """
    published = screener.counts_.get("training") == PUBLISHED["train"]
    found: dict[str, Any] = {
        "notice": list(NOTICE) if published else ["one-finding", "not-validated"],
        "data": _data(screener, published, about),
        "sources": [_base(screener), *map(_source, measured)],
        "not_for": list(NOT_FOR) if published else ["rotated", "lateral", "others", "alone"],
        "failures": list(FAILURES),
        "external": untested or UNMEASURED,
        "told": list(screener.told_),
        "notes": list(screener.notes_),
    }
    return {**found, "credit": CREDIT} if published else found


def _data(screener: Screener, published: bool, about: str) -> dict[str, Any]:
    known = {"name": "PneumoniaMNIST", "licence": "CC BY 4.0", "population": POPULATION}
    named = known if published else {"name": about or "films of the maker of this app"}
    return {**named, **{name: list(pair) for name, pair in screener.counts_.items()}}


def _base(screener: Screener) -> dict[str, Any]:
    base = screener.base_
    films = sum(base.counts)
    return {
        "source": base.source,
        "n": films,
        "counts": list(base.counts),
        "prevalence": round(base.counts[1] / films, 3),
        "auc": [round(value, 4) for value in base.auc],
    }


def _source(numbers: SourceNumbers) -> dict[str, Any]:
    known = numbers.estimates()
    return {
        "source": numbers.source,
        "n": numbers.films,
        "counts": list(numbers.counts),
        "prevalence": round(numbers.prevalence, 3),
        **{key: _plain(known[name]) for key, name in MEASURES.items()},
    }


def _plain(estimate: Estimate) -> float | list[float] | None:
    parts = [
        None if part != part else round(part, 4) for part in (estimate.value, estimate.low, estimate.high)
    ]
    if parts[0] is None or None in parts[1:]:
        return parts[0]
    return [part for part in parts if part is not None]
