"""Key signatures of ABC notation: which letters are sharp or flat."""

from __future__ import annotations

import re

_SHARPS = "FCGDAEB"
# Place of a major key's letter on the circle of fifths.
_FIFTHS = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}
# Fifths between a mode and the major key on the same letter.
_MODES = {
    "maj": 0,
    "ion": 0,
    "": 0,
    "mix": -1,
    "dor": -2,
    "min": -3,
    "m": -3,
    "aeo": -3,
    "phr": -4,
    "loc": -5,
    "lyd": 1,
}
_KEY = re.compile(r"\s*([A-G])([#b]?)\s*([A-Za-z]*)")


def key_signature(text: str) -> dict[str, int]:
    """Return the letters a key raises (1) or lowers (-1); empty where the key is not understood.

    >>> key_signature("D"), key_signature("G Minor"), key_signature("Ador"), key_signature("none")
    ({'F': 1, 'C': 1}, {'B': -1, 'E': -1}, {'F': 1}, {})
    """
    if text.strip().upper().startswith("HP"):  # bagpipes: F and C are sharp, whatever is written
        return {"F": 1, "C": 1}
    found = _KEY.match(text)
    if found is None:
        return {}
    letter, sign, mode = found.groups()
    count = _FIFTHS[letter] + 7 * ((sign == "#") - (sign == "b")) + _MODES.get(_short(mode), 0)
    if count >= 0:
        return dict.fromkeys(_SHARPS[: min(count, 7)], 1)
    return dict.fromkeys(_SHARPS[::-1][: min(-count, 7)], -1)


def _short(mode: str) -> str:
    """First three letters of a mode in small letters; "M" is major, "m" minor."""
    if mode in ("m", "M"):
        return "m" if mode == "m" else ""
    return mode[:3].lower()
