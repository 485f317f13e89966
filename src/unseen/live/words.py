"""What is shown of a street: its tier in a word, and a sentence."""

from __future__ import annotations

import datetime as dt
from enum import IntEnum
from zoneinfo import ZoneInfo

HELD = 0.5
"""An alarm whose chance of red has fallen below is only held: nobody would expect red."""


class Shown(IntEnum):
    """The tier that a street is shown with."""

    GREEN = 0
    YELLOW = 1
    RED = 2
    NO_DATA = 3
    NOT_ENOUGH_HISTORY = 4

    @property
    def word(self) -> str:
        """As it is written in answers: "red", "no_data"."""
        return self.name.lower()


def sentence(tier: Shown, *, target: int | None, p_red: float | None, zone: ZoneInfo) -> str:
    """Say how a street stands.

    >>> sentence(Shown.RED, target=1496331600, p_red=0.634, zone=ZoneInfo("Europe/Madrid"))
    'red expected 17:40, 63 %'
    >>> sentence(Shown.RED, target=1496331600, p_red=0.19, zone=ZoneInfo("Europe/Madrid"))
    'alarm on, red 19 % at 17:40'
    >>> sentence(Shown.NO_DATA, target=None, p_red=None, zone=ZoneInfo("UTC"))
    'no data'
    """
    if tier is Shown.NO_DATA or target is None:
        return "no data" if tier is Shown.NO_DATA else "not enough history"
    if tier is Shown.NOT_ENOUGH_HISTORY:
        return "not enough history"
    clock = dt.datetime.fromtimestamp(target, zone).strftime("%H:%M")
    if tier is Shown.RED and p_red is not None and p_red < HELD:
        return f"alarm on, red {p_red:.0%} at {clock}".replace("%", " %")
    chance = "" if p_red is None or p_red != p_red else f", {'' if tier is Shown.RED else 'red '}{p_red:.0%}"
    return f"{tier.word} expected {clock}{chance.replace('%', ' %')}"
