"""Reading ABC notation: many tunes a file, a few hundredths of a second a hundred tunes.

Only what a single line of notes needs is understood: pitches, accidentals, lengths, broken rhythms, tuplets,
ties, keys, meters, bar lines. Repeats are not written out, grace notes, ornaments, chord names and words are
passed over, and of several voices the first is read. Accidentals last to the end of their bar, in all
octaves.

Reference: the ABC music standard 2.1, abcnotation.com.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from unseen.music.keys import key_signature
from unseen.music.melody import TICKS, Melody, melody

WHOLE = 4 * TICKS
# Longest run of notes that is still a melody; a hostile file must not fill the memory.
MOST_NOTES = 20_000

_NOTES = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71}
_SHIFT = {"^": 1, "_": -1, "=": 0}
_FIELD = re.compile(r"^([A-Za-z]):\s*(.*)$")
_TOKEN = re.compile(
    r"""
    (?P<skip>"[^"]*"|![^!|\n]*!|\+[^+|\n]*\+|\{[^}]*\})
  | \[(?P<letter>[A-Za-z]):(?P<value>[^\]]*)\]
  | (?P<bar>:*\|[\|\]:]*(?:\[?\d[\d,\-]*)?|::+|\[\d[\d,\-]*|\[\|)
  | \((?P<tuplet>\d)(?::(?P<into>\d?))?(?::(?P<over>\d?))?
  | (?P<open>\[)
  | (?P<close>\])(?P<chord_length>\d{0,4}/{0,4}\d{0,4})
  | (?P<accidental>[_^=]*)(?P<note>[A-Ga-g])(?P<octave>[,']*)(?P<length>\d{0,4}/{0,4}\d{0,4})
  | (?P<rest>[zx])(?P<rest_length>\d{0,4}/{0,4}\d{0,4})
  | (?P<bars>[ZX])(?P<count>\d{0,3})
  | (?P<broken>>+|<+)
  | (?P<tie>-)
    """,
    re.VERBOSE,
)
# Notes a tuplet of p takes the time of, where the tune does not say; 5, 7 and 9 depend on the meter.
_INTO = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


def tunes(text: str) -> Iterator[tuple[str, str]]:
    r"""Split the text of an ABC file into tunes: their number (`X:`) and their own lines.

    >>> [number for number, _ in tunes("X:1\nK:C\nCDEF|\n\nX:2\nK:G\nGABc|")]
    ['1', '2']
    """
    starts = [match.start() for match in re.finditer(r"(?m)^X:", text)]
    for start, stop in pairwise([*starts, len(text)]):
        tune = text[start:stop]
        yield tune[2 : tune.find("\n")].strip(), tune


def unit_length(meter: str) -> int:
    """Return the length of a plain letter where `L:` is missing: 1/16 below a meter of 3/4, else 1/8.

    >>> unit_length("2/4") == WHOLE // 16, unit_length("4/4") == WHOLE // 8
    (True, True)
    """
    above, _, below = meter.partition("/")
    short = above.isdecimal() and below.isdecimal() and int(below) > 0 and int(above) / int(below) < 0.75
    return WHOLE // 16 if short else WHOLE // 8


def meter_of(value: str) -> str:
    """Write a meter as a fraction: C is 4/4, C| is 2/2; anything else comes back as it is.

    >>> meter_of("C|"), meter_of(" 2/4 "), meter_of("none")
    ('2/2', '2/4', 'none')
    """
    value = value.partition("%")[0].strip()
    return {"C": "4/4", "C|": "2/2"}.get(value, value)


def read_tune(text: str, *, name: str, collection: str) -> Melody:
    r"""Read one tune.

    >>> tune = read_tune("X:1\nM:4/4\nL:1/8\nK:G\nD2|GA Bc dedc|F8|", name="scale", collection="mine")
    >>> tune.pitches.tolist()
    [62, 67, 69, 71, 72, 74, 76, 74, 72, 66]
    >>> bool(tune.first_bar == tune.starts[1]), tune.meters
    (True, ('4/4',))
    """
    reader = _Reader()
    voice: str | None = None
    reading = True
    in_body = False
    for raw in text.splitlines():
        line = raw.partition("%")[0].rstrip()
        found = _FIELD.match(line)
        if found is None:
            if in_body and reading:
                reader.music(line)
            continue
        letter, value = found.groups()
        if letter == "V" and in_body:
            voice = voice or value.split()[0] if value.split() else voice
            reading = not value.split() or value.split()[0] == voice
        elif letter == "K" or reading:
            reader.told(letter, value)
        in_body = in_body or letter == "K"
    return reader.melody(name, collection)


@dataclass
class _Reader:
    """Where the reader stands in a tune, and the notes so far."""

    meter: str = ""
    unit: int = 0
    key: dict[str, int] = field(default_factory=dict)
    now: int = 0
    starts: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    pitches: list[int] = field(default_factory=list)
    meters: list[str] = field(default_factory=list)
    in_bar: dict[str, int] = field(default_factory=dict)
    first_line: int | None = None
    chords: int = 0
    chord: list[tuple[int, int]] | None = None
    tied: bool = False
    times: float = 1.0  # of the next note, from the broken rhythm before it
    tuplet: tuple[int, int, int] = (1, 1, 0)  # p notes in the time of q, for so many notes more
    events: list[int] = field(default_factory=list)  # index of the note, -1 for a rest: what > acts on
    last_start: int = 0

    def told(self, letter: str, value: str) -> None:
        """Take a field of the header or the body."""
        if letter == "M":
            self.meter = meter_of(value)
            self.meters.append(self.meter)
        elif letter == "L":
            above, _, below = value.strip().partition("/")
            if above.isdecimal() and (below or "1").isdecimal() and int(below or 1) > 0:
                self.unit = min(WHOLE * int(above[:4]) // int(below or 1), 4 * WHOLE)
        elif letter == "K":
            self.key = key_signature(value)

    def music(self, line: str) -> None:
        """Take a line of notes."""
        for found in _TOKEN.finditer(line):
            if len(self.starts) > MOST_NOTES:
                return
            kind = found.lastgroup
            if kind in ("length", "octave", "note"):
                self._note(found)
            elif kind == "rest_length":
                self._rest(_length(found["rest_length"]))
            elif kind == "bar":
                self._bar()
            else:
                self._sign(found)

    def _sign(self, found: re.Match[str]) -> None:
        if found["broken"]:
            self._break(found["broken"])
        elif found["tuplet"]:
            self._tuple(int(found["tuplet"]), found["into"], found["over"])
        elif found["tie"]:
            self.tied = bool(self.events) and self.events[-1] >= 0
        elif found["open"]:
            self.chord = []
        elif found["close"]:
            self._close(_length(found["chord_length"]))
        elif found["letter"]:
            self.told(found["letter"], found["value"])
        elif found["bars"]:
            self._rest(int(found["count"] or 1) * self._bar_length() / (self.unit or unit_length(self.meter)))

    def _note(self, found: re.Match[str]) -> None:
        letter = found["note"].upper()
        if found["accidental"]:
            self.in_bar[letter] = sum(_SHIFT[sign] for sign in found["accidental"])
        shift = self.in_bar.get(letter, self.key.get(letter, 0))
        octave = found["octave"].count("'") - found["octave"].count(",") + found["note"].islower()
        pitch = _NOTES[letter] + shift + 12 * octave
        length = _length(found["length"])
        if self.chord is not None:
            self.chord.append((pitch, round(length * 1_000_000)))
        else:
            self._add(pitch, length)

    def _close(self, times: float) -> None:
        notes, self.chord = self.chord, None
        if notes:
            self.chords += len(notes) > 1
            self._add(max(notes)[0], notes[0][1] / 1_000_000 * times)

    def _add(self, pitch: int, length: float) -> None:
        ticks = self._ticks(length)
        if self.tied and self.pitches and self.pitches[-1] == pitch:
            self.lengths[-1] += ticks
        else:
            self.starts.append(self.now)
            self.lengths.append(ticks)
            self.pitches.append(pitch)
        self.tied = False
        self.events.append(len(self.starts) - 1)
        self.last_start = self.now
        self.now += ticks

    def _rest(self, length: float) -> None:
        self.tied = False
        self.events.append(-1)
        self.last_start = self.now
        self.now += self._ticks(length)

    def _ticks(self, length: float) -> int:
        above, below, left = self.tuplet
        length = length * self.times * (below / above if left else 1.0)
        self.times = 1.0
        self.tuplet = (above, below, left - 1) if left else (1, 1, 0)
        return round(length * (self.unit or unit_length(self.meter)))

    def _break(self, signs: str) -> None:
        """A>B: the first is longer by a half, the second shorter by as much; A<B the other way round."""
        if not self.events:
            return
        share = 0.5 ** len(signs)
        first = 2.0 - share if signs[0] == ">" else share
        self.times = 2.0 - first
        ticks = self.now - self.last_start
        change = round(ticks * first) - ticks
        self.now += change
        if self.events[-1] >= 0:
            self.lengths[-1] += change

    def _tuple(self, above: int, into: str | None, over: str | None) -> None:
        compound = self.meter in ("6/8", "9/8", "12/8")
        below = int(into) if into else _INTO.get(above, 3 if compound else 2)
        self.tuplet = (max(above, 1), below, int(over) if over else above)

    def _bar(self) -> None:
        self.in_bar = {}
        if self.first_line is None and self.now > 0:
            self.first_line = self.now

    def _bar_length(self) -> int:
        above, _, below = self.meter.partition("/")
        whole = above.isdecimal() and below.isdecimal() and int(below) > 0
        return WHOLE * int(above) // int(below) if whole else WHOLE

    def melody(self, name: str, collection: str) -> Melody:
        """Return the tune; a first bar shorter than the meter is an upbeat."""
        upbeat = self.first_line or 0
        return melody(
            name,
            collection,
            self.starts,
            self.lengths,
            self.pitches,
            first_bar=upbeat if upbeat < self._bar_length() else 0,
            end=self.now,
            meters=tuple(dict.fromkeys(self.meters)),
            chords=self.chords,
        )


def _length(text: str) -> float:
    """Read the length behind a letter: "" is 1, "3" is 3, "/" is 1/2, "//" is 1/4, "3/2" is 1.5.

    >>> [_length(text) for text in ("", "3", "/", "//", "/4", "3/2", "/0")]
    [1.0, 3.0, 0.5, 0.25, 0.25, 1.5, 0.5]
    """
    above, slashes, below = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()  # type: ignore[union-attr]
    first = float(above or 1)
    if not slashes:
        return first
    return first / (int(below) or 2) if below else first / 2 ** len(slashes)
