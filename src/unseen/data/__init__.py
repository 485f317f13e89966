"""Rows: where they come from, what they mean, and which are kept apart."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unseen.data.arrays import ArraySource
    from unseen.data.batches import Source, TableSource
    from unseen.data.hdf5 import Hdf5Source
    from unseen.data.images import ImageSource
    from unseen.data.labels import Labels, read_labels
    from unseen.data.lhe import LheSource
    from unseen.data.root import RootSource
    from unseen.data.schema import Schema
    from unseen.data.source import open_source
    from unseen.data.split import (
        by_group,
        by_time,
        held_out,
        leave_one_kind_out,
        nested_labels,
        tell_one_kind,
    )

_HOMES = {
    "ArraySource": "arrays",
    "Hdf5Source": "hdf5",
    "ImageSource": "images",
    "Labels": "labels",
    "LheSource": "lhe",
    "RootSource": "root",
    "Schema": "schema",
    "Source": "batches",
    "TableSource": "batches",
    "by_group": "split",
    "by_time": "split",
    "held_out": "split",
    "leave_one_kind_out": "split",
    "nested_labels": "split",
    "open_source": "source",
    "read_labels": "labels",
    "tell_one_kind": "split",
}

__all__ = [
    "ArraySource",
    "Hdf5Source",
    "ImageSource",
    "Labels",
    "LheSource",
    "RootSource",
    "Schema",
    "Source",
    "TableSource",
    "by_group",
    "by_time",
    "held_out",
    "leave_one_kind_out",
    "nested_labels",
    "open_source",
    "read_labels",
    "tell_one_kind",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that pyarrow loads only then."""
    if name not in _HOMES:
        raise AttributeError(f"module 'unseen.data' has no attribute {name!r}")
    return getattr(importlib.import_module(f"unseen.data.{_HOMES[name]}"), name)
