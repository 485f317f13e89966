"""How rare each aspect of a reading is against its own past."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TAIL = 0.1
"""Share of the past that is the tail; a value inside it gives no evidence."""
LEAST_TAIL, LEAST_PAST = 10, 50
ALIKE = 0.02
"""Two values nearer than this share of the range seen so far count as the same height."""
MOST = 30.0
_NONE = -math.inf


class Tails:
    """The upper tail of several aspects, each over its last `memory` values.

    Let u be the (1 - k/m) point of m values (k/m = 0.1, at least 10 values) and b the mean excess over u. The
    evidence of a new value x is -log10 of its tail probability beyond one decade,

        e = -log10(k/m) + (x - u) / (b ln 10) - 1,    but at most    -log10((s + 1) / (m + 1)) - 1

    where s > 0 values of the past were as high as x (to within 2 % of the range): what has been there before
    is no rarer than that, whatever the shape of the tail. Where all of the tail is one value (b = 0), what is
    above it has the conformal p-value 1 / (m + 1).

    The tail is fitted anew whenever the past has grown by 1 %. NaN is no value: no evidence, not remembered.

    Reference: exponential tails are those of peaks over a threshold with shape 0 (Pickands 1975); the bound
    is a conformal p-value (Vovk et al. 2005).

    >>> tails = Tails(1, memory=1000)
    >>> for value in np.random.default_rng(0).exponential(size=500):
    ...     _ = tails.evidence(np.array([value]))
    >>> [round(float(tails.evidence(np.array([x]))[0]), 1) for x in (1.0, 10.0)]
    [0.0, 3.5]
    """

    def __init__(self, aspects: int, *, memory: int) -> None:
        self._past: Floats = np.full((aspects, memory), _NONE)
        self._taken = 0
        self._since_fit = 0
        self._fit_to_past()

    def evidence(self, values: Floats) -> Floats:
        """Return the evidence of each aspect in decades, shape (aspects,), at least 0; then remember."""
        found = np.zeros(len(values))
        strange = np.flatnonzero(values > self._from)  # false for NaN, and while too little is known
        for place in strange:
            found[place] = self._beyond(int(place), float(values[place]))
        self._remember(values)
        return found

    def _beyond(self, place: int, value: float) -> float:
        top, size = self._tops[place], int(self._sizes[place])
        margin = ALIKE * float(self._ranges[place]) + 1e-9 * abs(float(top[-1]))
        alike = len(top) - int(np.searchsorted(top, value - margin))
        once = math.log10(size + 1) - 1.0
        if alike:
            bound = once - math.log10(alike + 1)
        elif self._scales[place] > 0:
            bound = MOST
        else:
            bound = once
        if self._scales[place] > 0:
            beyond = (value - float(self._from[place])) / (float(self._scales[place]) * math.log(10))
            bound = min(bound, beyond - math.log10(len(top) / size) - 1.0)
        return max(bound, 0.0)

    def _remember(self, values: Floats) -> None:
        memory = self._past.shape[1]
        self._past[:, self._taken % memory] = np.where(np.isfinite(values), values, _NONE)
        self._taken += 1
        self._since_fit += 1
        if self._since_fit >= max(LEAST_TAIL, min(self._taken, memory) // 100):
            self._since_fit = 0
            self._fit_to_past()

    def _fit_to_past(self) -> None:
        """Fit every tail to what is remembered; what has fewer than 50 values stays silent."""
        aspects, memory = self._past.shape
        held = self._past[:, : min(self._taken, memory)]
        self._sizes = np.isfinite(held).sum(axis=1)
        self._from = np.full(aspects, np.inf)
        self._scales, self._ranges = np.zeros(aspects), np.zeros(aspects)
        self._tops: list[Floats] = [np.empty(0)] * aspects
        if self._sizes.max(initial=0) < LEAST_PAST:
            return
        ordered = np.sort(held, axis=1)
        for place, size in enumerate(self._sizes.tolist()):
            if size < LEAST_PAST:
                continue
            tail = max(LEAST_TAIL, int(TAIL * size))
            self._tops[place] = ordered[place, -tail:]
            self._from[place] = ordered[place, -tail - 1]
            self._scales[place] = float(np.mean(self._tops[place] - self._from[place]))
            self._ranges[place] = ordered[place, -1] - ordered[place, -size]

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the past and where it stands."""
        memory = self._past.shape[1]
        fitted = min(self._taken, memory)
        return {
            "tails.past": self._past[:, :fitted].copy(),
            "tails.at": np.array([self._taken, self._since_fit], dtype=np.int64),
            "tails.from": self._from.copy(),
            "tails.scales": self._scales.copy(),
            "tails.ranges": self._ranges.copy(),
            "tails.sizes": self._sizes.copy(),
            "tails.tops": np.concatenate(self._tops),
            "tails.top_sizes": np.array([len(top) for top in self._tops], dtype=np.int64),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.generic]], aspects: int, *, memory: int) -> Tails:
        """Return the tails that gave a state.

        Raises:
            ValueError: Parts do not fit each other.

        """
        found = cls(aspects, memory=memory)
        found._taken, found._since_fit = (int(number) for number in state["tails.at"].tolist())
        found._past[:, : min(found._taken, memory)] = state["tails.past"]
        found._from[:] = state["tails.from"]
        found._scales[:] = state["tails.scales"]
        found._ranges[:] = state["tails.ranges"]
        found._sizes[:] = state["tails.sizes"]
        tops, ends = np.array(state["tails.tops"], dtype=float), np.cumsum(state["tails.top_sizes"])
        if len(ends) != aspects or ends[-1] != len(tops):
            raise ValueError("tails.tops and tails.top_sizes differ")
        found._tops = np.split(tops, ends[:-1])
        return found
