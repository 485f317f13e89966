"""Transformations read from text: `rotation:x,y`, `boost:E1,pz1+E2,pz2=0.1`, `swap:x1,y1+x2,y2`."""

from __future__ import annotations

import math
from collections.abc import Callable

from unseen.errors import ConfigError, unknown
from unseen.symmetry.transformations import (
    Groups,
    Transformation,
    boost,
    reflection,
    rotation,
    scaling,
    shift,
    swap,
    turn,
)


def transformation(text: str) -> Transformation:
    """Read KIND:COLUMNS or KIND:COLUMNS=AMOUNT; groups that move alike are joined by +.

    Without an amount, rotations, boosts, scales and turns draw one a row.

    Raises:
        ConfigError: The kind is not known, the amount is no number, or the columns do not fit the kind.

    >>> transformation("rotation:px1,py1+px2,py2=0.3").name
    'rotation:px1,py1+px2,py2=0.3'
    >>> transformation("spin:x,y")
    Traceback (most recent call last):
    ...
    unseen.errors.ConfigError: transformation 'spin' is not known; accepted: rotation, reflection, ...

    """
    kind, _, rest = text.partition(":")
    if kind.strip() not in _KINDS:
        raise ConfigError(unknown("transformation", kind.strip(), _KINDS))
    columns, equals, amount = rest.rpartition("=") if "=" in rest else (rest, "", "")
    groups = tuple(tuple(word.strip() for word in group.split(",")) for group in columns.split("+"))
    if not all(word for group in groups for word in group):
        raise ConfigError(
            f"{text!r} names no columns in some place; write {kind}:COLUMN,COLUMN, groups joined by +"
        )
    return _KINDS[kind.strip()](groups, _number(amount, text) if equals else None)


def _number(amount: str, text: str) -> float:
    try:
        value = float(amount)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"{text!r}: {amount!r} is no finite number; accepted after =: an amount, e.g. 0.1")
    return value


def _planes(groups: Groups, kind: str) -> tuple[tuple[str, str], ...]:
    for group in groups:
        if len(group) != 2:
            raise ConfigError(
                f"{kind} of {','.join(group)} came; accepted: two columns, or planes of two joined by +"
            )
    return tuple((group[0], group[1]) for group in groups)


def _flat(groups: Groups) -> tuple[str, ...]:
    return tuple(column for group in groups for column in group)


def _without(amount: float | None, kind: str) -> None:
    if amount is not None:
        raise ConfigError(f"{kind} with the amount {amount:g} came; accepted: {kind} without an amount")


def _reflection(groups: Groups, amount: float | None) -> Transformation:
    _without(amount, "reflection")
    return reflection(*_flat(groups))


def _swap(groups: Groups, amount: float | None) -> Transformation:
    _without(amount, "swap")
    # swap:x,y means x against y
    return swap(*(tuple((column,) for column in groups[0]) if len(groups) == 1 else groups))


def _shift(groups: Groups, amount: float | None) -> Transformation:
    if amount is None:
        raise ConfigError(
            f"shift of {','.join(_flat(groups))} without an amount came; write shift:COLUMN=0.1"
        )
    return shift(*_flat(groups), by=amount)


_KINDS: dict[str, Callable[[Groups, float | None], Transformation]] = {
    "rotation": lambda groups, amount: rotation(*_planes(groups, "rotation"), angle=amount),
    "reflection": _reflection,
    "swap": _swap,
    "boost": lambda groups, amount: boost(*_planes(groups, "boost"), velocity=amount),
    "scale": lambda groups, amount: scaling(*_flat(groups), factor=amount),
    "shift": _shift,
    "turn": lambda groups, amount: turn(*_flat(groups), by=amount),
}
