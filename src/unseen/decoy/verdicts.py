"""The symmetries of a few pictures in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.decoy.elements import GROUPS
from unseen.decoy.luminance import Seen, look, resized
from unseen.decoy.networks import Schedule
from unseen.decoy.pictures import BANDS, FINE, Learned, detrended, direct, learned, patches, rest
from unseen.decoy.reference import SIGHTS, Reference, shipped
from unseen.training.progress import tell

Floats = NDArray[np.floating[Any]]

# Below this share of the variance, what is left without bands and rings is grain.
GRAIN = 0.01
# An agreement that unrelated works reach less often than this is no chance.
CHANCE = 0.05
# Level -> what it is called; any smooth picture agrees with its shifted self more than with another one, so
# that chance alone says too little of shifts and turns.
WORDS = ((0.95, "nearly perfect"), (0.85, "strong"), (0.7, "clear"), (0.5, "faint"), (0.0, "hardly any"))
LEAST = 0.5


@dataclass(frozen=True)
class Sight:
    """One symmetry of a picture, looked at in one way.

    Attributes:
        level: Share of the variance that has it, read from the hidden layer.
        agreement: Of the picture itself with its moved self; 1 where they are the same.
        p: How often unrelated works agree as much, read from the hidden layer.

    """

    level: float
    agreement: float
    p: float

    @property
    def beyond_chance(self) -> bool:
        """Whether unrelated works rarely agree as much."""
        return self.p < CHANCE


@dataclass(frozen=True)
class Reading:
    """One symmetry of one picture.

    Attributes:
        symmetry: A name of `GROUPS`.
        whole: The picture as it is.
        detrended: The picture without broad light and dark; None where nothing can be said of that.
        patches: Largest agreement of one of the 3 x 3 patches with its moved self.

    """

    symmetry: str
    whole: Sight
    detrended: Sight | None
    patches: float

    @property
    def present(self) -> bool:
        """Whether it is there beyond chance, half of it at least, and more than broad light and dark."""
        sight = self.detrended or self.whole
        return sight.beyond_chance and sight.level >= LEAST

    @property
    def words(self) -> str:
        """The verdict in plain words.

        >>> Reading("half turn", Sight(0.97, 0.9, 0.01), Sight(0.5, 0.1, 0.4), 0.5).words
        'only its broad light and dark'
        """
        sight = self.detrended or self.whole
        if sight.beyond_chance:
            return next(word for least, word in WORDS if sight.level >= least)
        return "only its broad light and dark" if self.whole.beyond_chance else "no more than chance"


@dataclass(frozen=True)
class Judged:
    """A picture and its symmetries.

    Attributes:
        seen: The picture.
        readings: One a symmetry.
        leading: What its network makes of it: the first component of the hidden layer, (32, 32).

    """

    seen: Seen
    readings: tuple[Reading, ...]
    leading: Floats

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        readings = [
            {**asdict(reading), "present": reading.present, "words": reading.words}
            for reading in self.readings
        ]
        return {
            "picture": self.seen.name,
            "width": self.seen.size[0],
            "height": self.seen.size[1],
            "notes": list(self.seen.notes),
            "symmetries": readings,
        }


def judge(
    paths: Sequence[str | Path],
    *,
    seed: int = 0,
    schedule: Schedule | None = None,
    reference: Reference | None = None,
) -> list[Judged]:
    """Judge pictures: two networks each are trained, one on it as it is, one without broad light and dark.

    Raises:
        DataError: A picture cannot be judged; see `luminance.look`.

    """
    reference = reference or shipped()
    pictures = [look(path) for path in paths]
    found = []
    for done, seen in enumerate(pictures):
        # one by one, so that a picture is judged alike whatever other pictures came along
        found.append(_judge(seen, seed, schedule, reference))
        tell("pictures", done + 1, len(pictures))
    return found


def _judge(seen: Seen, seed: int, schedule: Schedule | None, reference: Reference) -> Judged:
    whole = resized(seen.square, FINE)
    both = np.stack([whole, detrended(whole)])
    known = learned(both, seed=seed, schedule=schedule)
    return Judged(seen, tuple(readings(seen, both, known, reference)), known.leading[0])


def readings(seen: Seen, both: Floats, known: Learned, reference: Reference) -> list[Reading]:
    """Put together what is known of a picture, as it is and detrended (2, S, S), and of its two networks."""
    levels, agreed = reference.reader.read(known.seen), direct(both)
    p = [reference.p_value(known.agreement[i], sight) for i, sight in enumerate(SIGHTS)]
    parts = direct(patches(seen.square)).max(0)
    left = rest(both[0]) >= GRAIN
    found = []
    for g, name in enumerate(GROUPS):
        whole, other = (Sight(*(float(v[i][g]) for v in (levels, agreed, p))) for i in range(2))
        found.append(Reading(name, whole, other if left and name not in BANDS else None, float(parts[g])))
    return found
