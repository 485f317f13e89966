"""Files written aside, checked, and renamed; a failed check leaves nothing behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from unseen.errors import ModelFileError


def fit_place(path: str | os.PathLike[str], suffix: str) -> Path:
    """Return the path, once it is seen that a file of this suffix can be written there.

    Raises:
        ModelFileError: Another suffix, a folder of that name, or no folder to write in.

    """
    target = Path(path)
    if target.suffix != suffix:
        raise ModelFileError(f"{target} came; accepted: a file name that ends in {suffix}")
    if target.is_dir():
        raise ModelFileError(f"{target} is a folder; accepted: a file name that ends in {suffix}")
    if not target.absolute().parent.is_dir():
        raise ModelFileError(f"the folder {target.parent} does not exist: create it first")
    return target


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """Give a folder beside the target to write in; it is gone afterwards, with whatever is still in it."""
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=f".{target.name}.tmp-") as folder:
        yield Path(folder)


def publish(files: Mapping[Path, Path]) -> None:
    """Rename files, place aside -> target, in the order given."""
    for place, target in files.items():
        place.chmod(0o644)
        os.replace(place, target)
