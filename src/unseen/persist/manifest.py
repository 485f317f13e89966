"""The manifest: what the model is, what made it, and the digest of every other file."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata

from unseen.errors import ModelFileError
from unseen.persist.limits import ARRAYS, FORMAT, FORMAT_VERSION, MANIFEST, MAX_MANIFEST_BYTES
from unseen.persist.strict_json import JSON, canonical, parse, plain, quoted

_PACKAGES = ("unseen", "numpy", "torch", "scikit-learn", "pyarrow")
_KEYS = frozenset(
    {"format", "format_version", "kind", "created", "versions", "files", "document", "manifest_sha256"}
)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
# A class name and nothing more: no dots, so that no reader is tempted to import it.
_KIND = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Listed:
    """The size and SHA-256 of a file beside the manifest."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A manifest that has passed every check."""

    kind: str
    schema: int
    created: datetime
    versions: Mapping[str, str]
    document: Mapping[str, JSON]
    arrays: Listed


def canonical_versions() -> dict[str, str]:
    """Return the versions that shape a model's numbers, read from package metadata (nothing is imported).

    A package without metadata (absent, or run from its source tree) is "unknown".

    >>> list(canonical_versions())
    ['python', 'unseen', 'numpy', 'torch', 'scikit-learn', 'pyarrow']
    """
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def compose(*, kind: str, document: Mapping[str, JSON], arrays: bytes) -> bytes:
    """Write the manifest of a model whose arrays file is `arrays`.

    Raises:
        ModelFileError: a kind, or a part of the document, that would not come back the same.

    """
    if not isinstance(document, Mapping):
        raise ModelFileError(f"the document is {type(document).__name__}; it must be a dict with str keys")
    body: dict[str, JSON] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "created": datetime.now(UTC).strftime(_TIME),
        "versions": canonical_versions(),
        "files": {ARRAYS: {"bytes": len(arrays), "sha256": hashlib.sha256(arrays).hexdigest()}},
        "document": plain(document, at="document"),
    }
    text = json.dumps({**body, "manifest_sha256": _seal(body)}, indent=1, ensure_ascii=False)
    data = text.encode("utf-8") + b"\n"
    if len(data) > MAX_MANIFEST_BYTES:
        raise ModelFileError(
            f"the document takes {len(data):,} bytes of JSON; at most {MAX_MANIFEST_BYTES:,} are read back: "
            "give long lists of numbers as arrays"
        )
    understand(data)  # what is written must read back: the reader's rules are checked here, not copied
    return data


def understand(data: bytes) -> Manifest:
    """Check the bytes of a manifest and return its content.

    The order of the checks matters: a newer format may differ in everything but its first two fields.

    Raises:
        ModelFileError: the first rule that is broken.

    """
    raw = announced(data)
    _check_version(raw.get("format_version"))
    _check_keys(raw)
    body = {key: value for key, value in raw.items() if key != "manifest_sha256"}
    if raw["manifest_sha256"] != _seal(body):
        raise ModelFileError(f"{MANIFEST} was changed after it was written (its own SHA-256 differs)")
    return Manifest(
        kind=_kind(raw["kind"]),
        schema=FORMAT_VERSION,
        created=_time(raw["created"]),
        versions=_versions(raw["versions"]),
        document=_object(raw["document"], "document"),
        arrays=_listed(raw["files"]),
    )


def announced(data: bytes) -> Mapping[str, JSON]:
    """Parse a manifest of any version that says it is one of ours."""
    raw = parse(data, what=MANIFEST)
    if not isinstance(raw, dict):
        raise ModelFileError(f"{MANIFEST} must be an object, not {type(raw).__name__}")
    if raw.get("format") != FORMAT:
        found = f"the format {quoted(raw['format'])}" if "format" in raw else "no format"
        raise ModelFileError(f"{MANIFEST} names {found}; accepted: {FORMAT!r}")
    return raw


@cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def _seal(body: Mapping[str, JSON]) -> str:
    return hashlib.sha256(canonical(body, what=MANIFEST)).hexdigest()


def _check_version(version: JSON) -> None:
    if type(version) is not int or version < 1:  # True is an int to isinstance
        raise ModelFileError(
            f"{MANIFEST} has the format_version {quoted(version)}; accepted: 1 to {FORMAT_VERSION}"
        )
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"made by a newer unseen (format {version}, this one reads up to {FORMAT_VERSION}): "
            "pip install -U unseen"
        )


def _check_keys(raw: Mapping[str, JSON]) -> None:
    if missing := sorted(_KEYS - raw.keys()):
        raise ModelFileError(f"{MANIFEST} lacks {', '.join(missing)}")
    if extra := sorted(raw.keys() - _KEYS):
        raise ModelFileError(f"{MANIFEST} has the key {quoted(extra[0])}, which is not in format 1")


def _object(value: JSON, name: str) -> Mapping[str, JSON]:
    if not isinstance(value, dict):
        raise ModelFileError(f"{MANIFEST}: {name} must be an object, not {quoted(value)}")
    return value


def _kind(value: JSON) -> str:
    if not isinstance(value, str) or not _KIND.fullmatch(value):
        raise ModelFileError(f"{MANIFEST}: kind must be the class name of a detector, not {quoted(value)}")
    return value


def _time(value: JSON) -> datetime:
    try:
        return datetime.strptime(str(value), _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise ModelFileError(
            f"{MANIFEST}: created must be a time like 2025-01-31T12:00:00Z, not {quoted(value)}"
        ) from None


def _versions(value: JSON) -> Mapping[str, str]:
    versions = _object(value, "versions")
    named = {name: text for name, text in versions.items() if isinstance(text, str)}
    if len(named) < len(versions):
        raise ModelFileError(f"{MANIFEST}: versions must be text, not {quoted(value)}")
    return named


def _listed(value: JSON) -> Listed:
    files = _object(value, "files")
    if list(files) != [ARRAYS]:
        raise ModelFileError(
            f"{MANIFEST}: files must list {ARRAYS} and nothing else, not {quoted(list(files))}"
        )
    entry = _object(files[ARRAYS], f"files[{ARRAYS!r}]")
    size, sha256 = entry.get("bytes"), entry.get("sha256")
    if type(size) is not int or size < 0 or len(entry) != 2:
        raise ModelFileError(f"{MANIFEST}: {ARRAYS} must be listed as {{bytes, sha256}}, not {quoted(entry)}")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ModelFileError(
            f"{MANIFEST}: the sha256 of {ARRAYS} must be 64 hex digits, not {quoted(sha256)}"
        )
    return Listed(size=size, sha256=sha256)
