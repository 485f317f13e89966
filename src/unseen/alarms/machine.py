"""When an alarm is raised, held and cleared: a state per street that does not flap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError, DataError

Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]


class Status(IntEnum):
    """Where a street's alarm stands; in RAISED and CLEARING it is on."""

    NORMAL = 0
    RAISED = 1
    CLEARING = 2
    NO_DATA = 3
    NOT_ENOUGH_HISTORY = 4


# as NumPy's own numbers: a step is many small operations, and an enum among them costs more than they do
_NORMAL, _RAISED, _CLEARING, _NO_DATA, _NOT_ENOUGH = (np.int8(code) for code in Status)
_ZERO, _ONE = np.int8(0), np.int8(1)


def is_on(status: Codes) -> Flags:
    """Whether alarms are on, any shape."""
    return np.asarray((status == _RAISED) | (status == _CLEARING))


@dataclass(frozen=True, eq=False)
class Standing:
    """All that the next step needs to know, each of the same shape, mostly (S,).

    Attributes:
        status: Values of `Status`.
        low: Slots in a row in which the chance was below the clearing threshold.
        missing: Slots in a row without a chance.

    >>> Standing.from_dict(Machine().start(2).to_dict()).status.tolist()
    [3, 3]
    """

    status: Codes
    low: Codes
    missing: Codes

    @property
    def on(self) -> Flags:
        """Whether alarms are on."""
        return is_on(self.status)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON or a database."""
        return {name: getattr(self, name).tolist() for name in ("status", "low", "missing")}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Take up what `to_dict` gave.

        Raises:
            DataError: A part is missing, lengths differ, or a status is none.

        """
        try:
            status, low, missing = (np.array(stored[name], np.int8) for name in ("status", "low", "missing"))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"stored alarm states are not whole: {error!r}") from error
        if not status.shape == low.shape == missing.shape or not np.isin(status, list(Status)).all():
            raise DataError("stored alarm states have parts of other lengths, or a status that is none")
        return cls(status, low, missing)


@dataclass(frozen=True, eq=False)
class Moved:
    """What one step did.

    Attributes:
        after: Where the alarms stand now.
        raised: Alarms that went on in this step.
        ended: Alarms that went off, cleared or because data or history are missing (`after.status` says).

    """

    after: Standing
    raised: Flags
    ended: Flags


@dataclass(frozen=True, eq=False)
class Run:
    """Many steps: status of shape (..., N), what was raised and ended in each, where it stands at the end."""

    status: Codes
    raised: Flags
    ended: Flags
    after: Standing

    @property
    def on(self) -> Flags:
        """Whether alarms are on, shape (..., N)."""
        return is_on(self.status)


