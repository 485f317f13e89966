"""The two shapes of a model on disk, a folder and a zip archive, opened without trusting either."""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TypeAlias

from unseen.errors import ModelFileError
from unseen.persist.limits import ARRAYS, MANIFEST, MAX_ZIP_RATIO, ZIP_READ_BYTES
from unseen.persist.strict_json import quoted

_NEVER = "pickled models are never loaded, they can run any code: fit and save it with unseen"
_PICKLED = re.compile(r".*\.(pkl|pickle|joblib|pt|pth)", re.IGNORECASE)
_FOREIGN = {
    b"\x1f\x8b": "a gzip file",
    b"x\x01": "a zlib file, as joblib writes",
    b"x\x5e": "a zlib file, as joblib writes",
    b"x\x9c": "a zlib file, as joblib writes",
    b"x\xda": "a zlib file, as joblib writes",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x89HDF": "an HDF5 file",
}
_ENCRYPTED = 0x1 | 0x20 | 0x40  # encrypted, patched data, strong encryption
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# All that `zipfile` lets through for bytes it does not understand; each is a damaged archive to a user.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
    IndexError,
    KeyError,
)


@dataclass(frozen=True)
class Member:
    """One open file of a model: its size as the container states it, and its bytes."""

    name: str
    size: int
    stream: IO[bytes]

    def read(self, limit: int) -> bytes:
        """Return all bytes; neither the stated size nor the bytes that come may pass `limit`."""
        if self.size > limit:
            raise ModelFileError(f"{self.name} has {self.size:,} bytes; at most {limit:,} are read")
        sink = io.BytesIO()
        while sink.tell() <= self.size and (chunk := self.stream.read(ZIP_READ_BYTES)):
            sink.write(chunk)
        if sink.tell() != self.size:
            raise ModelFileError(f"{self.name} does not hold the {self.size:,} bytes it declares")
        data = sink.getvalue()
        if is_pickle(data):
            raise ModelFileError(f"{self.name} is a pickle; {_NEVER}")
        return data


Open: TypeAlias = Callable[[str], AbstractContextManager[Member]]


def is_pickle(head: bytes) -> bool:
    """Say whether bytes begin as a pickle of protocol 2 or later does."""
    # a safetensors header of 640, 896, ... bytes begins alike: its length, little-endian, then its bracket
    tensors = head[3:9] == b"\0\0\0\0\0{"
    return len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 9 and not tensors


@contextmanager
def opened(path: Path) -> Iterator[Open]:
    """Open a model folder or archive, by what is there rather than by its suffix.

    Raises:
        ModelFileError: not there, not readable, neither a folder nor a zip archive, or an archive that
            holds anything but the two files of a model.

    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelFileError("is not there") from error
    if stat.S_ISDIR(mode):
        with _folder(path) as folder:
            yield folder
    elif stat.S_ISREG(mode):
        with _archive(path) as archive:
            yield archive
    else:
        raise ModelFileError("is neither a folder nor a plain file (a pipe, socket or device)")


@contextmanager
def _folder(path: Path) -> Iterator[Open]:
    # Through one descriptor both files come from the same folder, even if it is replaced meanwhile.
    if os.open not in os.supports_dir_fd:
        yield partial(_folder_member, path, None)
        return
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        yield partial(_folder_member, path, descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _folder_member(folder: Path, descriptor: int | None, name: str) -> Iterator[Member]:
    """Open a plain file of the folder: links are not followed, pipes do not block."""
    place = folder / name if descriptor is None else name
    try:
        _refuse_special(name, os.stat(place, dir_fd=descriptor, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        raise ModelFileError(_missing(folder, name)) from None
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOCTTY"):
        flags |= getattr(os, flag, 0)
    with open(os.open(place, flags, dir_fd=descriptor), "rb") as stream:
        status = os.fstat(stream.fileno())
        _refuse_special(name, status.st_mode)  # once more: it may have been exchanged since
        yield Member(name, status.st_size, stream)


def _refuse_special(name: str, mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise ModelFileError(f"{name} is a symbolic link, which is not followed: copy the model with cp -rL")
    if not stat.S_ISREG(mode):
        raise ModelFileError(f"{name} is not a plain file (a folder, pipe, socket or device)")


def _missing(folder: Path, name: str) -> str:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in islice(entries, 1000))
    if not names:
        return "is an empty folder"
    if pickled := [other for other in names if _PICKLED.fullmatch(other)]:
        return f"has no {name} (it holds {quoted(pickled[0])}; {_NEVER})"
    return f"has no {name}: it is not a model folder, or a part of one"


class _Capped(io.FileIO):
    """A file whose single reads are bounded, whatever length the archive's directory declares."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = max(0, os.fstat(self.fileno()).st_size - self.tell())
        if size > ZIP_READ_BYTES:
            raise zipfile.BadZipFile(f"it declares a part of {size:,} bytes")
        return super().read(size)


