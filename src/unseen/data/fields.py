"""Branches of a tree as columns: what each type becomes, and how it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

WIDEST = 4096
"""Numbers a row of one branch beyond which it is no set of columns."""
LARGEST_IMAGE = 1 << 24
"""Numbers a row beyond which an array of two or three axes is no image."""
NO_NUMBERS = ("complex", "datetime", "timedelta")


@dataclass(frozen=True)
class Field:
    """One branch of a tree (or field of an RNTuple), and the columns it becomes.

    Attributes:
        name: As uproot hands it on.
        key: Tells the branch from others of the same name.
        title: What its author says of it.
        columns: Names of its columns.
        objects: How many entries of a list become columns.
        counted: Whether the length of a list is a column too.
        row_bytes: What it takes a row, unpacked.
        image: Whether it is one column of images rather than a column a number.

    """

    name: str
    key: str
    title: str
    columns: tuple[str, ...]
    objects: int
    counted: bool
    row_bytes: float
    image: bool = False

    def read(self, part: Mapping[str, Any]) -> list[np.ndarray]:
        """Return the values of each column: float64 of shape (N,), or images (N, H, W) or (N, C, H, W)."""
        if self.image:
            import awkward as ak

            return [ak.to_numpy(part[self.name], allow_missing=False)]
        return list(_values(part[self.name], self.objects, self.counted))


def fields_of(tree: Any, objects: int) -> tuple[list[Field], dict[str, str]]:
    """Return the branches of a tree that are numbers, and the names of the others with the reason."""
    fields: dict[str, Field] = {}
    left_out: dict[str, str] = {}
    for name, key, title, kind, counter, size in _described(tree):
        reason = "another branch has the same name" if name in fields else _refusal(kind)
        if reason:
            left_out[name] = reason
            continue
        counted = counter is None
        image = _is_image(kind)
        columns = (name,) if image else tuple(_columns(kind, name, objects, counted))
        row_bytes = max(8.0 * len(columns), size / max(1, int(tree.num_entries)))
        fields[name] = Field(name, key, title, columns, objects, counted, row_bytes, image)
    return list(fields.values()), left_out


def _described(tree: Any) -> Iterator[tuple[str, str, str, Any, str | None, int]]:
    """Yield name, key, title, type (a reason where there is none), counter and size of each branch."""
    if not hasattr(tree, "branches"):
        found = tree.to_akform()
        form = found[0] if isinstance(found, tuple) else found  # later versions add what it was made from
        for name, field in zip(form.fields, form.contents, strict=True):
            title = str(tree[name].description)
            yield name, name, title, field.type, None, 0
        return
    for branch in tree.itervalues(recursive=True):
        if not branch.branches:
            counter = branch.count_branch
            yield (
                branch.name,
                branch.cache_key,
                str(branch.title),
                _type_of(branch),
                None if counter is None else counter.name,
                int(branch.uncompressed_bytes),
            )


def _type_of(branch: Any) -> Any:
    try:
        return branch.interpretation.awkward_form(branch.file).type
    except Exception:  # types without an array form each say so in a way of their own
        return f"type {branch.typename or 'unknown'} is not read"


def _refusal(kind: Any) -> str:
    """Say why a type cannot be columns; empty where it can."""
    if isinstance(kind, str):
        return kind
    if kind.parameters.get("__array__") in ("string", "bytestring", "char", "byte"):
        return "text"
    inner = _inner(kind)
    parts = inner.contents if _is(inner, "RecordType") else [inner]
    if not parts or not all(_is_number(_fixed(part)) for part in parts):
        return "text" if "string" in str(kind) else f"type {kind} is not read"
    if _width(inner) > WIDEST and not _is_image(kind):
        return f"{_width(inner):,} numbers a row, more than {WIDEST:,}"
    if inner is not kind and any(not _is_number(part) for part in parts):
        return f"type {kind} is not read"
    return ""


def _columns(kind: Any, name: str, objects: int, counted: bool) -> Iterator[str]:
    inner = _inner(kind)
    if inner is not kind and counted:
        yield f"n({name})"
    leaves = zip(inner.fields, inner.contents, strict=True) if _is(inner, "RecordType") else [("", inner)]
    for leaf, part in leaves:
        whole = f"{name}.{leaf}" if leaf else name
        sizes = [objects] if inner is not kind else _sizes(part)
        yield from (whole + "".join(f"[{at}]" for at in place) for place in np.ndindex(*sizes))


def _values(array: Any, objects: int, counted: bool) -> Iterator[np.ndarray]:
    """Yield the columns of an array in the order of `_columns`."""
    import awkward as ak

    kind = array.type.content
    inner = _inner(kind)
    if inner is not kind and counted:
        yield ak.to_numpy(ak.num(array)).astype(np.float64)
    for leaf in inner.fields if _is(inner, "RecordType") else [None]:
        part = ak.values_astype(array if leaf is None else array[leaf], np.float64)
        if inner is not kind:
            part = ak.fill_none(ak.pad_none(part, objects, clip=True), 0.0)
        yield from np.ascontiguousarray(ak.to_numpy(part, allow_missing=False).reshape(len(array), -1).T)


def _is(kind: Any, name: str) -> bool:
    return type(kind).__name__ == name


def _inner(kind: Any) -> Any:
    """Return what a list holds, or the type itself where it is no list."""
    return kind.content if _is(kind, "ListType") else kind


def _fixed(kind: Any) -> Any:
    while _is(kind, "RegularType"):
        kind = kind.content
    return kind


def _sizes(kind: Any) -> list[int]:
    return [kind.size, *_sizes(kind.content)] if _is(kind, "RegularType") else []


def _width(kind: Any) -> int:
    parts = kind.contents if _is(kind, "RecordType") else [kind]
    return sum(int(np.prod(_sizes(part), dtype=np.int64)) for part in parts)


def _is_image(kind: Any) -> bool:
    """Whether a branch is a fixed array of two or three axes with more numbers than make columns."""
    return (
        _is(kind, "RegularType")
        and _is_number(_fixed(kind))
        and len(_sizes(kind)) in (2, 3)
        and WIDEST < _width(kind) <= LARGEST_IMAGE
    )


def _is_number(kind: Any) -> bool:
    return _is(kind, "NumpyType") and not str(kind.primitive).startswith(NO_NUMBERS)
