"""Many tunes in one set of arrays, each tune once, with a count of those left out and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.music.melody import Melody
from unseen.music.tokens import Tokens, refusal, tokens

# Two tunes that share this many first intervals are taken for one.
PATTERN = 24
# Names kept of what was left out for each reason.
NAMED = 3
_FORMAT = 1


@dataclass
class Left:
    """What was left out: reason -> how many, and the first names."""

    counts: Counter[str] = field(default_factory=Counter)
    names: dict[str, list[str]] = field(default_factory=dict)

    def out(self, name: str, reason: str) -> None:
        """Leave one out."""
        self.counts[reason] += 1
        named = self.names.setdefault(reason, [])
        if len(named) < NAMED:
            named.append(name)

    def lines(self) -> list[str]:
        """One line a reason, most first: how many, why, which."""
        found = []
        for reason, count in self.counts.most_common():
            rest = ", ..." if count > len(self.names[reason]) else ""
            found.append(f"{count:,} left out: {reason} ({', '.join(self.names[reason])}{rest})")
        return found


@dataclass(frozen=True, eq=False)
class Tunes:
    """Tokens of many tunes.

    Attributes:
        steps: Tokens of all tunes one after the other, shape (L,).
        ends: Where each tune ends, shape (M,).
        names, collections: Of each tune, shape (M,).
        left: What was left out.
        chords: Tunes in which the highest of several notes was taken.

    """

    steps: Tokens
    ends: NDArray[np.int64]
    names: NDArray[np.str_]
    collections: NDArray[np.str_]
    left: Left
    chords: int = 0

    def __len__(self) -> int:
        """Count the tunes."""
        return len(self.ends)

    def __iter__(self) -> Iterator[Tokens]:
        """Yield the tokens of each tune."""
        start = 0
        for end in self.ends:
            yield self.steps[start:end]
            start = end

    def write(self, path: Path) -> None:
        """Write an npz file, aside and then renamed."""
        aside = path.with_name(path.name + ".tmp")
        reasons = list(self.left.counts)
        with aside.open("wb") as file:
            np.savez_compressed(
                file,
                format=np.array(_FORMAT),
                steps=self.steps,
                ends=self.ends,
                names=self.names,
                collections=self.collections,
                chords=np.array(self.chords),
                reasons=np.array(reasons, dtype=np.str_),
                counts=np.array([self.left.counts[reason] for reason in reasons], dtype=np.int64),
                named=np.array(["\n".join(self.left.names[reason]) for reason in reasons], dtype=np.str_),
            )
        os.replace(aside, path)


def gathered(melodies: Iterable[Melody], left: Left | None = None) -> Tunes:
    """Keep the tunes that can be written in tokens, one of each pattern of first intervals.

    Raises:
        DataError: None can; the message says why the most were left out.

    """
    left = left or Left()
    seen: set[bytes] = set()
    kept: list[tuple[Tokens, Melody]] = []
    for tune in melodies:
        reason = refusal(tune)
        if reason is None:
            pattern = np.diff(tune.pitches[: PATTERN + 1]).tobytes()
            reason = "begins as an earlier tune" if pattern in seen else None
            seen.add(pattern)
        if reason is None:
            kept.append((tokens(tune), tune))
        else:
            left.out(tune.name, reason)
    if not kept:
        raise DataError("no tune could be used: " + "; ".join(left.lines() or ["there is none"]))
    return Tunes(
        np.concatenate([steps for steps, _ in kept]),
        np.cumsum([len(steps) for steps, _ in kept]),
        np.array([tune.name for _, tune in kept]),
        np.array([tune.collection for _, tune in kept]),
        left,
        sum(tune.chords > 0 for _, tune in kept),
    )


def read(path: Path) -> Tunes:
    """Read what `Tunes.write` wrote.

    Raises:
        DataError: The file is not there, or not such a file.

    """
    if not path.is_file():
        raise DataError(f"{path} is not there; make it with unseen music prepare --out {path}")
    try:
        # opened here, so that a damaged archive leaves no file open
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        return _checked(found)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(f"{path} is not a file of tunes; make one with unseen music prepare") from error
    except Exception as error:  # a damaged zip archive raises its own kinds
        raise DataError(f"{path} is damaged; make it anew with unseen music prepare") from error


def _checked(found: dict[str, NDArray[Any]]) -> Tunes:
    steps, ends = found["steps"], found["ends"]
    sound = (
        int(found["format"]) == _FORMAT
        and steps.dtype == np.int8
        and len(found["names"]) == len(found["collections"]) == len(ends) > 0
        and bool((np.diff(ends, prepend=0) >= 0).all())
        and int(ends[-1]) == len(steps)
        and bool(((steps >= 0) & (steps < 90)).all())
    )
    if not sound:
        raise ValueError("not a file of tunes")
    left = Left()
    for reason, count, named in zip(found["reasons"], found["counts"], found["named"], strict=True):
        left.counts[str(reason)] = int(count)
        left.names[str(reason)] = str(named).split("\n")
    return Tunes(steps, ends, found["names"], found["collections"], left, int(found["chords"]))
