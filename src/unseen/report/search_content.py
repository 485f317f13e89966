"""What a report shows of a search: event displays, the small code, a variable beside the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unseen.studies.searching import Found

Floats = NDArray[np.float64]
CHANNELS = ("tracker", "ECAL", "HCAL")


@dataclass(frozen=True)
class EventDisplay:
    """One event image beside what the model made of it, both as ln(1 + E_T / 1 GeV), or masks.

    Attributes:
        caption: what it is.
        image, rebuilt: (C, H, W), H the azimuth, W the pseudorapidity.
        names: of the channels; () numbers them, or takes those of three.
        masks: whether these are lit pixels and their probability.

    """

    caption: str
    image: Floats
    rebuilt: Floats
    names: tuple[str, ...] = ()
    masks: bool = False

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        count = len(self.image)
        if len(self.names) == count:
            return self.names
        return CHANNELS if count == len(CHANNELS) else tuple(f"channel {i + 1}" for i in range(count))


@dataclass(frozen=True)
class CodeMap:
    """The two-number code of rows, (n, 2), their kinds (n,), and which are normal (n,)."""

    code: Floats
    kinds: NDArray[np.str_]
    normal: NDArray[np.bool_]


@dataclass(frozen=True)
class SearchContent:
    """All a report shows of a search; what is None or empty is left out.

    Attributes:
        found: working points, at a fixed variable, as a trigger.
        input_rate: Hz that arrive, for the rate curve.
        variable: name of the variable beside the score.
        values: (n,) the variable of each row, empty without one.
        scores: (n,) score of each row.
        kinds: (n,) kind of each row.
        normal: (n,) whether it is normal.
        displays: events by the title of their panel.
        code: two-number code, where the model has one.

    """

    found: Found
    input_rate: float
    scores: Floats
    kinds: NDArray[np.str_]
    normal: NDArray[np.bool_]
    variable: str = ""
    values: Floats = field(default_factory=lambda: np.empty(0))
    displays: Mapping[str, Sequence[EventDisplay]] = field(default_factory=dict)
    code: CodeMap | None = None
