"""Is an app folder whole, and does its model still say what it said? Hashes and golden vectors, in Python."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unseen.errors import ModelFileError
from unseen.export.runtime import session
from unseen.phone.bundle import AGAIN, APP, MODEL, WORKER, marked, model_id
from unseen.phone.manifest import MOST_BYTES, Manifest, read_manifest


@dataclass(frozen=True)
class CheckedApp:
    """An app whose files are those that were written.

    Attributes:
        path, kind, title, id: The folder, and what its manifest says.
        files, bytes: How many files, and what they weigh.
        golden: Golden vectors that came out again.
        largest: Largest difference of an output, relative to the larger of 1 and the output.
        tolerance: What was allowed.
        others: Files in the folder that are no part of the app; they are neither served nor kept offline.

    """

    path: str
    kind: str
    title: str
    id: str
    files: int
    bytes: int
    golden: int
    largest: float
    tolerance: float
    others: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return dict(vars(self))


def check_app(folder: str | os.PathLike[str]) -> CheckedApp:
    """Check every hash of an app, and score its golden vectors with ONNX Runtime.

    Raises:
        ModelFileError: The folder is not an app, a file is missing or changed, or an output differs.
        MissingExtraError: ONNX Runtime is not installed.

    """
    place = Path(folder)
    app = _bytes(place, APP)
    manifest = read_manifest(app[: MOST_BYTES + 1], str(place / APP))
    sizes = [len(app), _check_worker(place, app)]
    for path, entry in manifest.files.items():
        content = _bytes(place, path)
        if len(content) != entry.bytes or hashlib.sha256(content).hexdigest() != entry.sha256:
            raise ModelFileError(f"{place / path} is not the file that was written; {AGAIN}")
        sizes.append(len(content))
    model = _bytes(place, MODEL)
    if manifest.id != model_id(model):
        raise ModelFileError(f"{place / MODEL} is model {model_id(model)}, not {manifest.id}; {AGAIN}")
    return CheckedApp(
        path=str(place),
        kind=manifest.kind,
        title=manifest.title,
        id=manifest.id,
        files=len(sizes),
        bytes=sum(sizes),
        golden=len(manifest.golden),
        largest=_largest(place, manifest),
        tolerance=manifest.tolerance,
        others=_others(place, manifest),
    )


def _check_worker(place: Path, app: bytes) -> int:
    worker = _bytes(place, WORKER)
    try:
        fits = marked(worker, app) == worker
    except ModelFileError as error:
        raise ModelFileError(f"{place / WORKER} is not that of an app; {AGAIN}") from error
    if not fits:
        raise ModelFileError(f"{place / WORKER} belongs to another {APP}; {AGAIN}")
    return len(worker)


def _largest(place: Path, manifest: Manifest) -> float:
    """Largest relative difference of golden outputs.

    Raises:
        ModelFileError: It is larger than the manifest allows.

    """
    runner, framing = session(place / MODEL), manifest.framing
    shape = (1, framing["channels"], framing["height"], framing["width"])
    largest = 0.0
    for number, golden in enumerate(manifest.golden, start=1):
        wanted = {name: value for name, value in golden.items() if name != "rows"}
        try:
            rows = np.asarray(golden["rows"], dtype=np.float32).reshape(shape)
            found = runner.run(list(wanted), {"rows": rows})
        except Exception as error:  # those of ONNX Runtime share no base
            raise ModelFileError(f"golden vector {number} of {place / APP} does not fit the model") from error
        off = max(_differences(wanted, found))
        largest = max(largest, off)
        if not off <= manifest.tolerance:
            raise ModelFileError(
                f"{place / MODEL}: golden vector {number} comes out {off:.2g} off where "
                f"{manifest.tolerance:g} is allowed; this runtime does not compute what was exported"
            )
    return largest


def _differences(wanted: Mapping[str, float], found: list[Any]) -> list[float]:
    pairs = zip(wanted.values(), found, strict=True)
    return [abs(float(np.ravel(output)[0]) - value) / max(1.0, abs(value)) for value, output in pairs]


def _others(place: Path, manifest: Manifest) -> tuple[str, ...]:
    known = {APP, WORKER, *manifest.files}
    found = (path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir())
    return tuple(sorted(path for path in found if path not in known))


def _bytes(folder: Path, name: str) -> bytes:
    place = folder / name
    if not place.is_file():
        what = "is not an app" if name == APP else f"lacks {name}"
        raise ModelFileError(f"{folder} {what}; {AGAIN}")
    return place.read_bytes()
