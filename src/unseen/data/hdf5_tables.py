"""What in an HDF5 file is a table: groups of equally long arrays, records, saved data frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np

from unseen.data.members import LIMIT, Member, check, natural
from unseen.errors import DataError

ROOT = "/"
"""What the table of arrays beside no group is called."""
DEEPEST = 64
"""Groups within groups."""
DENSEST = 1000
"""How many bytes one stored byte may stand for in an array above the limit; deflate reaches 1,032."""
LARGEST_ROW = 1 << 28
TEXT = np.dtype("S1")
"""Stands for text of any length."""
BLOCKS = "_values"


@dataclass(frozen=True)
class Table:
    """A table of an HDF5 file; nothing of it has been read.

    Attributes:
        path: What it is called: the group, or the array, from the root.
        group: The group its arrays are in.
        length: Rows.
        members: Arrays side by side; an array of records has no other beside it.
        frame: Whether it is a data frame as pandas saves it, in blocks of one type.
        part: Whether it is nothing to choose unasked: a larger table holds it too, or it has no columns.
        left_out: Arrays that are no columns -> why.

    """

    path: str
    group: str
    length: int
    members: tuple[Member, ...]
    frame: bool = False
    part: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Walk:
    """Goes through an open file once, by hard links only, and says what in it is a table.

    Soft links are not followed: what they lead to is found where it is, and circles of them end nowhere.
    Groups with the attribute `kind` = "jagged" hold lists of varying length and are passed over.

    Attributes:
        h5py: The module, loaded by the caller.
        where: The file, for errors.
        limit: Bytes an array may declare unless it also holds them.

    """

    h5py: ModuleType
    where: str
    limit: int = LIMIT

    def tables(self, root: Any) -> dict[str, Table]:
        """Return path -> table.

        Raises:
            DataError: links to other files, arrays kept in other files, or arrays that declare far more
                than they hold.

        """
        found: dict[str, Table] = {}
        for path, group in self._groups(root):
            arrays = dict(self._arrays(path, group))
            frame = "axis1" in arrays and f"block0{BLOCKS}" in arrays
            tables = _frame(path, arrays) if frame else _tables(path, arrays)
            found |= {table.path: table for table in tables}
        return found

    def _groups(self, root: Any) -> Iterator[tuple[str, Any]]:
        waiting, seen = [(ROOT, root)], set()
        while waiting:
            path, group = waiting.pop(0)
            address = self.h5py.h5o.get_info(group.id).addr
            if address in seen or words(group.attrs.get("kind", "")) == ["jagged"]:
                continue
            seen.add(address)
            yield path, group
            if path.count("/") >= DEEPEST:
                raise DataError(
                    f"{self.where} has groups more than {DEEPEST} deep, which is the most accepted"
                )
            inner = (name for name in self._hard(group) if group.get(name, getclass=True) is self.h5py.Group)
            waiting += [(below(path, name), group[name]) for name in inner]

    def _arrays(self, path: str, group: Any) -> Iterator[tuple[str, Member]]:
        for name in self._hard(group):
            if group.get(name, getclass=True) is not self.h5py.Dataset:
                continue
            array, where = group[name], f"{self.where}: array {below(path, name)!r}"
            if array.is_virtual or array.external:
                raise DataError(f"{where} is kept in other files, which are never read")
            if array.shape:
                self._refuse_hollow(array, where)
                text = self.h5py.check_string_dtype(array.dtype)
                yield name, Member(name, tuple(array.shape), TEXT if text else array.dtype)

    def _hard(self, group: Any) -> Iterator[str]:
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, self.h5py.ExternalLink):
                raise DataError(
                    f"{self.where}: {name!r} links to another file ({link.filename}), which is never followed"
                )
            if isinstance(link, self.h5py.HardLink):
                yield name

    def _refuse_hollow(self, array: Any, where: str) -> None:
        declared, stored = int(array.nbytes), int(array.id.get_storage_size())
        if declared > self.limit and declared > stored * DENSEST:
            raise DataError(
                f"{where} declares {declared / 2**30:.1f} GiB and holds {stored:,} bytes;"
                f" above the limit of {self.limit / 2**30:.3g} GiB they have to be there"
            )
        row = declared // max(1, array.shape[0])
        if row > LARGEST_ROW:
            raise DataError(
                f"{where} declares rows of {row >> 20:,} MiB; accepted: {LARGEST_ROW >> 20} or less"
            )


def below(path: str, name: str) -> str:
    """Return the path of what is in a group.

    >>> below("/", "jets"), below("jets", "pt")
    ('jets', 'jets/pt')
    """
    return name if path == ROOT else f"{path}/{name}"


def words(value: Any) -> list[str]:
    """Return an attribute, or an array of words, as text.

    >>> words(b"GeV"), words(np.array([b"pt", b"eta"]))
    (['GeV'], ['pt', 'eta'])
    """
    found = np.atleast_1d(np.asarray(value, dtype=object)).ravel()
    return [word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word) for word in found]


def _frame(path: str, arrays: Mapping[str, Member]) -> Iterator[Table]:
    """Yield a data frame: blocks of numbers, each (rows, columns); a block of objects is a pickle."""
    blocks = [member for name, member in arrays.items() if name.endswith(BLOCKS)]
    numbers = tuple(member for member in blocks if len(member.shape) == 2 and member.dtype.kind in "biuf")
    others = {m.key: "not numbers, and objects are never loaded" for m in blocks if m not in numbers}
    yield Table(path, path, arrays["axis1"].shape[0], numbers, frame=True, left_out=others)


def _tables(path: str, arrays: Mapping[str, Member]) -> Iterator[Table]:
    """Yield each array of records, and the others as one table where they are equally long."""
    reasons = {name: _reason(member) for name, member in arrays.items()}
    left_out = {name: reason for name, reason in reasons.items() if reason}
    usable = {name: member for name, member in arrays.items() if not reasons[name]}
    alone = [
        Table(below(path, name), path, member.shape[0], (member,), left_out=left_out)
        for name, member in usable.items()
    ]
    plain = {name: member for name, member in usable.items() if not member.dtype.names}
    chosen = natural(plain)
    together = bool(chosen) and len({member.shape[0] for member in chosen}) == 1
    if together:
        odd = {name: f"{m.shape[0]:,} rows" for name, m in plain.items() if m not in chosen}
        yield Table(path, path, chosen[0].shape[0], tuple(chosen), left_out={**left_out, **odd})
    elif left_out and not usable:
        yield Table(path, path, 0, (), part=True, left_out=left_out)
    for table in alone:
        (only,) = table.members
        # beside a matrix, a vector of another length is no table but says something about it
        yield replace(table, part=together and (only in chosen or only.shape == (table.length,)))


def _reason(member: Member) -> str:
    """Say why an array is no column; empty where it is."""
    if member.dtype.names:
        return "" if len(member.shape) == 1 else f"records of shape {member.shape}"
    if member.dtype.kind == "S" and len(member.shape) > 1:
        return "text of more than one axis"
    if member.shape == (0,):
        return ""
    try:
        check(member, "it")
    except DataError as error:
        return str(error).removeprefix("it ")
    return ""
