"""Put a finished model in its place at once: written aside, forced to disk, then renamed.

Whatever stops the program, a reader finds the old model or the new one, whole. Only a folder's
replacement passes through a moment without the name itself (a folder cannot be renamed over a full one);
for that moment the old model stands beside it as `.NAME.old-RANDOM`, where `find` looks.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IFREG

from unseen.errors import ModelFileError
from unseen.persist.containers import opened
from unseen.persist.limits import ARCHIVE_SUFFIXES, ARRAYS, MANIFEST, MAX_MANIFEST_BYTES
from unseen.persist.manifest import announced
from unseen.persist.strict_json import quoted

# File managers drop these into any folder that is looked at; nobody misses them.
_DEBRIS = (".DS_Store", "Thumbs.db", "desktop.ini")


def publish(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a model's files as a folder, or as a zip where the suffix asks for it, replacing an older model.

    Raises:
        ModelFileError: the parent folder is missing, or something that is not a model has the name.

    """
    target = Path(os.path.realpath(path))  # a link to a model keeps pointing at it
    if not target.parent.is_dir():
        raise ModelFileError(f"the folder {target.parent} does not exist: create it first")
    if _is_archive(target):
        _publish_archive(target, files)
    else:
        _publish_folder(target, files)


def refuse_place(path: Path) -> None:
    """Find out now what `publish` would refuse later; nothing is written.

    Raises:
        ModelFileError: as in `publish`.

    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise ModelFileError(f"the folder {target.parent} does not exist: create it first")
    if _is_archive(target):
        _refuse_replacing_archive(target)
    elif os.path.lexists(target):
        _refuse_replacing(target)


def find(path: Path) -> Path:
    """Return where the model of that name is: beside it, if a replacement was cut off half-way."""
    if not os.path.lexists(path):
        place = Path(os.path.realpath(path))
        if asides := _set_aside(place):
            return asides[-1]
    return path


def fingerprint(path: Path) -> tuple[int, int, int] | None:
    """Tell one model of that name from the next, or from none."""
    try:
        status = os.stat(find(path))
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_ctime_ns


def _is_archive(target: Path) -> bool:
    return target.suffix.lower() in ARCHIVE_SUFFIXES


def _publish_archive(target: Path, files: Mapping[str, bytes]) -> None:
    _refuse_replacing_archive(target)
    aside = _beside(target, "tmp")
    try:
        with open(aside, "xb") as stream:
            with zipfile.ZipFile(stream, "w") as archive:
                for name, data in files.items():
                    archive.writestr(_member(name), data)
            _force(stream.fileno())
        _keep_mode(target, aside)
        os.replace(aside, target)
        _force_folder(target.parent)
    finally:
        aside.unlink(missing_ok=True)


def _publish_folder(target: Path, files: Mapping[str, bytes]) -> None:
    _recover(target)
    if os.path.lexists(target):
        _refuse_replacing(target)
    aside = _beside(target, "tmp")
    try:
        aside.mkdir()
        for name, data in files.items():
            with open(aside / name, "xb") as stream:
                stream.write(data)
                stream.flush()
                _force(stream.fileno())
        _force_folder(aside)
        _keep_mode(target, aside)
        with _moved_away(target):
            os.rename(aside, target)
            _force_folder(target.parent)
    finally:
        _remove(aside)


@contextmanager
def _moved_away(target: Path) -> Iterator[None]:
    """Free the name for the block; afterwards the old model comes back unless a new one has the name."""
    aside = _beside(target, "old")
    try:
        with suppress(FileNotFoundError):
            os.rename(target, aside)
        yield
    finally:
        _settle(target, aside)


def _recover(target: Path) -> None:
    """Finish or undo what an interrupted replacement left beside the name."""
    for aside in reversed(_set_aside(target)):
        _settle(target, aside)


def _settle(target: Path, aside: Path) -> None:
    if os.path.lexists(target):
        _remove(aside)
    else:
        with suppress(FileNotFoundError):
            os.rename(aside, target)


def _set_aside(target: Path) -> list[Path]:
    """List the models that replacements of this name have set aside, oldest first."""
    pattern = re.compile(re.escape(f".{target.name}.old-") + "[0-9a-f]{16}")
    try:
        names = os.listdir(target.parent)
    except OSError:
        return []
    found = [target.with_name(name) for name in names if pattern.fullmatch(name)]
    return sorted(found, key=lambda aside: os.stat(aside).st_mtime_ns)


def _refuse_replacing(target: Path) -> None:
    """Refuse to replace anything but an empty folder or a model: it may be somebody's home."""
    if not target.is_dir():
        raise ModelFileError("is a file, and a model without the suffix .zip or .unseen is a folder")
    strange = sorted(set(os.listdir(target)) - {MANIFEST, ARRAYS, *_DEBRIS})
    if strange:
        raise ModelFileError(
            f"is a folder that holds {quoted(strange[0])}, which is no part of a model; it is not replaced: "
            "choose another name"
        )
    if any((target / name).exists() for name in (MANIFEST, ARRAYS)):
        _refuse_unless_model(target)


def _refuse_replacing_archive(target: Path) -> None:
    if target.is_dir():
        raise ModelFileError(
            f"is a folder, and a model named *{target.suffix} is a file: choose another name"
        )
    if os.path.lexists(target):
        _refuse_unless_model(target)


def _refuse_unless_model(target: Path) -> None:
    try:
        with opened(target) as open_member, open_member(MANIFEST) as member:
            announced(member.read(MAX_MANIFEST_BYTES))
    except ModelFileError as error:
        raise ModelFileError(f"is not a model ({error}); it is not replaced: choose another name") from error


def _beside(target: Path, purpose: str) -> Path:
    # In the same folder, so that the rename stays within one file system.
    return target.with_name(f".{target.name}.{purpose}-{secrets.token_hex(8)}")


def _member(name: str) -> zipfile.ZipInfo:
    # Stored: weights hardly shrink, and a reader may refuse every archive that swells.
    member = zipfile.ZipInfo(name, date_time=time.gmtime()[:6])
    member.external_attr = (S_IFREG | 0o644) << 16
    return member


def _keep_mode(target: Path, aside: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.copymode(target, aside)


def _force(descriptor: int) -> None:
    os.fsync(descriptor)


def _force_folder(folder: Path) -> None:
    """Force a folder's names to disk, where the system can (Windows opens no folders)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _force(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    """Remove a model's own files and then the folder; anything else in it keeps both."""
    for name in (MANIFEST, ARRAYS, *_DEBRIS):
        with suppress(OSError):
            (folder / name).unlink()
    with suppress(OSError):
        folder.rmdir()