@dataclass(frozen=True)
class Machine:
    """States normal -> raised -> (clearing) -> normal, and no_data, not_enough_history.

    An alarm is raised when the chance p exceeds theta. It is cleared after `clear_after` slots in a row with
    p < keep * theta; until then it is clearing, and on. A missing chance holds every state for up to `hold`
    slots, then the street has no data: never a silent green. With `keep=1, clear_after=1` an alarm is on
    exactly where p exceeds theta.

    Args:
        keep: Share of theta below which an alarm begins to clear, over 0, at most 1.
        clear_after: Slots in a row, 1 to 100.
        hold: Missing slots in a row that change nothing, 0 to 100.

    Raises:
        ConfigError: A setting is out of its bounds.

    >>> run = Machine().run(np.array([[0.1, 0.6, 0.45, 0.3, np.nan, 0.3, 0.3]]), 0.5)
    >>> [Status(code).name for code in run.status[0]]
    ['NORMAL', 'RAISED', 'RAISED', 'CLEARING', 'CLEARING', 'NORMAL', 'NORMAL']
    """

    keep: float = 0.8
    clear_after: int = 2
    hold: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.keep <= 1:
            raise ConfigError(f"keep {self.keep} came; accepted: over 0, at most 1")
        if not (1 <= self.clear_after <= 100 and 0 <= self.hold <= 100):
            raise ConfigError(
                f"clear_after {self.clear_after} and hold {self.hold} came; "
                "accepted: 1 to 100 and 0 to 100 slots"
            )

    def start(self, *shape: int) -> Standing:
        """Stand before the first slot: no data yet."""
        return Standing(
            np.full(shape, Status.NO_DATA, np.int8),
            np.zeros(shape, np.int8),
            np.full(shape, self.hold + 1, np.int8),
        )

    def step(self, before: Standing, chance: ArrayLike, theta: ArrayLike, enough: ArrayLike = True) -> Moved:
        """Move every street by one slot.

        Args:
            before: Where alarms stand, shape (S,) or any other.
            chance: P(red) of the slot forecast now, NaN where there is none; broadcasts to the shape.
            theta: Raise above it; NaN counts as no data.
            enough: Whether the street has history enough to be judged.

        """
        chance, theta = np.asarray(chance), np.asarray(theta)
        was_on = before.on
        known = ~(np.isnan(chance) | np.isnan(theta))
        missing = np.where(known, _ZERO, np.minimum(before.missing + _ONE, np.int8(self.hold + 1)))
        under = chance < self.keep * theta
        low = np.where(known, np.where(was_on & under, before.low + _ONE, _ZERO), before.low)
        on = (chance > theta) | (was_on & (low < self.clear_after))
        judged = np.where(on, np.where(low > 0, _CLEARING, _RAISED), _NORMAL)
        held = (missing <= self.hold) & (before.status <= _CLEARING)
        status = np.where(known, judged, np.where(held, before.status, _NO_DATA))
        if enough is not True:
            status = np.where(enough, status, _NOT_ENOUGH)
        is_now = is_on(status)
        after = Standing(status, np.where(is_now, low, _ZERO), missing)
        return Moved(after, is_now & ~was_on, was_on & ~is_now)

    def run(
        self, chance: ArrayLike, theta: ArrayLike, enough: ArrayLike = True, before: Standing | None = None
    ) -> Run:
        """Move through N slots; the same as N single steps.

        Args:
            chance: Shape (..., N).
            theta: Broadcasts to the shape of `chance`, so one a slot or one for all.
            enough: Broadcasts likewise.
            before: Where alarms stood before the first slot; None begins without data.

        """
        chances = np.asarray(chance)
        always = enough is True
        bare = self.keep == 1 and self.clear_after == 1 and always and before is None
        if bare and not (np.isnan(chances).any() or np.isnan(theta).any()):
            return _compared(chances > theta)
        shape = np.broadcast_shapes(chances.shape, np.shape(theta), np.shape(enough))
        chances = np.moveaxis(np.broadcast_to(chances, shape), -1, 0)
        thetas = np.moveaxis(np.broadcast_to(np.asarray(theta), shape), -1, 0)
        enoughs = np.moveaxis(np.broadcast_to(np.asarray(enough), shape), -1, 0)
        status = np.empty(chances.shape, np.int8)
        raised, ended = np.empty(chances.shape, np.bool_), np.empty(chances.shape, np.bool_)
        now = self.start(*chances.shape[1:]) if before is None else before
        for place in range(len(chances)):
            moved = self.step(now, chances[place], thetas[place], always or enoughs[place])
            now = moved.after
            status[place], raised[place], ended[place] = now.status, moved.raised, moved.ended
        return Run(np.moveaxis(status, 0, -1), np.moveaxis(raised, 0, -1), np.moveaxis(ended, 0, -1), now)


def _compared(on: Flags) -> Run:
    """Write a run in which nothing is held and nothing is missing, shape (..., N)."""
    before = np.zeros_like(on)
    before[..., 1:] = on[..., :-1]
    status = np.where(on, _RAISED, _NORMAL)
    none = np.zeros(on.shape[:-1], np.int8)
    last = status[..., -1] if on.shape[-1] else np.full(on.shape[:-1], _NO_DATA)
    return Run(status, on & ~before, before & ~on, Standing(last, none, none))
