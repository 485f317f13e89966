"""ROOT files: one tree, or one RNTuple, as a table of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import pyarrow as pa

from unseen.data.batches import Source
from unseen.data.columns import column_names, refuse_names
from unseen.data.fields import Field, fields_of
from unseen.data.files import File
from unseen.data.members import CHUNK, check_layout, column
from unseen.errors import DataError, UnseenError, need, unknown

OBJECTS = 4
"""Leading objects of a jagged branch that become columns, by default."""
TREES = ("TTree", "TNtuple", "TNtupleD", "ROOT::RNTuple")
USUAL = "Events"
"""The tree of an event-data file that stands among others (NanoAOD: Runs, LuminosityBlocks, ...)."""
UNIT = re.compile(
    r"[\[(]((?:[kMGT]?eV(?:/c(?:\^?2|²)?)?(?:\^2)?)|m?rad|deg(?:rees?)?|[kcmµun]?m|[munp]?s|[munpf]?b(?:\^-1)?)[\])]"
)


class RootSource(Source):
    """One tree of a ROOT file as a table of numbers; only the branches asked for are read.

    | branch | columns |
    |---|---|
    | number | itself |
    | true/false | 0 or 1: flags and triggers are counted and averaged like numbers in physics |
    | fixed array `x[3]` | `x[0]`, `x[1]`, `x[2]` |
    | fixed array of 2 or 3 axes, more than 4,096 numbers | images (C, H, W): `image`, if there is one |
    | structure of leaves | `branch.leaf` |
    | jagged `Muon_pt` | `Muon_pt[0]` ... for the leading `objects` entries, 0 where there are fewer |

    The order within a jagged branch is that of the file, which by custom is falling pT. How many objects
    there were is a column too: the counter of the file (`nMuon`), or `n(Muon_pt)` where it has none. Text
    and nested types are left out; `left_out` says which and why. Values that are not finite are passed on.

    Which tree: the one in `file.part`, or else the only one, or else `Events`. Of a tree with several
    cycles the newest is read. Trees (TTree) and RNTuples are read alike.

    Raises:
        DataError: not ROOT, truncated, no such tree, several to choose from, or nothing in it that is a
            number.
        MissingExtraError: uproot or awkward is not installed.

    """

    def __init__(self, file: File, *, objects: int = OBJECTS) -> None:
        self.name = f"{file.name}:{file.part}" if file.part else file.name
        self.objects = objects
        self._file = file
        with self._opened() as root:
            self._tree = _chosen(_held(root), file)
            tree = root[self._tree]
            self.entries = int(tree.num_entries)
            if not self.entries:
                raise DataError(f"{self.name}: tree {self._tree!r} holds no rows")
            fields, self._left_out = fields_of(tree, objects)
        if not fields:
            raise DataError(f"{self.name}: tree {self._tree!r} holds no branch of numbers")
        check_layout(file.layout)
        images = [field.name for field in fields if field.image]
        if len(images) == 1 and "image" not in {field.name for field in fields}:
            fields = [replace(field, columns=("image",)) if field.image else field for field in fields]
        places = [(name, (field, index)) for field in fields for index, name in enumerate(field.columns)]
        self.columns = column_names([name for name, _ in places], self.name)
        self._places = dict(zip(self.columns, (place for _, place in places), strict=True))

    @property
    def units(self) -> Mapping[str, str]:
        """Units in brackets in the titles of branches, such as `[GeV]`."""
        found = {name: UNIT.search(field.title) for name, (field, _) in self._places.items()}
        return {name: match[1] for name, match in found.items() if match}

    @property
    def content(self) -> str:
        """Tree, entries and branches."""
        branches = len({field.name for field, _ in self._places.values()})
        more = f", {len(self._left_out)} left out" if self._left_out else ""
        return f"tree {self._tree}: {self.entries:,} entries, {branches} branches{more}"

    @property
    def left_out(self) -> Mapping[str, str]:
        """Branches that are no columns -> why."""
        return self._left_out

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Read the branches behind `columns`, entry range by entry range."""
        wanted = list(dict.fromkeys(self._places[name][0] for name in columns))
        step = max(1, min(rows, int(CHUNK / sum(field.row_bytes for field in wanted))))
        with self._opened() as root:
            count = 0
            tree = root[self._tree]
            for part in tree.iterate(**_only(tree, wanted), step_size=step, library="ak"):
                read = {field: field.read(part) for field in wanted}
                places = [self._places[name] for name in columns]
                arrays = [column(read[field][index], index, self._file.layout) for field, index in places]
                count += len(arrays[0])
                yield pa.Table.from_arrays(arrays, list(columns))
            if count != self.entries:
                raise EOFError(f"{self.entries:,} entries are declared, {count:,} are there")

    @contextmanager
    def lend(self) -> Iterator[Any]:
        """Lend the tree to a reader of its own; whatever goes wrong in it is one line."""
        with self._opened() as root:
            yield root[self._tree]

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """Lend the directory of the file; whatever goes wrong in it is one line."""
        purpose = f"reading {self._file.name}"
        uproot = need("uproot", extra="root", purpose=purpose)
        need("awkward", extra="root", purpose=purpose)
        try:
            with self._file.seekable() as stream:
                size = stream.seek(0, 2)
                # Bytes rather than a path, in which uproot would take a colon, or http://, for its own.
                with uproot.open(_Bytes(stream)) as directory:
                    if directory.file.fEND > size:
                        raise EOFError(f"{size:,} of {directory.file.fEND:,} bytes are there")
                    yield directory
        except UnseenError:
            raise
        except Exception as error:  # damaged bytes raise nearly anything in a parser of so many types
            reason = " ".join(str(error).split()) or type(error).__name__
            if "expected Chunk of length" in reason:  # uproot names our stream by its address in memory
                reason = "it ends before what it declares"
            raise DataError(
                f"{self.name} is not a ROOT file, or is truncated or damaged: {reason[:200]}"
            ) from error


