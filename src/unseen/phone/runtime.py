"""The two libraries an app runs on, from npm: ONNX Runtime Web and dicom-parser, files known by hash."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unseen.errors import ConfigError

# Bytes of one file at most; the largest has 14 million.
MOST_BYTES = 64_000_000
# Seconds npm is given.
PATIENCE = 300


@dataclass(frozen=True)
class Pin:
    """One file of a package, and what it must be."""

    package: str
    version: str
    path: str
    sha256: str

    @property
    def name(self) -> str:
        """Name it is kept under."""
        return f"{self.package}-{self.version}-{Path(self.path).name}"

    @property
    def archive(self) -> str:
        """File that `npm pack` writes."""
        return f"{self.package}-{self.version}.tgz"


RUNTIME = Pin(
    "onnxruntime-web",
    "1.30.0",
    "dist/ort.wasm.bundle.min.mjs",
    "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
)
BINARY = Pin(
    "onnxruntime-web",
    "1.30.0",
    "dist/ort-wasm-simd-threaded.wasm",
    "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
)
PARSER = Pin(
    "dicom-parser",
    "1.8.21",
    "dist/dicomParser.min.js",
    "2b990e92de021a9c0d58f7dca693c95fa76be6398648b68441df9423de284a2b",
)
TERMS = Pin(
    "dicom-parser",
    "1.8.21",
    "LICENSE",
    "01323491c1f1f1f8f738fa558e96ab0b07f1ca9ba70c79675e0a4beb41f156c1",
)
PINS = (RUNTIME, BINARY, PARSER, TERMS)
PACKAGES = tuple(dict.fromkeys(f"{pin.package}@{pin.version}" for pin in PINS))

# dicom-parser is written for pages and Node; as a module it needs the names that Node gives.
_BEFORE = (
    b"const module = { exports: {} };\nconst exports = module.exports;\nconst require = () => undefined;\n"
)
_AFTER = b"\nexport default module.exports;\n"
_NOTICE = f"""This app runs on two libraries, both under the MIT License.

onnxruntime-web {RUNTIME.version}: Copyright (c) Microsoft Corporation. The terms are those below.
dicom-parser {PARSER.version}: as below.

"""


def runtime_files(folder: str | os.PathLike[str] | None = None) -> Mapping[str, bytes]:
    """Return the files of both libraries as they stand in an app: path -> content.

    The binary of ONNX Runtime is packed by gzip, and unpacked on the phone: so the first load is small on any
    host, whatever headers it sends.

    Args:
        folder: Where the files, or the archives `npm pack` writes, are; without it those kept from an earlier
            time are taken, and if there are none npm fetches them.

    Raises:
        ConfigError: A file is missing or is not the one that was pinned; or npm is missing or fails.

    """
    found = _given(Path(folder)) if folder is not None else _kept() or _fetched()
    return {
        "runtime/ort.wasm.bundle.min.mjs": found[RUNTIME.name],
        "runtime/ort-wasm.bin": found[BINARY.name],
        "runtime/dicom-parser.js": _BEFORE + found[PARSER.name] + _AFTER,
        "runtime/LICENSES.txt": _NOTICE.encode() + found[TERMS.name],
    }


def kept_in() -> Path:
    """Folder where fetched files are kept: `phone` in UNSEEN_CACHE, else in `~/.cache/unseen`."""
    return Path(os.environ.get("UNSEEN_CACHE", Path.home() / ".cache" / "unseen")) / "phone"


def _kept() -> dict[str, bytes] | None:
    """Files fetched earlier; None where one is missing or has changed. The binary is kept packed."""
    found = {}
    for pin in PINS:
        place = kept_in() / pin.name
        if not place.is_file():
            return None
        found[pin.name] = place.read_bytes()
        if not _sound(pin, found[pin.name]):
            return None
    return found


def _sound(pin: Pin, kept: bytes) -> bool:
    try:
        content = gzip.decompress(kept) if pin is BINARY else kept
    except (OSError, EOFError):
        return False
    return hashlib.sha256(content).hexdigest() == pin.sha256


def _given(folder: Path) -> dict[str, bytes]:
    """Read the files from a folder of the user."""
    if not folder.is_dir():
        raise ConfigError(f"the runtime folder {folder} does not exist; {_elsewhere()}")
    return {pin.name: _packed(pin, _found(pin, folder)) for pin in PINS}


def _found(pin: Pin, folder: Path) -> bytes:
    """One pinned file, from an archive of npm or by itself.

    Raises:
        ConfigError: It is not there, or another one.

    """
    archive, alone = folder / pin.archive, sorted(folder.rglob(Path(pin.path).name))
    if archive.is_file():
        content = _member(archive, f"package/{pin.path}")
    elif alone:
        candidates = [path.read_bytes() for path in alone if path.stat().st_size <= MOST_BYTES]
        fits = [one for one in candidates if hashlib.sha256(one).hexdigest() == pin.sha256]
        content = (fits or candidates or [b""])[0]
    else:
        raise ConfigError(f"{folder} holds neither {pin.archive} nor {Path(pin.path).name}; {_elsewhere()}")
    if hashlib.sha256(content).hexdigest() != pin.sha256:
        raise ConfigError(
            f"{pin.path} of {pin.package} in {folder} is not that of version {pin.version}; {_elsewhere()}"
        )
    return content


def _member(archive: Path, name: str) -> bytes:
    """One file of an archive; nothing is written to disk."""
    try:
        with tarfile.open(archive, "r:gz") as members:
            stream = members.extractfile(name)
            return b"" if stream is None else stream.read(MOST_BYTES)
    except (tarfile.TarError, KeyError, OSError, EOFError) as error:
        raise ConfigError(f"{archive} is not a sound archive of npm: {error}; {_elsewhere()}") from error


def _packed(pin: Pin, content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0) if pin is BINARY else content


def _fetched() -> dict[str, bytes]:
    """Let npm fetch both packages, check the files and keep them.

    Raises:
        ConfigError: npm is not installed or fails, or what it brings is not what was pinned.

    """
    npm = shutil.which("npm")
    if npm is None:
        raise ConfigError(f"an app needs {' and '.join(PACKAGES)}, and npm is not installed; {_elsewhere()}")
    with tempfile.TemporaryDirectory(prefix="unseen-npm-") as folder:
        command = [npm, "pack", "--ignore-scripts", "--silent", *PACKAGES]
        try:
            ran = subprocess.run(  # noqa: S603 - a fixed command line
                command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigError(f"npm could not fetch {' and '.join(PACKAGES)}: {error}") from error
        if ran.returncode:
            lines = [line for line in ran.stderr.splitlines() if line.strip()]
            reason = lines[0].strip() if lines else f"exit code {ran.returncode}"
            raise ConfigError(
                f"npm could not fetch {' and '.join(PACKAGES)}: {reason[:160]}; go online, or {_elsewhere()}"
            )
        found = _given(Path(folder))
    _keep(found)
    return found


def _keep(found: Mapping[str, bytes]) -> None:
    """Keep what was fetched for the next app; a folder that cannot be written is no fault."""
    place = kept_in()
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            aside = place / f".{name}.tmp-{os.getpid()}"
            aside.write_bytes(content)
            os.replace(aside, place / name)
    except OSError:
        return


def _elsewhere() -> str:
    return f"on a machine with npm run 'npm pack {' '.join(PACKAGES)}' and pass its folder as runtime"
