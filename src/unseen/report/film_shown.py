"""What the page of a screener says: plain values, films as the model saw them, numbers by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from unseen.evaluation import Estimate
from unseen.report.content import Provenance
from unseen.report.document import Headline, Picture
from unseen.report.figures.films import Spread
from unseen.report.tables import Table
from unseen.screening.halves import Crossed
from unseen.screening.judging import Seen
from unseen.screening.records import Record

Floats = NDArray[np.float64]
Numbers = Mapping[str, Estimate]
"""Name of a measure -> its value, with an interval or without."""


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
    alpha: float
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