def open_root(file: File, names: Sequence[str] | None = None) -> Source:
    """Open a ROOT file."""
    if names is not None:
        refuse_names(file.name)
    return RootSource(file)


class _Bytes:
    """A stream that is read here and closed elsewhere."""

    def __init__(self, stream: BinaryIO) -> None:
        self.read = stream.read
        self.seek = stream.seek


def _held(root: Any) -> dict[str, str]:
    """Return path -> class of what a file holds; cycles of one path are one."""
    found = root.iterclassnames(recursive=True, cycle=False)
    return {path: kind for path, kind in found if not kind.startswith("TDirectory")}


def _chosen(kinds: Mapping[str, str], file: File) -> str:
    """Return the tree that is asked for, or that goes without asking."""
    trees = [path for path, kind in kinds.items() if kind in TREES]
    if not trees:
        held = ", ".join(f"{path} ({kind})" for path, kind in list(kinds.items())[:10])
        raise DataError(f"{file.name} holds no tree; there is: {held or 'nothing'}")
    if file.part:
        if file.part not in trees:
            raise DataError(f"{file.name}: {unknown('tree', file.part, trees)}")
        return file.part
    if len(trees) == 1 or USUAL in trees:
        return trees[0] if len(trees) == 1 else USUAL
    raise DataError(
        f"{file.name} holds {len(trees)} trees: {', '.join(trees[:20])};"
        f" name one, e.g. {file.name}:{trees[0]}"
    )


def _only(tree: Any, wanted: Sequence[Field]) -> dict[str, Any]:
    """Return what has uproot read these branches and no other."""
    keys = {field.key for field in wanted}
    if hasattr(tree, "branches"):
        return {"filter_branch": lambda branch: branch.cache_key in keys, "how": dict}
    return {"filter_name": lambda path: path.partition(".")[0] in keys}
