"""Settings out of their bounds are refused where they are given, one line each."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Protocol

from unseen.errors import ConfigError


class Budgeted(Protocol):
    """Settings of a member of stage 1."""

    @property
    def share(self) -> float:
        """Share of the false-alarm budget."""


def at_least_one(settings: object, *names: str) -> None:
    """Refuse counts below 1.

    Raises:
        ConfigError: One is below 1, or no whole number.

    """
    for name in names:
        value = getattr(settings, name)
        if not isinstance(value, Integral) or value < 1:
            raise _refused(settings, name, "whole numbers of 1 or more")


def within(settings: object, low: float, high: float, *names: str) -> None:
    """Refuse numbers below `low` or above `high`.

    Raises:
        ConfigError: One is, or is no number.

    """
    for name in names:
        value = getattr(settings, name)
        if not _number(value) or not low <= value <= high:
            raise _refused(settings, name, f"{low:g} to {high:g}")


def positive(settings: object, *names: str) -> None:
    """Refuse numbers that are not above 0 and finite.

    Raises:
        ConfigError: One is not.

    """
    for name in names:
        value = getattr(settings, name)
        if not _number(value) or value <= 0:
            raise _refused(settings, name, "numbers above 0")


def at_least(settings: object, low: float, *names: str) -> None:
    """Refuse numbers below `low`, but not None.

    Raises:
        ConfigError: One is, or is no finite number.

    """
    for name in names:
        value = getattr(settings, name)
        if value is not None and (not _number(value) or value < low):
            raise _refused(settings, name, f"None, or numbers of {low:g} or more")


def share(settings: Budgeted) -> None:
    """Refuse a share of the false-alarm budget that leaves nothing, or is more than all of it.

    Raises:
        ConfigError: It is.

    """
    value = settings.share
    if not _number(value) or not 0 < value <= 1:
        raise _refused(settings, "share", "above 0, and 1 at most")


def _number(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _refused(settings: object, name: str, accepted: str) -> ConfigError:
    value = getattr(settings, name)
    return ConfigError(f"{name} of {type(settings).__name__} is {value!r}; accepted: {accepted}")
