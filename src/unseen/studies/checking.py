"""Look at files before they are learned from: kinds, the same row twice, training rows in a test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unseen.collider.closeness import published_name
from unseen.data import Source, open_source
from unseen.data.kinds import is_image
from unseen.data.labels import count_labels
from unseen.data.sameness import Prints, prints, repeats, shared
from unseen.data.source import tables_in
from unseen.errors import ConfigError, DataError, unknown
from unseen.studies.opening import kind_and_path
from unseen.training.progress import tell


@dataclass(frozen=True)
class Looked:
    """What is in one file.

    Attributes:
        file: Its path.
        against: Whether it is one of those to be kept apart.
        rows: Its rows.
        kinds: Rows of each kind, most first; empty where nothing says of which kind they are.
        empty: Images without a lit pixel, which take no part in what follows.
        repeated: Rows that hold what an earlier row of the file holds.

    """

    file: str
    against: bool
    rows: int
    kinds: Mapping[str, int]
    empty: int
    repeated: int


@dataclass(frozen=True)
class Meeting:
    """Two files with rows in common.

    Attributes:
        file, other: Their paths.
        rows: Rows of `file` that `other` holds too.
        first, first_other: The first of them in either file, counted from 0.
        how: `exact`, or `sum` or `close` where one holds channel sums of the other.
        overlap: Whether the files were to be kept apart.

    """

    file: str
    other: str
    rows: int
    first: int
    first_other: int
    how: str
    overlap: bool


@dataclass(frozen=True)
class Checked:
    """What was found in some files, and between them.

    Attributes:
        files: Each file.
        meetings: Each pair of files with rows in common.
        overlapping: Rows of the given files that are among those to be kept apart.

    """

    files: tuple[Looked, ...]
    meetings: tuple[Meeting, ...]
    overlapping: int

    def kinds(self, *, against: bool) -> dict[str, int]:
        """Rows of each kind on one side, most first."""
        total: Counter[str] = Counter()
        for looked in self.files:
            if looked.against is against:
                total.update(looked.kinds)
        return dict(total.most_common())

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values."""
        return {
            "files": [{**vars(looked), "kinds": dict(looked.kinds)} for looked in self.files],
            "kinds": self.kinds(against=False),
            "kinds_against": self.kinds(against=True),
            "shared": [dict(vars(meeting)) for meeting in self.meetings],
            "overlapping_rows": self.overlapping,
        }


def check(
    given: Sequence[str],
    against: Sequence[str] = (),
    *,
    label: str | None = None,
    drop: Sequence[str] = (),
    pattern: str | None = None,
) -> Checked:
    """Count rows and kinds of files, and find rows that come twice, in one file or in two.

    Rows are told apart by their images, where there are any, and else by all columns but `label` and `drop`.
    Only fingerprints are kept, of 9 bytes a row (33 for images).

    Args:
        given, against: Paths, KIND=PATH, or folders of tables, whose files are looked at one by one; rows of
            the first must not be among the second.
        label: Column that says what each row is.
        drop: Columns that do not tell rows apart, such as a number of the event.
        pattern: Regular expression; what its groups find in the name of a file, joined by blanks, is the kind
            of its rows. Without it, names of published dark-shower files say their kind.

    Raises:
        DataError: A file that cannot be read, or that holds images where others hold none.
        ConfigError: The pattern is not one.

    """
    named = _pattern(pattern)
    files = [(path, kind, side) for side, paths in ((False, given), (True, against))
             for part in paths for path, kind in _expanded(part, named)]  # fmt: skip
    looked: list[Looked] = []
    found: list[Prints] = []
    first: tuple[str, tuple[str, ...]] | None = None
    for place, (path, kind, side) in enumerate(files):
        tell("checking files", place, len(files))
        source = open_source(path)
        columns = _columns(source, label, drop)
        rows = prints(source, columns)
        first = first or (path, columns)
        _refuse_others(path, columns, rows, *first, (found or [rows])[0])
        found.append(rows)
        kinds = _kinds(source, label, kind, len(rows))
        looked.append(Looked(path, side, len(rows), kinds, int((~rows.alive).sum()), len(repeats(rows))))
    return _compared(looked, found)


def _refuse_others(
    path: str, columns: tuple[str, ...], rows: Prints, first: str, before: tuple[str, ...], others: Prints
) -> None:
    if bool(rows.channels) != bool(others.channels):
        raise DataError(f"{path} and {first} cannot be compared: only one of them holds images")
    odd = sorted(set(columns) ^ set(before))
    if not rows.channels and odd:
        raise DataError(
            f"{path} and {first} cannot be compared: only one has a column {odd[0]!r};"
            " drop what tells no rows apart"
        )


def _pattern(pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"{pattern!r} is not a regular expression: {error}") from error


def _expanded(part: str, named: re.Pattern[str] | None) -> list[tuple[str, str | None]]:
    """Return (path, kind) of each file a path stands for."""
    kind, path = kind_and_path(part)
    folder = Path(path)
    files = tables_in(folder) if folder.is_dir() else []
    return [(str(file), kind or _kind_named(file.name, named)) for file in files or [folder]]


def _kind_named(name: str, named: re.Pattern[str] | None) -> str | None:
    if named is None:
        return published_name(name)
    found = named.search(name)
    if found is None:
        raise DataError(
            f"{name}: {named.pattern!r} finds nothing in this name of a file, so its kind is not known"
        )
    words = [word for word in found.groups() if word] or [found[0]]
    return " ".join(words)


def _columns(source: Source, label: str | None, drop: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that tell rows apart."""
    for name in (*drop, *((label,) if label else ())):
        if name not in source.columns:
            raise DataError(f"{source.name}: {unknown('column', name, source.columns)}")
    left = tuple(name for name in source.columns if name not in (*drop, label, source.label))
    if not left:
        raise DataError(f"{source.name}: no column is left to tell rows apart by")
    schema = next(source.select(left).batches(1)).schema
    return tuple(name for name in left if is_image(schema.field(name).type)) or left


def _kinds(source: Source, label: str | None, kind: str | None, rows: int) -> dict[str, int]:
    if kind is not None:
        return {kind: rows}
    if label is None:
        return {}
    return count_labels(source.select([label]).read().column(label), column=label)


def _compared(looked: Sequence[Looked], found: Sequence[Prints]) -> Checked:
    """Compare each file with each later one; those to be kept apart come last."""
    meetings, overlapping = [], 0
    for place, one in enumerate(looked):
        apart: list[np.ndarray] = []
        for further, other in enumerate(looked[place + 1 :], place + 1):
            both = shared(found[place], found[further])
            if len(both.rows):
                overlap = one.against is not other.against
                apart += [both.rows] if overlap else []
                ends = int(both.rows[0]), int(both.others[0])
                meetings.append(Meeting(one.file, other.file, len(both.rows), *ends, both.how, overlap))
        overlapping += len(np.unique(np.concatenate(apart))) if apart else 0
    return Checked(tuple(looked), tuple(meetings), overlapping)
