"""Say who leads in a committee, what was told or what was learned unaided, and why."""

from __future__ import annotations

from dataclasses import dataclass

from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.leading import FREQUENT, Standing
from unseen.detectors.telling import Leading
from unseen.detectors.two_stage import TwoStage


@dataclass(frozen=True)
class Joined:
    """How what was told joins what was learned unaided.

    Attributes:
        way: Class name of the joining, such as "Beyond".
        asked: Whether it was asked for; else the labels decided.
        standing: What the labels say of the unlabelled rows and of stage 1.

    """

    way: str
    asked: bool
    standing: Standing

    @property
    def told_leads(self) -> bool:
        """Whether what was told leads."""
        return self.way == Leading.__name__

    @property
    def sentence(self) -> str:
        """One plain line.

        >>> print(Joined("Leading", False, Standing(0.04, 0.21)).sentence)
        what was told leads: 4 % of the rows that look known carry a label, and unaided the known ones \
look ordinary (median p-value 0.21)
        >>> print(Joined("Beyond", False, Standing(0.9, 0.21)).sentence)
        unaided scores keep their word, what was told adds to them: 90 % of the rows that look known carry \
a label
        """
        leader = "what was told leads" if self.told_leads else _KEPT
        if self.asked:
            return f"{leader}, as was asked for ({self.way.lower()})"
        share = f"{self._share} of the rows that look known carry a label"
        p_value = f"(median p-value {self.standing.blindness:.2g})"
        if self.told_leads:
            return f"{leader}: {share}, and unaided the known ones look ordinary {p_value}"
        if self.standing.frequency >= FREQUENT:
            return f"{leader}: {share}"
        return f"{leader}: unaided, too, the known ones look strange {p_value}"

    @property
    def _share(self) -> str:
        percent = 100.0 * self.standing.frequency
        return f"{percent:.0f} %" if percent >= 1.0 else "less than 1 %"

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values."""
        return {
            "joining": self.way.lower(),
            "told_leads": self.told_leads,
            "asked": self.asked,
            "label_frequency": round(self.standing.frequency, 6),
            "median_p_value": round(self.standing.blindness, 6),
            "sentence": self.sentence,
        }


_KEPT = "unaided scores keep their word, what was told adds to them"


def joined_by(detector: TwoStage) -> Joined | None:
    """Return how a committee joins what it was told; None for other detectors, or where nothing was told."""
    if not isinstance(detector, CommitteeDetector) or detector.standing_ is None:
        return None
    return Joined(detector.joining_name, detector.joining is not None, detector.standing_)
