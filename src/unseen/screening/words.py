"""An answer in plain words."""

from __future__ import annotations

from unseen.pictures.refusals import REASONS
from unseen.screening.outcome import Outcome

WHY = {
    "both": "films with and without signs look like this one",
    "neither": "it is like neither the films with signs nor those without",
    "amber": "it is unlike most films of its source",
    "photograph": "it is a photograph, and photographs of this source were not measured",
    "no-record": "no labelled films of its source were measured",
}
HINTS = {
    "inverted": "black and white may be exchanged",
    "rotated-90": "it may lie on its side; turn it by 90 degrees",
    "rotated-180": "it may be upside down",
    "rotated-270": "it may lie on its side; turn it by 270 degrees",
}


def said(outcome: Outcome, finding: str) -> str:
    """Say one answer; a percentage is never said of what was refused.

    >>> said(Outcome("refused", "unlike", hints=("inverted",)), "pneumonia")
    'not readable as a film: it is unlike any film of training; black and white may be exchanged. No score.'
    >>> said(Outcome("refer", why="both", probability=0.4), "pneumonia")
    'uncertain, refer to a physician: films with and without signs look like this one; 40 % (not calibrated)'
    """
    if outcome.verdict == "refused":
        hints = "".join(f"; {HINTS[hint]}" for hint in outcome.hints)
        return f"not readable as a film: {REASONS[outcome.reason]}{hints}. No score."
    chance = _chance(outcome)
    if outcome.verdict == "refer":
        return f"uncertain, refer to a physician: {WHY[outcome.why]}; {chance}"
    if outcome.verdict == "signs":
        return f"looks like films labelled {finding}, refer to a physician; {chance}"
    return f"no such signs found, which does not exclude disease; {chance}"


def _chance(outcome: Outcome) -> str:
    assert outcome.probability is not None  # noqa: S101 - only a refusal has none
    if outcome.interval is None:
        return f"{percent(outcome.probability)} (not calibrated)"
    low, high = (percent(bound) for bound in outcome.interval)
    return (
        percent(outcome.probability) if low == high else f"{percent(outcome.probability)} ({low} to {high})"
    )


def percent(share: float) -> str:
    """Write a chance; none is ever called certain.

    >>> percent(0.4), percent(0.001), percent(0.9999)
    ('40 %', 'below 1 %', 'above 99 %')
    """
    if share < 0.01:
        return "below 1 %"
    return "above 99 %" if share > 0.99 else f"{100 * share:.0f} %"
