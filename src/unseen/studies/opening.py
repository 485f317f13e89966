"""From what was written on the command line to a source: one path, or several with the kind of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unseen.data import Source, open_source
from unseen.data.by_kind import KindSource
from unseen.errors import ConfigError, DataError


def open_rows(data: str | Sequence[str], names: Sequence[str] = ()) -> Source:
    """Open data; `names` are column names for files without a header, or files that list them.

    `KIND=PATH` labels the rows of a file: several are read one after the other, with a column `kind` of the
    words before the `=`. A path that exists as it stands is a path, whatever is in it.

    Each of `names` is a file (one name a line; what follows a comma is ignored) or names joined by commas.

    Raises:
        DataError: The data, or a file of names, cannot be read, or the files do not fit together.
        ConfigError: Several paths, and one without a kind.

    """
    given = [data] if isinstance(data, str) else list(data)
    found = [name for part in names for name in _named(part)] or None
    parts = [kind_and_path(part) for part in given]
    if len(parts) == 1 and parts[0][0] is None:
        return open_source(parts[0][1], names=found)
    opened = []
    for kind, path in parts:
        if kind is None:
            raise ConfigError(
                f"{len(parts)} files came, so each needs the kind of its rows; write {path} as KIND={path}"
            )
        opened.append((kind, open_source(path, names=found)))
    return KindSource(opened)


def kind_and_path(part: str) -> tuple[str | None, str]:
    """Cut `KIND=PATH`; the kind of a plain path is None.

    >>> kind_and_path("qcd=jets.root:Events"), kind_and_path("jets.csv")
    (('qcd', 'jets.root:Events'), (None, 'jets.csv'))
    """
    kind, equals, path = part.partition("=")
    if not equals or Path(part).exists() or Path(part.rpartition(":")[0] or part).is_file():
        return None, part
    if not kind.strip() or not path:
        raise ConfigError(
            f"{part!r} came; accepted: a path, or KIND=PATH with a word before and a path after"
        )
    return kind.strip(), path


def _named(part: str) -> list[str]:
    place = Path(part)
    if not place.is_file():
        if place.suffix in (".csv", ".txt") or "/" in part:
            raise DataError(
                f"{part} does not exist; names are a file with one name a line, or joined by commas"
            )
        return [name.strip() for name in part.split(",") if name.strip()]
    try:
        lines = place.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"{part} is not a text file of column names") from error
    names = [line.split(",")[0].strip() for line in lines if line.strip()]
    if len(names) == 1 and "," in "".join(lines):
        return [name.strip() for name in lines[0].split(",")]
    return names