@contextmanager
def _archive(path: Path) -> Iterator[Open]:
    with _Capped(path) as file:
        _refuse_foreign(file.read(8))
        with _damage_named():
            archive = zipfile.ZipFile(file)
        with archive:
            _check_members(archive.infolist(), os.fstat(file.fileno()).st_size)
            yield partial(_archive_member, archive)


@contextmanager
def _archive_member(archive: zipfile.ZipFile, name: str) -> Iterator[Member]:
    if name not in archive.namelist():
        raise ModelFileError(f"has no {name}: it is not a model archive, or a part of one")
    with _damage_named(), archive.open(name) as stream:
        yield Member(name, archive.getinfo(name).file_size, stream)


@contextmanager
def _damage_named() -> Iterator[None]:
    """Turn what `zipfile` raises for broken bytes (wrong CRC, bad stream, lying sizes) into one error."""
    try:
        yield
    except ModelFileError:
        raise
    except _DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ModelFileError(f"is a damaged zip archive: {reason}") from error


def _refuse_foreign(head: bytes) -> None:
    if is_pickle(head):
        raise ModelFileError(f"is a pickle (pickle, joblib or older torch); {_NEVER}")
    for magic, kind in _FOREIGN.items():
        if head.startswith(magic):
            raise ModelFileError(f"is {kind}, not a model; {_NEVER}")
    if not head.startswith(b"PK"):
        raise ModelFileError("is neither a model folder nor a zip archive of one (pickles are never loaded)")


def _check_members(members: list[zipfile.ZipInfo], archive_size: int) -> None:
    """Accept the two files of a model, once each, and nothing else: all that follows relies on it."""
    names = [member.orig_filename for member in members]
    for name in names:
        if _PICKLED.fullmatch(name):
            raise ModelFileError(f"is an archive with {quoted(name)}, as torch.save writes; {_NEVER}")
    for name in names:
        if name not in (MANIFEST, ARRAYS):
            raise ModelFileError(f"holds {quoted(name)}; a model archive holds {MANIFEST} and {ARRAYS} only")
        if names.count(name) > 1:
            raise ModelFileError(f"holds {name} twice")
    for member in members:
        _check_member(member, archive_size)


def _check_member(member: zipfile.ZipInfo, archive_size: int) -> None:
    name = member.filename
    if member.flag_bits & _ENCRYPTED:
        raise ModelFileError(f"{name} is encrypted: decrypt the archive first")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ModelFileError(f"{name} is a link or special file in the archive; accepted: plain files")
    if member.compress_type not in _METHODS:
        raise ModelFileError(
            f"{name} has compression method {member.compress_type}; accepted: stored, deflated"
        )
    if member.header_offset + member.compress_size > archive_size:
        raise ModelFileError(f"is cut short: {name} ends beyond the archive")
    if member.compress_type == zipfile.ZIP_STORED and member.file_size != member.compress_size:
        raise ModelFileError(f"{name} is stored but declares two sizes")
    if member.file_size > MAX_ZIP_RATIO * max(member.compress_size, 1):
        raise ModelFileError(
            f"{name} unpacks to more than {MAX_ZIP_RATIO} times its size: refused as a zip bomb"
        )
