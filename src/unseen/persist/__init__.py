"""Model files: the border between a fitted detector and the disk. Never pickle.

A model is a *kind* (the detector's class name), a *document* (JSON: settings, schema, scaling) and
*arrays* (weights). What they mean is the detector's matter; that they come back bit for bit, that a save
is whole or not there, and that no file can run code, hang or fill the memory, is settled here.
`docs/model-files.md` describes the format.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from unseen.errors import ModelFileError
from unseen.persist.containers import opened
from unseen.persist.limits import ARRAYS, MANIFEST, MAX_ARRAYS_BYTES, MAX_MANIFEST_BYTES
from unseen.persist.manifest import Listed, canonical_versions, compose, understand
from unseen.persist.publish import find, fingerprint, publish, refuse_place
from unseen.persist.strict_json import JSON
from unseen.persist.tensors import Array, pack, unpack

__all__ = ["JSON", "ModelFile", "canonical_versions", "check_place", "read_model", "write_model"]

# A save may exchange the folder between two steps of a read; each attempt then meets another whole model.
_ATTEMPTS = 5


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What a model file holds.

    `schema` is the format version it was written in, `created` the time (UTC, whole seconds), `versions`
    the packages that made it. The arrays own their memory and are little-endian.
    """

    kind: str
    document: Mapping[str, JSON]
    arrays: Mapping[str, Array]
    versions: Mapping[str, str]
    schema: int
    created: datetime


def write_model(
    path: str | os.PathLike[str], *, document: Mapping[str, JSON], arrays: Mapping[str, Array], kind: str
) -> None:
    """Write a model as a folder, or as a zip archive where `path` ends in `.zip` or `.unseen`.

    The files are written aside in the same parent folder, forced to disk and renamed, so that an
    interruption leaves the older model or the new one. Only a model (or an empty folder) is replaced.

    Args:
        path: where the model goes; its parent folder must exist.
        document: JSON values only; floats must be finite, integers must fit in 64 bits, tuples come back
            as lists.
        arrays: bool, integer and float arrays of any shape; stored in C order, little-endian.
        kind: the class name of the detector.

    Raises:
        ModelFileError: something would not come back the same, `path` holds something else, or the disk
            refuses.

    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_model(f"{folder}/m", document={"latent": 2}, arrays={"w": np.eye(2)}, kind="AwareDetector")
    ...     model = read_model(f"{folder}/m")
    >>> model.kind, model.document, model.arrays["w"].tolist()
    ('AwareDetector', {'latent': 2}, [[1.0, 0.0], [0.0, 1.0]])

    """
    with _named(path, "written"):
        packed = pack(arrays)
        manifest = compose(kind=kind, document=document, arrays=packed)
        publish(Path(path), {MANIFEST: manifest, ARRAYS: packed})


def check_place(path: str | os.PathLike[str]) -> None:
    """Find out before long work whether `write_model` would refuse a path; nothing is written.

    Raises:
        ModelFileError: the parent folder is missing, or `path` holds something that is not a model.

    """
    with _named(path, "written"):
        refuse_place(Path(path))


def read_model(path: str | os.PathLike[str], *, max_bytes: int = MAX_ARRAYS_BYTES) -> ModelFile:
    """Read a model folder or archive that may come from a stranger.

    Nothing in the file is run, imported or unpacked to disk; memory stays within about twice the arrays.
    The digests guard against damage, not against an author: whoever can write the file can also hash it.

    Args:
        path: a model folder or archive; what it is, is seen from its content.
        max_bytes: the largest arrays file that is read.

    Raises:
        ModelFileError: not there, damaged, made by a newer unseen, or not a model; one line with the
            path and the reason.

    """
    with _named(path, "read"):
        for _ in range(_ATTEMPTS - 1):
            before = fingerprint(Path(path))
            try:
                return _read(find(Path(path)), max_bytes)
            except (ModelFileError, OSError):
                if fingerprint(Path(path)) == before:
                    raise
        return _read(find(Path(path)), max_bytes)


def _read(place: Path, max_bytes: int) -> ModelFile:
    with opened(place) as open_member:
        with open_member(MANIFEST) as member:
            manifest = understand(member.read(MAX_MANIFEST_BYTES))
        with open_member(ARRAYS) as member:
            _check_size(member.size, manifest.arrays)
            data = member.read(max_bytes)
    _check_digest(data, manifest.arrays)
    return ModelFile(
        kind=manifest.kind,
        document=manifest.document,
        arrays=unpack(data),
        versions=manifest.versions,
        schema=manifest.schema,
        created=manifest.created,
    )


@contextmanager
def _named(path: str | os.PathLike[str], done: str) -> Iterator[None]:
    """Put the path in front of every reason; a fault of the disk becomes one line too."""
    shown = os.fspath(path) if os.fspath(path).isprintable() else ascii(os.fspath(path))
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{shown}: {error}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ModelFileError(f"{shown}: cannot be {done}: {reason}") from error


def _check_size(size: int, listed: Listed) -> None:
    if size != listed.size:
        raise ModelFileError(f"{ARRAYS} has {size:,} bytes where {MANIFEST} lists {listed.size:,}")


def _check_digest(data: bytes, listed: Listed) -> None:
    if hashlib.sha256(data).hexdigest() != listed.sha256:
        raise ModelFileError(f"{ARRAYS} is damaged or exchanged: its SHA-256 is not the one {MANIFEST} lists")
