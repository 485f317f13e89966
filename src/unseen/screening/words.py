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
        return f"{outcome.probability:.0%} (not calibrated)".replace("%", " %")
    low, high = outcome.interval
    return f"{outcome.probability:.0%} ({low:.0%} to {high:.0%})".replace("%", " %")
