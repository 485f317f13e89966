"""Rows: where they come from, what they mean, and which are kept apart."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unseen.data.arrays import ArraySource
    from unseen.data.batches import Source, TableSource
    from unseen.data.images import ImageSource
    from unseen.data.schema import Schema
    from unseen.data.source import open_source

_HOMES = {
    "ArraySource": "arrays",
    "ImageSource": "images",
    "Schema": "schema",
    "Source": "batches",
    "TableSource": "batches",
    "open_source": "source",
}

__all__ = [
    "ArraySource",
    "ImageSource",
    "Schema",
    "Source",
    "TableSource",
    "open_source",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that pyarrow loads only then."""
    if name not in _HOMES:
        raise AttributeError(f"module 'unseen.data' has no attribute {name!r}")
    return getattr(importlib.import_module(f"unseen.data.{_HOMES[name]}"), name)
