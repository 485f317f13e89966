"""A model and its manifest become a folder of static files: every one hashed, all of it written at once."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unseen.errors import ModelFileError
from unseen.phone.manifest import Entry, Manifest, read_manifest
from unseen.phone.runtime import runtime_files

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

APP, MODEL, WORKER = "app.json", "model.onnx", "service-worker.js"
INSTALL = "manifest.webmanifest"
# Longer names are cut off below an icon.
SHORT_NAME = 12
# What to do about a folder that is not one.
AGAIN = "write it again with: unseen export MODEL --to web --out FOLDER"
# Bytes of an app: on disk, and on its way to the phone.
MOST_ON_DISK, MOST_FIRST_LOAD = 20_000_000, 6_000_000
# In the service worker, where the hash of app.json is written.
_MARK = re.compile(rb'const APP = "[0-9a-f]*";')


@dataclass(frozen=True)
class WrittenApp:
    """What was written.

    Attributes:
        path: The folder.
        id: Of the model.
        kind: "screener" or "detector".
        files: How many.
        bytes: On disk.
        first_load: Bytes until it works offline, each file packed as a host would by gzip.
        model_bytes: Of the model alone.

    """

    path: str
    id: str
    kind: str
    files: int
    bytes: int
    first_load: int
    model_bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return dict(vars(self))


def model_id(model: bytes) -> str:
    """First twelve digits of the SHA-256 of a model."""
    return hashlib.sha256(model).hexdigest()[:12]


def write_app(
    folder: str | os.PathLike[str],
    model: bytes,
    manifest: Manifest,
    *,
    runtime: str | os.PathLike[str] | None = None,
) -> WrittenApp:
    """Write an app beside its place and rename it; an older app there is replaced, anything else refused.

    Args:
        folder: Where the app goes.
        model: Bytes of the ONNX file.
        manifest: Its list of files is made here.
        runtime: Folder with the files or archives of npm, see `runtime_files`.

    Raises:
        ModelFileError: The place is not fit, the manifest is of another model, or the app weighs too much.
        ConfigError: The runtime cannot be had.

    """
    target = refuse_place(folder)
    if manifest.id != model_id(model):
        raise ModelFileError(f"the manifest is that of model {manifest.id}, not of {model_id(model)}")
    content = {**static_files(), **runtime_files(runtime), MODEL: model}
    content[INSTALL] = titled(content[INSTALL], manifest.title)
    worker = content.pop(WORKER)
    whole = replace(manifest, files={path: _entry(data) for path, data in sorted(content.items())})
    content[APP] = whole.encoded()
    read_manifest(content[APP])  # what is written can be read
    content[WORKER] = marked(worker, content[APP])
    written = _weighed(str(folder), whole, content)
    _publish(target, content)
    return written


def static_files() -> dict[str, bytes]:
    """Read the page, the engine and the service worker: path -> content."""
    return dict(_below(files("unseen.phone").joinpath("static"), ""))


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir():
            yield from _below(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_bytes()


def marked(worker: bytes, app: bytes) -> bytes:
    """Write the hash of app.json into the service worker, so that a new app is a new worker.

    Raises:
        ModelFileError: It has no place for it.

    """
    line = f'const APP = "{hashlib.sha256(app).hexdigest()}";'.encode()
    found, count = _MARK.subn(line, worker)
    if count != 1:
        raise ModelFileError(f"{WORKER} has no line for the hash of {APP}")
    return found


def titled(install: bytes, title: str) -> bytes:
    """Write the title of an app where browsers look for the name of what is installed.

    >>> titled(b'{"name": "unseen"}', "Films of the ward")
    b'{"name": "Films of the ward", "short_name": "Films of the"}'
    """
    short = title if len(title) <= SHORT_NAME else title[:SHORT_NAME].rstrip()
    return json.dumps(
        {**json.loads(install), "name": title, "short_name": short}, ensure_ascii=False
    ).encode()


def _entry(data: bytes) -> Entry:
    return Entry(hashlib.sha256(data).hexdigest(), len(data))


def _weighed(path: str, manifest: Manifest, content: Mapping[str, bytes]) -> WrittenApp:
    on_disk = sum(len(data) for data in content.values())
    first_load = sum(min(len(data), len(gzip.compress(data, 6))) for data in content.values())
    for what, weight, most in (
        ("on disk", on_disk, MOST_ON_DISK),
        ("packed on its way to the phone", first_load, MOST_FIRST_LOAD),
    ):
        if weight > most:
            raise ModelFileError(
                f"the app has {weight / 1e6:.1f} MB {what}, its model {len(content[MODEL]) / 1e6:.1f}; "
                f"accepted: {most / 1e6:.0f} MB. Export a smaller model, or in int8"
            )
    return WrittenApp(
        path, manifest.id, manifest.kind, len(content), on_disk, first_load, len(content[MODEL])
    )


def refuse_place(folder: str | os.PathLike[str]) -> Path:
    """Return where an app goes, once it is seen that one can be written there.

    Raises:
        ModelFileError: A file, a folder that is not an app, or no folder to write in.

    """
    target = Path(os.path.realpath(folder))
    if not target.parent.is_dir():
        raise ModelFileError(f"the folder {target.parent} does not exist: create it first")
    if target.is_dir() and any(target.iterdir()):
        try:
            read_manifest((target / APP).read_bytes())
        except (OSError, ModelFileError) as error:
            raise ModelFileError(
                f"{target} is a folder that is not an app; it is not replaced: choose another name"
            ) from error
    elif os.path.lexists(target) and not target.is_dir():
        raise ModelFileError(f"{target} is a file, and an app is a folder: choose another name")
    return target


def _publish(target: Path, content: Mapping[str, bytes]) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.tmp-") as aside:
        new, old = Path(aside) / "new", Path(aside) / "old"
        for path, data in content.items():
            place = new / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        if target.exists():
            _refuse_strangers(target)
            os.rename(target, old)
        try:
            os.rename(new, target)
        except OSError:
            if old.exists():
                os.rename(old, target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _refuse_strangers(target: Path) -> None:
    """Refuse to lose files that no app wrote."""
    if not any(target.iterdir()):
        return
    known = {APP, WORKER, *read_manifest((target / APP).read_bytes()).files}
    found = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
    strange = sorted(found - known)
    if strange:
        raise ModelFileError(
            f"{target} holds {strange[0]}, which is no part of the app there; it is not replaced: "
            "move that file away, or choose another name"
        )
